"""What a gym has agreed on before it came here: booked by the verb, or refused."""

from datetime import time
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from bookings.domain.booking import cancel_session
from bookings.models import BookingEvent, TrainingSession
from tests.conftest import NOW, THURSDAY
from tests.factories import MemberFactory, TrainerFactory, be_easy_going, book
from trainers.models import SessionType

pytestmark = [pytest.mark.usefixtures("monday_morning"), pytest.mark.django_db]

HEADER = "member;trainer;date;start;end;minutes;type;price"


@pytest.fixture
def table(tmp_path):
    def write(*lines):
        path = tmp_path / "sessions.csv"
        path.write_text("\n".join([HEADER, *lines, ""]), encoding="utf-8-sig")
        return str(path)

    return write


@pytest.fixture
def bring(ana, maya, frieda):
    def call(path, by=frieda.email, **options):
        said, faults = StringIO(), StringIO()
        try:
            call_command(
                "import_sessions", path, by=by, stdout=said, stderr=faults, **options
            )
        except CommandError as error:
            faults.write(str(error))
        return said.getvalue().strip(), faults.getvalue().strip().splitlines()

    return call


def test_sessions_are_booked_by_the_verb(table, bring, ana, maya, frieda):
    MemberFactory(name="Old Joe", email=None, phone="(030) 12 34")
    said, faults = bring(
        table(
            "Maya@example.com;ana-ruiz;2026-12-10;9:00;10:00;;;",
            "030 1234;Ana Ruiz;10.12.2026;11:00;;120;consultation;99,50",
        )
    )
    assert (said, faults) == ("2 sessions booked, 0 known already", [])
    first, second = TrainingSession.objects.order_by("start_time")
    assert (first.client, first.trainer, first.price) == (maya, ana, 75)
    assert (second.start_time, second.end_time) == (time(11), time(13))
    assert (second.session_type, second.price) == ("consultation", Decimal("99.50"))
    event = first.events.get()
    assert (event.actor, event.reason) == (frieda, "Brought along from before.")
    assert ana.slots.get(booking=first).status == "booked"


def test_they_were_agreed_before_the_rules(table, bring):
    be_easy_going(horizon_days=1, most_upcoming=1, minimum_notice_hours=48)
    lines = [f"maya@example.com;ana-ruiz;2026-12-17;{h}:00;;60;;" for h in (9, 11)]
    assert bring(table(*lines))[0] == "2 sessions booked, 0 known already"


def test_a_second_run_books_nothing_even_what_was_cancelled(table, bring, maya):
    path = table("maya@example.com;ana-ruiz;2026-12-10;09:00;10:00;;;")
    bring(path)
    cancel_session(TrainingSession.objects.get(), by=maya, now=NOW)
    assert bring(path) == ("0 sessions booked, 1 known already", [])
    assert TrainingSession.objects.get().status == "cancelled"


def test_every_refusal_is_told_with_its_line_and_nothing_is_booked(
    table, bring, ana, omar
):
    book(omar, ana, THURSDAY, 15, now=NOW)
    said, faults = bring(
        table(
            "maya@example.com;ana-ruiz;2026-12-10;09:00;10:00;;;",
            "maya@example.com;ana-ruiz;2026-12-10;15:00;16:00;;;",
            "maya@example.com;ana-ruiz;2026-12-10;03:00;04:00;;;",
            "omar@example.com;ana-ruiz;2026-12-10;09:00;10:00;;;",
            "maya@example.com;ana-ruiz;2026-12-01;09:00;10:00;;;",
            "maya@example.com;ana-ruiz;2026-12-11;09:00;10:00;;demo;",
        )
    )
    assert said == ""
    assert [fault.split(":")[0] for fault in faults[:-1]] == [
        "line 3",
        "line 4",
        "line 5",
        "line 6",
        "line 7",
    ]
    assert "already booked" in faults[0]
    assert "is not available" in faults[1]
    assert "already booked" in faults[2]
    assert "already passed" in faults[3]
    assert "does not give sessions of this type" in faults[4]
    assert faults[-1] == "5 lines have errors: nothing was imported."
    assert TrainingSession.objects.count() == BookingEvent.objects.count() == 1


def test_what_cannot_be_understood_is_told_at_once(table, bring):
    TrainerFactory(name="Twin", slug="twin-1")
    TrainerFactory(name="Twin", slug="twin-2")
    for email in ("a@example.com", "b@example.com"):
        MemberFactory(email=email, phone="0151 1")
    _, faults = bring(
        table(
            "nobody@example.com;ana-ruiz;2026-12-10;09:00;10:00;;;",
            "01511;ana-ruiz;2026-12-10;09:00;10:00;;;",
            "maya@example.com;nobody;2026-12-10;09:00;10:00;;;",
            "maya@example.com;Twin;2026-12-10;09:00;10:00;;;",
            ";ana-ruiz;2026-12-10;09:00;10:00;;;",
            "maya@example.com;ana-ruiz;12/10/2026;09:00;10:00;;;",
            "maya@example.com;ana-ruiz;2026-12-10;9 am;10:00;;;",
            "maya@example.com;ana-ruiz;2026-12-10;09:00;;;;",
            "maya@example.com;ana-ruiz;2026-12-10;09:00;;an hour;;",
            "maya@example.com;ana-ruiz;2026-12-10;23:00;;90;;",
            "maya@example.com;ana-ruiz;2026-12-10;09:00;10:00;;yoga;",
            "maya@example.com;ana-ruiz;2026-12-10;09:00;10:00;;;free",
        )
    )
    assert faults == [
        "line 2: there is no member with nobody@example.com.",
        "line 3: there is more than one member with 01511.",
        "line 4: there is no trainer nobody.",
        "line 5: there is more than one trainer Twin.",
        "line 6: member is missing.",
        "line 7: date “12/10/2026” is not written like 2026-12-31 or 31.12.2026.",
        "line 8: start “9 am” is not written like 18:00.",
        "line 9: say either end or minutes.",
        "line 10: minutes “an hour” is no number of minutes.",
        "line 11: the session goes on after midnight.",
        f"line 12: type “yoga” is not one of {', '.join(SessionType.values)}.",
        "line 13: price “free” is not written like 75.00.",
        "12 lines have errors: nothing was imported.",
    ]


@pytest.mark.parametrize("price", ["1,000", "1.000", "75.505", "1e3", "1_0", "-1", "٧"])
def test_a_price_that_may_mean_another_is_refused(table, bring, price):
    path = table(f"maya@example.com;ana-ruiz;2026-12-10;09:00;10:00;;;{price}")
    fault = f"line 2: price “{price}” is not written like 75.00."
    assert bring(path)[1][0] == fault


@pytest.mark.parametrize("minutes", ["0", "1441", "0" * 3 + "1" * 20, "60.0"])
def test_minutes_that_are_none_are_refused(table, bring, minutes):
    path = table(f"maya@example.com;ana-ruiz;2026-12-10;09:00;;{minutes};;")
    fault = f"line 2: minutes “{minutes}” is no number of minutes."
    assert bring(path)[1][0] == fault


def test_a_dry_run_books_nothing_and_tells_the_refusals(table, bring, ana, omar):
    good = "maya@example.com;ana-ruiz;2026-12-10;09:00;10:00;;;"
    said, _ = bring(table(good), dry_run=True)
    assert said == "1 session booked, 0 known already (dry run: nothing was changed)"
    assert not TrainingSession.objects.exists()
    assert not ana.slots.filter(status="booked").exists()
    book(omar, ana, THURSDAY, 9, now=NOW)
    assert "line 2" in bring(table(good), dry_run=True)[1][0]


@pytest.mark.parametrize("by", ["maya@example.com", "nobody@example.com"])
def test_a_colleague_is_named_who_answers_for_it(table, bring, by):
    path = table("maya@example.com;ana-ruiz;2026-12-10;09:00;10:00;;;")
    assert bring(path, by=by)[1] == [f"Nobody on the staff has the email {by}."]
