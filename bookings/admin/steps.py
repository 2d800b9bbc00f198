"""What staff do with one session: each button is one verb."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from bookings.admin.desk import DeskWeek, chosen_trainer, page_of, staff_sentence
from bookings.domain.booking import (
    cancel_session,
    complete_session,
    confirm_session,
    mark_no_show,
    reopen_session,
    reschedule_session,
)
from bookings.domain.marking import check_in, undo_check_in, undo_mark
from bookings.domain.week import Week, build_week
from bookings.exceptions import BookingRefused, SessionMoved, WrongStatus
from bookings.forms import MoveForm, WeekForm
from bookings.models import SessionStatus, TrainingSession
from trainers.clock import gym_now, has_come
from trainers.models import Trainer
from trainers.wording import day_name, span

may_change = permission_required(
    "bookings.change_trainingsession", raise_exception=True
)


@dataclass(frozen=True)
class Step:
    """A button: what it does, what it says, and what it says afterwards."""

    name: str
    label: str | Promise
    done: str | Promise
    verb: Callable[..., TrainingSession]
    # Asked before it is done, with a line for the reason where the verb keeps one.
    question: str | Promise = ""
    button: str | Promise = ""
    takes_reason: bool = False


STEPS = {
    step.name: step
    for step in (
        Step(
            "confirm",
            gettext_lazy("Confirm"),
            gettext_lazy("The session is confirmed."),
            confirm_session,
        ),
        Step(
            "complete",
            gettext_lazy("It took place"),
            gettext_lazy("The session is completed."),
            complete_session,
        ),
        Step(
            "no_show",
            gettext_lazy("No-show"),
            gettext_lazy("The session is marked as no-show."),
            mark_no_show,
        ),
        Step(
            "cancel",
            pgettext_lazy("a session", "Cancel…"),
            gettext_lazy("The session is cancelled, and its time is free."),
            cancel_session,
            gettext_lazy("Why? Staff read it in the history, the member does not."),
            button=gettext_lazy("Cancel the session"),
            takes_reason=True,
        ),
        Step(
            "complete_early",
            gettext_lazy("It took place…"),
            gettext_lazy("The session is completed, and its time is free."),
            partial(complete_session, early_is_fine=True),
            gettext_lazy(
                "The session has not started yet. Completing it now frees its time."
            ),
            button=gettext_lazy("Complete it all the same"),
        ),
        Step(
            "check_in",
            gettext_lazy("Check in"),
            gettext_lazy("The member is checked in."),
            check_in,
        ),
        Step(
            "undo_check_in",
            gettext_lazy("Take the check-in back"),
            gettext_lazy("The check-in is taken back."),
            undo_check_in,
        ),
        Step(
            "undo_mark",
            gettext_lazy("Take the mark back"),
            gettext_lazy("The mark is taken back: the session is as it was before."),
            undo_mark,
        ),
        Step(
            "reopen",
            gettext_lazy("Open it again"),
            gettext_lazy("The session stands again."),
            reopen_session,
        ),
    )
}


def steps_for(session: TrainingSession, *, now: datetime) -> list[Step]:
    """The buttons that are of use now, in the order in which they are needed."""
    if session.status == SessionStatus.CANCELLED:
        names = ["reopen"]
    elif not session.is_active:
        names = ["undo_mark"]
    elif has_come(session.starts, now):
        names = ["complete", "no_show", "cancel"]
    elif session.status == SessionStatus.CONFIRMED:
        names = ["cancel", "complete_early"]
    else:
        names = ["confirm", "cancel", "complete_early"]
    if session.is_active and session.checked_in_at:
        # Who has come has not missed it.
        names = ["undo_check_in", *names]
        names = [name for name in names if name != "no_show"]
    elif session.is_active and session.session_date == now.date():
        names = ["check_in", *names]
    return [STEPS[name] for name in names]


class StepForm(forms.Form):
    step = forms.ChoiceField(choices=[(name, name) for name in STEPS])
    reason = forms.CharField(required=False, max_length=500)
    next = forms.CharField(required=False)


@require_POST
@may_change
def take_step(request: HttpRequest, pk: int) -> HttpResponse:
    session = get_object_or_404(TrainingSession, pk=pk)
    form = StepForm(request.POST)
    if form.is_valid():
        step = STEPS[form.cleaned_data["step"]]
        reason = {"reason": form.cleaned_data["reason"]} if step.takes_reason else {}
        try:
            step.verb(session, by=request.user, now=gym_now(), **reason)
            messages.success(request, step.done)
        except BookingRefused as refusal:
            messages.error(request, staff_sentence(refusal))
    else:
        messages.error(
            request, _("Choose one of the buttons, and at most 500 letters.")
        )
    # Not redirect(), which looks a name up for what does not look like an address.
    return HttpResponseRedirect(way_back(request, session))


def way_back(request: HttpRequest, session: TrainingSession) -> str:
    """To the page that asked, where that is one of ours."""
    asked = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(
        asked, {request.get_host()}, require_https=request.is_secure()
    ):
        return asked
    return reverse("admin:bookings_trainingsession_change", args=[session.pk])


@require_http_methods(["GET", "HEAD", "POST"])
@may_change
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """The week in which the session's new time is picked; POST moves it there."""
    sessions = TrainingSession.objects.select_related("trainer", "client")
    session = get_object_or_404(sessions, pk=pk)
    trainer = chosen_trainer(request) or session.trainer
    if request.method != "POST":
        refusal = None if session.is_active else WrongStatus()
        return show_move(request, session, trainer, refusal=refusal)
    form = MoveForm(session, request.POST)
    if not form.is_valid():
        said = " ".join(form.errors["at"])
        return show_move(request, session, trainer, said=said)
    before = in_words(session)
    try:
        if request.POST.get("seen") not in ("", None, session.updated_at.isoformat()):
            raise SessionMoved
        place = form.place(trainer)
        moved = reschedule_session(session, **place, by=request.user, now=gym_now())
    except BookingRefused as refusal:
        return show_move(request, session, trainer, refusal=refusal)
    said = _("Moved: from %(old)s to %(new)s.")
    messages.success(request, said % {"old": before, "new": in_words(moved)})
    return redirect("admin:bookings_trainingsession_change", session.pk)


def in_words(session: TrainingSession) -> str:
    return _("%(day)s, %(time)s with %(trainer)s") % {
        "day": day_name(session.session_date),
        "time": span(session.start_time, session.end_time),
        "trainer": session.trainer,
    }


def show_move(
    request: HttpRequest,
    session: TrainingSession,
    trainer: Trainer,
    *,
    refusal: BookingRefused | None = None,
    said: str = "",
) -> HttpResponse:
    which = WeekForm(request.POST or request.GET)
    grid = build_week(
        trainer,
        Week.of(which.day_or(session.session_date)),
        now=gym_now(),
        client_id=session.client_id,
        moving=session,
    )
    context: dict[str, Any] = {
        "title": _("Move a session"),
        "session": session,
        "trainer": trainer,
        "trainers": Trainer.objects.active().order_by("name").only("name"),
        "week": DeskWeek(grid),
        "refused": staff_sentence(refusal) if refusal else said,
    }
    status = refusal.status if refusal else (422 if said else 200)
    return page_of(request, "move.html", status=status, **context)
