import random
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError, transaction
from django.utils.text import slugify

from bookings import demo
from bookings.domain.booking import (
    book_session,
    cancel_session,
    complete_session,
    mark_no_show,
)
from bookings.domain.marking import check_in
from bookings.domain.projection import refresh_schedule
from bookings.exceptions import BookingRefused, OverLimit
from bookings.models import TrainingSession
from trainers.clock import at_gym, gym_now
from trainers.models import DatedSlot, SlotStatus, Trainer, WorkingHours
from trainers.schedule import set_slot_status, weekly_template
from trainers.slots import dated_slots

User = get_user_model()

PAST = timedelta(weeks=4)
AHEAD = timedelta(weeks=3)
DAY = timedelta(days=1)
BOOKED_BEFORE = timedelta(days=6)
CANCELLED_BEFORE = timedelta(hours=8)
CAME_BEFORE = timedelta(minutes=6)
# By the luck of the draw, out of twelve.
CANCELLED = (1, 5)
UNMARKED = (2, 3, 4)
JOINED_BEFORE = timedelta(days=200)


class Command(BaseCommand):
    help = (
        "Fill the database with a demo gym: trainers, members, four weeks of sessions "
        "behind and three ahead. Again on another day, it adds what is missing."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError(
                "Demo accounts have a known password: not in production."
            )
        now = gym_now()
        self.mark()
        self.members = self.seed_people()
        sessions = sum(
            self.seed_sessions(self.seed_trainer(person), person.demand, now)
            for person in demo.TRAINERS
        )
        self.stdout.write(
            f"  {len(demo.TRAINERS)} trainers, {len(self.members)} members, "
            f"{sessions} sessions added"
        )

    def mark(self) -> None:
        """Where others than the demo's people are, they may need what they have."""
        if User.objects.exclude(email__endswith="@example.com").exists():
            return
        try:
            demo.mark_database(demo.DEMO_DATABASE)
        except ProgrammingError as error:
            self.stdout.write(f"  Not marked as a demo: {error}".rstrip())

    def seed_people(self) -> list[Any]:
        password = make_password(demo.PASSWORD)
        for email, _ in demo.ACCOUNTS:
            self.person(email, demo.NAMES[email], password)
        User.objects.filter(email=demo.ADMINISTRATOR).update(
            is_staff=True, is_superuser=True
        )
        for role, email in demo.ROLES.items():
            Group.objects.get(name=role).user_set.add(User.objects.get(email=email))
        self.desk = User.objects.get(email=demo.FRONT_DESK)
        names = [name.strip() for name in demo.MEMBERS.split(",")]
        return [
            User.objects.get(email=demo.MEMBER),
            User.objects.get(email=demo.OTHER),
            *(self.member(place, name, password) for place, name in enumerate(names)),
        ]

    def member(self, place: int, name: str, password: str) -> Any:
        """Long a member, but for the newest; the numbers are set aside for stories."""
        is_new = name in demo.NEWEST
        return self.person(
            f"{slugify(name)}@example.com",
            name,
            password,
            phone=demo.PHONE.format(place),
            date_joined=gym_now() - (DAY if is_new else JOINED_BEFORE),
        )

    def person(self, email: str, name: str, password: str, **more: Any) -> Any:
        known = User.objects.filter(email=email).first()
        if known:
            return known
        more = {"date_joined": gym_now() - JOINED_BEFORE, **more}
        return User.objects.create(email=email, name=name, password=password, **more)

    def seed_trainer(self, person: demo.DemoTrainer) -> Trainer:
        known = Trainer.objects.filter(slug=slugify(person.name)).first()
        return known or self.new_trainer(person)

    @transaction.atomic
    def new_trainer(self, person: demo.DemoTrainer) -> Trainer:
        trainer = Trainer.objects.create(
            name=person.name,
            specialisation=person.specialisation,
            about=person.about,
            hourly_rate=person.hourly_rate,
            session_minutes=person.session_minutes,
            session_types=person.session_types,
            user=User.objects.filter(name=person.name).first(),
        )
        WorkingHours.objects.bulk_create(
            WorkingHours(trainer=trainer, day_of_week=day, starts_at=start, ends_at=end)
            for day, start, end in person.hours
        )
        refresh_schedule(trainer.pk)
        slots = weekly_template(trainer)
        breaks = [(day, slot) for day, slot in slots if slot in person.breaks]
        set_slot_status(trainer.pk, breaks, SlotStatus.BREAK)
        set_slot_status(trainer.pk, person.closed, SlotStatus.UNAVAILABLE)
        return trainer

    def seed_sessions(self, trainer: Trainer, demand: int, now: datetime) -> int:
        """Book the days that have no session yet, by the luck of their date."""
        seeded = set(trainer.sessions.values_list("session_date", flat=True))
        days = (now.date() + n * DAY for n in range(-PAST.days, AHEAD.days + 1))
        return sum(
            self.seed_day(trainer, demand, day, now)
            for day in days
            if day not in seeded
        )

    @transaction.atomic
    def seed_day(self, trainer: Trainer, demand: int, day: date, now: datetime) -> int:
        luck = random.Random(f"{trainer.slug} {day}")  # noqa: S311
        slots = [slot for slot in dated_slots([trainer.pk], [day]) if slot.is_open]
        chosen = luck.sample(slots, k=-(-len(slots) * demand // 10))
        clients = luck.sample(self.crowd(day, luck, now), k=len(chosen))
        return sum(
            self.seed_session(trainer, client, slot, luck, now)
            for slot, client in zip(chosen, clients, strict=True)
        )

    def crowd(self, day: date, luck: random.Random, now: datetime) -> list[Any]:
        """Who trains that day. Maya and Omar have little ahead: visitors try them."""
        stay_away = day > now.date() and luck.randrange(3)
        return self.members[2:] if stay_away else self.members

    def seed_session(
        self,
        trainer: Trainer,
        client: Any,
        slot: DatedSlot,
        luck: random.Random,
        now: datetime,
    ) -> bool:
        wish: dict[str, Any] = {
            "trainer_id": trainer.pk,
            "session_date": slot.day,
            "start_time": slot.starts,
            "end_time": slot.ends,
            "session_type": luck.choice(trainer.session_types),
            "notes": self.notes(trainer, slot),
            "now": min(at_gym(slot.day, slot.starts) - BOOKED_BEFORE, now),
        }
        try:
            session = book_session(client, **wish)
        except OverLimit:
            why = "Agreed at the front desk."
            session = book_session(client, by=self.desk, reason=why, **wish)
        except BookingRefused:
            # Another trainer has this member then.
            return False
        self.live_through(session, luck.randrange(12), now)
        return True

    def live_through(
        self, session: TrainingSession, chance: int, now: datetime
    ) -> None:
        """What has become of it until now. Of yesterday, a few nobody marked."""
        is_recent = session.session_date >= now.date() - DAY
        cancelled_at = session.starts - CANCELLED_BEFORE
        if is_recent and chance in CANCELLED and cancelled_at < now:
            client = session.client
            cancel_session(session, by=client, now=cancelled_at, late_is_fine=True)
        elif session.session_date == now.date():
            self.receive(session, chance, now)
        elif session.ends < now and not (is_recent and chance in UNMARKED):
            self.close(session, chance)

    def receive(self, session: TrainingSession, chance: int, now: datetime) -> None:
        """Who trains today comes a little early; one in four comes late, or never."""
        came_at = session.starts - CAME_BEFORE
        if came_at < now and chance and chance not in UNMARKED:
            check_in(session, by=self.desk, now=came_at)
        if session.ends < now and chance not in UNMARKED:
            self.close(session, chance)

    def close(self, session: TrainingSession, chance: int) -> None:
        """The trainer says how it went, or else the front desk."""
        mark = complete_session if chance else mark_no_show
        mark(session, by=session.trainer.user or self.desk, now=session.ends)

    def notes(self, trainer: Trainer, slot: DatedSlot) -> str:
        luck = random.Random(f"{trainer.slug} {slot.day} {slot.starts}")  # noqa: S311
        writes = luck.randrange(10) < demo.NOTES_IN_TEN
        return luck.choice(demo.NOTES) if writes else ""
