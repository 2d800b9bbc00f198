"""Try the mutants that `plant.py` made: does a test turn red for each?

The tests are collected and run once; then every mutant gets a fork of that process, in
which the functions' code is exchanged and the tests run until one fails. So a mutant
costs a fraction of a second, where starting anew would cost several.
"""

import argparse
import json
import os
import signal
import sys
import threading
import time
from collections import Counter, defaultdict
from contextlib import contextmanager
from enum import EnumMeta
from pathlib import Path
from types import FunctionType

import pytest
from _pytest.runner import runtestprotocol

WANTED = 0.9
OPTIONS = ["-q", "-o", "timeout=0", "-p", "no:cacheprovider"]
# What tells about the rules and the verbs, and is neither slow nor left to chance.
OPTIONS += ["-k", "not thousand_trainers and not demo_gym"]
TESTS = [
    f"tests/bookings/test_{name}.py"
    for name in (
        "api",
        "booking",
        "check_bookings",
        "clock_changes",
        "commands",
        "idempotency",
        "pages",
        "projection",
        "races",
        "same_rules",
        "week",
    )
]
# Slower tests would be run by every survivor, and the rest knows what they know.
SLOW_SECONDS = 2
PATIENCE_SECONDS = 120
# So many mutants are believed when so many tests without a mutant have passed after.
BATCH, CONTROLS = 20, 30
TRIES, PAUSE_SECONDS = 3, 30
OURS = ("bookings", "trainers", "finova", "tests")


# --- exchanging the code -----------------------------------------------------------


def put(path, source):
    """Run the changed module in the place of its original, whoever has imported it."""
    module = sys.modules[".".join(Path(path).with_suffix("").parts)]
    before = dict(vars(module))
    exec(compile(source, path, "exec"), vars(module))  # noqa: S102
    for name, was in before.items():
        now = vars(module)[name]
        if now is was or name.startswith("__"):
            continue
        if getattr(was, "__module__", None) == module.__name__ and change(was, now):
            setattr(module, name, was)
        else:
            replace_everywhere(name, was, now)


def change(was, now):
    """Let the object that others hold do as the new one; False where it cannot."""
    if isinstance(was, EnumMeta):
        for name, value in vars(now).items():
            if isinstance(value, (FunctionType, property)) and name[0] != "_":
                setattr(was, name, value)
    elif isinstance(was, type):
        for name, value in vars(now).items():
            if name not in ("__dict__", "__weakref__"):
                setattr(was, name, value)
    elif hasattr(was, "__wrapped__"):
        getattr(was, "cache_clear", lambda: None)()
        change(was.__wrapped__, now.__wrapped__)
    elif isinstance(was, FunctionType):
        was.__code__ = now.__code__
        was.__defaults__, was.__kwdefaults__ = now.__defaults__, now.__kwdefaults__
    elif hasattr(was, "__dict__"):
        vars(was).update(vars(now))
    else:
        return False
    return True


def replace_everywhere(name, was, now):
    for importer in list(sys.modules.values()):
        ours = getattr(importer, "__name__", "").split(".")[0] in OURS
        if ours and vars(importer).get(name) is was:
            setattr(importer, name, now)


# --- one worker, with its own database -----------------------------------------------


class Worker:
    """A pytest plugin that takes over the running of the tests it collected."""

    def __init__(self, mutants, number, results):
        self.mutants, self.number, self.results = mutants, number, results
        self.seconds, self.called = {}, {}
        self.watched = {os.path.realpath(mutant["path"]) for mutant in mutants}
        self.killers = defaultdict(Counter)

    def pytest_runtestloop(self, session):
        from django.db import connection, connections

        connection.settings_dict["TEST"]["NAME"] = f"test_mutants_{self.number}"
        items = session.items
        for item, following in zip(items, [*items[1:], items[0]], strict=True):
            with self.watching(item):
                reports = runtestprotocol(item, log=False, nextitem=following)
            if any(report.failed for report in reports):
                pytest.exit(f"{item.nodeid} fails without any mutant", 1)
            # The test alone: the first one's preparations make the database.
            self.seconds[item] = reports[1].duration
        self.items = [i for i in items if self.seconds[i] < SLOW_SECONDS]
        connections.close_all()
        for n in range(0, len(self.mutants), BATCH):
            self.try_batch(self.mutants[n : n + BATCH])
        session._setupstate.teardown_exact(None)
        return True

    @contextmanager
    def watching(self, item):
        """Note which functions of the changed files the test calls."""
        called = self.called[item] = set()

        def watch(frame, event, arg):
            if event == "call" and frame.f_code.co_filename in self.watched:
                called.add(frame.f_code)

        sys.setprofile(watch)
        threading.setprofile(watch)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)

    def tests_for(self, mutant):
        """The tests that call the changed function; of a constant, any of its file."""
        path = os.path.realpath(mutant["path"])
        users = {
            item: [code for code in called if code.co_filename == path]
            for item, called in self.called.items()
            if item in self.items
        }
        callers = [
            item
            for item, codes in users.items()
            if any(mutant["line"] in lines_of(code) for code in codes)
        ]
        users_of_file = [item for item, codes in users.items() if codes]
        killers = self.killers[mutant["path"]]
        return sorted(
            callers or users_of_file or self.items,
            key=lambda i: (-killers[i.nodeid], self.seconds[i]),
        )

    def try_batch(self, mutants):
        """A test that turns red without a mutant says nothing about the mutants."""
        for _ in range(TRIES):
            tried = [(mutant, self.try_out(mutant)) for mutant in mutants]
            if self.try_out(None) is None:
                break
            time.sleep(PAUSE_SECONDS)
        else:
            pytest.exit("the tests fail without any mutant", 1)
        for mutant, killer in tried:
            self.report(mutant, killer)

    def try_out(self, mutant):
        """The test that failed, None if all passed; without a mutant, of a few."""
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(PATIENCE_SECONDS)
            killer = "it broke out of its test"
            try:
                killer = self.first_failing(mutant)
            finally:
                # Never further up: there it would pass for the worker itself.
                os.write(write, killer.encode())
                os._exit(0)
        os.close(write)
        _, status = os.waitpid(child, 0)
        with os.fdopen(read) as answer:
            killer = answer.read()
        if os.WIFSIGNALED(status):
            self.clean_up()
            return "it hung, or died"
        return killer or None

    def first_failing(self, mutant):
        if mutant is None:
            quick_first = sorted(self.items, key=self.seconds.get)
            order = quick_first[:: max(1, len(quick_first) // CONTROLS)]
        else:
            try:
                put(mutant["path"], mutant["source"])
            except Exception as error:
                return f"it cannot be imported: {error!r}"
            order = self.tests_for(mutant)
        for item, following in zip(order, [*order[1:], order[0]], strict=True):
            if failed(item, following):
                return item.nodeid
        return ""

    def clean_up(self):
        """A test that was cut off may have left its rows."""
        from django.core.management import call_command

        if (child := os.fork()) == 0:
            try:
                call_command("flush", interactive=False, verbosity=0)
            finally:
                os._exit(0)
        os.waitpid(child, 0)

    def report(self, mutant, killer):
        if killer:
            self.killers[mutant["path"]][killer] += 1
        line = {name: mutant[name] for name in ("path", "line", "diff")}
        self.results.write(json.dumps(line | {"killer": killer}) + "\n")
        self.results.flush()


def lines_of(code):
    """Of a function, from its decorators to its end."""
    lines = [line for *_, line in code.co_lines() if line]
    return range(code.co_firstlineno, max(lines) + 1)


def failed(item, following):
    reports = runtestprotocol(item, log=False, nextitem=following)
    return any(report.failed for report in reports)


# --- all of them ---------------------------------------------------------------------


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mutants", type=Path, help="what plant.py printed")
    parser.add_argument("tests", nargs="*", default=TESTS)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    mutants = [json.loads(line) for line in asked.mutants.read_text().splitlines()]
    files = [asked.mutants.with_suffix(f".{n}.txt") for n in range(asked.workers)]
    children = []
    for n, file in enumerate(files):
        if (child := os.fork()) == 0:
            with file.open("w") as results:
                worker = Worker(mutants[n :: asked.workers], n, results)
                sys.exit(pytest.main([*OPTIONS, *asked.tests], plugins=[worker]))
        children.append(child)
    failed_workers = [os.waitpid(child, 0)[1] for child in children]
    tried = [json.loads(line) for file in files for line in file.open()]
    if any(failed_workers) or len(tried) != len(mutants):
        sys.exit(f"only {len(tried)} of {len(mutants)} mutants could be tried")
    sys.exit(summary(tried))


def summary(tried):
    """Prints the survivors and the figures; whether too many survived."""
    by_file = defaultdict(list)
    for mutant in tried:
        by_file[mutant["path"]].append(mutant)
    for mutant in sorted(tried, key=lambda one: (one["path"], one["line"])):
        if not mutant["killer"]:
            print(f"\nsurvived: {mutant['path']}:{mutant['line']}")
            print("\n".join(mutant["diff"]))
    print()
    for path, mutants in sorted(by_file.items()):
        print(f"{path:<36} {share(mutants)}")
    print(f"{'all':<36} {share(tried)}")
    return killed(tried) < WANTED * len(tried)


def killed(mutants):
    return sum(bool(mutant["killer"]) for mutant in mutants)


def share(mutants):
    part = killed(mutants) / len(mutants)
    return f"{killed(mutants):>5} of {len(mutants):>5} killed, {part:.1%}"


if __name__ == "__main__":
    main()
