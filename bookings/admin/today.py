"""Today, the admin's first page, and what its buttons do."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy
from django.views.decorators.http import require_POST

from bookings.admin.desk import staff_sentence
from bookings.domain.away import name_of
from bookings.domain.booking import complete_session, mark_no_show, reopen_session
from bookings.domain.day import within_the_calendar
from bookings.domain.marking import (
    Marked,
    check_in,
    close_unmarked,
    each,
    undo_check_in,
    undo_mark,
)
from bookings.domain.stranded import unsettled
from bookings.domain.today import Step, build_today
from bookings.exceptions import BookingRefused, EarlyCompletion, SessionMoved
from bookings.models import SessionStatus, TrainingSession
from trainers.clock import gym_now
from trainers.wording import clock, day_name

MAY_LOOK = "bookings.view_trainingsession"
MAY_MARK = "bookings.change_trainingsession"
# Where on the page a button stands; the page comes back to it.
PLACES = ("late", "unmarked", "cancelled")

# Django's own first page, for whom this one is not.
list_of_apps = admin.site.index


@dataclass(frozen=True)
class Act:
    """What a step does, what is said of one session or of many, and what undoes it."""

    verb: Callable[..., TrainingSession]
    said: Promise
    said_of_many: Any
    undo: Step | None = None


CLOSED = ngettext_lazy(
    "%(count)s session completed.", "%(count)s sessions completed.", "count"
)
REOPENED = ngettext_lazy(
    "%(count)s session is open again.", "%(count)s sessions are open again.", "count"
)
ACTS: Mapping[Step, Act] = {
    Step.CHECK_IN: Act(
        check_in,
        gettext_lazy("%(member)s is checked in: %(time)s with %(trainer)s."),
        ngettext_lazy(
            "%(count)s member checked in.", "%(count)s members checked in.", "count"
        ),
        Step.UNDO_CHECK_IN,
    ),
    Step.UNDO_CHECK_IN: Act(
        undo_check_in,
        gettext_lazy("The check-in of %(member)s is taken back."),
        ngettext_lazy(
            "%(count)s check-in taken back.", "%(count)s check-ins taken back.", "count"
        ),
        Step.CHECK_IN,
    ),
    Step.COMPLETE: Act(
        complete_session,
        gettext_lazy("Completed: %(member)s, %(day)s, %(time)s."),
        CLOSED,
        Step.TAKE_BACK,
    ),
    Step.COMPLETE_EARLY: Act(
        partial(complete_session, early_is_fine=True),
        gettext_lazy("Completed early: %(member)s, %(day)s, %(time)s."),
        CLOSED,
        Step.TAKE_BACK,
    ),
    Step.NO_SHOW: Act(
        mark_no_show,
        gettext_lazy("Marked as no-show: %(member)s, %(day)s, %(time)s."),
        ngettext_lazy(
            "%(count)s session marked as no-show.",
            "%(count)s sessions marked as no-show.",
            "count",
        ),
        Step.TAKE_BACK,
    ),
    Step.TAKE_BACK: Act(
        undo_mark,
        gettext_lazy("Taken back: %(member)s, %(day)s, %(time)s is open again."),
        REOPENED,
    ),
    Step.REOPEN: Act(
        reopen_session,
        gettext_lazy("Booked again: %(member)s, %(day)s, %(time)s."),
        REOPENED,
    ),
}


class PressForm(forms.Form):
    """The value of a button: a step, and the sessions it is for."""

    do = forms.RegexField(r"\A[a-z_]{1,20}:[1-9]\d{0,17}(,[1-9]\d{0,17}){0,49}\Z")

    def clean_do(self) -> tuple[Step, list[int]]:
        step, _colon, numbers = self.cleaned_data["do"].partition(":")
        if step not in ACTS:
            raise forms.ValidationError("?")
        return Step(step), [int(number) for number in numbers.split(",")]


def index(
    request: HttpRequest, extra_context: dict[str, Any] | None = None
) -> TemplateResponse:
    """Today; for who may not see sessions, Django's own list of what there is."""
    if not request.user.has_perm(MAY_LOOK):
        return list_of_apps(request, extra_context)
    return show_today(request, request.GET)


def show_today(
    request: HttpRequest, data: Mapping[str, Any], status: int = HTTPStatus.OK
) -> TemplateResponse:
    now = gym_now()
    today = build_today(
        chosen_day(data, now),
        now=now,
        page=page_number(data),
        query=member_looked_for(data),
    )
    title = _("Today, %(day)s") if today.is_today else "%(day)s"
    page = list_of_apps(
        request,
        {
            "title": title % {"day": day_name(today.day)},
            "today": today,
            "where": where(data, now),
            "shortcuts": shortcuts(request),
            "unsettled": unsettled_absences(request, now),
            "may_mark": request.user.has_perm(MAY_MARK),
            "may_approve": request.user.has_perm("accounts.change_user"),
        },
    )
    page.status_code = status
    return page


def chosen_day(data: Mapping[str, Any], now: datetime) -> date:
    """A date that is none is today."""
    try:
        return within_the_calendar(date.fromisoformat(data.get("day", "")))
    except ValueError:
        return now.date()


def page_number(data: Mapping[str, Any]) -> int:
    page: str = data.get("page", "")
    return int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1


def member_looked_for(data: Mapping[str, Any]) -> str:
    name: str = data.get("q", "")
    return name.strip()[:100]


def where(data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What is looked at, in the words of the page's address."""
    asked = {"page": page_number(data), "q": member_looked_for(data)}
    narrowed = {name: value for name, value in asked.items() if value not in (1, "")}
    return {"day": chosen_day(data, now).isoformat(), **narrowed}


def shortcuts(request: HttpRequest) -> list[tuple[str, str]]:
    """What the desk does all day, as far as this person may."""
    wanted = [
        ("bookings.add_trainingsession", "bookings_phone", _("Book by phone")),
        (MAY_LOOK, "bookings_trainingsession_changelist", _("Sessions")),
        ("accounts.view_user", "accounts_user_changelist", _("Members")),
        ("trainers.view_trainer", "trainers_trainer_changelist", _("Trainers")),
    ]
    return [
        (label, reverse(f"admin:{name}"))
        for permission, name, label in wanted
        if request.user.has_perm(permission)
    ]


def unsettled_absences(
    request: HttpRequest, now: datetime
) -> list[tuple[str, int, str]]:
    """What each is called, how many sessions stand in it, and the page about them.

    Trainers take time off by themselves, so the desk learns of it here.
    """
    told = []
    for row in unsettled(now=now):
        if request.user.has_perm(f"trainers.view_{row._meta.model_name}"):
            page = reverse(
                f"admin:trainers_{row._meta.model_name}_affected", args=[row.pk]
            )
            told.append((name_of(row), row.standing, page))
    return told


@require_POST
def mark(request: HttpRequest) -> HttpResponse:
    """Do what the pressed button says; then back to where one was, with an Undo."""
    if not request.user.has_perm(MAY_MARK):
        raise PermissionDenied
    form = PressForm(request.POST)
    if not form.is_valid():
        raise BadRequest
    step, numbers = form.cleaned_data["do"]
    sessions = list(
        TrainingSession.objects.filter(pk__in=numbers).select_related(
            "trainer", "client"
        )
    )
    marked = carry_out(step, sessions, by=request.user, now=gym_now())
    early = [one for one, no in marked.refused if isinstance(no, EarlyCompletion)]
    if early and len(sessions) == 1:
        return ask_first(request, sessions[0])
    say(request, ACTS[step], marked)
    if not marked.done:
        if not sessions:
            messages.error(request, SessionMoved.sentence)
        return show_today(request, request.POST, status=HTTPStatus.CONFLICT)
    return redirect(back_to(request, numbers))


def carry_out(
    step: Step,
    sessions: Sequence[TrainingSession],
    *,
    by: AbstractBaseUser,
    now: datetime,
) -> Marked:
    """Many are completed only where they are over: nobody looked at each of them."""
    if step is Step.COMPLETE and len(sessions) > 1:
        return close_unmarked(sessions, SessionStatus.COMPLETED, by=by, now=now)
    return each(sessions, ACTS[step].verb, by=by, now=now)


def say(request: HttpRequest, act: Act, marked: Marked) -> None:
    """What was done, with what undoes it, and what was refused and why."""
    if marked.done:
        numbers = ",".join(str(session.pk) for session in marked.done)
        said = act.said % names_of(marked.done[0])
        if len(marked.done) > 1:
            said = act.said_of_many % {"count": len(marked.done)}
        undo = f"{act.undo}:{numbers}" if act.undo else ""
        messages.success(request, said, extra_tags=undo)
    for session, refusal in marked.refused:
        messages.error(request, why_not(session, refusal))


def why_not(session: TrainingSession, refusal: BookingRefused) -> str:
    return _("%(member)s, %(day)s, %(time)s: %(refusal)s") % {
        **names_of(session),
        "refusal": staff_sentence(refusal),
    }


def names_of(session: TrainingSession) -> dict[str, Any]:
    return {
        "member": session.client,
        "trainer": session.trainer,
        "day": day_name(session.session_date),
        "time": clock(session.start_time),
    }


def ask_first(request: HttpRequest, session: TrainingSession) -> HttpResponse:
    """What is still ahead is completed only by who says so once more."""
    context = {
        **admin.site.each_context(request),
        "title": _("Complete it before it starts?"),
        "session": session,
        "do": f"{Step.COMPLETE_EARLY}:{session.pk}",
        "where": where(request.POST, gym_now()),
        "back": back_to(request, [session.pk]),
    }
    page = "admin/complete_early.html"
    return TemplateResponse(request, page, context, status=HTTPStatus.CONFLICT)


def back_to(request: HttpRequest, numbers: Sequence[int]) -> str:
    """To what was looked at, and there the list or the session."""
    now, place = gym_now(), request.POST.get("place")
    asked = where(request.POST, now)
    if asked["day"] == now.date().isoformat():
        del asked["day"]
    query = f"?{urlencode(asked)}" if asked else ""
    fragment = place if place in PLACES else f"session-{numbers[0]}"
    return f"{reverse('admin:index')}{query}#{fragment}"
