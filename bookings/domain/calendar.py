"""Sessions as calendars read them (RFC 5545): for one file, or for a private feed.

Only when, with whom, where and the page's address: no notes, no prices, no people's
details. Calendars copy what they read to places that we do not know. So a trainer's
feed says no more of a member than the first name and the kind of session: what it
takes to know whom to expect.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from unicodedata import category

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, Timezone, vDuration, vUri

from bookings.domain.coach import guest_of
from bookings.gym import gym_name
from bookings.models import (
    BookingEvent,
    SessionStatus,
    TrainingSession,
    TrainingSessionQuerySet,
)

Action = BookingEvent.Action

# Each tells the calendars that the event they hold is no longer what it was.
CHANGES = (Action.MOVED, Action.CANCELLED, Action.REOPENED)
PAST_KEPT = timedelta(days=30)
READ_AGAIN = timedelta(hours=1)
DAY = timedelta(days=1)
# Control characters, and the line ends that are letters to Unicode.
STEERING = {"Cc", "Zl", "Zp"}

AddressOf = Callable[[TrainingSession], str]
SummaryOf = Callable[[TrainingSession], str]


def member_sessions(client_id: int, *, now: datetime) -> TrainingSessionQuerySet:
    mine = TrainingSession.objects.filter(client=client_id).select_related("trainer")
    return feed_sessions(mine, now=now)


def coach_sessions(trainer_id: int, *, now: datetime) -> TrainingSessionQuerySet:
    given = TrainingSession.objects.filter(trainer=trainer_id).select_related("client")
    return feed_sessions(given, now=now)


def feed_sessions(
    sessions: TrainingSessionQuerySet, *, now: datetime
) -> TrainingSessionQuerySet:
    """What a feed holds: all that is ahead and a month of the past.

    Cancelled ones too: a calendar removes an event when it reads that it is cancelled.
    """
    since = now.date() - PAST_KEPT
    return sessions.filter(session_date__gte=since).prefetch_related("events")


def with_trainer(session: TrainingSession) -> str:
    return _("Training with %(trainer)s") % {"trainer": session.trainer}


def with_member(session: TrainingSession) -> str:
    """Maya · Consultation"""
    guest = guest_of(session.client)
    kind = session.get_session_type_display()
    return _("%(name)s · %(kind)s") % {"name": guest.first_name, "kind": kind}


def write_calendar(
    sessions: Iterable[TrainingSession],
    *,
    name: str,
    address_of: AddressOf,
    summary_of: SummaryOf = with_trainer,
) -> bytes:
    """An iCalendar stream; with events and trainers fetched before, one query at most.

    The same sessions give the same bytes, so that a calendar sees when nothing changed.
    """
    sessions = list(sessions)
    calendar = Calendar()
    calendar.add("prodid", "-//FinovaFitness//Training sessions//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("name", one_line(name))
    calendar.add("x-wr-calname", one_line(name))
    calendar.add("x-wr-timezone", settings.TIME_ZONE)
    calendar.add("refresh-interval", READ_AGAIN, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(READ_AGAIN))
    if sessions:
        calendar.add_component(time_zone(sessions))
    place = one_line(gym_name())
    for session in sessions:
        event = write_event(session, summary_of(session), address_of(session), place)
        calendar.add_component(event)
    return bytes(calendar.to_ical())


# Nobody knows the clocks of a time further away, and each year takes its lines.
LAST_KNOWN = date(2099, 12, 31)


def time_zone(sessions: list[TrainingSession]) -> Timezone:
    """The gym's zone with the changes of the clock around these sessions."""
    days = [min(session.session_date, LAST_KNOWN) for session in sessions]
    return Timezone.from_tzid(
        settings.TIME_ZONE,
        first_date=min(days) - 366 * DAY,
        last_date=max(days) + 366 * DAY,
    )


def write_event(
    session: TrainingSession, summary: str, address: str, place: str
) -> Event:
    event = Event()
    event.add("uid", uid_of(session))
    event.add("sequence", sequence_of(session))
    event.add("dtstamp", session.updated_at.astimezone(UTC))
    event.add("created", session.created_at.astimezone(UTC))
    event.add("last-modified", session.updated_at.astimezone(UTC))
    event.add("dtstart", session.starts)
    event.add("dtend", session.starts + session.length)
    event.add("summary", one_line(summary))
    event.add("location", place)
    event.add("url", vUri(address))
    event.add("status", status_of(session))
    event.add("transp", "TRANSPARENT" if is_cancelled(session) else "OPAQUE")
    return event


def uid_of(session: TrainingSession) -> str:
    """The session's for ever, wherever the site moves and whatever the gym is called.

    The moment of its making tells it from the session of another gym that has the
    same number, in the calendar of who trains at both.
    """
    made = session.created_at.astimezone(UTC)
    return f"session-{session.pk}-{made:%Y%m%dT%H%M%S%f}@finovafitness"


def sequence_of(session: TrainingSession) -> int:
    """How often it has changed: calendars believe the copy with the higher number."""
    return sum(event.action in CHANGES for event in session.events.all())


def status_of(session: TrainingSession) -> str:
    return "CANCELLED" if is_cancelled(session) else "CONFIRMED"


def is_cancelled(session: TrainingSession) -> bool:
    return session.status == SessionStatus.CANCELLED


def one_line(text: str) -> str:
    """What steers a line or a terminal becomes a space: no name has it for a reason."""
    printed = "".join(" " if category(sign) in STEERING else sign for sign in text)
    return " ".join(printed.split())
