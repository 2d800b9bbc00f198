"""Each component in each of its states on one page, for who works on the site."""

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bookings.domain.cells import CellState
from finova.errors import BROKEN, LOOK_AGAIN

GROUNDS = ["page", "card", "brand", "accent", "accent-soft", "good", "bad", "care"]
SLOTS = ["available", "booked", "break", "unavailable"]


class SampleForm(forms.Form):
    name = forms.CharField(help_text="As your trainer calls you.")
    email = forms.EmailField(label="Email")
    session_type = forms.ChoiceField(
        choices=[("personal", "Personal training"), ("consultation", "Consultation")]
    )
    reach = forms.ChoiceField(
        label="How we reach you",
        choices=[("mail", "By mail"), ("phone", "By phone")],
        widget=forms.RadioSelect,
    )
    notes = forms.CharField(widget=forms.Textarea({"rows": 2}), required=False)
    locked = forms.CharField(
        label="What you cannot change", initial="Ana Ruiz", disabled=True
    )
    remember = forms.BooleanField(label="Keep me signed in", required=False)


@require_safe
@login_not_required
def styleguide(request: HttpRequest) -> HttpResponse:
    if settings.PRODUCTION:
        raise Http404
    wrong = SampleForm({"name": "Maya", "email": "maya@", "session_type": "dance"})
    wrong.add_error(None, "This time is no longer free. Choose another one.")
    context = {
        "grounds": GROUNDS,
        "slots": SLOTS,
        "sizes": ["display", "xxl", "xl", "l", "m", "s", "xs"],
        "form": SampleForm(auto_id="empty_%s"),
        "wrong": wrong,
        "states": list(CellState),
        "pages": [f"{status}.html" for status in (400, 403, 404, 413, 429)],
        "broken": BROKEN,
        "away": LOOK_AGAIN,
        "minutes": 5,
    }
    return render(request, "styleguide.html", context)
