"""What breaks under load: nobody is booked twice, nothing confirmed is lost."""

from tests.stress import breakdowns
from tests.stress.size import SIZE


def recovers(trial):
    return max(trial.figures["recoveries"]) <= SIZE.recovery_seconds


def test_web_processes_are_killed(gym, site, sound):
    trial = breakdowns.web_processes_are_killed(gym, site, SIZE)
    sound(trial)
    assert recovers(trial)


def test_the_database_crashes(gym, sound):
    trial = breakdowns.the_database_crashes(gym, SIZE)
    sound(trial)
    assert recovers(trial)


def test_backends_are_terminated(gym, sound):
    trial = breakdowns.backends_are_terminated(gym, SIZE)
    sound(trial)
    assert recovers(trial)


def test_no_connection_is_left(gym, sound):
    trial = breakdowns.no_connection_is_left(gym, SIZE)
    sound(trial)
    assert recovers(trial)


def test_the_database_is_read_only(gym, sound):
    trial = breakdowns.the_database_is_read_only(gym, SIZE)
    sound(trial)
    assert recovers(trial)
