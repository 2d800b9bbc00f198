"""Who is blocked, or waits for approval, cannot book for themselves, and reads why."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import time
from time import sleep

import pytest
from django.db import connection, transaction

from bookings.domain.booking import cancel_session, reschedule_session
from bookings.domain.cells import CellState, build_cells
from bookings.exceptions import AwaitsApproval, Blocked
from bookings.gym import GymSettings
from bookings.models import TrainingSession
from finova.accounts.models import ApiToken, User
from tests.conftest import NEXT_THURSDAY, NOW, THURSDAY
from tests.factories import book

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday_morning")]

WHY = "Three sessions missed in May."
SENTENCE = f"Booking is blocked for your account: “{WHY}” Please talk to the front desk"
WAITS = "Your account waits for the gym’s approval"


@pytest.fixture
def blocked(maya):
    maya.blocked_because = WHY
    maya.save()
    return maya


def move(session, by, hour=12):
    return reschedule_session(
        session,
        trainer_id=session.trainer_id,
        session_date=THURSDAY,
        start_time=time(hour),
        end_time=time(hour + 1),
        by=by,
        now=NOW,
    )


def test_the_blocked_neither_book_nor_move(ana, maya):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    User.objects.filter(pk=maya.pk).update(blocked_because=WHY)
    with pytest.raises(Blocked) as refused:
        # Her row as it was before: what counts is what is stored.
        book(maya, ana, THURSDAY, 10, now=NOW)
    assert refused.value.sentence.startswith(SENTENCE)
    with pytest.raises(Blocked):
        move(session, maya)
    assert cancel_session(session, by=maya, now=NOW).status == "cancelled"


def test_staff_book_for_them_and_write_why(ana, blocked, frieda):
    with pytest.raises(Blocked):
        book(blocked, ana, THURSDAY, 9, by=frieda, now=NOW)
    why = "It is paid already."
    session = book(blocked, ana, THURSDAY, 9, by=frieda, reason=why, now=NOW)
    assert move(session, frieda).start_time == time(12)


def test_it_ends_with_the_reason(ana, blocked):
    User.objects.filter(pk=blocked.pk).update(blocked_because="")
    assert book(blocked, ana, THURSDAY, 9, now=NOW)


def test_who_waits_for_approval_waits_with_booking_too(ana, maya):
    User.objects.filter(pk=maya.pk).update(awaits_approval=True)
    with pytest.raises(AwaitsApproval, match=WAITS):
        book(maya, ana, THURSDAY, 9, now=NOW)


def test_whom_to_ask_is_in_the_sentence(ana, blocked):
    GymSettings.objects.update(contact="030 123456")
    with pytest.raises(Blocked, match=r"front desk \(030 123456\)\.$"):
        book(blocked, ana, THURSDAY, 9, now=NOW)


def test_no_cell_is_theirs_to_click(ana, blocked, omar):
    def states(client):
        cells = build_cells(ana, [THURSDAY], now=NOW, client_id=client.pk)
        return {cell.state for cell in cells}

    assert states(blocked) == {CellState.BARRED}
    assert states(omar) == {CellState.AVAILABLE}


@pytest.mark.parametrize(
    "page",
    [
        f"/trainers/ana-ruiz/?day={THURSDAY}",
        f"/day/?day={THURSDAY}",
        "/trainers/",
        "/sessions/",
        "/",
    ],
)
def test_every_page_where_one_books_says_why_not(
    ana, blocked, as_maya, as_omar, client, page
):
    assert SENTENCE in as_maya.get(page).content.decode()
    assert "blocked" not in as_omar.get(page).content.decode()
    assert "blocked" not in client.get(page).content.decode()


def test_the_grid_has_no_button_to_book_and_says_it_once(ana, blocked, as_maya):
    page = as_maya.get(f"/trainers/ana-ruiz/?day={THURSDAY}").content.decode()
    assert "slot--barred" in page
    assert 'name="at"' not in page
    assert page.count(SENTENCE) == 1
    assert "Nothing is open in this week" not in page


def test_a_hand_made_request_is_refused(ana, blocked, as_maya):
    wish = {"at": f"{NEXT_THURSDAY}T10:00", "session_type": "personal_training"}
    answer = as_maya.post("/trainers/ana-ruiz/book/", wish)
    assert answer.status_code == 403
    assert SENTENCE in answer.content.decode()
    assert not TrainingSession.objects.exists()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"blocked_because": WHY}, "blocked"),
        ({"awaits_approval": True}, "awaits_approval"),
    ],
)
def test_programs_are_told_too(ana, maya, client, change, code):
    User.objects.filter(pk=maya.pk).update(**change)
    _, secret = ApiToken.objects.issue(maya, name="watch")
    answer = client.post(
        "/api/members/book-training-session",
        json.dumps(
            {
                "trainer_id": ana.pk,
                "session_date": str(THURSDAY),
                "start_time": "09:00",
                "end_time": "10:00",
                "session_type": "personal_training",
            }
        ),
        "application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert answer.json()["error"]


@pytest.mark.django_db(transaction=True)
def test_who_is_blocked_while_they_book_is_refused(ana, maya):
    """The block is under way when the member's own look finds nothing yet."""
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            User.objects.filter(pk=maya.pk).update(blocked_because=WHY)
            booking = pool.submit(booked_elsewhere, maya, ana)
            wait_for_a_lock()
        with pytest.raises(Blocked):
            booking.result(timeout=10)
    assert not TrainingSession.objects.exists()


def booked_elsewhere(maya, ana):
    try:
        return book(maya, ana, THURSDAY, 9, now=NOW)
    finally:
        connection.close()


def wait_for_a_lock():
    waiting = (
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    for _ in range(200):
        with connection.cursor() as cursor:
            # Within a transaction it would be the same picture each time.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(waiting)
            if cursor.fetchone()[0]:
                return
        sleep(0.01)
    raise AssertionError("Nobody waits for the lock.")
