"""Each fault that is planted in the product is reported, by the check that ought to."""

import importlib
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.stress.gym import ROOT
from tests.stress.planted import FAULTS
from tests.stress.planting import Edit
from tests.stress.site import web_processes
from tests.stress.size import LONG, SHORT, SIZE

# A fault that shows only now and then would be no good for this.
FEW = replace(SHORT, rounds=10)
CHOSEN = [name for name in FAULTS if SIZE is LONG or FAULTS[name].in_short]


@pytest.mark.parametrize("name", CHOSEN)
def test_a_planted_fault_is_reported(name, gym, tmp_path, record_property):
    fault = FAULTS[name]
    record_property("planted", "missed")
    with planted(name, gym, tmp_path / "web.log") as sick_gym:
        trial = scenario(fault.scenario)(sick_gym, FEW)

    found = {finding.check for finding in trial.findings}
    assert fault.caught_by in found
    assert fault.still_holds not in found
    assert not fault.counted_as or trial.figures[fault.counted_as] > 0
    record_property("planted", "caught")


@contextmanager
def planted(name, gym, log):
    fault, database = FAULTS[name], gym.database
    with (
        web_processes(database.data_dir, name, log) as port,
        database.without(fault.dropped),
        database.set_to(fault.setting),
    ):
        yield replace(gym, port=port, log=log)


def scenario(name):
    module, function = name.split(".")
    return getattr(importlib.import_module(f"tests.stress.{module}"), function)


@pytest.mark.parametrize("name", FAULTS)
def test_no_planted_fault_has_gone_stale(name):
    fault = FAULTS[name]
    sources = {
        edit.module: ROOT.joinpath(*edit.module.split("."))
        .with_suffix(".py")
        .read_text()
        for edit in fault.edits
    }
    for edit in fault.edits:
        sources[edit.module] = edit.apply(sources[edit.module])
    for module, source in sources.items():
        compile(source, module, "exec")
    assert scenario(fault.scenario)


def test_a_stale_fault_refuses_to_start():
    with pytest.raises(SystemExit, match="has 0 times: no such line"):
        Edit("a.module", "no such line", "").apply("another line")
