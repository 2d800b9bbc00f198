"""When somebody is away: time off, closures, extra hours, and whom it hits."""

from collections import Counter
from collections.abc import Iterable
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
from django.utils.translation import gettext, gettext_lazy, ngettext
from django.utils.translation import gettext_lazy as _

from bookings.domain.offers import (
    USUAL_TIME_TO_ANSWER,
    Outcome,
    accept_offer,
    decline_offer,
    note_mailed,
    offer_alternatives,
    renew_link,
)
from bookings.domain.stranded import Absence, affected_by
from bookings.domain.substitution import (
    find_stand_ins,
    handed_over,
    sessions_left,
    substitute,
)
from bookings.exceptions import BookingRefused
from bookings.mails import mail_offer, mail_stand_in
from bookings.models import Offer, TrainingSession
from trainers.admin import AutocompleteAdmin
from trainers.clock import gym_now
from trainers.models import Closure, ExtraHours, TimeOff, Trainer

# A search for each of them; more than these at once would keep staff waiting.
MOST_AT_ONCE = 40


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
        """Under the trainers' locks, so that no booking passes by unseen."""
        Trainer.objects.lock(self.trainers_of(obj))
        super().save_model(request, obj, form, change)

    def trainers_of(self, row: Any) -> Iterable[int]:
        raise NotImplementedError

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
            "title": gettext("Sessions that cannot be: %(absence)s") % {"absence": row},
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
        check_may_act(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        found = get_object_or_404(Offer.objects.with_places(), pk=offer)
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
                    outcome = Outcome(found.session, found, renew_link(found))
                    said = MAILED[self.tell(request, outcome)]
                case _:
                    raise Http404
        except BookingRefused as refusal:
            self.message_user(request, refusal.sentence, messages.ERROR)
        else:
            self.message_user(request, said)
        return redirect(self.page("affected", pk))


MAILED = {
    "mailed": gettext_lazy("The mail was sent again. Its link replaces the old one."),
    "unmailed": gettext_lazy("The mail could not be sent. Please call the member."),
}


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


@admin.register(TimeOff)
class TimeOffAdmin(AbsenceAdmin):
    list_display = ["trainer", "first_day", "last_day", "reason", "notice", "hit"]
    list_filter = ["first_day"]
    list_select_related = ["trainer"]
    search_fields = ["trainer__name", "reason", "notice"]
    autocomplete_fields = ["trainer"]
    ordering = ["-first_day", "-pk"]
    fieldsets = [
        (None, {"fields": ["trainer"]}),
        (
            _("When"),
            {
                "fields": [("first_day", "starts_at"), ("last_day", "ends_at")],
                "description": _(
                    "For whole days leave the times as they are: from 00:00, until "
                    "empty."
                ),
            },
        ),
        (_("Why"), {"fields": ["reason", "notice"]}),
    ]

    def get_urls(self) -> list[URLPattern]:
        see = self.admin_site.admin_view(self.stand_in)
        name = "trainers_timeoff_stand_in"
        return [path("stand-in/<int:pk>/", see, name=name), *super().get_urls()]

    def trainers_of(self, row: TimeOff) -> Iterable[int]:
        return [row.trainer_id]

    def usually(self, row: TimeOff) -> dict[str, Any]:
        return {**super().usually(row), "cause": row.notice}

    def stand_in_page(self, row: TimeOff) -> str:
        """Where the absence takes in today."""
        is_today = row.first_day <= gym_now().date() <= row.last_day
        return self.page("stand_in", row.trainer_id) if is_today else ""

    def stand_in(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A missing trainer's sessions of today; POST puts others in for who fit."""
        trainer = get_object_or_404(Trainer, pk=pk)
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            check_may_act(request)
            self.put_others_in(request, trainer)
            return redirect(self.page("stand_in", pk))
        now = gym_now()
        gaps = find_stand_ins(sessions_left(trainer, now=now), now=now)
        given = handed_over(trainer, now=now)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("%(trainer)s cannot come today") % {"trainer": trainer},
            "opts": self.opts,
            "trainer": trainer,
            "today": now.date(),
            "gaps": gaps,
            "given": given,
            "fitting": sum(bool(gap.could) for gap in gaps),
            "calls": [gap.session for gap in gaps if not gap.could]
            + [session for session in given if not session.client.email],
            "may_act": may_act(request),
        }
        return render(request, "admin/absence/stand_in.html", context)

    def put_others_in(self, request: HttpRequest, trainer: Trainer) -> None:
        now = gym_now()
        asked = set(request.POST.getlist("session"))
        left = sessions_left(trainer, now=now)
        chosen = [each for each in left if str(each.pk) in asked]
        gaps = find_stand_ins(chosen, now=now)
        handed = list(substitute(gaps, by=request.user, now=now))
        unreached = [each for each in handed if not told_of(each, trainer)]
        sentence = ngettext(
            "%(count)s session was handed over.",
            "%(count)s sessions were handed over.",
            len(handed),
        )
        messages.success(request, sentence % {"count": len(handed)})
        if unreached:
            names = ", ".join(f"{each.client}" for each in unreached)
            sentence = gettext("No mail reached %(names)s: please call.")
            messages.warning(request, sentence % {"names": names})


def told_of(session: TrainingSession, instead_of: Trainer) -> bool:
    with_names = TrainingSession.objects.select_related("trainer", "client")
    return mail_stand_in(with_names.get(pk=session.pk), instead_of=instead_of)


@admin.register(Closure)
class ClosureAdmin(AbsenceAdmin):
    list_display = ["name", "first_day", "last_day", "hit"]
    search_fields = ["name"]
    ordering = ["-first_day", "-pk"]

    def trainers_of(self, row: Closure) -> Iterable[int]:
        return Trainer.objects.values_list("pk", flat=True)

    def usually(self, row: Closure) -> dict[str, Any]:
        return {**super().usually(row), "cause": row.name}


@admin.register(ExtraHours)
class ExtraHoursAdmin(AutocompleteAdmin):
    list_display = ["trainer", "date", "starts_at", "ends_at"]
    list_select_related = ["trainer"]
    list_filter = ["date"]
    search_fields = ["trainer__name"]
    autocomplete_fields = ["trainer"]
    ordering = ["-date", "-starts_at"]

    def save_model(
        self, request: HttpRequest, obj: ExtraHours, form: Any, change: bool
    ) -> None:
        Trainer.objects.lock([obj.trainer_id])
        super().save_model(request, obj, form, change)
