from typing import Any

from django import forms
from django.contrib.auth.forms import UserChangeForm
from django.core.validators import RegexValidator
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from finova.accounts import joining
from finova.accounts.models import ApiToken, User

TOKENS_AT_MOST = 10


class JoinForm(forms.Form):
    """What joining asks for beyond allauth's email and password."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    field_order = ["name", "email", "password1"]

    @property
    def needs_approval(self) -> bool:
        return joining.needs_approval()

    def signup(self, request: HttpRequest, user: User) -> None:
        user.name = self.cleaned_data["name"]
        user.awaits_approval = self.needs_approval
        user.save(update_fields=["name", "awaits_approval"])


class ProfileForm(forms.ModelForm):
    """What members say about themselves; the email has a way of its own."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    phone = forms.CharField(
        label=_("Your telephone number"),
        help_text=_("For the front desk, should a session have to move. Optional."),
        max_length=30,
        required=False,
        validators=[
            RegexValidator(
                r"^[+0-9][0-9 ()/.-]*$",
                _("A telephone number has digits, spaces and + ( ) / . - only."),
            )
        ],
        widget=forms.TextInput(attrs={"autocomplete": "tel", "type": "tel"}),
    )

    class Meta:
        model = User
        fields = ["name", "phone", "time_display", "language"]
        labels = {"time_display": _("Write times as"), "language": _("Language")}


class TokenForm(forms.Form):
    """A new token's name. A live one has it already when its page is sent again."""

    name = forms.CharField(
        label=_("What is it for?"),
        help_text=_("For example: my watch."),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data)
        self.live = ApiToken.objects.live().filter(user=user)

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if self.live.filter(name=name).exists():
            raise forms.ValidationError(
                _("You have a token of this name. Revoke it first, or choose another."),
                code="taken",
            )
        return name

    def clean(self) -> None:
        if self.live.count() >= TOKENS_AT_MOST:
            raise forms.ValidationError(
                _("You have %(count)s tokens, and more there cannot be. Revoke one."),
                params={"count": TOKENS_AT_MOST},
            )


class UserCreationForm(forms.ModelForm):
    """The front desk adds a person; without an email they cannot sign in."""

    name = forms.CharField(label=_("Name"), max_length=100)
    invite = forms.BooleanField(
        label=_("Send an invitation"),
        help_text=_(
            "A mail with a link to choose a password. It works for three days."
        ),
        required=False,
        initial=True,
    )

    class Meta:
        model = User
        fields = ["name", "email", "phone"]

    def save(self, commit: bool = True) -> Any:
        self.instance.set_unusable_password()
        return super().save(commit)


class MemberForm(UserChangeForm):
    """A person as staff see them."""

    class Meta:
        model = User
        fields = "__all__"
        widgets = {"staff_notes": forms.Textarea(attrs={"rows": 4, "cols": 60})}
        help_texts = {
            "blocked_because": _(
                "Why this person cannot book for themselves. They read this sentence. "
                "Empty: they may book. Sessions that are booked stay."
            ),
            "staff_notes": _(
                "Neither the member nor the trainers see them. But a member who asks "
                "what you have noted has a right to read it: write nothing that they "
                "must not read, and nothing about health."
            ),
        }
