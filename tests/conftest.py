from contextlib import ExitStack
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from hypothesis import settings as hypothesis_settings

from finova import embedded_postgres
from tests.factories import MemberFactory, TrainerFactory, be_easy_going

# Prints what the stress tests measured, also where they ran in another process.
pytest_plugins = ["tests.stress.figures"]

BERLIN = ZoneInfo("Europe/Berlin")

# A Monday morning before anybody works.
NOW = datetime(2026, 12, 7, 6, 0, tzinfo=BERLIN)
MONDAY = date(2026, 12, 7)
THURSDAY = date(2026, 12, 10)
NEXT_THURSDAY = date(2026, 12, 17)

held = ExitStack()

# A machine that does other things too is slow now and then, and nothing is wrong.
hypothesis_settings.register_profile("any machine", deadline=None, print_blob=True)
hypothesis_settings.load_profile("any machine")


def pytest_configure():
    if settings.EMBEDDED_POSTGRES:
        held.enter_context(embedded_postgres.held(settings.DATA_DIR))


def pytest_unconfigure():
    held.close()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """On a busy disk, dropping the database takes longer than a request may."""
    yield
    connection.settings_dict["OPTIONS"]["options"] += " -c statement_timeout=0"
    # The threads of the browser tests' server keep their connections.
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(autouse=True)
def easy_going_gym(request):
    """Its rules for members forbid nothing; the tests of the rules set their own."""
    marked = request.node.get_closest_marker("django_db")
    if marked or {"db", "transactional_db"} & set(request.fixturenames):
        request.getfixturevalue("db")
        be_easy_going()


@pytest.fixture
def monday_morning():
    with time_machine.travel(NOW, tick=False):
        yield NOW


@pytest.fixture
def ana(db):
    return TrainerFactory(name="Ana Ruiz", hourly_rate=75)


@pytest.fixture
def maya(db):
    return MemberFactory(name="Maya Lindqvist", email="maya@example.com")


@pytest.fixture
def omar(db):
    return MemberFactory(name="Omar Haddad", email="omar@example.com")


def signed_in(person):
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def as_maya(maya):
    return signed_in(maya)


@pytest.fixture
def as_omar(omar):
    return signed_in(omar)


@pytest.fixture
def as_ana(ana):
    """The trainer herself, who has an account then."""
    ana.user = MemberFactory(name="Ana Ruiz", email="ana@example.com")
    ana.save()
    return signed_in(ana.user)


@pytest.fixture
def frieda(db):
    """The administrator, who stands at the desk in these tests."""
    return MemberFactory(name="Frieda Desch", is_staff=True, is_superuser=True)


@pytest.fixture
def as_frieda(frieda):
    return signed_in(frieda)
