"""The front desk: a caller is booked, a session moved and ended, the list narrowed."""

import csv
import io
from datetime import date, time, timedelta

import html5lib
import pytest
import time_machine
from django.contrib.auth.models import Group, Permission
from django.db import DatabaseError, connection
from django.db.models import Func, Value
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bookings.admin.export import csv_of, harmless
from bookings.domain.booking import (
    cancel_session,
    complete_session,
    confirm_session,
    mark_no_show,
)
from bookings.domain.callers import find_callers
from bookings.models import TrainingSession
from finova.accounts.models import User
from tests.conftest import MONDAY, NEXT_THURSDAY, NOW, THURSDAY
from tests.factories import MemberFactory, TrainerFactory, be_easy_going, book
from trainers.clock import at_gym

pytestmark = [pytest.mark.usefixtures("monday_morning"), pytest.mark.django_db]

SESSIONS = reverse("admin:bookings_trainingsession_changelist")
PHONE = reverse("admin:bookings_phone")
EXPORT = reverse("admin:bookings_export")
DAY = timedelta(days=1)
MORE = "free, and more than the member may book"
ELSEWHERE = "the member has another session then"


@pytest.fixture
def as_desk(db):
    desk = MemberFactory(name="Dora Desk", is_staff=True)
    desk.groups.add(Group.objects.get(name="Front desk"))
    client = Client()
    client.force_login(desk, "django.contrib.auth.backends.ModelBackend")
    client.user = desk
    return client


def week_of(person):
    return reverse("admin:bookings_phone_week", args=[person.pk])


def click(client, person, trainer, at, **more):
    data = {"trainer": trainer.pk, "at": at, "session_type": "personal_training"}
    return client.post(week_of(person), {**data, **more})


def cells(page):
    """Each cell's state by its accessible name, and whether it can be clicked."""
    document = html5lib.parse(page.content.decode(), namespaceHTMLElements=False)
    return {
        button.get("aria-label"): (
            button.get("class").split()[1].removeprefix("slot--"),
            button.get("disabled") is None,
        )
        for button in document.iterfind(".//td/button")
    }


class TestCallers:
    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("may", ["Maya Lindqvist", "Tomayo Reyes"]),
            ("lind may", ["Maya Lindqvist"]),
            ("maya@ex", ["Maya Lindqvist"]),
            ("LIN", ["Maya Lindqvist"]),
            ("example", []),
            ("oma", ["Omar Haddad", "Tomayo Reyes"]),
            ("0151 23", ["Omar Haddad"]),
            ("15123", ["Omar Haddad"]),
            ("m", []),
            ("", []),
            ("%", []),
            ("12", []),
        ],
    )
    def test_three_letters_or_digits_find_them(self, maya, omar, query, found):
        omar.phone = "+49 (0)151-23 45"
        omar.save()
        MemberFactory(name="Tomayo Reyes", email="t@example.com")
        MemberFactory(name="Maya Gone", email="gone@example.com", is_active=False)
        assert [str(person) for person in find_callers(query)] == found

    def test_the_page_lists_them_and_leads_to_the_week(self, as_desk, maya):
        MemberFactory(name="Mayumi Ito")
        page = as_desk.get(PHONE, {"q": "may"}).content.decode()
        assert week_of(maya) in page
        assert "2 people found" in page

    def test_where_one_is_meant_enter_is_enough(self, as_desk, maya, omar):
        answer = as_desk.get(PHONE, {"q": "may"})
        assert answer.url == week_of(maya)
        asked = as_desk.get(PHONE, {"q": "may"}, headers={"HX-Request": "true"})
        assert asked.status_code == 200

    def test_somebody_new_needs_a_name_and_a_number(self, as_desk, ana):
        page = as_desk.get(PHONE, {"q": "0170 5554"}).content.decode()
        assert 'value="0170 5554"' in page
        url = reverse("admin:bookings_new_caller")
        form = {"name": "Nora Neu", "phone": "0170 5554"}
        for _again in range(2):
            answer = as_desk.post(url, form)
            nora = User.objects.get(name="Nora Neu")
            assert answer.url == week_of(nora)
        assert (nora.email, nora.has_usable_password()) == (None, False)
        assert as_desk.get(answer.url).status_code == 200

    @pytest.mark.parametrize("phone", ["", "none"])
    def test_without_a_number_it_is_asked_for(self, as_desk, phone):
        url = reverse("admin:bookings_new_caller")
        answer = as_desk.post(url, {"name": "Nora Neu", "phone": phone})
        assert answer.status_code == 422
        assert 'value="Nora Neu"' in answer.content.decode()
        page = html5lib.parse(answer.content.decode(), namespaceHTMLElements=False)
        (first,) = [
            each for each in page.iter("input") if each.get("autofocus") is not None
        ]
        assert first.get("name") == "phone"
        assert not User.objects.filter(name="Nora Neu").exists()


class TestPhone:
    def test_a_click_books_and_says_so(self, as_desk, ana, maya):
        answer = click(as_desk, maya, ana, f"{THURSDAY}T09:00")
        session = TrainingSession.objects.get()
        assert (session.client, session.trainer, session.price) == (maya, ana, 75)
        assert session.events.get().actor == as_desk.user
        page = as_desk.get(answer.url).content.decode()
        assert "Thursday 10 December, 09:00 – 10:00 with Ana Ruiz" in page
        assert reverse("admin:bookings_session_step", args=[session.pk]) in page

    def test_a_second_click_finds_what_the_first_one_booked(self, as_desk, ana, maya):
        first, second = (
            click(as_desk, maya, ana, f"{THURSDAY}T09:00") for _ in range(2)
        )
        assert first.url == second.url
        assert TrainingSession.objects.count() == 1

    def test_longer_where_it_was_asked_for(self, as_desk, ana, maya):
        click(as_desk, maya, ana, f"{THURSDAY}T09:00", slots=2)
        session = TrainingSession.objects.get()
        assert (session.end_time, session.price) == (time(11), 150)

    def test_it_is_taken_back_at_once(self, as_desk, ana, maya):
        answer = click(as_desk, maya, ana, f"{THURSDAY}T09:00")
        session = TrainingSession.objects.get()
        url = reverse("admin:bookings_session_step", args=[session.pk])
        back = as_desk.post(url, {"step": "cancel", "next": answer.url})
        assert back.url == answer.url
        assert "is not booked any more" in as_desk.get(back.url).content.decode()
        assert not TrainingSession.objects.active().exists()

    def test_the_week_begins_with_their_last_trainer(self, as_desk, ana, maya):
        bruno, zoe = TrainerFactory(name="Bruno"), TrainerFactory(name="Zoe")
        assert as_desk.get(week_of(maya)).context["trainer"] == ana
        book(maya, zoe, MONDAY, 9, now=NOW)
        book(maya, bruno, THURSDAY, 9, now=NOW)
        page = as_desk.get(week_of(maya))
        assert (page.context["trainer"], page.context["theirs"]) == (
            bruno,
            [bruno, zoe],
        )
        asked = as_desk.get(week_of(maya), {"trainer": zoe.pk})
        assert asked.context["trainer"] == zoe

    @pytest.mark.parametrize("trainer", ["x", "9" * 30, "-1", "²"])
    def test_nobody_is_booked_with_another_than_was_asked_for(
        self, as_desk, ana, maya, trainer
    ):
        form = {"trainer": trainer, "at": f"{THURSDAY}T09:00"}
        form["session_type"] = "personal_training"
        assert as_desk.post(week_of(maya), form).status_code == 404
        assert not TrainingSession.objects.exists()

    @pytest.mark.parametrize("trainer", ["x", "9" * 30, "-1", "²"])
    def test_a_trainer_that_cannot_be_read_is_none(self, as_desk, ana, maya, trainer):
        assert as_desk.get(week_of(maya), {"trainer": trainer}).status_code == 200

    def test_without_any_trainer_it_says_so(self, as_desk, maya):
        assert (
            "No trainer takes bookings" in as_desk.get(week_of(maya)).content.decode()
        )

    def test_what_can_be_clicked(self, as_desk, ana, maya, omar):
        """Green, and what only the members' rules close; nothing that is taken."""
        be_easy_going(minimum_notice_hours=3, horizon_days=5, most_per_day=1)
        bruno = TrainerFactory(name="Bruno")
        book(omar, ana, THURSDAY, 9, now=NOW)
        book(maya, ana, THURSDAY, 10, now=NOW)
        book(maya, bruno, MONDAY + DAY, 11, now=NOW)
        ana.slots.filter(day_of_week=3, time_slot=time(7)).update(status="break")
        seen = cells(as_desk.get(week_of(maya), {"trainer": ana.pk}))
        for when, spoken, state, clickable in [
            ("Thursday 10 December, 09:00", "booked", "booked", False),
            ("Thursday 10 December, 10:00", "the member’s own session", "mine", False),
            ("Thursday 10 December, 11:00", MORE, "limit", True),
            ("Tuesday 8 December, 11:00", ELSEWHERE, "busy", False),
            ("Monday 7 December, 08:00", "too soon to book", "too_soon", True),
            ("Sunday 13 December, 09:00", "too far ahead to book", "too_far", True),
            ("Wednesday 9 December, 07:00", "break", "break", False),
            ("Wednesday 9 December, 09:00", "open", "available", True),
        ]:
            assert seen.get(f"{when} with Ana Ruiz: {spoken}") == (state, clickable)

    @pytest.mark.parametrize(
        "rules",
        [
            {"minimum_notice_hours": 100},
            {"horizon_days": 1},
            {"most_per_day": 1},
            {"most_upcoming": 1},
        ],
    )
    def test_outside_the_rules_a_reason_is_asked_for(self, as_desk, ana, maya, rules):
        book(maya, ana, THURSDAY, 12, now=NOW)
        be_easy_going(**rules)
        refused = click(as_desk, maya, ana, f"{THURSDAY}T09:00")
        assert refused.status_code == 409
        page = refused.content.decode()
        assert "Book it all the same, because" in page
        assert f'name="at" value="{THURSDAY}T09:00"' in page
        done = click(as_desk, maya, ana, f"{THURSDAY}T09:00", reason="Her birthday.")
        assert done.status_code == 302
        session = TrainingSession.objects.get(start_time=time(9))
        assert session.events.get().reason == "Her birthday."

    def test_a_blocked_member_is_named_so_and_booked_for_a_reason(
        self, as_desk, ana, maya
    ):
        maya.blocked_because = "Three no-shows."
        maya.save()
        assert "Three no-shows." in as_desk.get(week_of(maya)).content.decode()
        refused = click(as_desk, maya, ana, f"{THURSDAY}T09:00")
        assert refused.status_code == 409
        assert "blocked for this member" in refused.content.decode()
        click(as_desk, maya, ana, f"{THURSDAY}T09:00", reason="She has paid.")
        assert TrainingSession.objects.count() == 1

    def test_no_reason_opens_what_is_taken(self, as_desk, ana, maya, omar):
        book(omar, ana, THURSDAY, 9, now=NOW)
        refused = click(as_desk, maya, ana, f"{THURSDAY}T09:00", reason="Please!")
        assert refused.status_code == 409
        assert "all the same" not in refused.content.decode()
        assert TrainingSession.objects.count() == 1

    @pytest.mark.parametrize(
        "wrong",
        [
            {"at": ""},
            {"at": "soon"},
            {"session_type": "yoga"},
            {"slots": "99"},
            {"reason": "x" * 501},
        ],
    )
    def test_what_cannot_be_read_books_nothing(self, as_desk, ana, maya, wrong):
        answer = click(as_desk, maya, ana, **{"at": f"{THURSDAY}T09:00", **wrong})
        assert answer.status_code == 422
        assert not TrainingSession.objects.exists()

    def test_the_same_queries_for_many_trainers_and_members(self, as_desk, ana, maya):
        def asked():
            with CaptureQueriesContext(
                connection,
            ) as queries:
                as_desk.get(PHONE, {"q": "memb"})
                as_desk.get(week_of(maya))
            return len(queries)

        MemberFactory.create_batch(3)
        few = asked()
        TrainerFactory.create_batch(30)
        MemberFactory.create_batch(30)
        assert asked() == few


def step(client, session, name, **more):
    url = reverse("admin:bookings_session_step", args=[session.pk])
    answer = client.post(url, {"step": name, **more}, follow=True)
    session.refresh_from_db()
    return answer.content.decode()


class TestSteps:
    @pytest.fixture
    def session(self, ana, maya):
        return book(maya, ana, THURSDAY, 9, now=NOW, notes="My knee hurts.")

    def test_each_button_is_a_verb_and_a_line(self, as_desk, session):
        page = step(as_desk, session, "confirm")
        assert "The session is confirmed." in page
        assert "Scheduled → Confirmed" in page
        step(as_desk, session, "cancel", reason="Trainer is ill.")
        page = step(as_desk, session, "reopen")
        assert "Trainer is ill." in page
        actions = session.events.values_list("action", "actor")
        assert [action for action, actor in actions] == [
            "booked",
            "confirmed",
            "cancelled",
            "reopened",
        ]
        assert {actor for _, actor in actions[1:]} == {as_desk.user.pk}

    def test_who_has_come_is_checked_in_and_every_mark_is_taken_back(
        self, as_desk, ana, maya
    ):
        session = book(maya, ana, MONDAY, 7, now=NOW)
        with time_machine.travel(at_gym(MONDAY, time(7, 30)), tick=False):
            page = step(as_desk, session, "check_in")
            assert session.checked_in_at
            assert 'value="no_show"' not in page
            step(as_desk, session, "undo_check_in")
            step(as_desk, session, "no_show")
            page = step(as_desk, session, "undo_mark")
        assert (session.checked_in_at, session.status) == (None, "scheduled")
        assert "No-show → Scheduled" in page

    def test_what_is_still_ahead_asks_before_it_is_completed(self, as_desk, session):
        assert "Complete it all the same?" in step(as_desk, session, "complete")
        assert session.is_active
        url = reverse("admin:bookings_trainingsession_change", args=[session.pk])
        assert "Completing it now frees its time." in as_desk.get(url).content.decode()
        step(as_desk, session, "complete_early")
        assert session.status == "completed"

    def test_a_refusal_is_said(self, as_desk, session):
        assert "has not started yet" in step(as_desk, session, "no_show")
        assert session.is_active

    def test_what_is_no_button_does_nothing(self, as_desk, session):
        step(as_desk, session, "delete")
        step(as_desk, session, "cancel", reason="x" * 501)
        assert session.is_active

    def test_the_way_back_is_ours(self, as_desk, session):
        url = reverse("admin:bookings_session_step", args=[session.pk])
        answer = as_desk.post(url, {"step": "confirm", "next": "//evil.example"})
        assert answer.url.endswith(f"/{session.pk}/change/")

    def test_no_page_of_the_desk_tells_the_notes(self, as_frieda, session):
        change = reverse("admin:bookings_trainingsession_change", args=[session.pk])
        move = reverse("admin:bookings_session_move", args=[session.pk])
        for url in (change, move, SESSIONS, f"{SESSIONS}?q=knee", EXPORT):
            answer = as_frieda.get(url)
            page = answer.getvalue() if answer.streaming else answer.content
            assert b"knee hurts" not in page, url
        assert as_frieda.get(SESSIONS, {"q": "knee"}).context["cl"].result_count == 0

    def test_a_session_moves_to_the_cell_that_is_picked(self, as_desk, session):
        url = reverse("admin:bookings_session_move", args=[session.pk])
        bruno = TrainerFactory(name="Bruno")
        page = as_desk.get(url, {"trainer": bruno.pk})
        seen = page.context["session"].updated_at.isoformat()
        move = {"trainer": bruno.pk, "at": f"{NEXT_THURSDAY}T11:00", "seen": seen}
        with time_machine.travel(NOW.replace(hour=7), tick=False):
            page = as_desk.post(url, move, follow=True).content.decode()
        session.refresh_from_db()
        assert (session.trainer, session.session_date) == (bruno, NEXT_THURSDAY)
        assert (session.start_time, session.price) == (time(11), 75)
        assert "with Ana Ruiz → Thu 17 Dec, 11:00 – 12:00 with Bruno" in page

        answer = as_desk.post(url, {**move, "at": f"{THURSDAY}T07:00"})
        assert answer.status_code == 409
        assert "Somebody has just changed this session" in answer.content.decode()

    def test_moving_asks_for_no_rules_and_never_for_what_is_taken(
        self, as_desk, session, ana, omar
    ):
        book(omar, ana, NEXT_THURSDAY, 11, now=NOW)
        be_easy_going(horizon_days=1)
        url = reverse("admin:bookings_session_move", args=[session.pk])
        taken = as_desk.post(url, {"at": f"{NEXT_THURSDAY}T11:00"})
        assert (taken.status_code, as_desk.post(url, {"at": "x"}).status_code) == (
            409,
            422,
        )
        assert as_desk.post(url, {"at": f"{NEXT_THURSDAY}T12:00"}).status_code == 302
        cancel_session(session, by=as_desk.user, now=NOW)
        assert as_desk.get(url).status_code == 409

    def test_the_desk_reads_the_price_and_managers_change_it(self, as_desk, session):
        url = reverse("admin:bookings_trainingsession_change", args=[session.pk])
        page = as_desk.get(url).content.decode()
        assert "€75.00" in page
        assert 'name="price"' not in page
        # Its own history stands on the page; Django's would say that there is none.
        assert "/history/" not in page
        rows = {"events-TOTAL_FORMS": 0, "events-INITIAL_FORMS": 0}
        form = {"session_type": session.session_type, "price": "1", "reason": "x"}
        as_desk.post(url, {**form, **rows})
        session.refresh_from_db()
        assert session.price == 75

    def test_who_may_only_look_gets_no_buttons(self, session):
        looker = MemberFactory(is_staff=True)
        may = Permission.objects.get(codename="view_trainingsession")
        looker.user_permissions.add(may)
        client = Client()
        client.force_login(looker, "django.contrib.auth.backends.ModelBackend")
        url = reverse("admin:bookings_trainingsession_change", args=[session.pk])
        assert "/do/" not in client.get(url).content.decode()
        assert client.get(PHONE).status_code == 403
        for name in ("move", "step"):
            url = reverse(f"admin:bookings_session_{name}", args=[session.pk])
            assert client.post(url, {"step": "confirm"}).status_code == 403


@pytest.fixture
def sessions(ana, maya, omar, frieda):
    """By what each is there for."""
    bruno = TrainerFactory(name="Bruno Keller")
    maya.phone, omar.phone = "0151 2345", "+49 170 999"
    maya.save()
    omar.save()
    long_ago = at_gym(date(2026, 11, 2), time(6))
    how = {"by": frieda, "now": NOW}
    made = {
        "today": book(maya, ana, MONDAY, 9, now=NOW),
        "thursday": book(omar, ana, THURSDAY, 9, now=NOW),
        "next": book(maya, bruno, NEXT_THURSDAY, 9, now=NOW),
        "unmarked": book(maya, ana, date(2026, 11, 5), 9, now=long_ago),
        "done": book(omar, bruno, date(2026, 11, 4), 9, now=long_ago),
        "missed": book(omar, bruno, date(2026, 11, 3), 9, now=long_ago),
        "late": book(omar, ana, MONDAY + DAY, 9, now=NOW),
        "typed": book(
            omar, ana, MONDAY + DAY, 11, now=NOW, session_type="consultation"
        ),
    }
    complete_session(made["done"], **how)
    mark_no_show(made["missed"], **how)
    confirm_session(made["next"], **how)
    be_easy_going(cancel_cut_off_hours=48)
    cancel_session(made["late"], by=omar, now=NOW, late_is_fine=True)
    be_easy_going()
    return made


class TestList:
    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("", "today late typed thursday next"),
            ("when=today", "today"),
            ("when=tomorrow", "late typed"),
            ("when=week", "today late typed thursday"),
            ("when=ahead", "today late typed thursday next"),
            ("when=unmarked", "unmarked"),
            ("when=any", "next thursday typed late today unmarked done missed"),
            ("cancelled_late__exact=1", "late"),
            ("status__exact=no_show", "missed"),
            ("session_type__exact=consultation", "typed"),
            ("trainer__id__exact={bruno}", "next"),
            ("trainer__id__exact={bruno}&when=any", "next done missed"),
            ("client__id__exact={maya}", "next today unmarked"),
            ("q=maya", "next today unmarked"),
            ("q=omar%40example.com", "thursday typed late done missed"),
            ("q=0151+23", "next today unmarked"),
            ("q=bruno", "next done missed"),
            ("q=maya&when=today", "today"),
            ("q=nobody", ""),
        ],
    )
    def test_it_is_narrowed_and_opens_with_the_nearest(
        self, as_desk, sessions, maya, query, names
    ):
        places = {"maya": maya.pk, "bruno": sessions["next"].trainer_id}
        page = as_desk.get(f"{SESSIONS}?{query.format(**places)}")
        of = {session.pk: name for name, session in sessions.items()}
        assert [of[row.pk] for row in page.context["cl"].result_list] == names.split()

    @pytest.mark.parametrize("query", ["trainer__id__exact=x", "client__id__exact=1e"])
    def test_what_cannot_be_read_narrows_nothing(self, as_frieda, sessions, query):
        for url in (SESSIONS, EXPORT):
            assert as_frieda.get(f"{url}?{query}").status_code == 302

    def test_a_status_has_a_word(self, as_desk, sessions):
        page = as_desk.get(f"{SESSIONS}?when=any").content.decode()
        for mark in ("unmarked", "cancelled", "no_show", "completed", "confirmed"):
            assert f"mark--{mark}" in page
        assert "Cancelled late" in page

    def test_the_same_queries_for_three_and_for_many(self, as_frieda, ana):
        def asked(count):
            for trainer in TrainerFactory.create_batch(count):
                for hour in (9, 10):
                    book(MemberFactory(), trainer, THURSDAY, hour, now=NOW)
            session = TrainingSession.objects.last()
            url = reverse("admin:bookings_trainingsession_change", args=[session.pk])
            move = reverse("admin:bookings_session_move", args=[session.pk])
            counts = []
            for page in (SESSIONS, f"{SESSIONS}?q=member", url, move, EXPORT):
                with CaptureQueriesContext(connection) as queries:
                    answer = as_frieda.get(page)
                    b"".join(answer) if answer.streaming else answer.content
                counts.append(len(queries))
            return counts

        asked(1)  # Django looks its content types up once a process.
        assert asked(2) == asked(30)


class TestExport:
    def rows(self, answer):
        text = b"".join(answer.streaming_content).decode()
        assert text.endswith("\r\n")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def test_it_is_the_filtered_list(self, as_frieda, sessions):
        answer = as_frieda.get(f"{EXPORT}?q=maya&when=any")
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert 'filename="sessions-2026-12-07.csv"' in answer["Content-Disposition"]
        rows = self.rows(answer)
        pks = [str(sessions[name].pk) for name in ("next", "today", "unmarked")]
        assert [row["session"] for row in rows] == pks
        assert rows[1] | {"session": "", "booked_at": ""} == {
            "session": "",
            "date": "2026-12-07",
            "start": "09:00",
            "end": "10:00",
            "trainer": "Ana Ruiz",
            "member": "Maya Lindqvist",
            "email": "maya@example.com",
            "phone": "0151 2345",
            "type": "personal_training",
            "status": "scheduled",
            "price": "75.00",
            "cancelled_late": "false",
            "checked_in_at": "",
            "cancelled_at": "",
            "booked_at": "",
        }

    def test_the_button_keeps_what_the_list_shows(self, as_frieda, sessions):
        page = as_frieda.get(f"{SESSIONS}?q=maya&when=today").content.decode()
        assert f"{EXPORT}?q=maya&amp;when=today" in page

    @pytest.mark.parametrize(
        "name",
        [
            *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"),
            *("＝1+1", "＋1", "－1", "＠SUM(A1)"),
        ],
    )
    def test_no_cell_computes(self, as_frieda, ana, name):
        book(MemberFactory(name=name), ana, THURSDAY, 9, now=NOW)
        assert [row["member"] for row in self.rows(as_frieda.get(EXPORT))] == [
            f"'{name}"
        ]

    def test_what_is_harmless_stays(self):
        assert harmless("Ana = Ruiz-Lopez") == "Ana = Ruiz-Lopez"
        assert harmless("\0=1") == "'=1"

    @pytest.mark.parametrize("sign", ["=", "+", "-", "@", " =", "＝"])
    def test_nor_does_what_a_german_spreadsheet_takes_for_a_cell(self, sign):
        assert harmless(f"Max;{sign}1;2") == f"Max;'{sign}1;2"

    @pytest.mark.parametrize("name", ['a "b", c', "line\r\nbreak", "Żółć 😀", "a,b;c"])
    def test_every_name_comes_back(self, as_frieda, ana, name):
        book(MemberFactory(name=name), ana, THURSDAY, 9, now=NOW)
        answer = as_frieda.get(EXPORT)
        text = b"".join(answer.streaming_content).decode()
        (row,) = csv.DictReader(io.StringIO(text, newline=""))
        assert row["member"] == name

    def test_what_the_database_refuses_is_said_before_the_file_begins(self):
        refused = TrainingSession.objects.filter(
            pk=Func(Value(0), function="1 /", template="%(function)s %(expressions)s")
        )
        with pytest.raises(DatabaseError):
            csv_of(refused, "sessions")

    def test_midnight_and_no_price(self, as_frieda, ana, maya):
        TrainingSession.objects.create(
            trainer=ana,
            client=maya,
            session_date=THURSDAY,
            start_time=time(23),
            end_time=time.max,
        )
        (row,) = self.rows(as_frieda.get(EXPORT))
        assert (row["start"], row["end"], row["price"]) == ("23:00", "24:00", "")

    def test_the_file_is_for_who_may_export(self, as_desk, sessions):
        """Managers, as docs/roles.md has it."""
        assert as_desk.get(EXPORT).status_code == 403
        assert EXPORT not in as_desk.get(SESSIONS).content.decode()
        as_desk.user.groups.add(Group.objects.get(name="Managers"))
        assert as_desk.get(EXPORT).status_code == 200
