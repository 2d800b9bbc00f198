import pytest

from bookings import demo
from tests.factories import PASSWORD
from tests.stress.client import sign_in
from tests.stress.database import Database
from tests.stress.gym import Gym, move_in
from tests.stress.site import Site, environment_of
from tests.stress.size import LONG, SIZE

LONGEST_TEST_SECONDS = 600


# Before pytest-xdist reads the groups.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if "site" in item.fixturenames:
            item.add_marker(pytest.mark.stress)
            # One after the other, also where other tests run beside them.
            item.add_marker(pytest.mark.xdist_group("stress"))
            if SIZE is LONG:
                item.add_marker(pytest.mark.timeout(LONGEST_TEST_SECONDS))


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    with Site(tmp_path_factory.mktemp("stress")).running() as site:
        yield site


@pytest.fixture(scope="session")
def gym(site):
    return open_gym(site)


def open_gym(site):
    """The running site with people in it, some of whom are signed in."""
    people = move_in(environment_of(site.data_dir), members=LONG.racers, trainers=4)
    desk = zip(people.staff, (demo.FRONT_DESK, demo.ADMINISTRATOR), strict=True)
    cookies = {pk: sign_in(site.port, email, demo.PASSWORD) for pk, email in desk}
    for member in people.members[:4]:
        cookies[member.id] = sign_in(site.port, member.email, PASSWORD)
    return Gym(site.port, Database(site.data_dir), people, site.log, cookies)


@pytest.fixture
def sound(record_property):
    """Fails with whatever is wrong with a trial; what it measured is added up."""

    def judge(trial):
        record_property("stress", trial.figures)
        assert trial.findings == []

    return judge
