"""Another time for a session that cannot be: offered, answered, run out."""

from datetime import date, time, timedelta

import pytest

from bookings.domain.alternatives import Alternative
from bookings.domain.booking import (
    book_session,
    cancel_session,
    confirm_session,
    reschedule_session,
)
from bookings.domain.offers import (
    OfferState,
    accept_offer,
    decline_offer,
    exchange_offer,
    latest_answer,
    offer_alternatives,
    renew_link,
    state_of,
    waiting_offers,
)
from bookings.domain.stranded import Absence, affected_by, affected_sessions
from bookings.exceptions import (
    ClientBusy,
    OfferClosed,
    OfferExpired,
    OverLimit,
    SlotTaken,
)
from bookings.models import BookingEvent, Hold, Offer, TrainingSession
from tests.conftest import NEXT_THURSDAY, NOW, THURSDAY
from tests.factories import MemberFactory, TrainerFactory, be_easy_going, book
from trainers.clock import at_gym, time_until
from trainers.models import Closure, TimeOff

pytestmark = pytest.mark.django_db

TICK = timedelta(microseconds=1)
UNTIL = NOW + timedelta(hours=24)


@pytest.fixture
def ben(db):
    return TrainerFactory(name="Ben Carter", hourly_rate=50)


@pytest.fixture
def session(ana, maya):
    return book(maya, ana, THURSDAY, 9, now=NOW)


@pytest.fixture
def away(ana, session):
    """Ana is away on the Thursday; what stands then cannot be."""
    row = TimeOff.objects.create(trainer=ana, first_day=THURSDAY, last_day=THURSDAY)
    return Absence.of(row)


def make(sessions, by, *, now=NOW, until=UNTIL, **more):
    return list(offer_alternatives(sessions, by=by, now=now, until=until, **more))


@pytest.fixture
def offer(away, session, ben, frieda):
    (made,) = make([session], frieda, cause="Ana is ill")
    return made.offer


def standing(offer):
    offer.hold.refresh_from_db()
    return offer.hold.ended_at is None


class TestWhatIsHit:
    def test_whole_days_hit_every_session_ahead(self, away, session, maya, ana):
        before = book(maya, ana, THURSDAY - timedelta(days=1), 9, now=NOW)
        assert list(affected_sessions(away, now=NOW)) == [session]
        assert before not in affected_sessions(away, now=NOW)

    @pytest.mark.parametrize(
        ("start", "end", "hit"),
        [
            (time(8), time(9), False),
            (time(8), time(9, 1), True),
            (time(9, 59), time(10), True),
            (time(10), time(11), False),
            (time(0), None, True),
            (time(10), None, False),
        ],
    )
    def test_hours_hit_what_they_overlap(self, ana, session, start, end, hit):
        row = TimeOff.objects.create(
            trainer=ana,
            first_day=THURSDAY,
            last_day=THURSDAY,
            starts_at=start,
            ends_at=end,
        )
        found = affected_sessions(Absence.of(row), now=NOW)
        assert found.exists() == hit

    def test_the_hours_are_those_of_the_first_and_the_last_day(self, ana, session):
        row = TimeOff(
            trainer=ana,
            first_day=THURSDAY - timedelta(days=1),
            starts_at=time(18),
            last_day=THURSDAY + timedelta(days=1),
            ends_at=time(8),
        )
        assert affected_sessions(Absence.of(row), now=NOW).exists()

    def test_a_closure_hits_every_trainer(self, session, ben, omar):
        theirs = book(omar, ben, THURSDAY, 12, now=NOW)
        row = Closure(name="Flood", first_day=THURSDAY, last_day=THURSDAY)
        assert list(affected_sessions(Absence.of(row), now=NOW)) == [session, theirs]

    def test_neither_what_has_ended_nor_what_is_over(self, away, session, frieda):
        begun = at_gym(THURSDAY, time(9))
        assert not affected_sessions(away, now=begun).exists()
        cancel_session(session, by=frieda, now=NOW)
        assert not affected_sessions(away, now=NOW).exists()


class TestOffering:
    def test_gives_a_concrete_time_that_is_held(self, offer, session, ben, maya):
        """At that time with another trainer, for that day is wholly off."""
        assert offer.cause == "Ana is ill"
        hold = offer.hold
        assert hold.client == maya
        assert hold.until == UNTIL
        assert standing(offer)
        assert hold.why == Hold.Why.OFFER
        assert hold.session_date != THURSDAY or hold.trainer == ben

    def test_nobody_gets_what_another_was_offered(self, away, ana, ben, frieda):
        members = MemberFactory.create_batch(4)
        TimeOff.objects.all().delete()
        sessions = [
            book(m, ana, THURSDAY, 10 + n, now=NOW) for n, m in enumerate(members)
        ]
        TimeOff.objects.create(trainer=ana, first_day=THURSDAY, last_day=THURSDAY)
        made = make(sessions, frieda)
        places = [tuple(each.offer.hold.place().values()) for each in made]
        assert len(set(places)) == 4
        assert len({each.token for each in made}) == 4

    def test_only_the_digest_of_the_secret_is_kept(self, away, session, ben, frieda):
        (made,) = make([session], frieda)
        assert len(made.token) >= 43
        assert Offer.objects.presenting(made.token) == made.offer
        assert made.token not in str(Offer.objects.values().get())
        assert Offer.objects.presenting(made.token + "x") is None

    def test_again_while_it_waits_changes_nothing(self, offer, session, frieda):
        assert make([session], frieda) == []
        assert Offer.objects.count() == 1

    def test_again_when_it_has_run_out_offers_anew(self, offer, session, frieda):
        (again,) = make([session], frieda, now=UNTIL, until=UNTIL + timedelta(hours=4))
        assert again.offer != offer

    def test_must_be_answered_an_hour_before_the_session(
        self, away, session, ben, frieda
    ):
        (made,) = make([session], frieda, until=NOW + timedelta(days=30))
        assert made.offer.hold.until <= session.starts - timedelta(hours=1)

    @pytest.mark.parametrize("day", [date(2027, 3, 28), date(2026, 10, 25)])
    def test_that_hour_is_a_whole_one_when_the_clocks_change(self, ana, day):
        at_three = TrainingSession(session_date=day, start_time=time(3))
        later = Alternative(ana, day, time(12), time(13))
        until = at_gym(day, time(12))
        last = latest_answer(at_three, later, until)
        assert time_until(at_three.starts, last) == timedelta(hours=1)

    def test_what_starts_within_the_hour_is_not_offered_anything(
        self, away, session, ben, frieda
    ):
        (made,) = make([session], frieda, now=session.starts - timedelta(minutes=59))
        assert made.offer is None

    def test_who_has_as_many_sessions_as_allowed_gets_one_too(
        self, away, session, ben, maya, frieda
    ):
        book(maya, ben, NEXT_THURSDAY, 9, now=NOW)
        be_easy_going(most_upcoming=1, most_per_day=1)
        (made,) = make([session], frieda)
        assert made.offer
        assert accept_offer(made.offer, by=maya, now=NOW)

    def test_where_nothing_is_free_nothing_is_offered(self, session, frieda, ana):
        Closure.objects.create(
            name="Flood", first_day=THURSDAY, last_day=THURSDAY + timedelta(days=30)
        )
        TimeOff.objects.create(trainer=ana, first_day=NOW.date(), last_day=THURSDAY)
        (made,) = make([session], frieda)
        assert (made.offer, made.token) == (None, "")

    def test_an_ended_session_gets_none(self, session, frieda, ben):
        stale = TrainingSession.objects.get(pk=session.pk)
        cancel_session(session, by=frieda, now=NOW)
        assert make([stale], frieda) == []

    def test_a_new_link_ends_the_old_one(self, away, session, ben, frieda):
        (made,) = make([session], frieda)
        token = renew_link(made.offer, now=NOW)
        assert Offer.objects.presenting(made.token) is None
        assert Offer.objects.presenting(token) == made.offer


class TestAccepting:
    def test_moves_the_session_and_ends_the_hold(self, offer, session, maya):
        moved = accept_offer(offer, by=maya, now=NOW)
        assert moved.pk == session.pk
        assert moved.stands_at(**offer.hold.place())
        assert moved.price == session.price
        assert not standing(offer)
        offer.refresh_from_db()
        assert (offer.answer, offer.answered_at) == ("accepted", NOW)
        last = BookingEvent.objects.last()
        assert (last.action, last.actor) == ("moved", maya)

    def test_twice_is_quiet(self, offer, maya):
        accept_offer(offer, by=maya, now=NOW)
        accept_offer(offer, by=maya, now=NOW)
        assert BookingEvent.objects.filter(action="moved").count() == 1

    def test_twice_is_quiet_after_the_deadline_too(self, offer, maya):
        accept_offer(offer, by=maya, now=NOW)
        assert accept_offer(offer, by=maya, now=UNTIL + TICK).pk

    def test_until_a_microsecond_before_the_deadline(self, offer, maya):
        assert accept_offer(offer, by=maya, now=UNTIL - TICK).pk

    @pytest.mark.parametrize("now", [UNTIL, UNTIL + TICK])
    def test_not_from_the_deadline_on(self, offer, session, maya, now):
        with pytest.raises(OfferExpired):
            accept_offer(offer, by=maya, now=now)
        session.refresh_from_db()
        assert session.session_date == THURSDAY

    def test_past_the_cut_off_too(self, offer, maya):
        be_easy_going(cancel_cut_off_hours=300, minimum_notice_hours=300)
        assert accept_offer(offer, by=maya, now=NOW).pk

    def test_not_when_the_session_was_moved_meanwhile(
        self, offer, session, ben, frieda, maya
    ):
        place = {
            "session_date": NEXT_THURSDAY,
            "start_time": time(9),
            "end_time": time(10),
        }
        reschedule_session(session, trainer_id=ben.pk, by=frieda, now=NOW, **place)
        with pytest.raises(OfferClosed):
            accept_offer(offer, by=maya, now=NOW)
        assert not standing(offer)

    def test_not_when_it_was_cancelled_meanwhile(self, offer, session, frieda, maya):
        cancel_session(session, by=frieda, now=NOW)
        with pytest.raises(OfferClosed):
            accept_offer(offer, by=maya, now=NOW)
        assert not standing(offer)
        offer.refresh_from_db()
        assert (offer.answer, state_of(offer, now=NOW)) == ("", OfferState.SETTLED)

    def test_confirming_the_session_is_no_answer(self, offer, session, frieda):
        confirm_session(session, by=frieda, now=NOW)
        assert standing(offer)

    def test_not_when_the_member_has_another_session_then(self, offer, maya, frieda):
        book(maya, TrainerFactory(), NEXT_THURSDAY, 15, now=NOW)
        Hold.objects.filter(pk=offer.hold_id).update(
            session_date=NEXT_THURSDAY, start_time=time(15), end_time=time(16)
        )
        offer = Offer.objects.get(pk=offer.pk)
        with pytest.raises(ClientBusy):
            accept_offer(offer, by=maya, now=NOW)
        assert standing(offer)

    def test_not_when_the_member_booked_that_time_as_another_session(
        self, offer, ben, maya, away
    ):
        # Not beside the session that cannot be: two at once nobody can have.
        Hold.objects.filter(pk=offer.hold_id).update(
            session_date=NEXT_THURSDAY, trainer=ben
        )
        offer = Offer.objects.get(pk=offer.pk)
        book_session(maya, **offer.hold.place(), now=NOW)
        with pytest.raises(OfferExpired):
            accept_offer(offer, by=maya, now=NOW)
        assert [each.state for each in affected_by(away, now=NOW)] == ["expired"]

    def test_staff_note_what_they_heard_on_the_phone(self, offer, frieda):
        accept_offer(offer, by=frieda, now=NOW)
        offer.refresh_from_db()
        assert offer.answer == "accepted"


class TestDeclining:
    def test_cancels_and_is_never_late(self, offer, session, maya):
        be_easy_going(cancel_cut_off_hours=300)
        decline_offer(offer, by=maya, now=NOW, reason="No time suits")
        session.refresh_from_db()
        assert (session.status, session.cancelled_late) == ("cancelled", False)
        assert session.cancelled_at == NOW
        assert BookingEvent.objects.last().reason == "No time suits"
        offer.refresh_from_db()
        assert (offer.answer, standing(offer)) == ("declined", False)

    def test_twice_is_quiet_and_accepting_then_is_refused(self, offer, maya):
        decline_offer(offer, by=maya, now=NOW)
        decline_offer(offer, by=maya, now=NOW)
        with pytest.raises(OfferClosed):
            accept_offer(offer, by=maya, now=NOW)

    def test_after_the_deadline_too(self, offer, session, maya):
        decline_offer(offer, by=maya, now=UNTIL)
        session.refresh_from_db()
        assert session.status == "cancelled"

    def test_by_phone_counts_as_declined(self, offer, frieda):
        decline_offer(offer, by=frieda, now=NOW)
        offer.refresh_from_db()
        assert offer.answer == "declined"

    def test_cancelling_the_session_declines(self, offer, session, maya):
        cancel_session(session, by=maya, now=NOW)
        offer.refresh_from_db()
        assert (offer.answer, standing(offer)) == ("declined", False)


class TestExchanging:
    PLACE = {"session_date": NEXT_THURSDAY, "start_time": time(9), "end_time": time(10)}

    def test_moves_it_to_the_time_that_the_member_chose(self, offer, ben, maya):
        be_easy_going(cancel_cut_off_hours=300)
        moved = exchange_offer(offer, trainer_id=ben.pk, by=maya, now=NOW, **self.PLACE)
        assert moved.stands_at(trainer_id=ben.pk, **self.PLACE)
        offer.refresh_from_db()
        assert (offer.answer, standing(offer)) == ("exchanged", False)

    def test_twice_is_quiet(self, offer, ben, maya):
        for _ in range(2):
            exchange_offer(offer, trainer_id=ben.pk, by=maya, now=NOW, **self.PLACE)
        assert BookingEvent.objects.filter(action="moved").count() == 1

    def test_the_rules_for_members_bind(self, offer, ben, maya):
        be_easy_going(most_per_day=1)
        book(maya, ben, NEXT_THURSDAY, 12, now=NOW)
        with pytest.raises(OverLimit):
            exchange_offer(offer, trainer_id=ben.pk, by=maya, now=NOW, **self.PLACE)

    def test_not_to_what_is_taken(self, offer, ben, maya, omar):
        book(omar, ben, NEXT_THURSDAY, 9, now=NOW)
        with pytest.raises(SlotTaken):
            exchange_offer(offer, trainer_id=ben.pk, by=maya, now=NOW, **self.PLACE)
        assert standing(offer)

    def test_moving_in_the_grid_exchanges_as_well(self, offer, session, ben, maya):
        reschedule_session(session, trainer_id=ben.pk, by=maya, now=NOW, **self.PLACE)
        offer.refresh_from_db()
        assert (offer.answer, standing(offer)) == ("exchanged", False)

    def test_choosing_the_held_time_accepts(self, offer, maya):
        exchange_offer(offer, by=maya, now=NOW, **offer.hold.place())
        offer.refresh_from_db()
        assert offer.answer == "accepted"


class TestWhatStaffSee:
    def states(self, away, now=NOW):
        return [each.state for each in affected_by(away, now=now)]

    def test_nothing_offered_yet(self, away):
        assert self.states(away) == [OfferState.NOT_OFFERED]

    def test_who_has_not_answered(self, away, offer):
        assert self.states(away) == [OfferState.WAITING]
        assert self.states(away, now=UNTIL - TICK) == [OfferState.WAITING]
        assert self.states(away, now=UNTIL) == [OfferState.EXPIRED]

    def test_who_accepted_though_the_session_is_elsewhere(self, away, offer, maya):
        accept_offer(offer, by=maya, now=NOW)
        assert self.states(away) == [OfferState.ACCEPTED]

    @pytest.mark.parametrize(
        ("hours", "count"),
        [((time(8), time(9)), 0), ((time(9, 30), time(11)), 1), ((time(10), None), 0)],
    )
    def test_what_another_absence_hit_is_not_told_here(
        self, away, ana, offer, maya, hours, count
    ):
        accept_offer(offer, by=maya, now=NOW)
        starts_at, ends_at = hours
        other = TimeOff(
            trainer=ana,
            first_day=THURSDAY,
            starts_at=starts_at,
            last_day=THURSDAY,
            ends_at=ends_at,
        )
        assert len(affected_by(Absence.of(other), now=NOW)) == count

    def test_who_declined(self, away, offer, maya):
        decline_offer(offer, by=maya, now=NOW)
        assert self.states(away) == [OfferState.DECLINED]

    def test_who_chose_another_time(self, away, offer, ben, maya):
        place = TestExchanging.PLACE
        exchange_offer(offer, trainer_id=ben.pk, by=maya, now=NOW, **place)
        assert self.states(away) == [OfferState.EXCHANGED]

    def test_what_staff_settled(self, away, offer, session, frieda):
        cancel_session(session, by=frieda, now=NOW)
        assert self.states(away) == [OfferState.SETTLED]

    def test_who_moved_into_it_again_is_asked_anew(self, offer, maya, ana, session):
        accept_offer(offer, by=maya, now=NOW)
        session.refresh_from_db()
        row = Closure.objects.create(
            name="Flood", first_day=session.session_date, last_day=session.session_date
        )
        assert self.states(Absence.of(row)) == [OfferState.NOT_OFFERED]

    def test_who_must_be_called(self, away, offer, session, maya):
        (row,) = affected_by(away, now=NOW)
        assert row.must_be_called
        Offer.objects.update(mailed_at=NOW)
        (row,) = affected_by(away, now=NOW)
        assert not row.must_be_called

    @pytest.mark.parametrize("count", [1, 3])
    def test_however_many_it_takes_as_many_queries(
        self, away, ana, ben, frieda, count, django_assert_num_queries
    ):
        TimeOff.objects.all().delete()
        for n in range(count):
            book(MemberFactory(), ana, THURSDAY, 10 + n, now=NOW)
        make(affected_sessions(away, now=NOW), frieda)
        with django_assert_num_queries(2):
            rows = affected_by(away, now=NOW)
            assert [f"{row.session.trainer} {row.session.client}" for row in rows]

    def test_the_member_sees_what_waits(self, offer, maya, omar):
        assert waiting_offers(maya.pk, now=NOW) == [offer]
        assert waiting_offers(maya.pk, now=UNTIL) == []
        assert waiting_offers(omar.pk, now=NOW) == []
