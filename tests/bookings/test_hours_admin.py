"""Staff change a trainer's hours while members have sessions in them."""

from datetime import time, timedelta
from urllib.parse import parse_qs, urlsplit

import html5lib
import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bookings.models import TrainingSession
from tests.conftest import NOW, THURSDAY
from tests.factories import MemberFactory, TrainerFactory, book
from trainers.models import Trainer
from trainers.schedule import fit_trainer_schedule

pytestmark = [pytest.mark.usefixtures("monday_morning"), pytest.mark.django_db]


@pytest.fixture
def bruno():
    """Thursdays from 9 to 20."""
    trainer = TrainerFactory(name="Bruno Keller")
    trainer.working_hours.create(day_of_week=4, starts_at=time(9), ends_at=time(20))
    fit_trainer_schedule(trainer.pk)
    return trainer


def page_of(trainer):
    return reverse("admin:trainers_trainer_change", args=[trainer.pk])


def plan_of(trainer, query="minutes=60&span=4/09:00/12:00"):
    return reverse("admin:trainers_trainer_hours", args=[trainer.pk]) + f"?{query}"


def form_for(trainer, until="12:00", **changes):
    (row,) = trainer.working_hours.all()
    return {
        "name": trainer.name,
        "slug": trainer.slug,
        "is_active": "on",
        "hourly_rate": "60",
        "session_minutes": 60,
        "session_types": ["personal_training"],
        "working_hours-TOTAL_FORMS": 1,
        "working_hours-INITIAL_FORMS": 1,
        "working_hours-0-id": row.pk,
        "working_hours-0-day_of_week": 4,
        "working_hours-0-starts_at": "09:00",
        "working_hours-0-ends_at": until,
        "time_off-TOTAL_FORMS": 0,
        "time_off-INITIAL_FORMS": 0,
        "extra_hours-TOTAL_FORMS": 0,
        "extra_hours-INITIAL_FORMS": 0,
        **changes,
    }


def seen_on(client, url):
    page = html5lib.parse(client.get(url).content, namespaceHTMLElements=False)
    (seen,) = page.findall(".//input[@name='seen']")
    return seen.get("value")


class TestTrainerPage:
    def test_where_nothing_is_stranded_hours_change_at_once(
        self, bruno, maya, as_frieda
    ):
        book(maya, bruno, THURSDAY, 9, now=NOW)
        page = as_frieda.post(page_of(bruno), form_for(bruno), follow=True)
        assert "Slots added: 0, removed: 8." in page.content.decode()
        assert bruno.slots.count() == 3

    def test_otherwise_they_wait_and_all_else_is_saved(self, bruno, maya, as_frieda):
        book(maya, bruno, THURSDAY, 15, now=NOW)
        answer = as_frieda.post(
            page_of(bruno),
            form_for(bruno, name="Bruno K.", session_minutes=45),
        )
        assert urlsplit(answer.url).path == plan_of(bruno).split("?")[0]
        assert parse_qs(urlsplit(answer.url).query) == {
            "minutes": ["45"],
            "span": ["4/09:00:00/12:00:00"],
        }
        bruno.refresh_from_db()
        assert (bruno.name, bruno.session_minutes) == ("Bruno K.", 60)
        assert bruno.working_hours.get().ends_at == time(20)
        assert bruno.slots.count() == 11
        said = as_frieda.get(answer.url).content.decode()
        assert "A session lasts 45 minutes instead of 60." in said

    def test_who_may_not_see_the_hours_still_changes_the_length(self, bruno):
        desk = MemberFactory(is_staff=True)
        names = ["change_trainer", "view_trainer", "change_trainingsession"]
        desk.user_permissions.set(Permission.objects.filter(codename__in=names))
        client = Client()
        client.force_login(desk, "django.contrib.auth.backends.ModelBackend")
        client.post(page_of(bruno), form_for(bruno, session_minutes=30))
        bruno.refresh_from_db()
        assert (bruno.session_minutes, bruno.slots.count()) == (30, 22)
        assert bruno.working_hours.get().ends_at == time(20)

    def test_it_lists_what_is_ahead_and_leads_to_where_it_is_changed(
        self, bruno, as_frieda
    ):
        days = {"first_day": THURSDAY, "last_day": THURSDAY, "reason": "the dentist"}
        ahead = bruno.time_off.create(**days)
        past = NOW.date() - timedelta(days=1)
        bruno.time_off.create(first_day=past, last_day=past, reason="long over")
        more = bruno.extra_hours.create(
            date=THURSDAY, starts_at=time(20), ends_at=time(22)
        )
        page = as_frieda.get(page_of(bruno)).content.decode()
        assert "the dentist" in page
        assert "long over" not in page
        for model, row in (("timeoff", ahead), ("extrahours", more)):
            assert reverse(f"admin:trainers_{model}_change", args=[row.pk]) in page
            assert reverse(f"admin:trainers_{model}_add") in page


class TestPlanPage:
    def test_it_shows_slots_by_day_and_who_loses_their_time(
        self, bruno, maya, as_frieda
    ):
        book(maya, bruno, THURSDAY, 15, now=NOW, notes="a bad knee")
        url = plan_of(bruno, "minutes=60&span=4/09:00/12:00&span=1/09:00/10:00")
        page = html5lib.parse(
            as_frieda.get(url).content.decode(), namespaceHTMLElements=False
        )
        rows = [
            " ".join(" ".join(row.itertext()).split())
            for row in page.findall(".//form//tr")
        ]
        assert rows[1:] == [
            "Monday none 09:00 – 10:00 1 0",
            "Thursday 09:00 – 20:00 09:00 – 12:00 0 8",
            "Together 1 8",
        ]
        text = " ".join("".join(page.itertext()).split())
        assert "Thu 10 Dec, 15:00 – 16:00 Maya Lindqvist" in text
        assert "Move to Thu 10 Dec, 11:00 – 12:00" in text
        assert "bad knee" not in text
        assert maya.email not in text

    def test_each_session_gets_its_fate(self, bruno, maya, omar, as_frieda):
        kept = book(maya, bruno, THURSDAY, 15, now=NOW)
        moved = book(omar, bruno, THURSDAY, 16, now=NOW)
        cancelled = book(maya, bruno, THURSDAY, 17, now=NOW)
        url = plan_of(bruno)
        data = {
            "seen": seen_on(as_frieda, url),
            "rest": "keep",
            f"session-{moved.pk}": "move",
            f"session-{cancelled.pk}": "cancel",
            "reason": "I now study in the afternoon.",
        }

        answer = as_frieda.post(url, data, follow=True)

        assert answer.redirect_chain == [(page_of(bruno), 302)]
        said = answer.content.decode()
        for sentence in (
            "1 session stays at its time",
            "1 session moved.",
            "1 session cancelled.",
        ):
            assert sentence in said
        statuses = [
            TrainingSession.objects.get(pk=session.pk).status
            for session in (kept, moved, cancelled)
        ]
        assert statuses == ["scheduled", "scheduled", "cancelled"]
        assert bruno.slots.filter(outside_hours=False).count() == 3
        to_omar, to_maya = mail.outbox
        assert to_omar.to == ["omar@example.com"]
        assert "at 16:00 has been moved to" in to_omar.body
        assert "I now study in the afternoon." in to_maya.body
        assert to_maya.body.startswith("Hello Maya Lindqvist,\n\nThe working hours of")
        assert to_maya.body.endswith("/sessions/\n\nFinovaFitness\n")
        reason = cancelled.events.last().reason
        assert reason == "I now study in the afternoon."

    def test_the_mail_speaks_the_members_language_and_clock(
        self, bruno, maya, as_frieda
    ):
        maya.language, maya.time_display = "de", "12"
        maya.save()
        book(maya, bruno, THURSDAY, 15, now=NOW)
        url = plan_of(bruno)
        data = {"seen": seen_on(as_frieda, url), "rest": "cancel", "reason": "Sorry."}
        as_frieda.post(url, data)
        (sent,) = mail.outbox
        assert "10. Dezember" in sent.body
        assert "3:00 nachm." in sent.body

    def test_who_has_no_mail_is_to_be_called(self, bruno, as_frieda):
        joe = MemberFactory(name="Old Joe", email=None)
        session = book(joe, bruno, THURSDAY, 15, now=NOW)
        url = plan_of(bruno)
        data = {"seen": seen_on(as_frieda, url), "rest": "cancel", "reason": "Sorry."}
        page = as_frieda.post(url, data, follow=True).content.decode()
        assert "Old Joe got no mail" in page
        assert mail.outbox == []
        assert TrainingSession.objects.get(pk=session.pk).status == "cancelled"

    @pytest.mark.parametrize(
        ("decided", "sentence"),
        [
            ({}, "Decide what becomes of it."),
            ({"rest": "cancel"}, "Tell the members why."),
            ({"rest": "move"}, "No time is free near it"),
            ({"rest": "burn"}, "Decide what becomes of it."),
        ],
    )
    def test_an_undecided_plan_is_not_applied(
        self, bruno, maya, as_frieda, decided, sentence
    ):
        book(maya, bruno, THURSDAY, 15, now=NOW, hours=4)
        url = plan_of(bruno)
        answer = as_frieda.post(url, {"seen": seen_on(as_frieda, url), **decided})
        assert answer.status_code == 422
        assert sentence in answer.content.decode()
        assert bruno.slots.count() == 11

    def test_what_changed_meanwhile_shows_the_new_plan(
        self, bruno, maya, omar, as_frieda
    ):
        book(maya, bruno, THURSDAY, 15, now=NOW)
        url = plan_of(bruno)
        seen = seen_on(as_frieda, url)
        book(omar, bruno, THURSDAY, 16, now=NOW)
        answer = as_frieda.post(url, {"seen": seen, "rest": "keep"})
        assert answer.status_code == 409
        page = answer.content.decode()
        assert "no longer what you were shown" in page
        assert "Omar Haddad" in page
        assert bruno.slots.count() == 11
        data = {"seen": seen_on(as_frieda, url), "rest": "keep"}
        assert as_frieda.post(url, data).status_code == 302

    @pytest.mark.parametrize(
        "query",
        [
            "span=4/09:00/12:00",
            "minutes=1",
            "minutes=60&span=4/12:00/09:00",
            "minutes=60&span=9/09:00/12:00",
            "minutes=60&span=4/09:00/12:00&span=4/11:00/13:00",
            "minutes=60&span=4/09:00%2B01:00/12:00",
            "minutes=60&span=4",
        ],
    )
    def test_what_are_no_hours_is_not_found(self, bruno, as_frieda, query):
        assert as_frieda.get(plan_of(bruno, query)).status_code == 404

    def test_it_is_for_who_may_change_trainers_and_sessions(self, bruno, as_maya):
        assert as_maya.get(plan_of(bruno)).status_code == 302
        looker = MemberFactory(is_staff=True)
        may = Permission.objects.get(codename="change_trainer")
        looker.user_permissions.add(may)
        client = Client()
        client.force_login(looker, "django.contrib.auth.backends.ModelBackend")
        assert client.get(plan_of(bruno)).status_code == 403

    def test_queries_do_not_grow_with_the_sessions(self, bruno, maya, as_frieda):
        counts = []
        for week in range(0, 40, 20):
            for n in range(20):
                TrainingSession.objects.create(
                    trainer=bruno,
                    client=maya,
                    session_date=THURSDAY + timedelta(weeks=week + n),
                    start_time=time(15),
                    end_time=time(16),
                )
            with CaptureQueriesContext(connection) as queries:
                as_frieda.get(plan_of(bruno))
            counts.append(len(queries))
        assert counts[0] == counts[1]


def test_the_list_of_300_trainers_is_quick_to_ask(as_frieda):
    Trainer.objects.bulk_create(
        Trainer(name=f"T{n}", slug=f"t{n}", hourly_rate=50) for n in range(300)
    )
    page = as_frieda.get(reverse("admin:trainers_trainer_changelist"))
    assert "€50" in page.content.decode()
