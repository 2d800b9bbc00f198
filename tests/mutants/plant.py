"""Every small change to make in the code: one JSON line each, for `run.py` to try.

The changes are mutmut's (numbers, texts, operators, arguments, assignments), with a
few of ours. mutmut itself passes decorated functions by, and here those are the verbs.

Runs in an environment of its own: python -m tests.mutants.plant bookings/policy.py …
"""

import json
import re
import sys
from difflib import unified_diff
from pathlib import Path

import libcst as cst
from libcst import matchers as m
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.file_mutation import (
    NEVER_MUTATE_FUNCTION_NAMES,
    MutationVisitor,
    _is_enum_class,
)
from mutmut.mutation.mutators import mutation_operators, operator_string
from mutmut.mutation.pragma_handling import IgnoredCode

PASS = cst.Pass()
# How SQL's lines go wrong.
SQL_SWAPS = [
    ("(?<!>|<|-)>(?!=)", ">="),
    ("(?<!>|<)<(?!=|>)", "<="),
    (" AND ", " OR "),
    ("LEFT JOIN", "JOIN"),
    ("IS NULL", "IS NOT NULL"),
    ("IS DISTINCT FROM", "IS NOT DISTINCT FROM"),
    ("NOT IN", "IN"),
    ("(?<!NOT )EXISTS", "NOT EXISTS"),
]


def leave_out(node):
    """A step that is not taken: a call by itself, or a raise."""
    if m.matches(node, m.Expr(m.Call()) | m.Raise()):
        yield PASS


def turn_around(node):
    yield node.with_changes(
        test=cst.UnaryOperation(
            cst.Not(),
            node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()]),
        )
    )


def drop_an_element(node):
    for n in range(len(node.elements)):
        yield node.with_changes(elements=[*node.elements[:n], *node.elements[n + 1 :]])


def change_text(node):
    """One of mutmut's three: upper and lower case say little more than another text."""
    yield from list(operator_string(node))[:1]


def change_sql(node):
    if "SELECT" not in node.value or not node.value.startswith('"""'):
        return
    lines = node.value.splitlines(keepends=True)
    for n, line in enumerate(lines):
        changed = {re.sub(old, new, line, count=1) for old, new in SQL_SWAPS}
        if re.match(r"\s*(AND|OR|ORDER BY|WHEN) ", line) and n + 1 < len(lines):
            changed.add("")
        for other in changed - {line}:
            yield node.with_changes(value="".join([*lines[:n], other, *lines[n + 1 :]]))


OPERATORS = [
    (kind, change_text if change is operator_string else change)
    for kind, change in mutation_operators
] + [
    (cst.BaseSmallStatement, leave_out),
    (cst.If, turn_around),
    (cst.List, drop_an_element),
    (cst.SimpleString, change_sql),
]


class Everywhere(MutationVisitor):
    """Also in decorated functions, which mutmut's own way of switching cannot hold."""

    def _skip_node_and_children(self, node):
        if isinstance(node, cst.FunctionDef):
            return node.name.value in NEVER_MUTATE_FUNCTION_NAMES
        # An enum's members are everywhere already, when `run.py` comes to change them.
        if isinstance(node, cst.ClassDef) and _is_enum_class(node):
            return True
        return super()._skip_node_and_children(node)


def mutants_of(path):
    wrapper = MetadataWrapper(cst.parse_module(path.read_text()))
    visitor = Everywhere(OPERATORS, IgnoredCode(set(), set(), set()))
    wrapper.visit(visitor)
    positions = wrapper.resolve(PositionProvider)
    seen = {wrapper.module.code}
    for mutation in visitor.mutations:
        source = wrapper.module.deep_replace(
            mutation.original_node, mutation.mutated_node
        ).code
        if source in seen or not compiles(source):
            continue
        seen.add(source)
        line = positions[mutation.original_node].start.line
        yield {"path": str(path), "line": line, "source": source}


def compiles(source):
    try:
        compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def main():
    for path in map(Path, sys.argv[1:]):
        before = path.read_text().splitlines()
        for mutant in mutants_of(path):
            after = mutant["source"].splitlines()
            diff = list(unified_diff(before, after, n=0, lineterm=""))[3:]
            print(json.dumps(mutant | {"diff": diff}))


if __name__ == "__main__":
    main()
