"""The figures of all stress tests together, printed when they have run."""

from collections.abc import Iterator
from statistics import median, quantiles
from typing import Any

import pytest

measured: list[dict[str, Any]] = []
planted: list[str] = []
said: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Reports also come from the processes of pytest-xdist; what they carry is here."""
    if report.when == "teardown":
        told = dict(report.user_properties)
        if "stress" in told:
            measured.append(told["stress"])
        if "planted" in told:
            planted.append(told["planted"])
        if "said" in told:
            said.append(told["said"])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if measured or planted or said:
        terminalreporter.section("under stress")
        for line in [*table(), *said] if measured else said:
            terminalreporter.write_line(line)


def total(name: str) -> int:
    return sum(figures.get(name, 0) for figures in measured)


def every(name: str) -> list[float]:
    return [one for figures in measured for one in figures.get(name, [])]


def table() -> Iterator[str]:
    seeds = sorted({figures["seed"] for figures in measured})
    yield f"seed {', '.join(map(str, seeds))} (STRESS_SEED= repeats it)"
    yield (
        f"{total('attempts'):,} attempts, {total('contended'):,} of them for a time "
        f"that others wanted too, in {total('rounds'):,} races"
    )
    yield (
        f"{total('ok'):,} done, {total('refused'):,} refused, {total('unknown'):,} "
        "unanswered or turned away and asked again"
    )
    yield (
        f"{total('double')} double-booked, {total('lost')} lost, "
        f"{total('errors')} unexpected errors, {total('deadlocks')} deadlocks, "
        f"{total('retries')} transactions tried again"
    )
    yield (
        f"broken on purpose: {total('kills')} web processes killed, "
        f"{total('crashes')} database crashes, "
        f"{total('terminations')} connections terminated"
    )
    if recoveries := every("recoveries"):
        yield (
            "from a fault to the next booking: "
            f"median {median(recoveries):.2f} s, max {max(recoveries):.2f} s"
        )
    if len(waited := every("milliseconds")) > 1:
        cuts = quantiles(waited, n=100)
        yield (
            "a booking in a crowd, nothing broken: "
            f"p50 {cuts[49]:.0f} ms, p99 {cuts[98]:.0f} ms, max {max(waited):.0f} ms"
        )
    if planted:
        caught = planted.count("caught")
        yield f"{caught} of {len(planted)} planted faults caught"
    if (rounds := total("rounds")) and not total("double"):
        yield (
            f"0 double in {rounds:,} races: with 95 % confidence, fewer than "
            f"{300 / rounds:.2g} % of such races end so"
        )
