"""What the API's schema promises, tried by schemathesis against the whole site."""

from collections import Counter
from datetime import timedelta

import pytest
import schemathesis
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from finova.accounts.models import ApiToken
from finova.asgi import application
from tests.stress import size
from trainers.clock import gym_now

SEED = size.SEED if size.IS_LONG else 1
EXAMPLES = 1450 if size.IS_LONG else 20


@schemathesis.check
def only_a_rule_of_booking_refuses_what_the_schema_allows(ctx, response, case):
    """Who reads the schema can know what a 422 is about, but for the rules of booking.

    That a time is ahead, or ends with a slot, no schema can say. What does not fit a
    type is told as "field: reason".
    """
    if case.meta.generation.mode.is_positive and response.status_code == 422:
        refusal = response.json()
        told_of_a_type = refusal["error"].startswith(f"{refusal['field']}: ")
        assert not told_of_a_type or has_float_for_id(case), refusal


def has_float_for_id(case):
    """7.0 is an integer to every JSON Schema, and to us a slip of the program's."""
    return isinstance(case.body, dict) and isinstance(case.body["trainer_id"], float)


def likely(trainer):
    """Values with which a request gets past the first rule, four times out of five."""
    start = gym_now().date() + timedelta(days=2)
    values = {
        "trainer_id": [trainer.pk],
        "date": [str(start + timedelta(days=n)) for n in range(200)],
        "start_time": ["08:00", "09:00", "10:00"],
        "end_time": ["09:00", "10:00", "11:00"],
        "session_type": trainer.session_types,
        "price": [float(trainer.hourly_rate)],
    }
    places = {
        **{f"body.{name}": name for name in values},
        "body.session_date": "date",
        "path.trainer_id": "trainer_id",
        "path.date": "date",
    }
    return {
        "dictionaries": {name: {"values": some} for name, some in values.items()},
        "parameters": {
            place: {"dictionary": name, "probability": 0.8}
            for place, name in places.items()
        },
    }


def run(token, trainer):
    config = {
        "seed": SEED,
        "continue-on-failure": True,
        "auth": {"openapi": {"Bearer": {"bearer": token}}},
        "checks": {
            # 422, too, where a rule of booking says so: see the check above.
            "positive_data_acceptance": {
                "expected-statuses": ["2xx", "401", "403", "404", "409", "422"]
            },
        },
        "generation": {"mode": "all", "max-examples": EXAMPLES, "database": "none"},
        "phases": {"stateful": {"generation": {"max-examples": EXAMPLES}}},
        **likely(trainer),
    }
    schema = schemathesis.openapi.from_asgi(
        "/api/openapi.json", application, config=SchemathesisConfig.from_dict(config)
    )
    yield from from_schema(schema).execute()


@pytest.mark.stress
@pytest.mark.timeout(600)
@pytest.mark.django_db(transaction=True)
def test_the_api_keeps_what_its_schema_promises(ana, maya, record_property):
    _, token = ApiToken.objects.issue(maya, name="schemathesis")
    phases, statuses, checks, broken = Counter(), Counter(), Counter(), []
    for event in run(token, ana):
        assert not isinstance(event, events.FatalError | events.NonFatalError), (
            event.info.format()
        )
        if isinstance(event, events.ScenarioFinished):
            answers = event.recorder.interactions
            phases[event.phase.value] += len(answers)
            statuses.update(answer.response.status_code for answer in answers.values())
            for nodes in event.recorder.checks.values():
                checks.update(node.name for node in nodes)
                broken += [
                    f"{node.failure_info.code_sample}\n{node.failure_info.failure}"
                    for node in nodes
                    if node.failure_info
                ]
    record_property(
        "said",
        f"schemathesis: {phases.total():,} cases {dict(phases)}, "
        f"answered {dict(statuses)}, seed {SEED}",
    )
    assert not broken, "\n\n".join(broken[:5])
    assert max(statuses) < 500
    assert set(phases) >= {"examples", "coverage", "fuzzing", "stateful"}
    assert {*checks} == {*CHECKS.get_all_names()}
    # Booked and refused, not only refused.
    assert statuses[201] > phases.total() / 50
    assert phases.total() > (3000 if size.IS_LONG else 200)
