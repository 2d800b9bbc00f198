"""Tables as people send them: CSV, from Excel and from everything else."""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from django.core.management.base import CommandError, OutputWrapper

DELIMITERS = ";,\t"
# Excel's own first line, which says what stands between the columns.
EXCELS_LINE = "sep="
LONGEST_CELL = 10_000

T = TypeVar("T")


class Unreadable(ValueError):
    """What is wrong with a line, in words for who wrote it."""


@dataclass(frozen=True)
class Columns:
    needed: Sequence[str]
    others: Sequence[str] = ()

    @property
    def known(self) -> list[str]:
        return [*self.needed, *self.others]

    def check(self, header: Sequence[str]) -> None:
        for name in header:
            if name not in self.known:
                known = ", ".join(self.known)
                raise CommandError(
                    f"The first line names a column “{name}”. Known columns: {known}."
                )
        if twice := {name for name in header if header.count(name) > 1}:
            raise CommandError(f"The first line names twice: {', '.join(twice)}.")
        if missing := [name for name in self.needed if name not in header]:
            raise CommandError(
                f"The first line names no column “{missing[0]}”. It must name: "
                f"{', '.join(self.needed)}. It may name: {', '.join(self.others)}."
            )


@dataclass(frozen=True)
class Line:
    number: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        """Empty where the file has no such column."""
        return self.cells.get(column, "")


def read_lines(path: str, columns: Columns) -> Iterator[Line | tuple[int, str]]:
    """Line by line, so that a long file needs no memory; a broken one as its error.

    UTF-8 with or without a byte order mark; semicolon, comma or tab.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            skipped = 0
            if first.lower().startswith(EXCELS_LINE):
                skipped, first = 1, file.readline()
            header = next(csv.reader([first], delimiter=between(first)), [])
            header = [name.strip().lower() for name in header]
            columns.check(header)
            reader = csv.reader(file, delimiter=between(first), strict=True)
            yield from cells_of(reader, header, lines_before=skipped + 1)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise CommandError(
            f"{path} is not UTF-8. In Excel, save it as “CSV UTF-8”."
        ) from None


def between(header: str) -> str:
    """What stands between the columns: whichever the first line has most of."""
    return max(DELIMITERS, key=header.count)


def cells_of(
    reader: Any, header: Sequence[str], *, lines_before: int
) -> Iterator[Line | tuple[int, str]]:
    while True:
        # A cell may have line breaks in it: a line is called by where it starts.
        number = lines_before + reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error:
            yield number, "a quotation mark is opened and not closed, or the reverse."
            return
        if row is None:
            return
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if any(cells[len(header) :]):
            yield number, f"has {len(cells)} cells, and the first line {len(header)}."
        elif any("\x00" in cell or len(cell) > LONGEST_CELL for cell in cells):
            yield number, "holds something that is no text."
        else:
            yield Line(number, dict(zip(header, cells, strict=False)))


def understand(
    path: str, columns: Columns, read: Callable[[Line], T], errors: OutputWrapper
) -> list[T]:
    """What `read` makes of each line. Raises CommandError after telling all faults."""
    understood, faults = [], 0
    for line in read_lines(path, columns):
        if isinstance(line, Line):
            try:
                understood.append(read(line))
                continue
            except Unreadable as error:
                line = line.number, str(error)
        faults += 1
        errors.write(f"line {line[0]}: {line[1]}")
    if faults:
        raise nothing_imported(faults)
    return understood


def nothing_imported(faults: int) -> CommandError:
    lines = "1 line has an error" if faults == 1 else f"{faults} lines have errors"
    return CommandError(f"{lines}: nothing was imported.")
