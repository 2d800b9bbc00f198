"""The people a gym has already, brought along from a table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from bookings.management.sheets import Columns, Line, Unreadable
from finova.accounts.members import PHONE_SIGNS, digits_in
from finova.accounts.models import User
from finova.accounts.roles import MEMBERS

COLUMNS = Columns(["name"], ["email", "phone", "language", "staff_notes"])
AT_ONCE = 1000
LONGEST = {
    field.name: field.max_length or 0
    for field in User._meta.fields
    if field.name in ("name", "email", "phone", "staff_notes")
}
LANGUAGES = {code: code for code, _ in settings.LANGUAGES} | {"en": "en-gb", "": ""}


@dataclass(frozen=True)
class Newcomer:
    """A person as a line tells of them."""

    line: int
    name: str
    email: str
    phone: str
    language: str
    staff_notes: str

    @property
    def marks(self) -> list[str]:
        """What tells this person from all others: the email, or name and phone."""
        return marks_of(self.name, self.email, self.phone)


@dataclass
class Brought:
    new: list[User] = field(default_factory=list)
    known: int = 0


def marks_of(name: str, email: str | None, phone: str) -> list[str]:
    marks = [email.lower()] if email else []
    if name and digits_in(phone):
        marks.append(f"{' '.join(name.casefold().split())} {digits_in(phone)}")
    return marks


def read_newcomer(line: Line) -> Newcomer:
    """Raises Unreadable, which says what to mend."""
    name, email, phone = line["name"], line["email"].lower(), line["phone"]
    if not name:
        raise Unreadable("name is missing.")
    if not email and not phone:
        raise Unreadable("phone is missing: who has no email needs one.")
    if email:
        check_email(email)
    if phone and not (set(phone) <= PHONE_SIGNS and digits_in(phone)):
        raise Unreadable(f"phone “{phone}” is no phone number.")
    language = LANGUAGES.get(line["language"].lower())
    if language is None:
        known = ", ".join(code for code, _ in settings.LANGUAGES)
        raise Unreadable(f"language “{line['language']}” is not one of {known}.")
    newcomer = Newcomer(line.number, name, email, phone, language, line["staff_notes"])
    for column, most in LONGEST.items():
        if len(getattr(newcomer, column)) > most:
            raise Unreadable(f"{column} is longer than {most} characters.")
    return newcomer


def check_email(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError:
        raise Unreadable(f"email “{email}” is no email address.") from None


class OneByOne:
    """Tells a line that says the same person again as an earlier one."""

    def __init__(self) -> None:
        self.seen: dict[str, int] = {}

    def read(self, line: Line) -> Newcomer:
        newcomer = read_newcomer(line)
        for mark in newcomer.marks:
            if first := self.seen.get(mark):
                raise Unreadable(f"is the same person as line {first}.")
            self.seen[mark] = newcomer.line
        return newcomer


def bring_members(newcomers: Sequence[Newcomer], *, keep: bool = True) -> Brought:
    """Add who is not here yet: all of them, or on an error none.

    Without `keep` it is only tried. Who is here, by the email or by name and phone,
    stays as they are, so a second run adds nobody.
    """
    brought = Brought()
    with transaction.atomic():
        here = marks_here()
        for newcomer in newcomers:
            if here.isdisjoint(newcomer.marks):
                brought.new.append(as_user(newcomer))
            else:
                brought.known += 1
        User.objects.bulk_create(brought.new, batch_size=AT_ONCE)
        make_members(brought.new)
        transaction.set_rollback(not keep)
    return brought


def marks_here() -> set[str]:
    people = User.objects.order_by().values_list("name", "email", "phone")
    return {mark for person in people.iterator() for mark in marks_of(*person)}


def as_user(newcomer: Newcomer) -> User:
    return User(
        name=newcomer.name,
        email=newcomer.email or None,
        phone=newcomer.phone,
        language=newcomer.language,
        staff_notes=newcomer.staff_notes,
        password=make_password(None),
    )


def make_members(people: Iterable[User]) -> None:
    """What a signal does for who comes alone."""
    members, _ = Group.objects.get_or_create(name=MEMBERS)
    belongs = User.groups.through
    belongs._default_manager.bulk_create(
        [belongs(user_id=person.pk, group_id=members.pk) for person in people],
        batch_size=AT_ONCE,
    )
