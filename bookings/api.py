"""Booking for programs: the seed's two endpoints."""

import re
from datetime import date, time
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Header, Router, Schema, Status
from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

from bookings.domain.alternatives import offering_alternatives
from bookings.domain.cells import CellState, build_cells
from bookings.domain.idempotency import book_once
from bookings.exceptions import TrainerNotFound
from trainers.clock import gym_now, minute_of_day
from trainers.models import DayOfWeek, SessionType, SlotStatus, Trainer

router = Router(tags=["Booking"])

# What the grid tells apart, in the seed's four words.
STATUS_OF = {
    CellState.MINE: SlotStatus.BOOKED,
    CellState.BOOKED: SlotStatus.BOOKED,
    CellState.HELD: SlotStatus.BOOKED,
    CellState.BREAK: SlotStatus.BREAK,
    CellState.AVAILABLE: SlotStatus.AVAILABLE,
    # Free all the same: what the member may do is said when they book.
    CellState.BUSY: SlotStatus.AVAILABLE,
    CellState.TOO_SOON: SlotStatus.AVAILABLE,
    CellState.TOO_FAR: SlotStatus.AVAILABLE,
    CellState.LIMIT: SlotStatus.AVAILABLE,
    CellState.BARRED: SlotStatus.AVAILABLE,
}


# What the column holds: ten digits before the cents.
PRICE_LIMIT = 10**10
DATE = r"^\d{4}-\d{2}-\d{2}$"
CLOCK_TIME = r"^([01]\d|2[0-3]):[0-5]\d(:00)?$"
END_TIME = r"^(([01]\d|2[0-3]):[0-5]\d|24:00)(:00)?$"


def written_as(pattern: str, example: str) -> BeforeValidator:
    """Text of one shape alone, however many others pydantic reads.

    To pydantic, 1700000000, "0" and "2026-12-10T00:00" are dates, too.
    """
    shape = re.compile(pattern, re.ASCII)

    def check(value: Any) -> Any:
        if not isinstance(value, str) or not shape.fullmatch(value):
            raise ValueError(f"Input should be text like {example}")
        return value

    return BeforeValidator(check)


def until_midnight(value: str) -> str | time:
    """A day's end is written 24:00, which is no time to Python."""
    return time.max if value.startswith("24:") else value


def json_number(value: Any) -> Any:
    """pydantic would take "75.00" and, of other types, true."""
    if isinstance(value, str | bool):
        raise ValueError("Input should be a number")
    return value


def storable(value: str) -> str:
    """PostgreSQL keeps no NUL and no half of a surrogate pair."""
    if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise ValueError("Input should be text without NUL or lone surrogates")
    return value


Day = Annotated[
    date,
    written_as(DATE, "2026-12-10"),
    WithJsonSchema({"type": "string", "format": "date", "pattern": DATE}),
]
MinuteOfDay = Annotated[time, PlainSerializer(minute_of_day, return_type=str)]
ClockTime = Annotated[
    time,
    written_as(CLOCK_TIME, "09:00"),
    # Not the format `time`, which asks for seconds and a zone.
    WithJsonSchema({"type": "string", "pattern": CLOCK_TIME}),
]
EndTime = Annotated[
    time,
    BeforeValidator(until_midnight),
    written_as(END_TIME, "10:00"),
    WithJsonSchema({"type": "string", "pattern": END_TIME}),
]
# A JSON number with its cents, where pydantic would write text.
Price = Annotated[
    Decimal, WithJsonSchema({"type": "number", "minimum": 0, "examples": [75.00]})
]
PriceShown = Annotated[
    Decimal,
    BeforeValidator(json_number),
    Field(ge=0, lt=PRICE_LIMIT),
    # 75 and 75.0 are one price, also to the idempotency key.
    AfterValidator(Decimal.normalize),
    WithJsonSchema({"type": "number", "minimum": 0, "exclusiveMaximum": PRICE_LIMIT}),
]
Storable = Annotated[
    str,
    AfterValidator(storable),
    Field(json_schema_extra={"pattern": r"^[^\u0000]*$"}),
]


class BookingRequest(Schema):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "trainer_id": 1,
                "session_date": "2026-12-10",
                "start_time": "09:00",
                "end_time": "10:00",
                "session_type": "personal_training",
                "notes": "Focus on strength training",
            }
        }
    )

    trainer_id: Annotated[int, Field(strict=True, gt=0, lt=2**63)]
    session_date: Day
    start_time: ClockTime
    end_time: EndTime
    session_type: SessionType
    notes: Annotated[Storable, Field(max_length=1000)] = ""
    price: Annotated[
        PriceShown | None,
        Field(description="The price you were shown; another one now is refused."),
    ] = None


class BookedSession(Schema):
    id: int
    trainer_id: int
    client_id: int
    session_date: date
    start_time: MinuteOfDay
    end_time: MinuteOfDay
    status: str
    price: Price


class Booked(Schema):
    success: Literal[True] = True
    message: str = "Training session booked successfully!"
    session: BookedSession


class SlotOfDay(Schema):
    time_slot: MinuteOfDay
    end_time: MinuteOfDay
    status: SlotStatus
    mine: bool


class ScheduleOfDay(Schema):
    success: Literal[True] = True
    trainer_id: int
    date: date
    day_of_week: int
    slots: list[SlotOfDay]


class AlternativeTime(Schema):
    trainer_id: int
    trainer: str
    session_date: date
    start_time: MinuteOfDay
    end_time: MinuteOfDay
    price: Price


class Refused(Schema):
    success: Literal[False] = False
    error: str
    code: str
    field: str | None = None
    alternatives: Annotated[
        list[AlternativeTime],
        Field(description="Where another time would do: up to three that are free."),
    ] = []


BOOKING_REFUSALS = {400, 401, 403, 404, 409, 413, 415, 422, 503}
READING_REFUSALS = {400, 401, 404, 422, 503}

# What the schema says beside the types: headers, and where an answer leads.
CHALLENGE = {"required": True, "schema": {"type": "string", "const": "Bearer"}}
REPLAYED = {
    "description": "`true` where the answer is the one to an earlier request.",
    "schema": {"type": "string", "const": "true"},
}
THAT_DAY = {
    "operationId": "bookings_api_trainer_schedule",
    "parameters": {
        "trainer_id": "$response.body#/session/trainer_id",
        "date": "$response.body#/session/session_date",
    },
}


@router.post(
    "/book-training-session",
    response={201: Booked, frozenset(BOOKING_REFUSALS): Refused},
    summary="Book a training session",
    openapi_extra={
        "responses": {
            201: {
                "headers": {"Idempotent-Replayed": REPLAYED},
                "links": {"day": THAT_DAY},
            },
            401: {"headers": {"WWW-Authenticate": CHALLENGE}},
        }
    },
)
def book_training_session(
    request: HttpRequest,
    response: HttpResponse,
    body: BookingRequest,
    idempotency_key: Annotated[
        Storable, Header("", alias="Idempotency-Key", max_length=200)
    ],
) -> Status:
    """The time must be one open slot of the trainer, or several in a row.

    Send an `Idempotency-Key` of your own making and repeat the request as often as
    the network requires: it books once, and each repeat gets the first answer. A key
    is remembered for thirty days at least.
    """
    now = gym_now()
    wish = {
        "trainer_id": body.trainer_id,
        "session_date": body.session_date,
        "start_time": body.start_time,
        "end_time": body.end_time,
        "session_type": body.session_type,
        "notes": body.notes,
        "price_shown": body.price,
    }
    with offering_alternatives(request.user.pk, now=now, **wish):
        receipt = book_once(request.user, key=idempotency_key, now=now, **wish)
    if receipt.replayed:
        response["Idempotent-Replayed"] = "true"
    return Status(201, {"session": receipt.answer})


@router.get(
    "/trainers/{int:trainer_id}/schedule/{date}",
    response={200: ScheduleOfDay, frozenset(READING_REFUSALS): Refused},
    summary="A trainer's day",
    openapi_extra={"responses": {401: {"headers": {"WWW-Authenticate": CHALLENGE}}}},
)
def trainer_schedule(
    request: HttpRequest, trainer_id: int, date: Day
) -> dict[str, Any]:
    """Every slot of that date with its status for that date."""
    trainer = Trainer.objects.active().filter(pk=trainer_id).first()
    if trainer is None:
        raise TrainerNotFound
    cells = build_cells(trainer, [date], now=gym_now(), client_id=request.user.pk)
    return {
        "trainer_id": trainer.pk,
        "date": date,
        "day_of_week": DayOfWeek.of(date),
        "slots": [
            {
                "time_slot": cell.start,
                "end_time": cell.end,
                "status": STATUS_OF.get(cell.state, SlotStatus.UNAVAILABLE),
                "mine": cell.state is CellState.MINE,
            }
            for cell in cells
        ],
    }
