"""The demo gym: the same people and habits each time, told relative to today.

Also the mark by which a database that is there to be played with says so itself.
"""

from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal
from functools import cache

from django.db import connection

from trainers.models import DayOfWeek, SessionType
from trainers.schedule import USUAL_HOURS, Hours

# Its comment, which no dump of the tables carries into another database.
DEMO_DATABASE = "FinovaFitness demo gym"
TEST_DATABASE = "FinovaFitness test database"

PASSWORD = "finova-demo"  # noqa: S105 (demo data only; production refuses it)

MEMBER = "member@example.com"
OTHER = "other@example.com"
TRAINER = "trainer@example.com"
FRONT_DESK = "frontdesk@example.com"
MANAGER = "manager@example.com"
ADMINISTRATOR = "admin@example.com"

ACCOUNTS = [
    (MEMBER, "a member"),
    (OTHER, "a second member"),
    (TRAINER, "the trainer Ana Ruiz"),
    (FRONT_DESK, "the front desk"),
    (MANAGER, "the manager"),
    (ADMINISTRATOR, "the administrator"),
]

NAMES = {
    MEMBER: "Maya Lindqvist",
    OTHER: "Omar Haddad",
    TRAINER: "Ana Ruiz",
    FRONT_DESK: "Frieda Desch",
    MANAGER: "Margit Sommer",
    ADMINISTRATOR: "Adam Nowak",
}

ROLES = {"Trainers": TRAINER, "Front desk": FRONT_DESK, "Managers": MANAGER}

# With Maya and Omar they are forty.
MEMBERS = """
    Aisha Karim, Anton Weber, Beatriz Sousa, Ben Carter, Chiara Conti, Chloe Martin,
    Daniel Okafor, Davor Kovač, Elena Petrova, Emil Hansen, Fatima Zahra, Felix Braun,
    Grace Kim, Hugo Lefèvre, Ines Duarte, Ivan Horvat, Jana Nováková, Jonas Keller,
    Katarina Maric, Kwame Mensah, Lena Fischer, Liam Walsh, Lucia Romero,
    Marek Zielinski, Mei Tanaka, Miriam Levi, Nadia Rahman, Nils Berg, Olga Ivanova,
    Pablo Ortega,
    Priya Nair, Rafael Costa, Sara Jensen, Sofia Rossi, Theo Dubois, Tomas Vargas,
    Vera Lang, Yusuf Demir
"""

NEWEST = ("Vera Lang", "Yusuf Demir")
# What members write when they book, one in three of them.
NOTES = [
    "My left knee still clicks on the stairs: no deep lunges yet, please.",
    "I come straight from a night shift, so I may be slow to start.",
    "The doctor says no pressing overhead for two more weeks.",
    "I would love to manage one pull-up before Easter.",
    "My back is fine again, thank you!",
    "May be five minutes late: the bus.\nPlease start the rower without me.",
    "Could we measure again this time?",
]
NOTES_IN_TEN = 3

# Numbers of this range belong to nobody.
PHONE = "030 23125 {:03}"

SUN, MON, TUE, WED, THU, FRI, SAT = DayOfWeek


def hours(days: tuple[DayOfWeek, ...], *spans: tuple[int, int]) -> list[Hours]:
    return [(day, time(start), time(end)) for day in days for start, end in spans]


def database_mark() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(shobj_description(oid, 'pg_database'), '') "
            "FROM pg_database WHERE datname = current_database()"
        )
        return str(cursor.fetchone()[0])


@cache
def is_for_play() -> bool:
    """Whether this database is a demo's or a test's. Looked up once a process."""
    return database_mark() in (DEMO_DATABASE, TEST_DATABASE)


def mark_database(mark: str) -> None:
    """Raises ProgrammingError for a user who does not own the database."""
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute(f"COMMENT ON DATABASE {name} IS '{mark}'")


@dataclass(frozen=True)
class DemoTrainer:
    name: str
    specialisation: str
    hourly_rate: Decimal
    about: str
    hours: list[Hours]
    session_minutes: int = 60
    session_types: list[SessionType] = field(
        default_factory=lambda: [
            SessionType.PERSONAL_TRAINING,
            SessionType.CONSULTATION,
        ]
    )
    breaks: tuple[time, ...] = (time(13),)
    closed: tuple[tuple[DayOfWeek, time], ...] = ()
    # How many of ten times are booked, on average.
    demand: int = 3


WEEKDAYS = (MON, TUE, WED, THU, FRI)

TRAINERS = [
    DemoTrainer(
        "Ana Ruiz",
        "Strength and mobility",
        Decimal(75),
        "Fifteen years of coaching people who sit too much. Expect kettlebells.\n\n"
        "We start with what hurts, and by the sixth week you carry your own shopping "
        "up four floors. Bring flat shoes and a bottle of water.",
        USUAL_HOURS,
        closed=tuple(
            (day, time(hour))
            for day, hours_closed in [
                (WED, (17, 18, 19)),
                (FRI, (7, 8)),
                (SAT, (17, 18, 19)),
                (SUN, (15,)),
            ]
            for hour in hours_closed
        ),
    ),
    DemoTrainer(
        "Bruno Keller",
        "Boxing and conditioning",
        Decimal(60),
        "Former amateur champion. Gloves are provided, excuses are not.\n\n"
        "Three quarters of an hour are enough: rope, pads, bag, and a quiet end. "
        "Nobody is hit in the first month.",
        hours(WEEKDAYS, (6, 12), (16, 21)),
        session_minutes=45,
        breaks=(time(9),),
        closed=((MON, time(6)), (TUE, time(6))),
    ),
    DemoTrainer(
        "Clara Vogel",
        "Running and endurance",
        Decimal("57.50"),
        "From the first five kilometres to the last ten of a marathon.\n\n"
        "I film your stride once, and then we talk about breath and patience. In good "
        "weather we run by the river; meet me at the front desk.",
        hours((TUE, THU), (6, 14)) + hours((SAT, SUN), (7, 15)),
        breaks=(time(11),),
        demand=4,
    ),
    DemoTrainer(
        "Dmitri Sokolov",
        "Olympic weightlifting",
        Decimal(90),
        "Technique first, then the numbers follow. Two platforms, one coach.\n\n"
        "Ninety minutes, because a snatch takes time. Beginners learn with a "
        "broomstick, and everybody was a beginner.",
        hours((MON, WED, FRI), (10, 20)),
        session_minutes=90,
        breaks=(time(13),),
        demand=4,
    ),
    DemoTrainer(
        "Esther Amoah",
        "Pregnancy and postnatal",
        Decimal(70),
        "Midwife and trainer. Babies are welcome, prams fit through the door.\n\n"
        "Before the birth we keep you moving; afterwards we start from six weeks, "
        "gently, with your doctor’s word.",
        hours(WEEKDAYS, (9, 15)),
        session_types=[
            SessionType.PERSONAL_TRAINING,
            SessionType.CONSULTATION,
            SessionType.GROUP_SESSION,
        ],
        breaks=(time(12),),
        closed=((FRI, time(14)),),
    ),
    DemoTrainer(
        "Finn O’Connor",
        "Rehabilitation",
        Decimal(85),
        "Physiotherapist. Backs, knees and shoulders, with or without a referral.\n\n"
        "Half an hour, one joint, one exercise that you take home. Please bring what "
        "your surgeon wrote.",
        hours((MON, TUE, THU, FRI), (8, 12), (14, 19)),
        session_minutes=30,
        breaks=(time(10),),
        demand=5,
    ),
    DemoTrainer(
        "Giulia Marchetti",
        "Yoga and breathing",
        Decimal(48),
        "Slow is smooth, smooth is strong. Mats, blocks and silence included.\n\n"
        "For stiff backs and busy heads. Nobody here stands on theirs before they "
        "want to.",
        hours((MON, WED), (7, 11), (17, 21)) + hours((SUN,), (9, 13)),
        breaks=(time(9),),
        demand=2,
    ),
]
