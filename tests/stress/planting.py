"""Break the product on purpose, in the memory of one process, while it is imported.

A planted fault is a few lines of a module's text, and what they are replaced by. No
product code knows of it. Text that is not there exactly once refuses to start: a
fault that has gone stale would otherwise pass for one that was caught.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType
from typing import NamedTuple


class Edit(NamedTuple):
    module: str
    old: str
    new: str

    def apply(self, source: str) -> str:
        times = source.count(self.old)
        if times != 1:
            raise SystemExit(f"{self.module} has {times} times: {self.old}")
        return source.replace(self.old, self.new)


class EditedLoader(SourceFileLoader):
    edits: Sequence[Edit] = ()

    def get_code(self, fullname: str) -> CodeType:
        """From the source, never from a cached compilation of it."""
        path = self.get_filename(fullname)
        source = self.get_data(path).decode()
        for edit in self.edits:
            source = edit.apply(source)
        return self.source_to_code(source.encode(), path)


class Planter(MetaPathFinder):
    def __init__(self, edits: Sequence[Edit]) -> None:
        self.edits = edits

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        edits = [edit for edit in self.edits if edit.module == fullname]
        spec = PathFinder.find_spec(fullname, path, target) if edits else None
        if spec is None or spec.origin is None:
            return None
        spec.loader = EditedLoader(fullname, spec.origin)
        spec.loader.edits = edits
        return spec


def plant(name: str) -> None:
    from tests.stress.planted import FAULTS

    if name:
        sys.meta_path.insert(0, Planter(FAULTS[name].edits))
