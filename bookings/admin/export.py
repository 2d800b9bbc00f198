"""Sessions as a file for a spreadsheet: RFC 4180, row by row, and no cell computes."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, time
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils.timezone import localtime

from bookings.models import TrainingSession
from trainers.clock import minute_of_day

# What a member wrote in the notes is for their author and the trainer: it stays out.
COLUMNS = {
    "session": "pk",
    "date": "session_date",
    "start": "start_time",
    "end": "end_time",
    "trainer": "trainer__name",
    "member": "client__name",
    "email": "client__email",
    "phone": "client__phone",
    "type": "session_type",
    "status": "status",
    "price": "price",
    "cancelled_late": "cancelled_late",
    "checked_in_at": "checked_in_at",
    "cancelled_at": "cancelled_at",
    "booked_at": "created_at",
}
AT_A_TIME = 2000
# A spreadsheet computes what begins so, as people write it or in full width.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
# Where a comma stands in numbers, spreadsheets begin a cell after each semicolon.
NEXT_CELL = re.compile(r";(?=\s*[=+\-@＝＋－＠])")


class Echo:
    """A file that hands back each line instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def csv_of(sessions: QuerySet[TrainingSession], name: str) -> StreamingHttpResponse:
    """A download; the rows leave the database a few thousand at a time."""
    # Which they are is read before the answer begins: where the database refuses, or
    # takes too long, a page says so. Later there would be a short file, as if whole.
    ids = list(sessions.values_list("pk", flat=True))
    return StreamingHttpResponse(
        lines(rows_of(ids)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def rows_of(ids: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    """In this order, and each as it stands when it is read.

    Not by a cursor of the server: one that is left open, when whoever downloads goes
    away, is closed whenever Python tidies up, and that may be in the middle of another
    statement on its connection, which then waits for itself.
    """
    for start in range(0, len(ids), AT_A_TIME):
        batch = ids[start : start + AT_A_TIME]
        stored = TrainingSession.objects.filter(pk__in=batch)
        found = {row[0]: row for row in stored.values_list(*COLUMNS.values())}
        yield from (found[pk] for pk in batch if pk in found)


def lines(rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    writer = csv.writer(Echo())
    yield writer.writerow(COLUMNS)
    for row in rows:
        yield writer.writerow([written(value) for value in row])


def written(value: Any) -> str:
    """For programs: 2026-12-10, 18:00, 75.00, true, an ISO moment in gym time."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case datetime():
            return localtime(value).isoformat(timespec="seconds")
        case time():
            return minute_of_day(value)
    return harmless(str(value))


def harmless(text: str) -> str:
    """As text to a spreadsheet, whatever it begins with."""
    text = NEXT_CELL.sub(";'", text.replace("\0", ""))
    return f"'{text}" if text.startswith(FORMULA) else text
