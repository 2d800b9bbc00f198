"""What happened to a session, in the words of the member whose it is.

Only who did it is told, and what became of day, time and trainer: neither the names
of staff, nor other members, nor the reasons that staff note for themselves. The file
of one's data, `finova.accounts.export`, leaves the same reasons out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum, auto
from typing import Any

from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.models import BookingEvent, TrainingSession
from trainers.models import SessionType, Trainer
from trainers.wording import clock, day_name, money

Action = BookingEvent.Action


class Who(Enum):
    YOU = auto()
    TRAINER = auto()
    GYM = auto()


@dataclass(frozen=True)
class Line:
    at: datetime
    sentence: str


# By whom it was done; what is not here is told as the gym's.
SENTENCES: Mapping[tuple[str, Who], Promise] = {
    (Action.BOOKED, Who.YOU): gettext_lazy(
        "You booked %(day)s, %(time)s with %(trainer)s."
    ),
    (Action.BOOKED, Who.TRAINER): gettext_lazy(
        "%(actor)s booked %(day)s, %(time)s for you."
    ),
    (Action.BOOKED, Who.GYM): gettext_lazy(
        "The gym booked %(day)s, %(time)s with %(trainer)s for you."
    ),
    (Action.CONFIRMED, Who.TRAINER): gettext_lazy("%(actor)s confirmed it."),
    (Action.CONFIRMED, Who.GYM): gettext_lazy("The gym confirmed it."),
    (Action.CANCELLED, Who.YOU): gettext_lazy("You cancelled it."),
    (Action.CANCELLED, Who.TRAINER): gettext_lazy("%(actor)s cancelled it."),
    (Action.CANCELLED, Who.GYM): gettext_lazy("The gym cancelled it."),
    (Action.COMPLETED, Who.TRAINER): gettext_lazy(
        "%(actor)s noted that it took place."
    ),
    (Action.COMPLETED, Who.GYM): gettext_lazy("The gym noted that it took place."),
    (Action.NO_SHOW, Who.TRAINER): gettext_lazy(
        "%(actor)s noted that you did not come."
    ),
    (Action.NO_SHOW, Who.GYM): gettext_lazy("The gym noted that you did not come."),
    (Action.CHECKED_IN, Who.GYM): gettext_lazy("You arrived, and were checked in."),
    (Action.CHECK_IN_UNDONE, Who.GYM): gettext_lazy(
        "The check-in was taken back: it had been a mistake."
    ),
    (Action.MARK_UNDONE, Who.TRAINER): gettext_lazy(
        "%(actor)s took the last note back: it is booked as before."
    ),
    (Action.MARK_UNDONE, Who.GYM): gettext_lazy(
        "The gym took the last note back: it is booked as before."
    ),
    (Action.REOPENED, Who.YOU): gettext_lazy(
        "You took the cancellation back: it is booked again."
    ),
    (Action.REOPENED, Who.TRAINER): gettext_lazy("%(actor)s booked it again for you."),
    (Action.REOPENED, Who.GYM): gettext_lazy("The gym booked it again for you."),
}
MOVED: Mapping[Who, Promise] = {
    Who.YOU: gettext_lazy("You moved it from %(before)s to %(after)s."),
    Who.TRAINER: gettext_lazy("%(actor)s moved it from %(before)s to %(after)s."),
    Who.GYM: gettext_lazy("The gym moved it from %(before)s to %(after)s."),
}
PRICED = gettext_lazy("The gym changed the price from %(before)s to %(after)s.")
TYPE_CHANGED = gettext_lazy("The gym changed it from %(before)s to %(after)s.")
LATE = gettext_lazy(
    "You cancelled it. It was after the cut-off, so it counts as a late cancellation."
)
CHANGED = gettext_lazy("The gym changed it.")


def story_of(session: TrainingSession) -> list[Line]:
    """From the first line to the last, as its member may read it. Two queries."""
    events = list(session.events.all())
    trainers = Trainer.objects.filter(pk__in={session.trainer_id, *trainer_ids(events)})
    return list(tell(session, events, {row.pk: row for row in trainers}))


def trainer_ids(events: Iterable[BookingEvent]) -> Iterator[int]:
    for event in events:
        for facts in (event.before, event.after):
            if "trainer_id" in facts:
                yield facts["trainer_id"]


def tell(
    session: TrainingSession,
    events: Sequence[BookingEvent],
    trainers: Mapping[int, Trainer],
) -> Iterator[Line]:
    """What was written about another member's time with it stays untold."""
    ours = [
        event
        for event in events
        if is_about(event.after, session.client_id) and not went_nowhere(event)
    ]
    if not begins(ours, session.client_id):
        yield Line(
            localtime(session.created_at), _("The gym entered this session for you.")
        )
    for event in ours:
        yield Line(localtime(event.at), sentence(event, session, trainers))


def begins(ours: Sequence[BookingEvent], client_id: int) -> bool:
    """Rows that came by SQL have no first line, or none at all."""
    if not ours:
        return False
    became_theirs = not is_about(ours[0].before, client_id)
    return ours[0].action == Action.BOOKED or became_theirs


def went_nowhere(event: BookingEvent) -> bool:
    """The same move, sent twice."""
    return event.action == Action.MOVED and event.before == event.after != {}


def is_about(facts: Mapping[str, Any], client_id: int) -> bool:
    return bool(facts.get("client_id", client_id) == client_id)


def sentence(
    event: BookingEvent, session: TrainingSession, trainers: Mapping[int, Trainer]
) -> str:
    who, actor = actor_of(event, session, trainers)
    if event.action == Action.MOVED:
        return moved(event, who, actor, session, trainers)
    if event.action in (Action.PRICED, Action.TYPE_CHANGED):
        return put_right(event)
    if who is Who.YOU and event.after.get("cancelled_late"):
        return str(LATE)
    told = SENTENCES.get((event.action, who)) or SENTENCES.get((event.action, Who.GYM))
    place = Place.of(event.after, session, trainers)
    return str(told or CHANGED) % {"actor": actor, **place.names}


def put_right(event: BookingEvent) -> str:
    """Another price or type. What SQL wrote without a price is told as no number."""
    told, name, written = {
        Action.PRICED: (PRICED, "price", written_price),
        Action.TYPE_CHANGED: (TYPE_CHANGED, "session_type", written_type),
    }[Action(event.action)]
    before, after = event.before.get(name), event.after.get(name)
    if before is None or after is None:
        return str(CHANGED)
    return str(told) % {"before": written(before), "after": written(after)}


def written_price(price: str) -> str:
    return money(Decimal(price))


def written_type(session_type: str) -> str:
    return str(SessionType(session_type).label)


def moved(
    event: BookingEvent,
    who: Who,
    actor: str,
    session: TrainingSession,
    trainers: Mapping[int, Trainer],
) -> str:
    if not is_about(event.before, session.client_id):
        return _("The gym entered this session for you.")
    before = Place.of(event.before, session, trainers)
    after = Place.of(event.after, session, trainers)
    same = before.trainer == after.trainer
    return str(MOVED[who]) % {
        "actor": actor,
        "before": before.when if same else before.when_and_who,
        "after": after.when if same else after.when_and_who,
    }


def actor_of(
    event: BookingEvent, session: TrainingSession, trainers: Mapping[int, Trainer]
) -> tuple[Who, str]:
    """By name only a trainer whose session it is, was or becomes."""
    if event.actor_id is None:
        return Who.GYM, ""
    if event.actor_id == session.client_id:
        return Who.YOU, ""
    for trainer_id in {session.trainer_id, *trainer_ids([event])}:
        trainer = trainers.get(trainer_id)
        if trainer and trainer.user_id == event.actor_id:
            return Who.TRAINER, trainer.name
    return Who.GYM, ""


@dataclass(frozen=True)
class Place:
    day: date
    start: time
    trainer: str

    @classmethod
    def of(
        cls,
        facts: Mapping[str, Any],
        session: TrainingSession,
        trainers: Mapping[int, Trainer],
    ) -> "Place":
        """As the facts say; what they leave out is as the session has it now."""
        trainer = trainers.get(facts.get("trainer_id", session.trainer_id))
        day, start = facts.get("session_date"), facts.get("start_time")
        return cls(
            date.fromisoformat(day) if day else session.session_date,
            time.fromisoformat(start) if start else session.start_time,
            trainer.name if trainer else _("another trainer"),
        )

    @property
    def names(self) -> dict[str, str]:
        return {
            "day": day_name(self.day),
            "time": clock(self.start),
            "trainer": self.trainer,
        }

    @property
    def when(self) -> str:
        return _("%(day)s, %(time)s") % self.names

    @property
    def when_and_who(self) -> str:
        return _("%(day)s, %(time)s with %(trainer)s") % self.names
