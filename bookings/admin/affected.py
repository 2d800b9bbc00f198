"""The sessions that an absence hits, and the one action that helps their members."""

from collections import Counter
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from bookings.admin.desk import staff_sentence
from bookings.domain.offers import (
    USUAL_TIME_TO_ANSWER,
    Outcome,
    accept_offer,
    decline_offer,
    note_mailed,
    offer_alternatives,
    renew_link,
)
from bookings.domain.stranded import Absence, affected_by, offers_within
from bookings.domain.withdrawing import end_absences, save_absence, say_withdrawn
from bookings.exceptions import BookingRefused
from bookings.mails import mail_offer
from trainers.admin import AutocompleteAdmin
from trainers.clock import gym_now

# A search for each of them; more than these at once would keep staff waiting.
MOST_AT_ONCE = 40
MAILED = {
    "mailed": _("The mail was sent again. Its link replaces the old one."),
    "unmailed": _("The mail could not be sent. Please call the member."),
}


class OfferForm(forms.Form):
    until = forms.DateTimeField(
        label=_("To be answered by"),
        widget=forms.DateTimeInput({"type": "datetime-local"}, "%Y-%m-%dT%H:%M"),
        help_text=_(
            "At the latest an hour before the session or the offered time begins. "
            "Then the time becomes free for others."
        ),
    )
    cause = forms.CharField(
        label=_("What the members are told"),
        max_length=200,
        required=False,
        help_text=_("A sentence for the mail and the page, like “Ana is ill.”"),
        widget=forms.TextInput({"class": "vTextField"}),
    )

    def clean_cause(self) -> str:
        """A sentence, for another follows it; a time off's notice often ends bare."""
        cause: str = self.cleaned_data["cause"]
        return f"{cause}." if cause[-1:].isalnum() else cause

    def clean_until(self) -> Any:
        until = self.cleaned_data["until"]
        if until <= gym_now():
            raise forms.ValidationError(_("This is over already. Choose a later time."))
        return until


class AbsenceAdmin(AutocompleteAdmin):
    """Saving leads to the sessions that are hit, and to what can be done for them."""

    def get_urls(self) -> list[URLPattern]:
        see = self.admin_site.admin_view
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path("<int:pk>/affected/", see(self.affected), name=f"{name}_affected"),
            path(
                "<int:pk>/affected/<int:offer>/",
                see(self.answer),
                name=f"{name}_answer",
            ),
            *super().get_urls(),
        ]

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        """With its people locked; offers made because of what it was are withdrawn."""
        self.tell_withdrawn(request, save_absence(obj, now=gym_now()))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.tell_withdrawn(request, end_absences([obj], now=gym_now()))

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        self.tell_withdrawn(request, end_absences(list(queryset), now=gym_now()))

    def tell_withdrawn(self, request: HttpRequest, count: int) -> None:
        for sentence in say_withdrawn(count):
            self.message_user(request, sentence)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        usual = super().response_add(request, obj, post_url_continue)
        return self.to_affected(request, obj) or usual

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        usual = super().response_change(request, obj)
        return self.to_affected(request, obj) or usual

    def to_affected(self, request: HttpRequest, row: Any) -> HttpResponse | None:
        """To whom it hits, unless it hits nobody or a popup is waiting."""
        rows = affected_by(Absence.of(row), now=gym_now())
        if "_popup" in request.POST or not any(each.is_ahead for each in rows):
            return None
        return redirect(self.page("affected", row.pk))

    def page(self, name: str, *args: Any) -> str:
        model = f"{self.opts.app_label}_{self.opts.model_name}"
        return reverse(f"admin:{model}_{name}", args=args)

    @admin.display(description=_("sessions hit"))
    def hit(self, row: Any) -> Any:
        address = self.page("affected", row.pk)
        return format_html('<a href="{}">{}</a>', address, gettext("See the sessions"))

    def affected(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The sessions it hits; POST offers every member another time."""
        row = get_object_or_404(self.model, pk=pk)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        form = OfferForm(request.POST or None, initial=self.usually(row))
        if request.method == "POST":
            check_may_act(request)
            if form.is_valid():
                self.offer(request, row, form)
                return redirect(self.page("affected", pk))
        return self.show_affected(request, row, form)

    def usually(self, row: Any) -> dict[str, Any]:
        until = gym_now() + USUAL_TIME_TO_ANSWER
        return {"until": until.replace(second=0, microsecond=0)}

    def show_affected(
        self, request: HttpRequest, row: Any, form: OfferForm
    ) -> HttpResponse:
        now = gym_now()
        rows = affected_by(Absence.of(row), now=now)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Sessions that cannot take place"),
            "subtitle": self.named(row),
            "opts": self.opts,
            "original": row,
            "rows": rows,
            "counts": Counter(each.state for each in rows).items(),
            "calls": [each for each in rows if each.must_be_called],
            "open": [each for each in rows if each.can_be_offered],
            "form": form,
            "may_act": may_act(request),
            "stand_in": self.stand_in_page(row),
        }
        status = 422 if form.is_bound else 200
        return render(request, "admin/absence/affected.html", context, status=status)

    def named(self, row: Any) -> str:
        return str(row)

    def stand_in_page(self, row: Any) -> str:
        return ""

    def offer(self, request: HttpRequest, row: Any, form: OfferForm) -> None:
        now = gym_now()
        rows = affected_by(Absence.of(row), now=now)
        sessions = [each.session for each in rows if each.can_be_offered]
        outcomes = offer_alternatives(
            sessions[:MOST_AT_ONCE], by=request.user, now=now, **form.cleaned_data
        )
        done: Counter[str] = Counter()
        for outcome in outcomes:
            done[self.tell(request, outcome)] += 1
        say_what_was_done(request, done, left=len(sessions) - MOST_AT_ONCE)

    def tell(self, request: HttpRequest, outcome: Outcome) -> str:
        if outcome.offer is None:
            return "none"
        address = request.build_absolute_uri(reverse("offer", args=[outcome.token]))
        if not mail_offer(outcome.offer, address=address):
            return "unmailed"
        note_mailed(outcome.offer, now=gym_now())
        return "mailed"

    def answer(self, request: HttpRequest, pk: int, offer: int) -> HttpResponse:
        """What a member said on the phone, or the mail once more."""
        row = get_object_or_404(self.model, pk=pk)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        check_may_act(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        found = get_object_or_404(offers_within(Absence.of(row)), pk=offer)
        now = gym_now()
        try:
            match request.POST.get("answer"):
                case "accept":
                    accept_offer(found, by=request.user, now=now)
                    said = _("The session was moved to the offered time.")
                case "decline":
                    reason = gettext("Declined the other time on the phone")
                    decline_offer(found, by=request.user, now=now, reason=reason)
                    said = _("The session was cancelled.")
                case "mail":
                    outcome = Outcome(found.session, found, renew_link(found, now=now))
                    said = MAILED[self.tell(request, outcome)]
                case _:
                    raise Http404
        except BookingRefused as refusal:
            self.message_user(request, staff_sentence(refusal), messages.ERROR)
        else:
            self.message_user(request, said)
        return redirect(self.page("affected", pk))


def say_what_was_done(request: HttpRequest, done: Counter[str], *, left: int) -> None:
    if told := done["mailed"]:
        sentence = ngettext(
            "%(count)s member was offered another time by mail.",
            "%(count)s members were offered another time by mail.",
            told,
        )
        messages.success(request, sentence % {"count": told})
    if to_call := done["unmailed"]:
        sentence = ngettext(
            "A time is kept for %(count)s member whom no mail reaches: please call.",
            "Times are kept for %(count)s members whom no mail reaches: please call.",
            to_call,
        )
        messages.warning(request, sentence % {"count": to_call})
    if none := done["none"]:
        sentence = ngettext(
            "For %(count)s session no other time fits. Move or cancel it yourself.",
            "For %(count)s sessions no other time fits. Move or cancel them yourself.",
            none,
        )
        messages.warning(request, sentence % {"count": none})
    if left > 0:
        sentence = ngettext(
            "%(count)s session is left: offer once more.",
            "%(count)s sessions are left: offer once more.",
            left,
        )
        messages.info(request, sentence % {"count": left})


def may_act(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("bookings.change_trainingsession"))


def check_may_act(request: HttpRequest) -> None:
    if not may_act(request):
        raise PermissionDenied
