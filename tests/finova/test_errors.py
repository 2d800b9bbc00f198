"""While the database is away, and when something is broken: what the caller is told."""

import json
import logging

import psycopg
import pytest
from django.db import connection, connections
from django.test import Client

from bookings.models import TrainingSession
from finova.accounts.models import ApiToken
from finova.logs import JsonLine, request_id
from tests.bookings.test_races import after_others, hold
from tests.conftest import NOW, THURSDAY
from tests.factories import book
from trainers.models import Trainer

pytestmark = pytest.mark.django_db(transaction=True)

WEEK = f"/trainers/ana-ruiz/?week={THURSDAY}"
HTMX = {"HX-Request": "true"}
ASKED = {
    "session_date": f"{THURSDAY}",
    "start_time": "09:00",
    "end_time": "10:00",
    "session_type": "personal_training",
}


@pytest.fixture
def caller(maya):
    """Maya's browser, which is told of errors as browsers are."""
    client = Client(raise_request_exception=False)
    client.force_login(maya, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def program(maya):
    """Maya's program."""
    bearer = f"Bearer {ApiToken.objects.issue(maya, name='a test')[1]}"
    return Client(raise_request_exception=False, headers={"Authorization": bearer})


@pytest.fixture
def logged(caplog):
    """Call it for what has been logged, line by line."""
    caplog.handler.setFormatter(JsonLine())
    return lambda: [json.loads(line) for line in caplog.text.splitlines()]


@pytest.fixture
def away(ana, maya, monkeypatch):
    """Call it, and the database has gone."""

    def go():
        connection.close()
        monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")

    yield go
    monkeypatch.undo()
    connection.close()


def book_by_page(client, **headers):
    form = {
        "at": f"{THURSDAY}T09:00",
        "session_type": "personal_training",
        "key": "the form's",
    }
    return client.post("/trainers/ana-ruiz/book/", form, headers=headers)


def book_by_api(client, trainer, key=""):
    return client.post(
        "/api/members/book-training-session",
        {"trainer_id": trainer.pk, **ASKED},
        content_type="application/json",
        headers={"Idempotency-Key": key},
    )


@pytest.mark.parametrize("url", ["/", "/trainers/", WEEK, "/sessions/", "/admin/"])
def test_a_page_asks_for_patience(caller, away, url):
    away()
    answer = caller.get(url)
    assert answer.status_code == 503
    assert answer["Retry-After"] == "2"
    assert "try again in a moment" in answer.text
    assert f'href="{url}"' in answer.text
    assert answer["X-Request-ID"] in answer.text
    assert "Traceback" not in answer.text


def test_an_outage_fills_no_log_with_tracebacks(caller, away, logged):
    away()
    caller.get("/trainers/")
    (error,) = [line for line in logged() if line["level"] == "ERROR"]
    assert error["exception"].startswith("OperationalError: connection is bad")
    assert "Traceback" not in error["exception"]


def test_a_refusal_is_no_warning(caller, ana, logged):
    assert caller.get("/trainers/nobody/").status_code == 404
    assert logged() == []


def test_the_way_back_stays_on_the_site(caller, away):
    away()
    answer = caller.get("/", PATH_INFO="//evil.example/sessions/")
    assert 'href="/%2Fevil.example/sessions/"' in answer.text


def test_what_was_about_to_be_said_is_not_said_later(caller, ana, away):
    """The refusal and the page that would have shown it failed together."""
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    with connection.execute_wrapper(Murder(14)):
        caller.cookies.pop("messages", None)
        assert book_by_page(caller).status_code == 503
    connection.close()
    assert "cannot reach our records" not in caller.get(WEEK).text


def test_staff_are_told_to_come_back_too(as_frieda, ana, maya):
    session = book(maya, ana, THURSDAY, 9, now=NOW)
    as_frieda.raise_request_exception = False
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    for form in (
        {"action": "cancel", "_selected_action": session.pk},
        {"action": "complete", "_selected_action": session.pk},
    ):
        answer = as_frieda.post("/admin/bookings/trainingsession/", form)
        assert answer.status_code == 503
        assert answer["Retry-After"] == "2"
    connection.close()


def test_a_form_is_not_offered_as_a_link(caller, away):
    away()
    answer = book_by_page(caller)
    assert answer.status_code == 503
    assert 'href="/sessions/"' in answer.text


def test_a_fragment_says_it_and_leaves_the_page_as_it_is(caller, away):
    away()
    answer = book_by_page(caller, **HTMX)
    assert answer.status_code == 503
    assert answer["HX-Retarget"] == "#messages"
    assert answer["HX-Reswap"] == "innerHTML"
    assert answer["HX-Push-Url"] == "false"
    assert answer.text.startswith('<div class="message message--error">')
    assert answer["X-Request-ID"] in answer.text


def test_the_api_says_it_in_json(program, ana, away):
    away()
    answer = book_by_api(program, ana)
    assert answer.status_code == 503
    assert answer["Retry-After"] == "2"
    assert answer.json()["code"] == "unavailable"
    assert answer.json()["request_id"] == answer["X-Request-ID"]


def test_it_is_alive_but_not_ready(client, away):
    assert client.get("/readyz").text == "ready\n"
    away()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "2"


def test_it_is_not_ready_while_it_takes_no_writes(client):
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    assert client.get("/readyz").text == "The database is read-only.\n"
    connection.close()


def test_it_is_not_ready_without_the_table_that_counts_guesses(client):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE cache RENAME TO elsewhere")
    try:
        assert client.get("/readyz").text == "Run `manage.py createcachetable`.\n"
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO cache")


def test_it_is_not_ready_before_it_is_migrated(client):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE django_migrations SET app = 'later' WHERE app = 'bookings'"
        )
    try:
        answer = client.get("/readyz")
    finally:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE django_migrations SET app = 'bookings' WHERE app = 'later'"
            )
    assert answer.status_code == 503
    assert "bookings.0001_initial" in answer.text


@pytest.fixture
def broken(ana):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE trainers RENAME COLUMN about TO elsewhere")
    yield
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE trainers RENAME COLUMN elsewhere TO about")


def test_a_bug_is_noted_under_the_id_that_the_page_shows(caller, broken, logged):
    answer = caller.get("/trainers/")
    assert answer.status_code == 500
    assert "Retry-After" not in answer
    (error,) = [line for line in logged() if line["level"] == "ERROR"]
    assert error["request_id"] == answer["X-Request-ID"]
    assert error["request_id"] in answer.text
    assert "UndefinedColumn" in error["exception"]
    assert "elsewhere" not in answer.text


def test_a_bug_in_the_api_is_json_too(program, ana, broken):
    answer = book_by_api(program, ana)
    assert answer.status_code == 500
    assert answer.json()["code"] == "broken"


def test_a_read_only_database_keeps_showing_and_takes_nothing(caller, program, ana):
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    assert caller.get(WEEK).status_code == 200
    assert book_by_page(caller).status_code == 503
    assert book_by_api(program, ana).json()["code"] == "unavailable"
    connection.close()
    assert book_by_api(program, ana).status_code == 201


def test_who_waits_too_long_is_told_to_try_again(caller, ana):
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("3s",)

    def wait_in_vain():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '1ms'")
        return book_by_page(caller)

    answer = after_others(hold(ana), wait_in_vain, must_wait=False)
    assert answer.status_code == 503
    assert answer["Retry-After"] == "2"
    assert "Too many people are booking right now" in answer.text
    assert 'id="week"' in answer.text
    assert not TrainingSession.objects.exists()


@pytest.mark.parametrize(
    ("limit", "value"),
    [
        ("lock_timeout", "3s"),
        ("statement_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "10s"),
        ("client_connection_check_interval", "500ms"),
    ],
)
def test_every_connection_has_its_limits(limit, value):
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {limit}")
        assert cursor.fetchone() == (value,)


class Murder:
    """Ends the connection's server process, after the statement at a position."""

    def __init__(self, position):
        self.position, self.count = position, 0

    def __call__(self, execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if self.count == self.position:
            terminate(connection.connection.info.backend_pid)
        self.count += 1
        return result


def terminate(pid):
    parameters = connection.get_connection_params()
    address = {name: parameters.get(name) for name in ("host", "port", "user")}
    with psycopg.connect(dbname="postgres", **address, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


@pytest.mark.parametrize("key", ["", "a key of its own"])
def test_whenever_the_connection_dies_the_repeat_books_once(program, ana, key):
    """At each statement in turn; after the last one it is the commit that fails."""
    position, died = 0, 0
    while True:
        murder = Murder(position)
        with connection.execute_wrapper(murder):
            first = book_by_api(program, ana, key and f"{key} {position}")
        connection.close()
        if first.status_code == 201 and murder.count <= position:
            break
        died += first.status_code == 503
        stored = TrainingSession.objects.count()
        again = book_by_api(program, ana, key and f"{key} {position}")
        assert first.status_code in (201, 503)
        if key or not stored:
            assert again.status_code == 201
        else:
            assert again.json()["code"] == "slot_taken"
        assert TrainingSession.objects.count() == 1
        TrainingSession.objects.all().delete()
        position += 1
    assert died > 10


def test_a_record_is_one_line_of_json_whatever_it_says():
    token = request_id.set("the request's")
    try:
        record = logging.makeLogRecord(
            {"name": "gym", "levelname": "INFO", "msg": 'a\nb "%s"', "args": ("c",)}
        )
        line = JsonLine().format(record)
    finally:
        request_id.reset(token)
    assert "\n" not in line
    said = json.loads(line)
    assert said["message"] == 'a\nb "c"'
    assert said["request_id"] == "the request's"


def test_each_request_can_be_logged_without_its_secrets(caller, ana, caplog, logged):
    with caplog.at_level(logging.INFO, "finova.requests"):
        answer = caller.get(f"{WEEK}&token=secret")
    (line,) = logged()
    assert line["path"] == "/trainers/ana-ruiz/"
    assert line["status"] == 200
    assert line["request_id"] == answer["X-Request-ID"]
    assert "secret" not in caplog.text


def test_migrations_are_not_hurried(db):
    from django.core.management import call_command
    from django.db.models.signals import pre_migrate

    seen = []

    def look(**signal):
        with connections["default"].cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            seen.append(cursor.fetchone()[0])

    pre_migrate.connect(look)
    try:
        call_command("migrate", verbosity=0)
    finally:
        pre_migrate.disconnect(look)
    assert set(seen) == {"0"}
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("10s",)
    assert Trainer.objects.count() == 0
