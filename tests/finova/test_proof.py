"""`manage.py prove_no_double_booking` against real web processes, good and careless."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection

from bookings.demo import (
    DEMO_DATABASE,
    TEST_DATABASE,
    database_mark,
    mark_database,
)
from bookings.domain.invariants import INVARIANTS
from bookings.models import TrainingSession
from bookings.transactions import TRAINER_OVERLAP
from finova.proof import slots_ahead
from tests.conftest import NOW, THURSDAY
from tests.factories import be_easy_going, book
from tests.process import ROOT, environment, manage

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def site(application="finova.asgi:application", **more):
    """A web process; its address."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", application, "--port", str(port)]
    command += ["--lifespan", "off", "--log-level", "critical"]
    with subprocess.Popen(command, cwd=ROOT, env=environment(**more)) as process:
        try:
            wait_for(f"http://127.0.0.1:{port}/healthz")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            assert process.wait(10) in (0, -15)


def wait_for(address):
    for _ in range(200):
        try:
            urllib.request.urlopen(address, timeout=5).close()  # noqa: S310
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the site did not start")


def prove(*args):
    """What it printed, and what it ended with."""
    out = StringIO()
    try:
        call_command("prove_no_double_booking", *args, stdout=out)
    except CommandError as error:
        return out.getvalue().splitlines(), str(error)
    return out.getvalue().splitlines(), None


def prove_at(address, clients=8, rounds=3):
    return prove("--url", address, "--clients", str(clients), "--rounds", str(rounds))


def rows():
    """How many rows each table holds."""
    return {model._meta.db_table: model.objects.count() for model in apps.get_models()}


@pytest.fixture
def marked():
    mark_database(TEST_DATABASE)
    yield
    mark_database("")


def test_the_proof_of_a_sound_site(marked):
    before = rows()
    with site() as address:
        printed, error = prove_at(address, clients=12, rounds=4)

    assert error is None
    for number, line in enumerate(printed[:4], 1):
        form = rf"Round {number}, \S+ \d\d:00: Proof member \d+ won, 11 refused, \d+ ms"
        assert re.fullmatch(form, line)
    assert printed[4] == "4 booked, 44 refused with 409, 0 double, 0 errors"
    form = (
        r"Answers took \d+ ms \(p50\), \d+ ms \(p99\), \d+ ms at most; up to (\d+) .*"
    )
    # More than the site has threads: some were waiting for one.
    assert int(re.fullmatch(form, printed[5])[1]) > 4
    assert f"all {len(INVARIANTS)} promises hold" in printed[6]
    assert "fewer than 52.7% of such rounds" in printed[7]
    assert rows() == before


@contextmanager
def without_the_constraint():
    constraint = next(
        c for c in TrainingSession._meta.constraints if c.name == TRAINER_OVERLAP
    )
    with connection.schema_editor() as editor:
        editor.remove_constraint(TrainingSession, constraint)
    try:
        yield
    finally:
        with connection.schema_editor() as editor:
            editor.add_constraint(TrainingSession, constraint)


def careless(how):
    return site("tests.finova.careless_site:application", CARELESS=how)


def test_it_fails_without_lock_and_constraint(marked):
    before = rows()
    with careless("no_lock") as address, without_the_constraint():
        printed, error = prove_at(address, rounds=20)

    assert int(re.search(r"(\d+) double", printed[-2])[1]) > 0
    assert "More than one member got the slot in round" in error
    assert "No trainer has two active sessions at the same time." in error
    assert rows() == before


@pytest.mark.parametrize(
    ("how", "totals", "faults"),
    [
        (
            "forgets",
            "16 booked, 0 refused with 409, 2 double, 0 errors",
            [
                "More than one member got the slot in round 1, 2.",
                "Answered as booked, but not stored so: session ",
            ],
        ),
        (
            "refuses_all",
            "0 booked, 16 refused with 409, 0 double, 0 errors",
            ["Nobody got the slot in round 1, 2."],
        ),
        (
            "books_and_breaks",
            "0 booked, 14 refused with 409, 0 double, 2 errors",
            [
                "Nobody got the slot in round 1, 2.",
                "2 requests were answered 500 broken.",
                "Stored, but not answered so: session ",
            ],
        ),
        (
            "books_another_time",
            "2 booked, 14 refused with 409, 0 double, 0 errors",
            [
                "Answered as booked, but not stored so: session ",
                "Stored, but not answered so: session ",
            ],
        ),
        (
            "slots_do_not_follow",
            "2 booked, 14 refused with 409, 0 double, 0 errors",
            ["Every slot shows its trainer's earliest active session in it, and "],
        ),
    ],
)
def test_it_fails_at_a_careless_site(marked, how, totals, faults):
    before = rows()
    with careless(how) as address:
        printed, error = prove_at(address, rounds=2)

    assert printed[2] == totals
    first, *found = error.split("\n  ")
    assert first == "The proof has failed."
    assert len(found) == len(faults)
    for line, fault in zip(found, faults, strict=True):
        assert line.startswith(fault)
    assert rows() == before


@contextmanager
def running(*args):
    """The command as a process, once it has told of its first round."""
    command = ("prove_no_double_booking", "--clients", "4", "--rounds", "2000", *args)
    with manage(*command) as process:
        try:
            assert process.stdout.readline().startswith("Round 1,")
            yield process
        finally:
            process.kill()


def test_ctrl_c_leaves_nothing_behind(marked):
    before = rows()
    with site() as address, running("--url", address) as process:
        assert "Another proof is running" in prove_at(address)[1]
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)

    assert said.endswith("Stopped; what the proof had made is removed.\n")
    assert process.returncode == 1
    assert rows() == before


def test_the_next_proof_clears_away_what_a_killed_one_left(marked):
    before = rows()
    with site() as address:
        with running("--url", address) as process:
            pass
        assert process.returncode == -signal.SIGKILL
        assert rows()["users"] == before["users"] + 5
        assert prove_at(address)[1] is None
    assert rows() == before


def test_only_a_marked_database_that_holds_no_others_sessions(ana, maya):
    assert "is not marked as one for tests" in prove()[1]
    assert prove("--mark-as-test-database") == (
        ["This database is now marked as one for tests."],
        None,
    )
    assert database_mark() == TEST_DATABASE

    # A gym opens on it, and nobody thinks of the mark.
    book(maya, ana, THURSDAY, 9, now=NOW)
    assert "marked as one for tests, but holds 1 session" in prove()[1]
    assert "holds 1 session" in prove("--mark-as-test-database")[1]

    mark_database("Our gym")
    assert "is not marked as one for tests" in prove()[1]
    assert "holds 1 session" in prove("--mark-as-test-database")[1]
    assert database_mark() == "Our gym"
    mark_database("")


def test_the_demo_gym_is_there_to_be_proved_against(marked, ana, maya):
    mark_database(DEMO_DATABASE)
    book(maya, ana, THURSDAY, 9, now=NOW)
    before = rows()
    with site() as address:
        assert prove_at(address)[1] is None
    assert rows() == before


def test_who_does_not_own_the_database_is_told_what_its_owner_can_do():
    clerk = f"clerk_{os.getpid()}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {clerk}")
        cursor.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {clerk}")
        cursor.execute(f"SET ROLE {clerk}")
        try:
            _, error = prove("--mark-as-test-database")
        finally:
            cursor.execute("RESET ROLE")
            cursor.execute(f"DROP OWNED BY {clerk}; DROP ROLE {clerk}")
    name = connection.settings_dict["NAME"]
    assert error == (
        f"must be owner of database {name}. Let its owner run: "
        f"COMMENT ON DATABASE {name} IS 'FinovaFitness test database'"
    )


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["--clients", "1"], "at least two clients"),
        (["--rounds", "0"], "one round"),
        (["--url", "localhost:8000"], "localhost:8000 is no address like http://"),
    ],
)
def test_what_cannot_be_proved(marked, args, sentence):
    assert sentence in prove(*args)[1]


def test_no_more_rounds_than_the_gyms_rules_leave_room_for(marked):
    be_easy_going(most_upcoming=10, most_per_day=1, horizon_days=60)
    error = prove("--clients", "2", "--rounds", "21")[1]
    assert error.startswith("The gym's booking rules leave 2 clients room for 0 rounds")


@pytest.mark.parametrize(("clients", "rounds"), [(2, 20), (2, 11), (3, 30), (50, 20)])
def test_in_each_round_somebody_can_still_win(ana, clients, rounds):
    """Whoever won before: the worst is that one wins as long as they may."""
    be_easy_going(most_upcoming=10, most_per_day=1, horizon_days=60)
    won, won_that_day = Counter(), Counter()
    slots = slots_ahead(ana, NOW, clients=clients, rounds=rounds)
    assert len(slots) == rounds
    for slot in slots:
        winner = next(
            client
            for client in range(clients)
            if won[client] < 10 and not won_that_day[client, slot.day]
        )
        won[winner] += 1
        won_that_day[winner, slot.day] += 1


def test_no_site_at_the_address(marked):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
    error = prove_at(address)[1]
    assert error.startswith(f"No site answers at {address} (")


def test_another_site_at_the_address(marked):
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as other:
        threading.Thread(target=other.serve_forever).start()
        error = prove_at(f"http://127.0.0.1:{other.server_port}")[1]
        other.shutdown()
    assert "is not this site, or not ready: it says 501." in error


def test_the_site_uses_another_database(marked):
    """Made of the two tables that it is asked about."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA elsewhere")
        for table in ("users", "api_tokens"):
            cursor.execute(f"CREATE TABLE elsewhere.{table} (LIKE public.{table})")
    name = connection.settings_dict["NAME"]
    elsewhere = f"{name}?options=-c search_path=elsewhere"
    try:
        with site(database=elsewhere) as address:
            error = prove_at(address)[1]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA elsewhere CASCADE")
    assert error.startswith(f"The site at {address} uses another database")
