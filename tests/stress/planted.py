"""The faults that we plant, one at a time, and what has to report each of them.

A suite that finds nothing proves nothing until it has found these.
"""

from dataclasses import dataclass

from tests.stress.findings import (
    BROKEN_PROMISE,
    CONSTRAINT,
    DEADLOCK,
    DID_NOT_WAIT,
    DOUBLE,
    LEFT_BEHIND,
    LOST,
    NO_REASON,
    OTHER_ANSWER,
    OTHERWISE,
    SERVER_ERROR,
)
from tests.stress.planting import Edit

TRAINER_OVERLAP = "training_sessions_no_trainer_overlap"


@dataclass(frozen=True)
class Fault:
    scenario: str
    """Which scenario, of which module, has to report it."""
    caught_by: str
    edits: tuple[Edit, ...] = ()
    dropped: str = ""
    """A constraint that is taken away from the database."""
    setting: str = ""
    """What the database is told to do otherwise."""
    still_holds: str = ""
    """What must not be found: the other guard alone sees to it."""
    counted_as: str = ""
    """A figure that has to show it too."""
    in_short: bool = False
    """Also planted in the short run, which every change has to pass."""


ONE_SLOT = "races.one_slot_many_members"

NO_TRAINER_LOCK = Edit(
    "trainers.models",
    "return {row.pk: row for row in rows.select_for_update(no_key=True)}",
    "return {row.pk: row for row in rows}",
)

REMEMBER = """
import functools

@functools.cache
def remembered_slots(trainer, day):
    return slots_of(trainer, day)


"""

FAULTS = {
    # --- locks and constraints ---
    "no lock on the trainer": Fault(
        ONE_SLOT, CONSTRAINT, (NO_TRAINER_LOCK,), still_holds=DOUBLE
    ),
    "no constraint": Fault(
        ONE_SLOT, BROKEN_PROMISE, dropped=TRAINER_OVERLAP, still_holds=DOUBLE
    ),
    "neither lock nor constraint": Fault(
        ONE_SLOT, DOUBLE, (NO_TRAINER_LOCK,), dropped=TRAINER_OVERLAP, in_short=True
    ),
    "no lock on the member": Fault(
        "races.one_member_many_trainers",
        CONSTRAINT,
        (
            Edit(
                "bookings.models",
                "for row in clients.select_for_update(no_key=True)}",
                "for row in clients}",
            ),
        ),
    ),
    "trainers are locked before members": Fault(
        "turns.one_member_cancels_and_books",
        DEADLOCK,
        (
            Edit(
                "bookings.models",
                "        lock_people(clients, trainers)\n        if stored and",
                "        Trainer.objects.lock(trainers)\n"
                "        lock_people(clients, trainers)\n        if stored and",
            ),
        ),
        counted_as="retries",
    ),
    "two trainers are locked in any order": Fault(
        "turns.two_moves_cross",
        DEADLOCK,
        (
            Edit(
                "bookings.models",
                "        lock_people(clients, trainers)\n        if stored and",
                "        for trainer in [self.trainer_id, *trainers]:\n"
                "            lock_people(clients, [trainer])\n        if stored and",
            ),
        ),
    ),
    "cancelling takes no lock": Fault(
        "turns.everybody_waits",
        DID_NOT_WAIT,
        (
            Edit(
                "bookings.domain.booking",
                "        locked = locked_copy(session)\n"
                "        if locked.status == SessionStatus.CANCELLED:",
                "        locked = session\n"
                "        if locked.status == SessionStatus.CANCELLED:",
            ),
        ),
    ),
    # --- looking again after the lock ---
    "checked before the lock alone": Fault(
        "turns.the_second_sees_the_first",
        CONSTRAINT,
        (
            Edit(
                "bookings.domain.booking",
                "trainer = check(trainers.get(trainer_id))",
                "trainer = trainers[trainer_id]",
            ),
        ),
        in_short=True,
    ),
    "slots are read once and remembered": Fault(
        "turns.a_break_is_seen",
        OTHERWISE,
        (
            Edit("bookings.domain.booking", "def look_up(", REMEMBER + "def look_up("),
            Edit(
                "bookings.domain.booking",
                "slots=slots_of(trainer, session_date),",
                "slots=remembered_slots(trainer, session_date),",
            ),
        ),
    ),
    "a trainer who leaves is not seen": Fault(
        "turns.a_trainer_who_leaves_is_seen",
        OTHERWISE,
        (
            Edit(
                "bookings.domain.booking",
                "    check(Trainer.objects.filter(pk=trainer_id).first())\n",
                "    seen = check(Trainer.objects.filter(pk=trainer_id).first())\n",
            ),
            Edit(
                "bookings.domain.booking",
                "trainer = check(trainers.get(trainer_id))",
                "trainer = check(seen)",
            ),
        ),
    ),
    "a cancelled session is not read again": Fault(
        "turns.what_took_place_is_not_cancelled",
        OTHERWISE,
        (
            Edit(
                "bookings.domain.booking",
                "    locked = TrainingSession.objects.filter(pk=session.pk).first()\n",
                "    locked = session\n",
            ),
        ),
    ),
    "moving checks nothing": Fault(
        "turns.a_move_sees_the_first",
        CONSTRAINT,
        (
            Edit(
                "bookings.domain.booking",
                "        check_rules(wish)\n        return put_at(",
                "        return put_at(",
            ),
        ),
    ),
    # --- keys ---
    "the key is stored outside the transaction": Fault(
        ONE_SLOT,
        LEFT_BEHIND,
        (
            Edit(
                "bookings.domain.idempotency",
                "    with writing():\n        row, is_new",
                "    with __import__('contextlib').nullcontext():\n        row, is_new",
            ),
        ),
        in_short=True,
    ),
    "the key is stored after the booking": Fault(
        "races.double_clicks",
        OTHERWISE,
        (
            Edit(
                "bookings.domain.idempotency",
                "        row, is_new = IdempotencyKey.objects.get_or_create(\n"
                "            client_id=client.pk, key=key, "
                'defaults={"fingerprint": fingerprint}\n        )\n',
                "        mine = dict(client_id=client.pk, key=key)\n"
                "        row = IdempotencyKey.objects.filter(**mine).first()\n"
                "        is_new = row is None\n"
                "        row = row or IdempotencyKey("
                "fingerprint=fingerprint, **mine)\n",
            ),
            Edit(
                "bookings.domain.idempotency",
                'row.save(update_fields=["session", "answer"])',
                "row.save()",
            ),
        ),
    ),
    "a key is anybody's": Fault(
        "races.keys",
        OTHERWISE,
        (
            Edit(
                "bookings.domain.idempotency",
                'client_id=client.pk, key=key, defaults={"fingerprint": fingerprint}',
                "key=key, "
                'defaults={"client_id": client.pk, "fingerprint": fingerprint}',
            ),
        ),
    ),
    "a key stands for any request": Fault(
        "races.keys",
        OTHERWISE,
        (
            Edit(
                "bookings.domain.idempotency",
                "if row.fingerprint != fingerprint:",
                "if False:",
            ),
        ),
    ),
    "a repeat is answered anew": Fault(
        "races.keys",
        OTHER_ANSWER,
        (
            Edit(
                "bookings.domain.idempotency",
                "return Receipt(row.answer, replayed=not is_new)",
                "return Receipt(row.session.facts(), replayed=not is_new)",
            ),
        ),
    ),
    # --- what follows a booking ---
    "a signal is swallowed": Fault(
        ONE_SLOT,
        BROKEN_PROMISE,
        (
            Edit(
                "bookings.signals", "    project_after_write(instance)\n", "    pass\n"
            ),
        ),
        in_short=True,
    ),
    "a slot shows its last session": Fault(
        ONE_SLOT,
        BROKEN_PROMISE,
        (
            Edit(
                "bookings.domain.projection",
                "ORDER BY s.id, x.session_date, x.start_time, x.id",
                "ORDER BY s.id, x.session_date DESC, x.start_time, x.id",
            ),
        ),
    ),
    # --- answers ---
    "confirmed, and rolled back": Fault(
        ONE_SLOT,
        LOST,
        (
            Edit(
                "bookings.domain.idempotency",
                'row.save(update_fields=["session", "answer"])',
                'row.save(update_fields=["session", "answer"])\n'
                "            if row.session.pk % 5 == 0:\n"
                "                from django.db import transaction\n"
                "                transaction.set_rollback(True)",
            ),
        ),
    ),
    "confirmed before it is on the disk": Fault(
        "breakdowns.the_database_crashes",
        LOST,
        setting="synchronous_commit = off",
    ),
    "a broken connection is told as taken": Fault(
        "turns.cut_off_while_it_waits",
        NO_REASON,
        (Edit("bookings.transactions", '"57P": Away,', '"57P": SlotTaken,'),),
    ),
    "a broken connection is a bug": Fault(
        "breakdowns.backends_are_terminated",
        SERVER_ERROR,
        (
            Edit("bookings.transactions", '    "57P": Away,', '    "57X": Away,'),
            Edit(
                "bookings.transactions",
                "    if isinstance(error, (psycopg.OperationalError",
                "    if isinstance(error, (KeyError",
            ),
        ),
    ),
    "nobody says when to come back": Fault(
        "breakdowns.the_database_is_read_only",
        SERVER_ERROR,
        (Edit("finova.errors", '"Retry-After"', '"Come-Again"'),),
    ),
}
