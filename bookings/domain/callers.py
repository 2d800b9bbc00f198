"""Who is on the phone: found by a few letters or digits, or new to the gym."""

import re
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Case, F, Func, Max, Q, QuerySet, Value, When

from trainers.models import Trainer

MOST_FOUND = 8
MOST_TRAINERS = 3
# Fewer digits than these are in too many phone numbers.
FEWEST_DIGITS = 3
PHONE = re.compile(r"[\d\s()+/.-]+")


def digits_of(text: str) -> str:
    """What two spellings of a phone number have in common: 0151 2, +49 (151) 2."""
    return re.sub(r"\D", "", text).lstrip("0")


def is_phone(query: str) -> bool:
    return bool(PHONE.fullmatch(query)) and len(digits_of(query)) >= FEWEST_DIGITS


def people_like(query: str) -> QuerySet[Any]:
    """Everybody whose name has each word, whose email it begins, or phone it has.

    Half the members' addresses are of the same few companies: a part of an address
    counts only where it cannot be a part of a name.
    """
    people = get_user_model().objects.all()
    if is_phone(query):
        bare = Func(
            F("phone"), Value(r"\D"), Value(""), Value("g"), function="regexp_replace"
        )
        return people.alias(digits=bare).filter(digits__contains=digits_of(query))
    for word in query.split():
        part = "icontains" if "@" in word else "istartswith"
        people = people.filter(Q(name__icontains=word) | Q((f"email__{part}", word)))
    return people


def find_callers(query: str) -> list[Any]:
    """Whom the desk may mean, the likeliest first. One query."""
    query = query.strip()
    if len(query) < 2:
        return []
    likeliest = Case(
        When(name__istartswith=query, then=0),
        When(name__icontains=f" {query}", then=1),
        default=2,
    )
    people = people_like(query).filter(is_active=True)
    return list(people.order_by(likeliest, "name", "pk")[:MOST_FOUND])


def add_caller(name: str, phone: str) -> Any:
    """A member with a name and a phone number, who cannot sign in.

    Who is known by both already is found instead: a form sent twice adds one person.
    """
    users = get_user_model().objects
    known = people_like(phone) if is_phone(phone) else users.filter(phone=phone)
    known = known.filter(name__iexact=name, is_active=True)
    return known.first() or users.create_user(name=name, phone=phone)


def trainers_of(client_id: int) -> list[Trainer]:
    """With whom the member trains, the last one first. One query."""
    theirs = Trainer.objects.active().filter(sessions__client_id=client_id)
    theirs = theirs.annotate(last=Max("sessions__session_date"))
    return list(theirs.order_by("-last", "name")[:MOST_TRAINERS])
