import re
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bookings.domain.bringing import Agreed, Result, bring_sessions
from bookings.exceptions import BookingRefused
from bookings.management.sheets import (
    Columns,
    Line,
    Unreadable,
    nothing_imported,
    understand,
)
from trainers.clock import gym_now
from trainers.models import SessionType, Trainer

COLUMNS = Columns(
    ["member", "trainer", "date", "start"], ["end", "minutes", "type", "price"]
)
DATES = ("%Y-%m-%d", "%d.%m.%Y")
TIMES = ("%H:%M", "%H:%M:%S")
PRICE = re.compile(r"[0-9]{1,8}([.,][0-9]{1,2})?")
MINUTES = re.compile(r"[0-9]{1,4}")
MIDNIGHT = ("24:00", "24:00:00")


class Command(BaseCommand):
    help = (
        "Book the future sessions of a CSV file: all of them, or, where a line has an "
        "error, none. The first line names the columns: member (email or phone), "
        "trainer (the name, or the end of the page's address), date (2026-12-31 or "
        "31.12.2026), start (18:00), end or minutes, and if you like type and price. "
        "What is booked already stays as it is, so the same file can be brought "
        "again. Meanwhile nobody else can book with these trainers."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="CSV in UTF-8; semicolon, comma or tab")
        parser.add_argument(
            "--by",
            metavar="EMAIL",
            required=True,
            help="whose doing it is: a colleague, whom the sessions' history names",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would be done, do nothing"
        )

    def handle(
        self, *args: Any, file: str, by: str, dry_run: bool, **options: Any
    ) -> None:
        colleague = get_user_model().objects.filter(email=by.lower()).first()
        if colleague is None or not colleague.is_staff:
            raise CommandError(f"Nobody on the staff has the email {by}.")
        agreed = understand(file, COLUMNS, Reader().read, self.stderr)
        try:
            result = bring_sessions(
                agreed, by=colleague, now=gym_now(), keep=not dry_run
            )
        except BookingRefused as refusal:
            raise CommandError(f"{refusal.sentence} Nothing was imported.") from None
        self.tell(result, dry_run=dry_run)

    def tell(self, result: Result, *, dry_run: bool) -> None:
        for line, refusal in result.refused:
            self.stderr.write(f"line {line}: {refusal.sentence}")
        if result.refused:
            raise nothing_imported(len(result.refused))
        would = " (dry run: nothing was changed)" if dry_run else ""
        sessions = "1 session" if result.booked == 1 else f"{result.booked} sessions"
        self.stdout.write(f"{sessions} booked, {result.known} known already{would}")


class Reader:
    """Knows everybody a line can name: two queries, however many lines there are."""

    def __init__(self) -> None:
        self.by_email: dict[str, Any] = {}
        self.by_phone: dict[str, list[Any]] = defaultdict(list)
        self.by_trainer: dict[str, list[Trainer]] = defaultdict(list)
        people = get_user_model().objects.filter(is_active=True).order_by("pk")
        for person in people.only("email", "phone"):
            if person.email:
                self.by_email[person.email] = person
            if number := digits_in(person.phone):
                self.by_phone[number].append(person)
        for trainer in Trainer.objects.active():
            for name in {trainer.slug, trainer.name.casefold()}:
                self.by_trainer[name].append(trainer)

    def read(self, line: Line) -> Agreed:
        """Raises Unreadable, which says what to mend."""
        for column in COLUMNS.needed:
            if not line[column]:
                raise Unreadable(f"{column} is missing.")
        start = read_time("start", line["start"])
        return Agreed(
            line=line.number,
            client=self.member(line["member"]),
            trainer_id=self.trainer(line["trainer"]).pk,
            session_date=read_date(line["date"]),
            start_time=start,
            end_time=read_end(line, start),
            session_type=read_type(line["type"]),
            price=read_price(line["price"]),
        )

    def member(self, named: str) -> Any:
        if "@" in named:
            people = list(filter(None, [self.by_email.get(named.lower())]))
        else:
            people = self.by_phone.get(digits_in(named), [])
        return only_one(people, f"member with {named}")

    def trainer(self, named: str) -> Trainer:
        trainers = self.by_trainer.get(named.casefold(), [])
        trainer: Trainer = only_one(trainers, f"trainer {named}")
        return trainer


def only_one(found: list[Any], what: str) -> Any:
    if not found:
        raise Unreadable(f"there is no {what}.")
    if len(found) > 1:
        raise Unreadable(f"there is more than one {what}.")
    return found[0]


def digits_in(text: str) -> str:
    return "".join(filter(str.isdecimal, text))


def read_date(text: str) -> date:
    for pattern in DATES:
        try:
            return datetime.strptime(text, pattern).date()  # noqa: DTZ007
        except ValueError:
            continue
    raise Unreadable(f"date “{text}” is not written like 2026-12-31 or 31.12.2026.")


def read_time(column: str, text: str) -> time:
    for pattern in TIMES:
        try:
            return datetime.strptime(text, pattern).time()  # noqa: DTZ007
        except ValueError:
            continue
    raise Unreadable(f"{column} “{text}” is not written like 18:00.")


def read_end(line: Line, start: time) -> time:
    """Midnight at the end of a day is its last microsecond."""
    if bool(line["end"]) == bool(line["minutes"]):
        raise Unreadable("say either end or minutes.")
    if line["end"]:
        if line["end"] in MIDNIGHT:
            return time.max
        return read_time("end", line["end"])
    minutes = int(line["minutes"]) if MINUTES.fullmatch(line["minutes"]) else 0
    if not 0 < minutes <= 24 * 60:
        raise Unreadable(f"minutes “{line['minutes']}” is no number of minutes.")
    end = datetime.combine(date.min, start) + timedelta(minutes=minutes)
    if end == datetime.combine(date.min + timedelta(days=1), time.min):
        return time.max
    if end.date() != date.min:
        raise Unreadable("the session goes on after midnight.")
    return end.time()


def read_type(text: str) -> str:
    if not text:
        return SessionType.PERSONAL_TRAINING
    asked = text.lower().replace(" ", "_")
    if asked not in SessionType.values:
        known = ", ".join(SessionType.values)
        raise Unreadable(f"type “{text}” is not one of {known}.")
    return asked


def read_price(text: str) -> Decimal | None:
    """75, 75.50 or 75,50; not 1,000, which is a thousand to some and one to others."""
    if not text:
        return None
    if not PRICE.fullmatch(text):
        raise Unreadable(f"price “{text}” is not written like 75.00.")
    return Decimal(text.replace(",", "."))
