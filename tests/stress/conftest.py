from contextlib import ExitStack

import pytest

from tests.stress.database import Database
from tests.stress.gym import Gym, move_in
from tests.stress.site import Site, environment_of
from tests.stress.size import LONG, SIZE


def pytest_collection_modifyitems(items):
    for item in items:
        if "site" in item.fixturenames:
            item.add_marker(pytest.mark.stress)
            # One after the other, also where other tests run beside them.
            item.add_marker(pytest.mark.xdist_group("stress"))


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    with Site(tmp_path_factory.mktemp("stress")).running() as site:
        yield site


@pytest.fixture(scope="session")
def gym(site):
    people = move_in(environment_of(site.data_dir), members=SIZE.racers, trainers=4)
    return Gym(site.port, Database(site.data_dir), people, site.log)


@pytest.fixture
def sound(record_property):
    """Fails with whatever is wrong with a trial; what it measured is added up."""

    def judge(trial):
        record_property("stress", trial.figures)
        assert trial.findings == []

    return judge
