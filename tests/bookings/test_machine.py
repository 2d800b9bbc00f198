"""Any verbs in any order, beside a gym on paper that says what each must do.

`STRESS=1` makes it the long run, `STRESS_SEED=` repeats one.
"""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

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
from bookings.domain.holding import hold_time, release_hold
from bookings.domain.idempotency import book_once
from bookings.domain.invariants import broken_promises
from bookings.domain.projection import refresh_schedule
from bookings.domain.week import Week, build_week
from bookings.exceptions import BookingRefused
from bookings.models import Hold, TrainingSession
from tests.bookings.paper import ACTIVE, BERLIN, Paper, later, meets, weekday
from tests.factories import MemberFactory, TrainerFactory
from tests.stress.size import IS_LONG, SEED
from trainers.models import Closure, ExtraHours, TimeOff, Trainer, WorkingHours
from trainers.schedule import set_slot_status

EXAMPLES = 320 if IS_LONG else 30
STEPS_EACH = 40

# The evenings before the clock goes forward, back, and not at all.
STARTS = [
    datetime(2027, 3, 27, 17, tzinfo=UTC),
    datetime(2026, 10, 24, 16, tzinfo=UTC),
    datetime(2026, 12, 5, 17, tzinfo=UTC),
]
SUNDAY, MONDAY, SATURDAY = 0, 1, 6
HOURS = {
    SATURDAY: [["20:00-23:00"], ["19:00-21:00", "22:00-23:59"]],
    # At two or three the clocks change.
    SUNDAY: [["01:00-04:00"], ["01:30-04:30"]],
    MONDAY: [["09:00-12:00"], ["10:00-13:00"], ["08:00-09:00", "11:00-13:00"], []],
}
OPENING = [(on, span) for on, choices in HOURS.items() for span in choices[0]]
RATES = [Decimal("75.00"), Decimal("33.33")]
GIVEN = ["personal_training", "consultation"]

WHO = st.sampled_from(["maya", "omar"])
BY = st.sampled_from(["the client", "the client", "frieda"])
WHOM = st.sampled_from(["ana", "bruno"])
PICK = st.integers(0, 99)
ODD_TIME = st.sampled_from(
    [time(2), time(2, 30), time(3), time(9), time(10, 30), time(11), time(21)]
)
MINUTES = st.sampled_from([60, 60, 30, 120, -60])

ROWS = """
    SET CONSTRAINTS ALL IMMEDIATE;
    SET CONSTRAINTS ALL DEFERRED;
    SELECT
      (SELECT json_agg(json_build_array(
           id, trainer_id, client_id, session_date, start_time, end_time,
           session_type, status, price::text,
           extract(epoch FROM cancelled_at)::bigint) ORDER BY id)
       FROM training_sessions),
      (SELECT json_agg(json_build_array(
           trainer_id, day_of_week, time_slot, status, booking_id, client_id,
           session_date, outside_hours) ORDER BY trainer_id, day_of_week, time_slot)
       FROM trainer_schedules),
      (SELECT json_agg(json_build_array(
           session_id, action, actor_id, extract(epoch FROM at)::bigint,
           before, after) ORDER BY id)
       FROM booking_events),
      (SELECT json_agg(json_build_array(client_id, key, session_id, answer)
                       ORDER BY client_id, key)
       FROM idempotency_keys)
"""

complete_whenever = partial(complete_session, early_is_fine=True)

INSERT = """
    INSERT INTO training_sessions
        (trainer_id, client_id, session_date, start_time, end_time)
    VALUES (%s, %s, %s, %s, %s) RETURNING id
"""


def rows():
    with connection.cursor() as cursor:
        cursor.execute(ROWS)
        cursor.nextset()
        cursor.nextset()
        return [found or [] for found in cursor.fetchone()]


def answer_to(call):
    """What it returned, or the code and field of its refusal."""
    try:
        return call(), None
    except BookingRefused as refusal:
        return None, " ".join(filter(None, [refusal.code, refusal.field]))


def hours(choice):
    return [(on, *map(time.fromisoformat, span.split("-"))) for on, span in choice]


@pytest.fixture
def gym(transactional_db):
    people = {name: MemberFactory(name=name) for name in ("maya", "omar", "frieda")}
    for name in ("ana", "bruno"):
        people[name] = TrainerFactory(name=name, hourly_rate=RATES[0])
        for on, start, end in hours(OPENING):
            WorkingHours.objects.create(
                trainer=people[name], day_of_week=on, starts_at=start, ends_at=end
            )
        refresh_schedule(people[name].pk)
    return people


somebody_has_booked = precondition(lambda machine: machine.copies)
# Else an example may do little more than wait.
much_has_been_done = precondition(lambda machine: machine.step - machine.waited_at > 2)


class Bookings(RuleBasedStateMachine):
    gym: dict
    tally: Counter = Counter()

    def __init__(self):
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()

    def teardown(self):
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)
        self.tally["examples"] += 1

    @initialize(start=st.sampled_from(STARTS))
    def open_the_gym(self, start):
        self.paper = Paper(start.astimezone(BERLIN))
        for trainer in (self.gym["ana"], self.gym["bruno"]):
            self.paper.trainers[trainer.pk] = {
                "active": True,
                "rate": RATES[0],
                "minutes": 60,
                "kinds": GIVEN,
                "hours": hours(OPENING),
            }
            self.paper.fit(trainer.pk)
        # Every session as some caller once read it.
        self.copies = []
        self.has_changed, self.step, self.waited_at = True, 0, 0
        self.look_at(self.gym["ana"].pk, self.now.date())

    # --- helpers ----------------------------------------------------------------

    @property
    def now(self):
        return self.paper.now

    def pk(self, name):
        return self.gym[name].pk

    def look_at(self, trainer, day):
        self.trainer, self.day = trainer, day

    def note(self, what, outcome):
        self.tally["steps"] += 1
        self.tally[what, outcome or "written"] += 1
        self.tally["written"] += outcome is None
        self.has_changed = outcome in (None, "time passed")
        self.step += 1

    def days(self):
        """The days on which somebody works, from yesterday for nine days."""
        around = [self.now.date() + timedelta(days=n) for n in range(-1, 10)]
        return [day for day in around if weekday(day) in HOURS]

    def a_free_time(self, pick, trainer=None, slots=1):
        """Trainer, day, start and end, or a time that was free long ago."""
        trainers = [trainer] if trainer else [self.pk("ana"), self.pk("bruno")]
        free = [
            (whose, day, start)
            for whose in trainers
            for day in self.days()
            for start in self.paper.free(whose, day)
        ]
        if not free:
            return trainers[0], self.now.date(), time(9), time(10)
        whose, day, start = free[pick % len(free)]
        return (
            whose,
            day,
            start,
            later(start, self.paper.trainers[whose]["minutes"] * slots),
        )

    def a_copy(self, pick):
        """Three times of four, of a session that is still active."""
        active = [copy for copy in self.copies if self.status(copy) in ACTIVE]
        copies = self.copies if pick % 4 == 3 else active or self.copies
        return copies[pick % len(copies)]

    def status(self, copy):
        return self.paper.sessions.get(copy.pk, {}).get("status")

    def who(self, by, copy):
        return self.gym["frieda"] if by == "frieda" else self.client_of(copy)

    def client_of(self, copy):
        people = [self.gym["maya"], self.gym["omar"]]
        return next(person for person in people if person.pk == copy.client_id)

    def agree(self, what, expected, call):
        """The product answers as paper says; returns what it gave, None if refused."""
        given, refusal = answer_to(call)
        assert refusal == expected, f"{what}: {refusal}, on paper {expected}"
        if refusal:
            self.note(what, refusal)
        return given

    def keep(self, session):
        self.copies.append(session)

    # --- booking ------------------------------------------------------------------

    @rule(who=WHO, pick=PICK, slots=st.sampled_from([1, 1, 1, 2]), by=BY)
    def book_a_free_time(self, who, pick, slots, by):
        self.book(who, *self.a_free_time(pick, slots=slots), by=by)

    @rule(
        who=WHO,
        pick=PICK,
        kind=st.sampled_from([*GIVEN, "demo"]),
        price=st.sampled_from(RATES),
        nobody=st.sampled_from([False, False, False, True]),
    )
    def book_with_details(self, who, pick, kind, price, nobody):
        trainer, *when = self.a_free_time(pick)
        trainer = 0 if nobody else trainer
        self.book(who, trainer, *when, session_type=kind, price_shown=price)

    @rule(who=WHO, whom=WHOM, pick=PICK, start=ODD_TIME, minutes=MINUTES)
    def book_any_time(self, who, whom, pick, start, minutes):
        day = self.days()[pick % len(self.days())]
        free = is_slot_available(self.pk(whom), day, start, now=self.now)
        assert free == (start in self.paper.free(self.pk(whom), day))
        self.book(who, self.pk(whom), day, start, later(start, minutes))

    @somebody_has_booked
    @rule(who=WHO, whom=WHOM, pick=PICK)
    def book_a_taken_time(self, who, whom, pick):
        """The trainer's, or the member's with another trainer."""
        copy = self.a_copy(pick)
        times = (copy.session_date, copy.start_time, copy.end_time)
        self.book(who, self.pk(whom), *times)

    def book(self, who, trainer, day, start, end, by="the client", **details):
        client = self.gym[who]
        kind = details.get("session_type", "personal_training")
        place = (client.pk, trainer, day, start, end)
        booker = self.gym["frieda"] if by == "frieda" else client
        refusal = self.paper.no_to(*place, kind=kind, price=details.get("price_shown"))
        session = self.agree(
            "book",
            refusal,
            lambda: book_session(
                client,
                trainer_id=trainer,
                session_date=day,
                start_time=start,
                end_time=end,
                now=self.now,
                by=booker,
                **details,
            ),
        )
        if session:
            self.keep(session)
            self.paper.book(session.pk, *place, kind=kind, by=booker.pk)
            self.note("book", None)
        if trainer:
            self.look_at(trainer, day)

    @rule(who=WHO, key=st.sampled_from("ab"), pick=PICK)
    def book_with_a_key(self, who, key, pick):
        names = ("trainer_id", "session_date", "start_time", "end_time")
        request = dict(zip(names, self.a_free_time(pick), strict=True))
        self.book_once(who, key, request)

    @precondition(lambda self: self.paper.keys)
    @rule(pick=PICK, who=WHO)
    def repeat_a_request(self, pick, who):
        """By its sender, or by another member who happens on the same key."""
        known = list(self.paper.keys.items())
        (_, key), (request, *_) = known[pick % len(known)]
        self.book_once(who, key, request)

    def book_once(self, who, key, request):
        client = self.gym[who]
        known = self.paper.keys.get((client.pk, key))
        place = (client.pk, *request.values())
        if known:
            refusal = None if known[0] == request else "key_reused Idempotency-Key"
        else:
            refusal = self.paper.no_to(*place, kind="personal_training")
        receipt = self.agree(
            "book once",
            refusal,
            lambda: book_once(client, key=key, now=self.now, **request),
        )
        self.look_at(request["trainer_id"], request["session_date"])
        if receipt is None:
            return
        assert receipt.replayed == bool(known)
        if known:
            assert receipt.answer == known[2]
            assert receipt.still_stands() == self.paper.still_stands(known[2])
            self.note("book once", "replayed")
            return
        pk = receipt.answer["id"]
        self.paper.book(pk, *place, kind="personal_training", by=client.pk)
        self.paper.keys[client.pk, key] = (request, pk, self.paper.facts(pk))
        self.keep(TrainingSession.objects.get(pk=pk))
        self.note("book once", None)

    # --- keeping a time -----------------------------------------------------------

    @precondition(lambda self: len(self.paper.holds) < 6)
    @rule(who=WHO, pick=PICK, hours=st.sampled_from([0.5, 3, 24]))
    def hold_a_free_time(self, who, pick, hours):
        self.hold(who, *self.a_free_time(pick), hours=hours)

    @precondition(lambda self: self.paper.holds)
    @rule(who=WHO, pick=PICK)
    def hold_a_held_time(self, who, pick):
        """Whoever has it; in many examples it has run out."""
        held = list(self.paper.holds.values())[pick % len(self.paper.holds)]
        names = ("trainer", "day", "start", "end")
        self.hold(who, *(held[name] for name in names), hours=3)

    def hold(self, who, *place, hours):
        client = self.gym[who]
        trainer, day, start, end = place
        refusal = self.paper.no_to(client.pk, *place)
        if refusal is None and self.paper.held(*place):
            refusal = "held"
        until = (self.now.astimezone(UTC) + timedelta(hours=hours)).astimezone(BERLIN)
        hold = self.agree(
            "hold",
            refusal,
            lambda: hold_time(
                client,
                trainer_id=trainer,
                session_date=day,
                start_time=start,
                end_time=end,
                until=until,
                why=Hold.Why.OFFER,
                now=self.now,
            ),
        )
        self.look_at(trainer, day)
        if hold:
            names = ("trainer", "day", "start", "end")
            kept = dict(zip(names, place, strict=True))
            self.paper.holds[hold.pk] = kept | {"client": client.pk, "until": until}
            self.note("hold", None)

    @precondition(lambda self: self.paper.holds)
    @rule(pick=PICK)
    def release(self, pick):
        pk = list(self.paper.holds)[pick % len(self.paper.holds)]
        release_hold(Hold.objects.get(pk=pk), now=self.now)
        held = self.paper.holds[pk]
        held["until"] = min(held["until"], self.now)
        self.look_at(held["trainer"], held["day"])
        self.note("release", None)

    @precondition(lambda self: self.paper.holds)
    @rule(who=WHO, pick=PICK)
    def book_a_held_time(self, who, pick):
        held = list(self.paper.holds.values())[pick % len(self.paper.holds)]
        names = ("trainer", "day", "start", "end")
        self.book(who, *(held[name] for name in names))

    # --- what becomes of a session ------------------------------------------------

    @somebody_has_booked
    @rule(
        pick=PICK,
        to=PICK,
        by=BY,
        odd=st.sampled_from([None, None, None, time(2), time(9, 30)]),
    )
    def reschedule(self, pick, to, by, odd):
        copy = self.a_copy(pick)
        trainer, day, start, end = self.a_free_time(to)
        if odd:
            start, end = odd, later(odd, 60)
        by = self.who(by, copy)
        moved = self.agree(
            "reschedule",
            self.paper.no_to_moving(copy.pk, trainer, day, start, end, by=by.pk),
            lambda: reschedule_session(
                copy,
                trainer_id=trainer,
                session_date=day,
                start_time=start,
                end_time=end,
                by=by,
                now=self.now,
            ),
        )
        self.look_at(trainer, day)
        if moved:
            place = {"trainer": trainer, "day": day, "start": start, "end": end}
            self.paper.change("moved", copy.pk, by=by.pk, **place)
            self.keep(moved)
            self.note("reschedule", None)

    @somebody_has_booked
    @rule(pick=PICK, by=BY)
    def confirm(self, pick, by):
        self.change_status(pick, "confirmed", confirm_session, by)

    @somebody_has_booked
    @rule(pick=PICK, by=BY)
    def cancel(self, pick, by):
        self.change_status(pick, "cancelled", cancel_session, by, cancelled=self.now)

    @somebody_has_booked
    @rule(pick=PICK, by=BY)
    def complete(self, pick, by):
        self.change_status(pick, "completed", complete_whenever, by)

    @somebody_has_booked
    @rule(pick=PICK, by=BY)
    def mark_no_show(self, pick, by):
        self.change_status(pick, "no_show", mark_no_show, by)

    def change_status(self, pick, status, verb, by, **changes):
        copy = self.a_copy(pick)
        by = self.who(by, copy)
        changed = self.agree(
            status,
            self.paper.no_to_status(copy.pk, status, by=by.pk),
            lambda: verb(copy, by=by, now=self.now),
        )
        if changed is None:
            return None
        assert changed.status == status
        self.look_at(changed.trainer_id, changed.session_date)
        if self.paper.sessions[copy.pk]["status"] == status:
            return self.note(status, "already")
        self.paper.change(status, copy.pk, by=by.pk, status=status, **changes)
        self.keep(changed)
        return self.note(status, None)

    @somebody_has_booked
    @rule(pick=PICK, by=BY)
    def reopen(self, pick, by):
        ended = [copy for copy in self.copies if self.status(copy) not in ACTIVE]
        copy = ended[pick % len(ended)] if ended else self.a_copy(pick)
        by = self.who(by, copy)
        reopened = self.agree(
            "reopen",
            self.paper.no_to_reopening(copy.pk),
            lambda: reopen_session(copy, by=by, now=self.now),
        )
        if reopened:
            back = {"status": "scheduled", "cancelled": None}
            self.paper.change("reopened", copy.pk, by=by.pk, **back)
            self.look_at(reopened.trainer_id, reopened.session_date)
            self.keep(reopened)
            self.note("reopen", None)

    @somebody_has_booked
    @rule(pick=PICK, many=st.booleans())
    def delete(self, pick, many):
        copy = self.a_copy(pick)
        if not self.status(copy):
            self.note("delete", "gone")
            return
        # Deleting takes the instance's own id away.
        pk = copy.pk
        one = TrainingSession.objects.filter(pk=pk)
        one.delete() if many else one.get().delete()
        self.paper.delete(pk)
        self.look_at(copy.trainer_id, copy.session_date)
        self.note("delete", None)

    # --- writes without a verb ----------------------------------------------------

    @somebody_has_booked
    @rule(pick=PICK)
    def save_an_old_copy(self, pick):
        copy = self.a_copy(pick)
        if self.status(copy):
            self.save(copy)
        else:
            self.note("save", "gone")

    @rule(who=WHO, whom=WHOM, pick=PICK, start=ODD_TIME)
    def save_a_new_session(self, who, whom, pick, start):
        """Also where no slot is."""
        session = TrainingSession(
            client=self.gym[who],
            trainer=self.gym[whom],
            session_date=self.days()[pick % len(self.days())],
            start_time=start,
            end_time=later(start, 45),
        )
        self.save(session)

    def save(self, session):
        written = {
            "pk": session.pk,
            "trainer": session.trainer_id,
            "client": session.client_id,
            "day": session.session_date,
            "start": session.start_time,
            "end": session.end_time,
            "kind": str(session.session_type),
            "status": str(session.status),
            "price": session.price,
            "cancelled": session.cancelled_at,
        }
        stored = self.paper.sessions.get(session.pk)
        _, refusal = answer_to(session.save)
        assert refusal == self.paper.no_to_writing(written)
        self.look_at(session.trainer_id, session.session_date)
        if refusal:
            return self.note("save", refusal)
        self.keep(session)
        self.paper.write(written | {"pk": session.pk})
        return self.note("save", "as it was" if stored == written else None)

    @rule(who=WHO, whom=WHOM, pick=PICK, odd=st.sampled_from([None, time(6)]))
    def insert_raw(self, who, whom, pick, odd):
        """The rows follow with the next refreshing; the date is taken at once."""
        trainer, day, start, end = self.a_free_time(pick, self.pk(whom))
        if odd:
            start, end = odd, later(odd, 60)
        written = {
            "pk": None,
            "trainer": trainer,
            "client": self.pk(who),
            "day": day,
            "start": start,
            "end": end,
            "kind": "personal_training",
            "status": "scheduled",
            "price": None,
            "cancelled": None,
        }
        self.look_at(trainer, day)
        refusal = self.paper.no_to_writing(written)
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(INSERT, [trainer, self.pk(who), day, start, end])
                pk = cursor.fetchone()[0]
        except IntegrityError:
            assert refusal in ("slot_taken", "client_busy")
            return self.note("raw insert", refusal)
        assert refusal is None
        assert not is_slot_available(trainer, day, start)
        self.paper.write(written | {"pk": pk})
        self.keep(TrainingSession.objects.get(pk=pk))
        self.refresh(trainer)
        return self.note("raw insert", None)

    # --- what staff decide --------------------------------------------------------

    @rule(
        whom=WHOM,
        pick=PICK,
        word=st.sampled_from(["available", "available", "break", "unavailable"]),
    )
    def set_slot(self, whom, pick, word):
        trainer = self.pk(whom)
        places = sorted(place for place in self.paper.slots if place[0] == trainer)
        place = places[pick % len(places)]
        with transaction.atomic():
            set_slot_status(trainer, [place[1:]], word)
        slot = self.paper.slots[place]
        was, slot["word"] = slot["word"], word
        self.look_at(trainer, self.day)
        self.note("slot", "as it was" if was == word else None)

    @rule(
        whom=WHOM,
        active=st.sampled_from([True, True, False]),
        rate=st.sampled_from(RATES),
        minutes=st.sampled_from([60, 60, 60, 30, 90]),
    )
    def change_the_trainer(self, whom, active, rate, minutes):
        trainer = self.paper.trainers[self.pk(whom)]
        now = {"active": active, "rate": rate, "minutes": minutes}
        same = trainer.items() >= now.items()
        longer = trainer["minutes"] != minutes
        trainer.update(now)
        row = Trainer.objects.get(pk=self.pk(whom))
        row.is_active, row.hourly_rate, row.session_minutes = active, rate, minutes
        row.save()
        if longer:
            self.paper.fit(row.pk)
            self.refresh(row.pk)
        self.look_at(row.pk, self.day)
        self.note("trainer", "as it was" if same else None)

    @rule(whom=WHOM, on=st.sampled_from(list(HOURS)), pick=PICK, fit=st.booleans())
    def change_hours(self, whom, on, pick, fit):
        """Slots follow when they are refreshed, not before."""
        spans = hours([(on, span) for span in HOURS[on][pick % len(HOURS[on])]])
        trainer = self.paper.trainers[self.pk(whom)]
        kept = [span for span in trainer["hours"] if span[0] != on]
        same, trainer["hours"] = {*kept, *spans} == {*trainer["hours"]}, kept + spans
        rows = WorkingHours.objects.filter(trainer=self.pk(whom), day_of_week=on)
        with transaction.atomic():
            rows.delete()
            for _, start, end in spans:
                rows.create(
                    trainer=self.gym[whom],
                    day_of_week=on,
                    starts_at=start,
                    ends_at=end,
                )
        if fit:
            self.refresh(self.pk(whom))
        self.note("hours", "as it was" if same else None)

    def refresh(self, trainer):
        """Whatever it corrects, a second time there is nothing to do."""
        refresh_schedule(trainer)
        self.paper.fit(trainer)

    @precondition(lambda self: len(self.paper.time_off) < 3)
    @rule(
        whom=WHOM,
        pick=PICK,
        start=st.sampled_from([time(0), time(2, 30), time(10)]),
        minutes=st.sampled_from([60, 90, 26 * 60]),
    )
    def go_away(self, whom, pick, start, minutes):
        starts = datetime.combine(self.days()[pick % len(self.days())], start)
        until = starts + timedelta(minutes=minutes)
        row = TimeOff.objects.create(
            trainer=self.gym[whom],
            first_day=starts.date(),
            starts_at=starts.time(),
            last_day=until.date(),
            ends_at=until.time(),
        )
        off = {"trainer": self.pk(whom), "from": starts, "until": until}
        self.paper.time_off[row.pk] = off
        self.look_at(self.pk(whom), starts.date())
        self.note("time off", None)

    @precondition(lambda self: self.paper.time_off)
    @rule(pick=PICK)
    def come_back(self, pick):
        pk = list(self.paper.time_off)[pick % len(self.paper.time_off)]
        TimeOff.objects.get(pk=pk).delete()
        off = self.paper.time_off.pop(pk)
        self.look_at(off["trainer"], off["from"].date())
        self.note("time off", None)

    @precondition(lambda self: len(self.paper.closures) < 2)
    @rule(pick=PICK, days=st.sampled_from([1, 1, 3]))
    def close_the_gym(self, pick, days):
        first = self.days()[pick % len(self.days())]
        last = first + timedelta(days=days - 1)
        row = Closure.objects.create(name="Fair", first_day=first, last_day=last)
        self.paper.closures[row.pk] = (first, last)
        self.look_at(self.trainer, first)
        self.note("closure", None)

    @precondition(lambda self: self.paper.closures)
    @rule(pick=PICK)
    def open_the_gym_again(self, pick):
        pk = list(self.paper.closures)[pick % len(self.paper.closures)]
        Closure.objects.get(pk=pk).delete()
        first, _last = self.paper.closures.pop(pk)
        self.look_at(self.trainer, first)
        self.note("closure", None)

    @precondition(lambda self: len(self.paper.extra) < 3)
    @rule(whom=WHOM, pick=PICK, start=ODD_TIME, minutes=st.sampled_from([45, 60, 180]))
    def work_longer(self, whom, pick, start, minutes):
        """On any day, also one on which nobody works."""
        day = self.now.date() + timedelta(days=pick % 9)
        end = min(later(start, minutes), time(23, 45))
        asked = {"trainer": self.pk(whom), "day": day, "start": start, "end": end}
        if any(
            meets(asked, other) for other in self.paper.extra_on(self.pk(whom), day)
        ):
            self.note("extra hours", "overlap")
            return
        row = ExtraHours.objects.create(
            trainer=self.gym[whom], date=day, starts_at=start, ends_at=end
        )
        self.paper.extra[row.pk] = asked
        self.look_at(self.pk(whom), day)
        self.note("extra hours", None)

    @precondition(lambda self: self.paper.extra)
    @rule(pick=PICK)
    def work_no_longer(self, pick):
        pk = list(self.paper.extra)[pick % len(self.paper.extra)]
        ExtraHours.objects.get(pk=pk).delete()
        extra = self.paper.extra.pop(pk)
        self.look_at(extra["trainer"], extra["day"])
        self.note("extra hours", None)

    @much_has_been_done
    @rule(hours=st.sampled_from([0.25, 0.5, 1, 3, 7, 24, 72]))
    def wait(self, hours):
        """Real hours: the clock on the wall may make another step, or none."""
        self.wait_for(self.now.astimezone(UTC) + timedelta(hours=hours))

    @much_has_been_done
    @rule(at=st.sampled_from([time(0, 1), time(2, 15), time(9, 30), time(23, 59)]))
    def wait_until(self, at):
        """Once the clock shows that time, today or tomorrow."""
        day = self.now.date() + timedelta(days=self.now.time() >= at)
        self.wait_for(datetime.combine(day, at, BERLIN).astimezone(UTC))

    def wait_for(self, moment):
        self.paper.now = moment.astimezone(BERLIN)
        self.note("wait", "time passed")
        self.waited_at = self.step

    # --- what must always hold ------------------------------------------------------

    @invariant()
    def the_rows_are_as_on_paper(self):
        sessions, slots, events, keys = rows()
        assert sessions == self.paper.session_rows()
        assert slots == self.paper.slot_rows()
        assert events == self.paper.event_rows()
        assert keys == self.paper.key_rows()

    @invariant()
    def the_promises_hold(self):
        if self.step % 20 == 19:
            broken = {one.invariant.name: set(one.ids) for one in broken_promises()}
            silent = self.paper.changed_in_silence()
            assert broken == ({"history_up_to_date": silent} if silent else {})

    @invariant()
    def nobody_is_booked_twice(self):
        active = self.paper.active()
        for n, one in enumerate(active):
            for other in active[:n]:
                apart = one["day"] != other["day"] or not meets(one, other)
                strangers = (
                    one["trainer"] != other["trainer"]
                    and one["client"] != other["client"]
                )
                assert apart or strangers

    @invariant()
    def the_pages_are_as_on_paper(self):
        """Looked at in turn: building a page takes longer than booking."""
        if self.has_changed:
            looks = [self.look_at_free_times, self.look_at_the_week, lambda: None]
            looks[self.step % 3]()

    def look_at_free_times(self):
        free = get_available_slots(self.trainer, self.day, now=self.now)
        assert free == self.paper.free(self.trainer, self.day)

    def look_at_the_week(self):
        trainer = next(p for p in self.gym.values() if p == Trainer(pk=self.trainer))
        viewer = self.pk("maya")
        grid = build_week(trainer, Week.of(self.day), now=self.now, client_id=viewer)
        shown = {
            (cell.day, cell.start): (cell.end, str(cell.state))
            for day in grid.days
            for cell in day.cells
        }
        monday = self.day - timedelta(days=self.day.weekday())
        assert shown == self.paper.week(self.trainer, monday, viewer)


def report(tally):
    steps, written = tally["steps"], tally["written"]
    return (
        f"verbs in any order: {steps:,} steps in {tally['examples']:,} examples, "
        f"{written:,} successful writes ({written / steps:.0%}), seed {SEED}"
    )


@pytest.mark.stress
@pytest.mark.timeout(600)
def test_verbs_in_any_order_do_as_on_paper(gym, record_property):
    Bookings.gym, Bookings.tally = gym, Counter()
    run_state_machine_as_test(
        seed(SEED)(Bookings),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS_EACH,
            suppress_health_check=list(HealthCheck),
        ),
    )
    tally = Bookings.tally
    record_property("said", report(tally))
    assert tally["written"] >= (0.3 if IS_LONG else 0.2) * tally["steps"]
    assert tally["steps"] >= (10_000 if IS_LONG else 500)
