"""The verbs: what they leave behind, and what they refuse."""

from datetime import time, timedelta
from decimal import Decimal

import pytest

from bookings.domain.availability import get_available_slots, is_slot_available
from bookings.domain.booking import (
    book_session,
    cancel_session,
    complete_session,
    confirm_session,
    mark_no_show,
    reopen_session,
    reschedule_session,
)
from bookings.domain.projection import refresh_schedule
from bookings.exceptions import (
    InvalidBooking,
    MayNotBook,
    NotStarted,
    SessionMoved,
    SlotTaken,
    SlotUnavailable,
    TooLate,
    TrainerNotFound,
    WrongStatus,
)
from bookings.models import BookingEvent, TrainingSession
from tests.conftest import NOW, THURSDAY
from tests.factories import TrainerFactory, book
from trainers.clock import at_gym
from trainers.models import SlotStatus

pytestmark = pytest.mark.django_db


def move(session, trainer, hour, *, by, now=NOW):
    return reschedule_session(
        session,
        trainer_id=trainer.pk,
        session_date=THURSDAY,
        start_time=time(hour),
        end_time=time(hour + 1),
        by=by,
        now=now,
    )


def story(session):
    return list(session.events.values_list("action", flat=True))


def test_a_booking_keeps_the_price_of_its_hour(ana, maya):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    ana.hourly_rate = Decimal(90)
    ana.save()
    moved = move(session, ana, 11, by=maya)

    assert moved.price == Decimal("75.00")


@pytest.mark.parametrize(
    ("rate", "minutes", "price"),
    [
        ("75", 60, "75.00"),
        ("33.33", 45, "25.00"),
        ("10.01", 30, "5.01"),
        ("60", 90, "90.00"),
    ],
)
def test_prices_round_half_up(rate, minutes, price):
    trainer = TrainerFactory(hourly_rate=Decimal(rate), session_minutes=minutes)
    assert trainer.slot_price == Decimal(price)


def test_the_hour_before_midnight_costs_an_hour(ana):
    assert ana.price_of(time(23), time.max) == Decimal("75.00")


def test_each_verb_writes_its_event(ana, maya, omar, frieda):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    confirm_session(session, by=frieda, now=NOW)
    move(session, ana, 10, by=maya)
    cancel_session(session, by=frieda, now=NOW, reason="Ana is ill")
    other = book(omar, ana, THURSDAY, 12, now=NOW)
    complete_session(other, by=frieda, now=NOW, early_is_fine=True)
    missed = book(omar, ana, THURSDAY, 13, now=NOW)
    mark_no_show(missed, by=frieda, now=at_gym(THURSDAY, time(14)))

    assert story(session) == ["booked", "confirmed", "moved", "cancelled"]
    assert story(other) == ["booked", "completed"]
    assert story(missed) == ["booked", "no_show"]
    moved = session.events.get(action="moved")
    assert (moved.before["start_time"], moved.after["start_time"]) == (
        "09:00:00",
        "10:00:00",
    )
    assert (moved.actor, moved.at) == (maya, NOW)
    assert session.events.last().reason == "Ana is ill"


def test_each_step_of_the_history_begins_where_the_last_one_ended(ana, maya, frieda):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    confirm_session(session, by=frieda, now=NOW)
    move(session, ana, 10, by=maya)
    cancel_session(session, by=maya, now=NOW, reason="Ill")
    reopen_session(session, by=frieda, now=NOW)
    complete_session(session, by=frieda, now=NOW, early_is_fine=True)

    steps = list(session.events.values_list("before", "after", "reason"))
    befores, afters, reasons = zip(*steps, strict=True)
    assert befores == ({}, *afters[:-1])
    assert [after["status"] for after in afters] == [
        "scheduled",
        "confirmed",
        "confirmed",
        "cancelled",
        "scheduled",
        "completed",
    ]
    assert reasons == ("", "", "", "Ill", "", "")


def test_cancelling_notes_when_and_needs_no_reason(ana, maya):
    session = cancel_session(book(maya, ana, THURSDAY, 9, now=NOW), by=maya, now=NOW)
    session.refresh_from_db()
    assert session.cancelled_at == NOW
    assert session.events.last().reason == ""


def test_the_history_is_only_added_to(ana, maya):
    event = book(maya, ana, THURSDAY, 9, now=NOW).events.get()
    with pytest.raises(TypeError):
        event.save()
    with pytest.raises(TypeError):
        event.delete()
    with pytest.raises(TypeError):
        BookingEvent.objects.update(reason="x")
    with pytest.raises(TypeError):
        BookingEvent.objects.all().delete()


def test_the_history_outlives_its_session(ana, maya):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    number = session.pk
    session.delete()
    event = BookingEvent.objects.get()
    assert (event.session, event.after["id"]) == (None, number)


def test_a_plain_save_brings_nothing_back(ana, maya, frieda):
    stale = book(maya, ana, THURSDAY, 9, now=NOW)
    cancel_session(stale, by=maya, now=NOW)
    stale.notes = "from an old copy"
    with pytest.raises(WrongStatus):
        stale.save()
    stale.save(update_fields=["notes"])
    stale.refresh_from_db()
    assert (stale.status, stale.notes) == ("cancelled", "from an old copy")


def test_reopening_checks_everything_again(ana, maya, omar, frieda):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    with pytest.raises(WrongStatus) as refusal:
        reopen_session(session, by=frieda, now=NOW)
    assert refusal.value.sentence == (
        "This session has not ended, so it need not be reopened."
    )
    cancel_session(session, by=maya, now=NOW)
    other = book(omar, ana, THURSDAY, 9, now=NOW)
    with pytest.raises(SlotTaken):
        reopen_session(session, by=frieda, now=NOW)
    cancel_session(other, by=omar, now=NOW)

    reopened = reopen_session(session, by=frieda, now=NOW)

    assert (reopened.status, reopened.cancelled_at) == ("scheduled", None)
    assert story(session) == ["booked", "cancelled", "reopened"]
    assert ana.slots.get(booking=session).status == SlotStatus.BOOKED


def test_a_session_is_not_reopened_where_nobody_could_book(ana, maya, frieda):
    session = cancel_session(book(maya, ana, THURSDAY, 9, now=NOW), by=maya, now=NOW)
    with pytest.raises(InvalidBooking):
        reopen_session(session, by=frieda, now=at_gym(THURSDAY, time(9)))
    ana.slots.filter(time_slot=time(9)).update(status=SlotStatus.BREAK)
    with pytest.raises(SlotUnavailable):
        reopen_session(session, by=frieda, now=NOW)
    ana.is_active = False
    ana.save()
    with pytest.raises(TrainerNotFound):
        reopen_session(session, by=frieda, now=NOW)


@pytest.mark.parametrize(
    "verb",
    [cancel_session, complete_session, confirm_session, mark_no_show, reopen_session],
)
def test_a_session_deleted_meanwhile_is_a_refusal(ana, maya, verb):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    TrainingSession.objects.filter(pk=session.pk).delete()
    with pytest.raises(SessionMoved):
        verb(session, by=maya, now=NOW)


def test_a_plain_save_hears_the_same_sentence(ana, maya, omar):
    book(omar, ana, THURSDAY, 9, now=NOW)
    session = book(maya, ana, THURSDAY, 10, now=NOW)
    session.start_time, session.end_time = time(9), time(10)
    with pytest.raises(SlotTaken):
        session.save()


def test_a_move_keeps_a_type_that_is_no_longer_given(ana, maya):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    ana.session_types = ["group_session"]
    ana.save()
    assert move(session, ana, 10, by=maya).session_type == "personal_training"


def test_a_slot_kept_for_its_session_blocks_no_other_date(ana, maya, omar):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    ana.session_minutes = 45
    ana.save()
    refresh_schedule(ana.pk)
    assert ana.slots.get(booking=session, time_slot=time(9)).outside_hours

    booked = book_session(
        omar,
        trainer_id=ana.pk,
        session_date=THURSDAY + timedelta(days=7),
        start_time=time(8, 30),
        end_time=time(10),
        now=NOW,
    )
    assert booked.price == Decimal("112.50")


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        (
            {"start_time": time(6), "session_date": NOW.date()},
            "start_time",
            "This time has already passed. Please choose a later one.",
        ),
        ({"end_time": time(8)}, "end_time", "The session must end after it starts."),
        (
            # Nothing at all, where no slot is either.
            {"start_time": time(5, 30), "end_time": time(5, 30)},
            "end_time",
            "The session must end after it starts.",
        ),
        (
            {"end_time": time(10, 30)},
            "end_time",
            "A session from 09:00 ends at 10:00, or with a later slot.",
        ),
        (
            {"session_type": "group_session"},
            "session_type",
            "Ana Ruiz does not give sessions of this type.",
        ),
    ],
)
def test_a_wrong_field_is_named_with_what_to_do(ana, maya, wrong, field, sentence):
    asked = {"session_date": THURSDAY, "start_time": time(9), "end_time": time(10)}
    with pytest.raises(InvalidBooking) as refusal:
        book_session(maya, trainer_id=ana.pk, now=NOW, **(asked | wrong))
    assert (refusal.value.field, refusal.value.sentence) == (field, sentence)
    assert not TrainingSession.objects.exists()


def test_a_refused_booking_leaves_nothing(ana, maya, omar):
    book(omar, ana, THURSDAY, 9, now=NOW)
    with pytest.raises(SlotTaken):
        book(maya, ana, THURSDAY, 9, now=NOW)
    assert (TrainingSession.objects.count(), BookingEvent.objects.count()) == (1, 1)


def test_a_refused_move_keeps_the_old_time(ana, maya, omar):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    book(omar, ana, THURSDAY, 10, now=NOW)
    with pytest.raises(SlotTaken):
        move(session, ana, 10, by=maya)
    session.refresh_from_db()
    assert session.start_time == time(9)


def test_a_session_may_move_onto_a_part_of_itself(ana, maya):
    session = book(maya, ana, THURSDAY, 9, now=NOW, hours=2)
    assert move(session, ana, 10, by=maya).start_time == time(10)


def test_cancelling_twice_is_quiet(ana, maya):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    for _ in range(2):
        cancel_session(session, by=maya, now=NOW)
    assert story(session) == ["booked", "cancelled"]


def test_a_member_cannot_cancel_or_move_after_the_start_but_staff_can(
    ana, maya, frieda
):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    late = at_gym(THURSDAY, time(9))
    with pytest.raises(TooLate):
        cancel_session(session, by=maya, now=late)
    with pytest.raises(TooLate):
        move(session, ana, 15, by=maya, now=late)
    assert not cancel_session(session, by=frieda, now=late).is_active


def test_what_has_ended_stays_ended(ana, maya, frieda):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    complete_session(session, by=frieda, now=NOW, early_is_fine=True)
    for verb in (cancel_session, confirm_session):
        with pytest.raises(WrongStatus):
            verb(session, by=frieda, now=NOW)
    with pytest.raises(WrongStatus):
        move(session, ana, 10, by=frieda)
    # That it has ended counts for more than that it has begun.
    with pytest.raises(WrongStatus):
        cancel_session(session, by=maya, now=at_gym(THURSDAY, time(9)))


def test_nobody_misses_what_has_not_started(ana, maya, frieda):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    with pytest.raises(NotStarted):
        mark_no_show(session, by=frieda, now=at_gym(THURSDAY, time(8, 59)))


def test_a_member_who_was_shut_out_meanwhile_books_nothing(ana, maya):
    type(maya).objects.filter(pk=maya.pk).update(is_active=False)
    with pytest.raises(MayNotBook):
        book(maya, ana, THURSDAY, 9, now=NOW)


def test_a_row_of_slots_must_be_open_throughout(ana, maya):
    ana.slots.filter(time_slot=time(10)).update(status=SlotStatus.BREAK)
    with pytest.raises(SlotUnavailable):
        book(maya, ana, THURSDAY, 9, now=NOW, hours=3)
    ana.slots.filter(time_slot=time(10)).delete()
    with pytest.raises(SlotUnavailable):
        book(maya, ana, THURSDAY, 9, now=NOW, hours=3)


def test_what_was_written_to_the_trainer_is_kept(ana, maya):
    book(maya, ana, THURSDAY, 9, now=NOW, notes="Left knee, carefully")
    book(maya, ana, THURSDAY, 10, now=NOW)
    written = TrainingSession.objects.values_list("notes", flat=True)
    assert list(written) == ["Left knee, carefully", ""]


def test_each_trainers_free_times_are_their_own(ana, maya):
    bruno = TrainerFactory()
    bruno.slots.exclude(time_slot=time(9)).delete()
    book(maya, ana, THURSDAY, 9, now=NOW)

    assert get_available_slots(bruno.pk, THURSDAY) == [time(9)]
    assert time(9) not in get_available_slots(ana.pk, THURSDAY)
    assert get_available_slots(0, THURSDAY) == []


def test_the_seeds_functions(ana, maya, django_assert_max_num_queries):
    book(maya, ana, THURSDAY, 9, now=NOW)
    ana.slots.filter(time_slot=time(13)).update(status=SlotStatus.BREAK)

    with django_assert_max_num_queries(3):
        free = get_available_slots(ana.pk, THURSDAY)

    assert [slot.hour for slot in free] == [7, 8, 10, 11, 12, 14, 15, 16, 17, 18, 19]
    assert is_slot_available(ana.pk, THURSDAY, time(10)) is True
    assert is_slot_available(ana.pk, THURSDAY, time(9)) is False
    assert is_slot_available(ana.pk, THURSDAY, time(9, 30)) is False
    assert is_slot_available(ana.pk, THURSDAY + timedelta(days=7), time(9)) is True
    noon = at_gym(THURSDAY, time(12))
    assert get_available_slots(ana.pk, THURSDAY, now=noon)[0] == time(14)
    ana.is_active = False
    ana.save()
    assert get_available_slots(ana.pk, THURSDAY) == []
