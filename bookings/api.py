"""Booking for programs: the seed's two endpoints."""

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

from bookings.domain.idempotency import book_once
from bookings.domain.week import CellState, build_cells
from bookings.exceptions import TrainerNotFound
from trainers.clock import gym_now
from trainers.models import CENT, DayOfWeek, SessionType, SlotStatus, Trainer

router = Router(tags=["Booking"])

# What the grid tells apart, in the seed's four words.
STATUS_OF = {
    CellState.MINE: SlotStatus.BOOKED,
    CellState.BOOKED: SlotStatus.BOOKED,
    CellState.BREAK: SlotStatus.BREAK,
    CellState.AVAILABLE: SlotStatus.AVAILABLE,
}


def iso_text(value: Any) -> Any:
    """Dates and times are text: 1700000000 is no date, however pydantic reads it."""
    if not isinstance(value, str):
        raise ValueError("Input should be text")
    return value


def whole_minute(value: time) -> time:
    if value.tzinfo or value.second or value.microsecond:
        raise ValueError("Input should be a time of day like 09:00")
    return value


def to_cents(price: Decimal | None) -> Decimal | None:
    """75 and 75.0 are one price, also to the idempotency key."""
    return price if price is None else price.quantize(CENT)


def storable(value: str) -> str:
    """PostgreSQL keeps no NUL and no half of a surrogate pair."""
    if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise ValueError("Input should be text without NUL or lone surrogates")
    return value


Day = Annotated[date, BeforeValidator(iso_text)]
MinuteOfDay = Annotated[
    time, PlainSerializer(lambda value: f"{value:%H:%M}", return_type=str)
]
ClockTime = Annotated[
    MinuteOfDay, BeforeValidator(iso_text), AfterValidator(whole_minute)
]
# A JSON number with its cents, where pydantic would write text.
Price = Annotated[
    Decimal, WithJsonSchema({"type": "number", "minimum": 0, "examples": [75.00]})
]
Notes = Annotated[str, AfterValidator(storable), Field(max_length=1000)]


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
    end_time: ClockTime
    session_type: SessionType
    notes: Notes = ""
    price: Annotated[
        Price | None,
        Field(
            ge=0,
            max_digits=12,
            description="The price you were shown; another one now is refused.",
        ),
        AfterValidator(to_cents),
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


class Refused(Schema):
    success: Literal[False] = False
    error: str
    code: str
    field: str | None = None


@router.post(
    "/book-training-session",
    response={201: Booked, frozenset({400, 401, 403, 404, 409, 422, 503}): Refused},
    summary="Book a training session",
)
def book_training_session(
    request: HttpRequest,
    response: HttpResponse,
    body: BookingRequest,
    idempotency_key: Annotated[
        str, Header(alias="Idempotency-Key", max_length=200)
    ] = "",
) -> Status:
    """The time must be one open slot of the trainer, or several in a row.

    Send an `Idempotency-Key` of your own making and repeat the request as often as
    the network requires: it books once, and each repeat gets the first answer. A key
    is remembered for thirty days at least.
    """
    receipt = book_once(
        request.user,
        key=idempotency_key,
        now=gym_now(),
        trainer_id=body.trainer_id,
        session_date=body.session_date,
        start_time=body.start_time,
        end_time=body.end_time,
        session_type=body.session_type,
        notes=body.notes,
        price_shown=body.price,
    )
    if receipt.replayed:
        response["Idempotent-Replayed"] = "true"
    return Status(201, {"session": receipt.answer})


@router.get(
    "/trainers/{int:trainer_id}/schedule/{date}",
    response={200: ScheduleOfDay, frozenset({401, 404, 422, 503}): Refused},
    summary="A trainer's day",
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
