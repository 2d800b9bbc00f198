"""What slots and hours are computed with: days of the week, spans, ranges in SQL."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib.postgres.fields import BigIntegerRangeField, DateTimeRangeField
from django.db import models
from django.db.models import F, Func, Value
from django.utils.translation import gettext_lazy as _

MINUTE = timedelta(minutes=1)


class DayOfWeek(models.IntegerChoices):
    """Sunday is 0, as in SQL's EXTRACT(DOW). Nothing but `of` computes weekdays."""

    SUNDAY = 0, _("Sunday")
    MONDAY = 1, _("Monday")
    TUESDAY = 2, _("Tuesday")
    WEDNESDAY = 3, _("Wednesday")
    THURSDAY = 4, _("Thursday")
    FRIDAY = 5, _("Friday")
    SATURDAY = 6, _("Saturday")

    @classmethod
    def of(cls, day: date) -> "DayOfWeek":
        return cls(day.isoweekday() % 7)

    @classmethod
    def from_monday(cls) -> "list[DayOfWeek]":
        """As pages start the week, whatever the numbers are."""
        return [*list(cls)[1:], cls.SUNDAY]


def end_after(start: time, length: timedelta) -> time:
    """Midnight at the latest: what lasts longer has no time of that day."""
    end = datetime.combine(date.min, start) + length
    return end.time() if end.date() == date.min else time.max


def moment(expression: Any) -> models.ExpressionWrapper:
    """A date plus a time: in gym time, without a zone, as PostgreSQL adds them."""
    return models.ExpressionWrapper(expression, models.DateTimeField())


class Int8Range(Func):
    """A number as a range of one, which GiST can exclude without an extension.

    Takes the field's name, not the column's: only the former is replaced by the
    row's own value when a form asks the constraint.
    """

    function = "int8range"
    output_field = BigIntegerRangeField()

    def __init__(self, number: str) -> None:
        super().__init__(F(number), F(number), Value("[]"))


class TsRange(Func):
    """[from, until): back-to-back spans touch and do not overlap."""

    function = "tsrange"
    output_field = DateTimeRangeField()

    def __init__(self, day: Any, starts: str, ends: str) -> None:
        super().__init__(moment(day + F(starts)), moment(day + F(ends)), Value("[)"))
