from typing import Any

from django import forms
from django.http import HttpRequest

from finova.accounts.models import User


class JoinForm(forms.Form):
    """What joining asks for beyond allauth's email and password."""

    name = forms.CharField(
        label="Your name",
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    field_order = ["name", "email", "password1"]

    def signup(self, request: HttpRequest, user: User) -> None:
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])


class UserCreationForm(forms.ModelForm):
    """The front desk adds a person; without an email they cannot sign in."""

    name = forms.CharField(max_length=100)

    class Meta:
        model = User
        fields = ["name", "email", "phone"]

    def save(self, commit: bool = True) -> Any:
        self.instance.set_unusable_password()
        return super().save(commit)
