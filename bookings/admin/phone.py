"""Booking for who calls: three letters of the name, and a click on a green time."""

from datetime import datetime, time
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from bookings.admin.desk import (
    OPENED_BY_A_REASON,
    DeskWeek,
    chosen_trainer,
    number_in,
    page_of,
    staff_sentence,
)
from bookings.domain.booking import book_session
from bookings.domain.callers import (
    add_caller,
    digits_of,
    find_callers,
    is_phone,
    trainers_of,
)
from bookings.domain.week import LONGEST, Week, build_week
from bookings.exceptions import BookingRefused, ClientBusy, SlotTaken
from bookings.forms import CellField, WeekForm, session_type_choices
from bookings.models import TrainingSession
from trainers.clock import gym_now
from trainers.models import Trainer
from trainers.wording import duration, money

may_book = permission_required("bookings.add_trainingsession", raise_exception=True)
may_add_people = permission_required("accounts.add_user", raise_exception=True)


class CallerForm(forms.Form):
    """Somebody new: a name and a phone number are enough."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    phone = forms.CharField(
        label=gettext_lazy("Phone"),
        max_length=30,
        widget=forms.TextInput(attrs={"type": "tel"}),
    )

    @classmethod
    def from_search(cls, query: str) -> "CallerForm":
        """What was searched for in vain need not be typed again."""
        field = "phone" if is_phone(query) else "name"
        return cls(initial={field: query})

    def clean_phone(self) -> str:
        phone: str = self.cleaned_data["phone"]
        if not digits_of(phone):
            raise forms.ValidationError(_("A phone number has digits."))
        return phone


class PhoneBookingForm(forms.Form):
    """One click: the cell, and what the selects beside the week say."""

    at = CellField(
        error_messages={"required": gettext_lazy("Choose a green time in the week.")}
    )
    session_type = forms.ChoiceField(label=gettext_lazy("Type"))
    slots = forms.TypedChoiceField(
        label=gettext_lazy("Length"), coerce=int, empty_value=1, required=False
    )
    reason = forms.CharField(
        label=gettext_lazy("Why outside the rules"), max_length=500, required=False
    )

    def __init__(self, trainer: Trainer, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.trainer = trainer
        self.fields["session_type"].choices = session_type_choices(trainer)
        self.fields["slots"].choices = length_choices(trainer)

    def request(self) -> dict[str, Any]:
        """The valid form in the words of `book_session`."""
        data = self.cleaned_data
        start = data["at"].time()
        return {
            "trainer_id": self.trainer.pk,
            "session_date": data["at"].date(),
            "start_time": start,
            "end_time": end_of_slots(self.trainer, start, data["slots"]),
            "session_type": data["session_type"],
        }


def length_choices(trainer: Trainer) -> list[tuple[int, str]]:
    """1 h · €75.00, and so on as long as a day lasts."""
    choices, end = [], time.min
    for count in range(1, LONGEST + 1):
        if end == time.max:
            break
        end = trainer.end_of_slot(end)
        cost = money(trainer.price_of(time.min, end))
        choices.append((count, f"{duration(time.min, end)} · {cost}"))
    return choices


def end_of_slots(trainer: Trainer, start: time, count: int) -> time:
    end = start
    for _slot in range(count):
        # What would go on after midnight is refused by the rules.
        end = trainer.end_of_slot(end)
    return end


@require_safe
@may_book
def phone(request: HttpRequest) -> HttpResponse:
    """Who is it? Where only one can be meant, Enter leads straight to the week."""
    query = request.GET.get("q", "").strip()[:100]
    found = find_callers(query)
    if len(found) == 1 and not request.htmx:
        return redirect("admin:bookings_phone_week", found[0].pk)
    return show_search(request, query, found, CallerForm.from_search(query))


def show_search(
    request: HttpRequest,
    query: str,
    found: list[Any],
    form: CallerForm,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    return page_of(
        request,
        "phone.html",
        status=status,
        title=_("Book by phone"),
        query=query,
        found=found,
        form=form if request.user.has_perm("accounts.add_user") else None,
    )


@require_POST
@may_book
@may_add_people
def new_caller(request: HttpRequest) -> HttpResponse:
    form = CallerForm(request.POST)
    if not form.is_valid():
        wrong = next(iter(form.errors))
        form.fields[wrong].widget.attrs["autofocus"] = True
        return show_search(request, "", [], form, status=422)
    caller = add_caller(**form.cleaned_data)
    return redirect("admin:bookings_phone_week", caller.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@may_book
def phone_week(request: HttpRequest, pk: int) -> HttpResponse:
    """The week of the trainer the caller wants; POST books the cell that is clicked."""
    caller = get_object_or_404(get_user_model(), pk=pk, is_active=True)
    theirs = trainers_of(caller.pk)
    trainer = trainer_asked_for(request, theirs)
    if trainer is None:
        return show_week(request, caller, theirs, None)
    if request.method != "POST":
        return show_week(request, caller, theirs, trainer)
    form = PhoneBookingForm(trainer, request.POST)
    if not form.is_valid():
        return show_week(request, caller, theirs, trainer, form=form)
    try:
        session = book_for(caller, form, request, now=gym_now())
    except BookingRefused as refusal:
        return show_week(request, caller, theirs, trainer, form=form, refusal=refusal)
    asked = {
        "trainer": trainer.pk,
        "week": Week.of(session.session_date),
        "booked": session.pk,
    }
    return redirect(f"{request.path}?{urlencode(asked)}")


def trainer_asked_for(request: HttpRequest, theirs: list[Trainer]) -> Trainer | None:
    """Who is asked for, else the caller's last one, else the first of the gym's."""
    if asked := chosen_trainer(request):
        return asked
    return theirs[0] if theirs else Trainer.objects.active().order_by("name").first()


def book_for(
    caller: Any, form: PhoneBookingForm, request: HttpRequest, *, now: datetime
) -> TrainingSession:
    """A second click on the same cell finds what the first one booked."""
    wish, reason = form.request(), form.cleaned_data["reason"]
    try:
        return book_session(caller, **wish, by=request.user, reason=reason, now=now)
    except (SlotTaken, ClientBusy):
        theirs = TrainingSession.objects.active().filter(client=caller, **wish)
        if session := theirs.first():
            return session
        raise


def show_week(
    request: HttpRequest,
    caller: Any,
    theirs: list[Trainer],
    trainer: Trainer | None,
    *,
    form: PhoneBookingForm | None = None,
    refusal: BookingRefused | None = None,
) -> HttpResponse:
    now = gym_now()
    context: dict[str, Any] = {
        "title": _("Book by phone"),
        "caller": caller,
        "theirs": theirs,
        "trainer": trainer,
        "trainers": Trainer.objects.active().order_by("name").only("name"),
        "form": form or (trainer and PhoneBookingForm(trainer)),
        "booked": just_booked(request, caller),
        "search_url": reverse("admin:bookings_phone"),
    }
    if trainer:
        week = context["week"] = week_for(request, caller, trainer, now=now)
        # Where the keyboard begins, unless something above the week was just said.
        context["begin_at"] = "" if context["booked"] or form else week.first
    if refusal:
        context["refused"] = staff_sentence(refusal)
        context["needs_reason"] = isinstance(refusal, OPENED_BY_A_REASON)
    elif form:
        context["refused"] = " ".join(form.errors.get("at", [_("Please look again.")]))
    status = refusal.status if refusal else (422 if form else 200)
    return page_of(request, "phone_week.html", status=status, **context)


def week_for(
    request: HttpRequest, caller: Any, trainer: Trainer, *, now: datetime
) -> DeskWeek:
    """The week asked for; without one, the next where this one has nothing left."""
    which = WeekForm(request.POST or request.GET)
    day = which.day_or(now.date())
    week = DeskWeek(build_week(trainer, Week.of(day), now=now, client_id=caller.pk))
    if which.asks_for_a_day or week.first:
        return week
    ahead = week.grid.week.next
    return DeskWeek(build_week(trainer, ahead, now=now, client_id=caller.pk))


def just_booked(request: HttpRequest, caller: Any) -> TrainingSession | None:
    """What the last click booked, to be shown with its way back."""
    asked = number_in(request.GET.get("booked", ""))
    theirs = TrainingSession.objects.filter(client=caller).select_related("trainer")
    return theirs.filter(pk=asked).first() if asked else None
