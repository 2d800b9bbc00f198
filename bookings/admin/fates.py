"""What becomes of the sessions that other hours would strand, and telling members."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings.domain.plan import Fate, Plan, Stranded
from bookings.mails import mail_hours_changed
from trainers.wording import short_day, span


class FatesForm(forms.Form):
    """What becomes of each session of a plan: said one by one, or of all the rest."""

    seen = forms.CharField(widget=forms.HiddenInput)
    rest = forms.ChoiceField(
        label=_("All that you do not decide about one by one"),
        choices=[
            ("", _("I decide about each")),
            (Fate.KEEP, _("Keep at their times")),
            (Fate.MOVE, _("Move, where a time is proposed")),
            (Fate.CANCEL, _("Cancel")),
        ],
        widget=forms.RadioSelect,
        required=False,
    )
    reason = forms.CharField(
        label=_("Message to the members whose session is cancelled"),
        help_text=_("It goes into the session's history, too."),
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        max_length=500,
        required=False,
    )

    def __init__(self, plan: Plan, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.plan = plan
        self.fields["seen"].initial = plan.digest
        for entry in plan.stranded:
            self.fields[field_of(entry)] = forms.ChoiceField(
                label=str(entry.session),
                choices=choices_for(entry),
                widget=forms.RadioSelect,
                required=False,
            )

    def rows(self) -> list[tuple[Stranded, forms.BoundField]]:
        return [(entry, self[field_of(entry)]) for entry in self.plan.stranded]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        self.fates = {}
        for entry in self.plan.stranded:
            said = data.get(field_of(entry)) or data.get("rest")
            if not said:
                self.add_error(field_of(entry), _("Decide what becomes of it."))
            elif said == Fate.MOVE and entry.instead is None:
                sentence = _("No time is free near it: keep it, or cancel it.")
                self.add_error(field_of(entry), sentence)
            else:
                self.fates[entry.session.pk] = Fate(said)
        if Fate.CANCEL in self.fates.values() and not data.get("reason"):
            self.add_error("reason", _("Tell the members why."))
        return data


def field_of(entry: Stranded) -> str:
    return f"session-{entry.session.pk}"


def choices_for(entry: Stranded) -> list[tuple[str, Any]]:
    choices = [(Fate.KEEP.value, Fate.KEEP.label)]
    if instead := entry.instead:
        when = short_day(instead.day), span(instead.start, instead.end)
        sentence = gettext("Move to %(day)s, %(times)s")
        to = sentence % {"day": when[0], "times": when[1]}
        choices.append((Fate.MOVE.value, to))
    return [*choices, (Fate.CANCEL.value, Fate.CANCEL.label)]


def tell_members(request: HttpRequest, plan: Plan, form: FatesForm) -> list[str]:
    """Mail those whose session was moved or cancelled; whom it did not reach."""
    unheard = []
    for entry in plan.stranded:
        fate = form.fates[entry.session.pk]
        told = fate == Fate.KEEP or mail(request, entry, fate, form.cleaned_data)
        if not told:
            sentence = gettext(
                "%(member)s got no mail about %(session)s: please call them."
            )
            names = {"member": entry.session.client, "session": entry.session}
            unheard.append(sentence % names)
    return unheard


def mail(
    request: HttpRequest, entry: Stranded, fate: Fate, said: dict[str, Any]
) -> bool:
    return mail_hours_changed(
        entry.session,
        instead=entry.instead if fate == Fate.MOVE else None,
        reason=said["reason"],
        address=request.build_absolute_uri(reverse("sessions")),
    )
