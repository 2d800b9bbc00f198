import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPException
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import ProgrammingError, connection
from django.utils.translation import ngettext

from bookings.demo import DEMO_DATABASE, TEST_DATABASE, database_mark, mark_database
from bookings.domain.invariants import INVARIANTS, broken_promises
from bookings.models import TrainingSession
from finova.proof import (
    REFUSED,
    SCHEDULE,
    Outcome,
    Racer,
    Round,
    clear_away,
    make_members,
    make_trainer,
    race,
    sessions_of_others,
    slots_ahead,
)
from trainers.clock import gym_now
from trainers.models import Trainer


class Command(BaseCommand):
    help = (
        "Let many members ask a running site for the same slot at the same moment, "
        "round after round, and compare every answer with the database. Against a "
        "test database only; it removes all that it makes."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--clients", type=int, default=50, help="how many members")
        parser.add_argument("--rounds", type=int, default=20, help="how many slots")
        parser.add_argument(
            "--url", default="http://localhost:8000", help="where the site is"
        )
        parser.add_argument(
            "--mark-as-test-database",
            action="store_true",
            help="do nothing but mark this database, which must hold no session, as "
            "one for tests",
        )

    def handle(
        self,
        *args: Any,
        clients: int,
        rounds: int,
        url: str,
        mark_as_test_database: bool,
        **options: Any,
    ) -> None:
        if mark_as_test_database:
            return self.mark()
        if clients < 2 or rounds < 1:
            raise CommandError("It takes at least two clients and one round.")
        site = urlsplit(url)
        if site.scheme not in ("http", "https") or not site.hostname:
            raise CommandError(f"{url} is no address like http://localhost:8000.")
        check_is_for_tests()
        with only_proof_here(), cleared():
            self.prove(site, clients, rounds)
        return None

    def mark(self) -> None:
        if holds := sessions_it_holds():
            raise CommandError(
                f"This database holds {holds}, so it is somebody's. Make an empty one "
                "for the proof."
            )
        try:
            mark_database(TEST_DATABASE)
        except ProgrammingError as error:
            raise CommandError(
                f"{error}".strip() + ". Let its owner run: "
                f"COMMENT ON DATABASE {connection.settings_dict['NAME']} "
                f"IS '{TEST_DATABASE}'"
            ) from error
        self.stdout.write("This database is now marked as one for tests.")

    def prove(self, site: SplitResult, clients: int, rounds: int) -> None:
        trainer, members = make_trainer(), make_members(clients)
        slots = slots_ahead(trainer, gym_now(), clients=clients, rounds=rounds)
        if len(slots) < rounds:
            raise CommandError(
                f"The gym's booking rules leave {clients} clients room for "
                f"{len(slots)} rounds: take fewer rounds, or more clients."
            )
        raced = []
        with ExitStack() as stack:
            racers = [stack.enter_context(Racer(site, member)) for member in members]
            knock(racers[0], site, trainer)
            for each in race(racers, trainer.pk, slots):
                raced.append(each)
                self.tell_round(len(raced), each)
        outcome = Outcome(raced, list(TrainingSession.objects.filter(trainer=trainer)))
        self.tell(outcome)
        faults = [*outcome.faults(), *(b.invariant.promise for b in broken_promises())]
        if faults:
            raise CommandError("The proof has failed.\n  " + "\n  ".join(faults))
        self.stdout.write(
            "The database holds exactly what was answered, and all "
            f"{len(INVARIANTS)} promises hold."
        )
        # As many rounds would all go well one time in twenty if it were that often.
        bound = 1 - 0.05 ** (1 / rounds)
        self.stdout.write(
            f"None in {rounds} rounds means, with 95 % confidence, that fewer than "
            f"{bound:.1%} of such rounds double-book. More rounds say more."
        )

    def tell_round(self, number: int, each: Round) -> None:
        winners = ", ".join(winner.member.name for winner in each.winners) or "nobody"
        refused = sum(attempt.answer in REFUSED for attempt in each.attempts)
        self.stdout.write(
            f"Round {number}, {each.slot.day} {each.slot.starts:%H:%M}: {winners} won, "
            f"{refused} refused, {each.seconds * 1000:.0f} ms"
        )
        self.stdout.flush()

    def tell(self, outcome: Outcome) -> None:
        booked = sum(len(each.winners) for each in outcome.rounds)
        self.stdout.write(
            f"{booked} booked, {outcome.refused} refused with 409, "
            f"{outcome.doubles} double, {outcome.errors.total()} errors"
        )
        half, most, all_of_them = (outcome.seconds(share) for share in (0.5, 0.99, 1))
        self.stdout.write(
            f"Answers took {half * 1000:.0f} ms (p50), {most * 1000:.0f} ms (p99), "
            f"{all_of_them * 1000:.0f} ms at most; up to {outcome.in_flight} requests "
            "were in flight at once."
        )


def check_is_for_tests() -> None:
    """The gym's own database must never be proved against, not even by mistake."""
    mark = database_mark()
    if mark not in (DEMO_DATABASE, TEST_DATABASE):
        raise CommandError(
            "This database is not marked as one for tests, and the proof books and "
            "deletes. Mark an empty one with --mark-as-test-database."
        )
    holds = sessions_it_holds()
    if mark == TEST_DATABASE and holds:
        raise CommandError(
            f"This database is marked as one for tests, but holds {holds} that no "
            "proof has made. Use an empty one."
        )


def sessions_it_holds() -> str:
    count = sessions_of_others().count()
    return f"{count} {ngettext('session', 'sessions', count)}" if count else ""


def knock(racer: Racer, site: SplitResult, trainer: Trainer) -> None:
    """Whether the site is there, and looks into the database that we look into."""
    address = site.geturl()
    try:
        status, said = racer.ask(SCHEDULE.format(trainer.pk, gym_now().date()))
    except (OSError, HTTPException) as error:
        raise CommandError(
            f"No site answers at {address} ({error}). Start it, or say where it is "
            "with --url."
        ) from error
    if status == 401:
        raise CommandError(
            f"The site at {address} uses another database than this command: it does "
            "not know the proof's members. Give both the same DATABASE_URL."
        )
    if status != 200 or said.get("trainer_id") != trainer.pk:
        raise CommandError(
            f"What answers at {address} is not this site, or not ready: it says "
            f"{status}. {said.get('error', 'Give its full address with --url.')}"
        )


@contextmanager
def only_proof_here() -> Iterator[None]:
    """Two proofs at once would clear each other away."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('finova proof'))")
        if not cursor.fetchone()[0]:
            raise CommandError("Another proof is running against this database.")
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtext('finova proof'))")


@contextmanager
def cleared() -> Iterator[None]:
    """Nothing of an earlier proof inside, nothing of this one afterwards."""
    clear_away()
    try:
        yield
    except KeyboardInterrupt:
        raise CommandError("Stopped; what the proof had made is removed.") from None
    finally:
        # A second Ctrl-C must not leave half of it there.
        impatient = signal.signal(signal.SIGINT, signal.SIG_IGN)
        clear_away()
        signal.signal(signal.SIGINT, impatient)
