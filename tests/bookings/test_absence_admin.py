"""Time off and closures in the admin: whom they hit, and what staff do about it."""

from datetime import time, timedelta

import html5lib
import pytest
import time_machine
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bookings.domain.booking import cancel_session
from bookings.domain.offers import accept_offer
from bookings.models import Hold, Offer
from finova.accounts.models import User
from tests.conftest import MONDAY, NOW, THURSDAY
from tests.factories import MemberFactory, TrainerFactory, book
from trainers.models import Closure, ExtraHours, TimeOff

pytestmark = [pytest.mark.usefixtures("monday_morning"), pytest.mark.django_db]

TIME_OFF = "/admin/trainers/timeoff/"
CLOSURE = "/admin/trainers/closure/"
UNTIL = {"until": "2026-12-08T06:00", "cause": "Ana is ill."}


@pytest.fixture
def ben(db):
    return TrainerFactory(name="Ben Carter", hourly_rate=50)


@pytest.fixture
def session(ana, ben, maya):
    return book(maya, ana, THURSDAY, 9, now=NOW)


@pytest.fixture
def joe(db):
    """Has no email: somebody has to call him."""
    return MemberFactory(name="Old Joe", email=None, phone="030 12345")


@pytest.fixture
def away(ana, session):
    return TimeOff.objects.create(
        trainer=ana, first_day=THURSDAY, last_day=THURSDAY, notice="On holiday"
    )


@pytest.fixture
def affected(away):
    return f"{TIME_OFF}{away.pk}/affected/"


def tree(response):
    return html5lib.parse(response.content.decode(), namespaceHTMLElements=False)


def text(response):
    return " ".join("".join(tree(response).find(".//*[@id='main']").itertext()).split())


def link_in(message):
    (link,) = [word for word in message.body.split() if "/offers/" in word]
    return link.removeprefix("http://testserver")


class TestSaving:
    FORM = {
        "first_day": f"{THURSDAY}",
        "starts_at": "00:00",
        "last_day": f"{THURSDAY}",
        "ends_at": "",
        "reason": "Back pain",
        "notice": "Ana is ill.",
    }

    def test_a_time_off_leads_to_whom_it_hits(self, as_frieda, ana, session):
        answer = as_frieda.post(f"{TIME_OFF}add/", {**self.FORM, "trainer": ana.pk})
        assert answer.url == f"{TIME_OFF}{TimeOff.objects.get().pk}/affected/"
        told = text(as_frieda.get(answer.url))
        assert "Maya Lindqvist" in told
        assert "maya@example.com" in told
        assert "Nothing offered yet" in told
        assert "Ana Ruiz, Thursday 10 December 2026 " in told

    def test_one_that_hits_nobody_leads_back(self, as_frieda, ben):
        answer = as_frieda.post(f"{TIME_OFF}add/", {**self.FORM, "trainer": ben.pk})
        assert answer.url == TIME_OFF

    def test_a_change_leads_there_too(self, as_frieda, away, affected):
        form = {**self.FORM, "trainer": away.trainer_id}
        answer = as_frieda.post(f"{TIME_OFF}{away.pk}/change/", form)
        assert answer.url == affected

    def test_one_that_ends_before_it_starts_is_refused(self, as_frieda, ana):
        form = {**self.FORM, "trainer": ana.pk, "last_day": f"{MONDAY}"}
        answer = as_frieda.post(f"{TIME_OFF}add/", form)
        assert "The time off ends before it starts." in answer.content.decode()

    def test_a_closure_leads_to_all_trainers_sessions(
        self, as_frieda, session, ben, joe
    ):
        book(joe, ben, THURSDAY, 11, now=NOW)
        days = {"first_day": f"{THURSDAY}", "last_day": f"{THURSDAY}"}
        answer = as_frieda.post(f"{CLOSURE}add/", {"name": "Boiler broken", **days})
        told = text(as_frieda.get(answer.url))
        assert "Maya Lindqvist" in told
        assert "030 12345" in told

    def test_the_list_leads_there_later(self, as_frieda, affected):
        assert f'href="{affected}"' in as_frieda.get(TIME_OFF).content.decode()

    def test_extra_hours(self, as_frieda, ana):
        form = {
            "trainer": ana.pk,
            "date": f"{THURSDAY}",
            "starts_at": "20:00",
            "ends_at": "22:00",
        }
        assert (
            as_frieda.post("/admin/trainers/extrahours/add/", form).status_code == 302
        )
        again = as_frieda.post("/admin/trainers/extrahours/add/", form)
        assert "These hours overlap others of that date." in again.content.decode()
        over = {**form, "date": f"{MONDAY - timedelta(days=1)}"}
        late = as_frieda.post("/admin/trainers/extrahours/add/", over)
        assert "This day is over. Choose today or a later one." in late.content.decode()
        assert ExtraHours.objects.count() == 1

    def test_extra_hours_with_somebody_in_them_stay(self, as_frieda, ana, maya):
        extra = ExtraHours.objects.create(
            trainer=ana, date=THURSDAY, starts_at=time(19), ends_at=time(22)
        )
        book(maya, ana, THURSDAY, 19, now=NOW)
        page = f"/admin/trainers/extrahours/{extra.pk}"
        form = {"trainer": ana.pk, "date": f"{THURSDAY}", "starts_at": "19:00"}
        assert as_frieda.get(f"{page}/delete/").status_code == 200
        evening = book(maya, ana, THURSDAY, 21, now=NOW)
        assert as_frieda.get(f"{page}/delete/").status_code == 403
        shorter = as_frieda.post(f"{page}/change/", {**form, "ends_at": "21:00"})
        assert "Somebody is booked in these hours." in shorter.content.decode()
        longer = as_frieda.post(f"{page}/change/", {**form, "ends_at": "23:00"})
        assert longer.status_code == 302
        cancel_session(evening, by=maya, now=NOW)
        assert as_frieda.post(f"{page}/delete/", {"post": "yes"}).status_code == 302
        assert not ExtraHours.objects.exists()


class TestOffering:
    def test_the_form_says_until_when_and_why(self, as_frieda, affected):
        fields = {
            each.get("name"): each.get("value")
            for each in tree(as_frieda.get(affected)).iter("input")
        }
        assert fields["until"] == "2026-12-08T06:00"
        assert fields["cause"] == "On holiday"

    @pytest.mark.parametrize(
        ("cause", "told"),
        [("On holiday", "On holiday."), ("She is ill!", "She is ill!"), ("", "")],
    )
    def test_what_members_are_told_is_a_sentence(
        self, as_frieda, affected, cause, told
    ):
        as_frieda.post(affected, {**UNTIL, "cause": cause})
        assert Offer.objects.get().cause == told

    def test_one_action_mails_everybody_a_time_of_their_own(
        self, as_frieda, affected, ana, maya, omar, session
    ):
        TimeOff.objects.update(last_day=MONDAY, first_day=MONDAY)
        book(omar, ana, THURSDAY, 12, now=NOW)
        TimeOff.objects.update(last_day=THURSDAY, first_day=THURSDAY)
        assert as_frieda.post(affected, UNTIL).url == affected
        assert [each.to for each in mail.outbox] == [
            ["maya@example.com"],
            ["omar@example.com"],
        ]
        assert Offer.objects.filter(mailed_at=NOW).count() == 2
        assert Hold.objects.standing(NOW).count() == 2
        told = text(as_frieda.get(affected))
        assert "No answer yet 2" in told
        assert "To call" not in told

    def test_the_mails_link_is_the_answer(self, as_frieda, affected, session):
        as_frieda.post(affected, UNTIL)
        (sent,) = mail.outbox
        assert "Ana is ill." in sent.body
        assert "Tuesday 8 December, 06:00" in sent.body
        Client().post(link_in(sent), {"answer": "accept"})
        assert "Accepted 1" in text(as_frieda.get(affected))

    def test_the_mail_speaks_the_members_language_and_clock(
        self, as_frieda, affected, maya
    ):
        maya.language, maya.time_display = "de", "12"
        maya.save()
        as_frieda.post(affected, UNTIL)
        (sent,) = mail.outbox
        assert "10. Dezember" in f"{sent.subject} {sent.body}"
        assert "6:00 vorm." in sent.body

    def test_who_has_no_email_is_to_be_called(self, as_frieda, affected, session, joe):
        session.client = joe
        session.save()
        as_frieda.post(affected, UNTIL)
        assert mail.outbox == []
        told = text(as_frieda.get(affected))
        assert "A time is kept for 1 member whom no mail reaches" in told
        assert "To call" in told

    def test_a_mail_that_cannot_leave_leaves_a_call(
        self, as_frieda, affected, settings
    ):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
        as_frieda.post(affected, UNTIL)
        assert Offer.objects.get().mailed_at is None
        assert "To call" in text(as_frieda.get(affected))

    def test_where_nothing_fits_staff_are_told(self, as_frieda, affected, ben):
        Closure.objects.create(
            name="Flood", first_day=MONDAY, last_day=THURSDAY + timedelta(days=30)
        )
        told = text(as_frieda.post(affected, UNTIL, follow=True))
        assert "For 1 session no other time fits." in told

    def test_again_is_for_those_without_an_answer_alone(self, as_frieda, affected):
        as_frieda.post(affected, UNTIL)
        as_frieda.post(affected, UNTIL)
        assert Offer.objects.count() == 1
        with time_machine.travel(NOW + timedelta(hours=25), tick=False):
            login(as_frieda)
            assert "Run out without an answer" in text(as_frieda.get(affected))
            as_frieda.post(affected, {**UNTIL, "until": "2026-12-08T12:00"})
        assert Offer.objects.count() == 2

    @pytest.mark.parametrize("until", ["", "2026-12-07T06:00", "soon"])
    def test_a_deadline_that_is_none_is_refused(self, as_frieda, affected, until):
        assert as_frieda.post(affected, {"until": until}).status_code == 422
        assert not Offer.objects.exists()

    @pytest.mark.parametrize("count", [1, 4])
    def test_the_page_asks_as_often_for_many_as_for_one(
        self, as_frieda, affected, ana, count, django_assert_max_num_queries
    ):
        TimeOff.objects.update(first_day=MONDAY, last_day=MONDAY)
        for n in range(count):
            book(MemberFactory(), ana, THURSDAY, 10 + n, now=NOW)
        TimeOff.objects.update(first_day=THURSDAY, last_day=THURSDAY)
        as_frieda.post(affected, UNTIL)
        as_frieda.get(affected)
        with django_assert_max_num_queries(9):
            as_frieda.get(affected)


def login(client):
    frieda = User.objects.get(is_superuser=True)
    client.force_login(frieda, "django.contrib.auth.backends.ModelBackend")


class TestOnThePhone:
    @pytest.fixture
    def offer(self, as_frieda, affected):
        as_frieda.post(affected, UNTIL)
        return Offer.objects.get()

    def test_the_member_takes_it(self, as_frieda, affected, offer, session):
        as_frieda.post(f"{affected}{offer.pk}/", {"answer": "accept"})
        session.refresh_from_db()
        assert session.stands_at(**offer.hold.place())
        assert "Accepted 1" in text(as_frieda.get(affected))

    def test_the_member_would_rather_cancel(self, as_frieda, affected, offer, session):
        as_frieda.post(f"{affected}{offer.pk}/", {"answer": "decline"})
        session.refresh_from_db()
        assert session.status == "cancelled"
        assert "Declined" in text(as_frieda.get(affected))

    def test_the_mail_again_has_a_new_link(self, as_frieda, affected, offer):
        as_frieda.post(f"{affected}{offer.pk}/", {"answer": "mail"})
        first, second = map(link_in, mail.outbox)
        assert Client().get(first).status_code == 404
        assert Client().get(second).status_code == 200

    def test_what_was_answered_by_link_meanwhile_is_quiet(
        self, as_frieda, affected, offer, maya
    ):
        accept_offer(offer, by=maya, now=NOW)
        as_frieda.post(f"{affected}{offer.pk}/", {"answer": "accept"})
        assert "Accepted 1" in text(as_frieda.get(affected))

    def test_too_late_is_said(self, as_frieda, affected, offer):
        Hold.objects.update(until=NOW)
        told = text(
            as_frieda.post(f"{affected}{offer.pk}/", {"answer": "accept"}, follow=True)
        )
        assert "This offer has run out, and the time is no longer kept." in told
        assert "front desk" not in told

    @pytest.mark.parametrize("until", [NOW, None])
    def test_what_no_longer_stands_is_not_mailed_again(
        self, as_frieda, affected, offer, maya, until
    ):
        if until:
            Hold.objects.update(until=until)
        else:
            accept_offer(offer, by=maya, now=NOW)
        as_frieda.post(f"{affected}{offer.pk}/", {"answer": "mail"})
        assert len(mail.outbox) == 1
        assert Client().get(link_in(mail.outbox[0])).status_code == 200

    def test_only_on_the_page_of_its_absence(
        self, as_frieda, affected, offer, ana, session
    ):
        other = TimeOff.objects.create(trainer=ana, first_day=MONDAY, last_day=MONDAY)
        page = f"{TIME_OFF}{other.pk}/affected/{offer.pk}/"
        assert as_frieda.post(page, {"answer": "decline"}).status_code == 404
        session.refresh_from_db()
        assert session.is_active


class TestWithdrawing:
    SAID = "1 offer was withdrawn: the session takes place as booked."
    SURE = {"post": "yes"}

    @pytest.fixture
    def offer(self, as_frieda, affected):
        as_frieda.post(affected, UNTIL)
        return Offer.objects.get()

    def change(self, as_frieda, away, **more):
        form = {**TestSaving.FORM, "trainer": away.trainer_id, **more}
        page = f"{TIME_OFF}{away.pk}/change/"
        return as_frieda.post(page, form, follow=True).content.decode()

    def delete(self, as_frieda, row, model=TIME_OFF):
        page = f"{model}{row.pk}/delete/"
        return as_frieda.post(page, self.SURE, follow=True).content.decode()

    def waits(self):
        return Offer.objects.waiting(NOW).exists()

    def test_deleting_withdraws_and_gives_the_time_free(self, as_frieda, away, offer):
        assert self.SAID in self.delete(as_frieda, away)
        hold = Hold.objects.get()
        assert (hold.ended_at, Offer.objects.get().answer) == (NOW, "")

    def test_deleting_from_the_list_too(self, as_frieda, away, offer):
        chosen = {
            "action": "delete_selected",
            "_selected_action": [away.pk],
            **self.SURE,
        }
        told = as_frieda.post(TIME_OFF, chosen, follow=True).content.decode()
        assert self.SAID in told
        assert not TimeOff.objects.exists()
        assert not self.waits()

    @pytest.mark.parametrize(
        "otherwise",
        [
            {"first_day": f"{MONDAY}", "last_day": f"{MONDAY}"},
            {"starts_at": "10:00"},
            {"ends_at": "09:00"},
        ],
    )
    def test_what_a_change_leaves_out(self, as_frieda, away, offer, otherwise):
        assert self.SAID in self.change(as_frieda, away, **otherwise)
        assert not self.waits()

    def test_it_was_another_trainer(self, as_frieda, away, offer):
        cara = TrainerFactory(name="Cara Holm")
        assert self.SAID in self.change(as_frieda, away, trainer=cara.pk)

    @pytest.mark.parametrize("otherwise", [{}, {"ends_at": "09:30"}])
    def test_what_a_change_still_hits_goes_on_waiting(
        self, as_frieda, away, offer, otherwise
    ):
        assert "withdrawn" not in self.change(as_frieda, away, **otherwise)
        assert self.waits()

    def test_what_another_absence_hits_goes_on_waiting(self, as_frieda, away, offer):
        flood = Closure.objects.create(
            name="Flood", first_day=THURSDAY, last_day=THURSDAY
        )
        assert "withdrawn" not in self.delete(as_frieda, away)
        assert self.waits()
        assert self.SAID in self.delete(as_frieda, flood, CLOSURE)
        assert not self.waits()

    def test_another_trainers_absence_does_not_matter(
        self, as_frieda, ben, away, offer
    ):
        TimeOff.objects.create(trainer=ben, first_day=THURSDAY, last_day=THURSDAY)
        assert self.SAID in self.delete(as_frieda, away)

    def test_a_closure_that_moves(self, as_frieda, away, ben, joe, offer):
        TimeOff.objects.all().delete()
        book(joe, ben, THURSDAY, 11, now=NOW)
        flood = Closure.objects.create(
            name="Flood", first_day=THURSDAY, last_day=THURSDAY
        )
        as_frieda.post(f"{CLOSURE}{flood.pk}/affected/", UNTIL)
        days = {"first_day": f"{MONDAY}", "last_day": f"{MONDAY}"}
        told = as_frieda.post(
            f"{CLOSURE}{flood.pk}/change/", {"name": "Flood", **days}, follow=True
        ).content.decode()
        assert "2 offers were withdrawn: the sessions take place as booked." in told
        assert not self.waits()

    def test_what_ran_out_says_no_longer_that_it_cannot_be(
        self, as_frieda, away, offer
    ):
        Hold.objects.update(until=NOW - timedelta(minutes=1))
        self.delete(as_frieda, away)
        told = Client().get(link_in(mail.outbox[0])).content.decode()
        assert "takes place as it was booked" in told

    def test_an_answer_stays_an_answer(self, as_frieda, away, offer, maya):
        """Also where something else hits the time that was accepted."""
        there = accept_offer(offer, by=maya, now=NOW).session_date
        flood = Closure.objects.create(name="Flood", first_day=there, last_day=there)
        assert "withdrawn" not in self.delete(as_frieda, flood, CLOSURE)
        assert "withdrawn" not in self.delete(as_frieda, away)
        assert Offer.objects.get().answer == "accepted"

    @pytest.mark.parametrize("write", ["change", "delete"])
    def test_members_are_locked_before_trainers(self, as_frieda, away, offer, write):
        with CaptureQueriesContext(connection) as queries:
            getattr(self, write)(as_frieda, away)
        locks = [q["sql"] for q in queries if "FOR NO KEY UPDATE" in q["sql"]]
        members, *later = ['FROM "users"' in sql for sql in locks]
        assert members
        assert not any(later)

    def test_it_asks_as_often_for_three_offers_as_for_one(
        self, as_frieda, ana, ben, away, session, affected
    ):
        def asked():
            TimeOff.objects.update(first_day=THURSDAY, last_day=THURSDAY)
            as_frieda.post(affected, UNTIL)
            with CaptureQueriesContext(connection) as queries:
                self.change(
                    as_frieda, away, first_day=f"{MONDAY}", last_day=f"{MONDAY}"
                )
            assert not self.waits()
            return len(queries)

        one = asked()
        for hour in (10, 11):
            book(MemberFactory(), ana, THURSDAY, hour, now=NOW)
        assert asked() == one


class TestStandingIn:
    @pytest.fixture
    def today(self, ana, ben, maya, joe):
        """At 06:00; Ana's first sessions begin at seven."""
        return [
            book(maya, ana, MONDAY, 7, now=NOW),
            book(joe, ana, MONDAY, 8, now=NOW),
        ]

    @pytest.fixture
    def stand_in(self, ana):
        return f"{TIME_OFF}stand-in/{ana.pk}/"

    def test_one_action_puts_another_in_for_all_who_fit(
        self, as_frieda, stand_in, today, ben
    ):
        affected = as_frieda.get(stand_in)
        assert text(affected).count("Ben Carter") == 2
        told = text(
            as_frieda.post(
                stand_in, {"session": [each.pk for each in today]}, follow=True
            )
        )
        for each in today:
            price = each.price
            each.refresh_from_db()
            assert (each.trainer, each.price, each.session_date) == (ben, price, MONDAY)
            assert each.events.last().action == "moved"
        assert "2 sessions were handed over." in told

    def test_by_mail_or_on_the_list_to_call(self, as_frieda, stand_in, today):
        as_frieda.post(stand_in, {"session": [each.pk for each in today]})
        (sent,) = mail.outbox
        assert sent.to == ["maya@example.com"]
        assert "Ben Carter" in sent.body
        calls = tree(as_frieda.get(stand_in)).find(
            ".//section[@aria-labelledby='calls']"
        )
        told = " ".join("".join(calls.itertext()).split())
        assert "Old Joe 030 12345 Ben Carter gives it" in told
        assert "Maya" not in told

    def test_who_fits_nowhere_is_to_be_called(
        self, as_frieda, stand_in, today, ben, omar
    ):
        book(omar, ben, MONDAY, 7, now=NOW)
        as_frieda.post(stand_in, {"session": [each.pk for each in today]})
        told = text(as_frieda.get(stand_in))
        assert "Nobody is free: call" in told
        assert "Maya Lindqvist – Nobody can give it" in told

    def test_only_who_gives_its_type_and_whom_nothing_keeps(
        self, as_frieda, stand_in, today, ben
    ):
        ben.session_types = ["demo"]
        ben.save()
        assert text(as_frieda.get(stand_in)).count("Nobody is free: call") == 2

    def test_only_what_was_ticked(self, as_frieda, stand_in, today, ana):
        as_frieda.post(stand_in, {"session": [today[0].pk, "abc"]})
        today[1].refresh_from_db()
        assert today[1].trainer == ana

    def test_minutes_before_the_start(self, as_frieda, stand_in, today, ben):
        with time_machine.travel(NOW + timedelta(minutes=58), tick=False):
            as_frieda.post(stand_in, {"session": [each.pk for each in today]})
        today[0].refresh_from_db()
        assert today[0].trainer == ben

    def test_the_absence_of_today_leads_there(self, as_frieda, stand_in, today, ana):
        row = TimeOff.objects.create(trainer=ana, first_day=MONDAY, last_day=MONDAY)
        affected = as_frieda.get(f"{TIME_OFF}{row.pk}/affected/").content.decode()
        assert f'href="{stand_in}"' in affected

    def test_nothing_left_says_so(self, as_frieda, stand_in):
        assert "has no sessions left today" in text(as_frieda.get(stand_in))


class TestWhoMay:
    def test_the_front_desk_may_and_a_member_may_not(
        self, affected, as_maya, ana, session
    ):
        desk = MemberFactory(is_staff=True)
        desk.groups.add(Group.objects.get(name="Front desk"))
        at_desk = Client()
        at_desk.force_login(desk, "django.contrib.auth.backends.ModelBackend")
        assert at_desk.get(affected).status_code == 200
        assert at_desk.post(affected, UNTIL).status_code == 302
        assert as_maya.get(affected).status_code == 302
        assert as_maya.post(affected, UNTIL).status_code == 302
        assert Offer.objects.count() == 1

    def test_who_may_only_look_sees_no_form(self, affected):
        looker = MemberFactory(is_staff=True)
        looker.user_permissions.add(Permission.objects.get(codename="view_timeoff"))
        client = Client()
        client.force_login(looker, "django.contrib.auth.backends.ModelBackend")
        assert "Offer everyone" not in client.get(affected).content.decode()
        assert client.post(affected, UNTIL).status_code == 403
        assert client.post(f"{affected}1/", {"answer": "accept"}).status_code == 403

    def test_who_may_not_see_the_absence_answers_nothing_on_its_page(self, affected):
        marker = MemberFactory(is_staff=True)
        codename = "change_trainingsession"
        marker.user_permissions.add(Permission.objects.get(codename=codename))
        client = Client()
        client.force_login(marker, "django.contrib.auth.backends.ModelBackend")
        assert client.post(f"{affected}1/", {"answer": "accept"}).status_code == 403

    def test_notes_are_on_none_of_these_pages(self, as_frieda, affected, session):
        session.notes = "my bad knee"
        session.save()
        as_frieda.post(affected, UNTIL)
        assert "knee" not in as_frieda.get(affected).content.decode()
        assert all("knee" not in each.body for each in mail.outbox)
