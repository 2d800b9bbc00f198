"""Who calls the site: members' programs, members' browsers, and the front desk.

Each makes one request at a time and notes it in the history, with what came back.
"""

import http.client
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from http.cookies import SimpleCookie
from time import monotonic
from typing import Any, NamedTuple
from urllib.parse import urlencode

from bookings.exceptions import BookingRefused
from tests.stress.gym import Member, Trainer
from tests.stress.history import (
    BOOK,
    END,
    LOOK,
    MOVE,
    OK,
    OPEN,
    REFUSED,
    SHUT,
    UNKNOWN,
    Attempt,
    Slot,
)
from trainers.models import DayOfWeek

PATIENCE_SECONDS = 20
# A connection that lasted for ever would keep all load off a revived web process.
REQUESTS_PER_CONNECTION = 10
# The site hangs up after five: a request sent just then would never be answered.
IDLE_SECONDS = 2
FORM = "application/x-www-form-urlencoded"
CHANGE = "/admin/{}/{}/change/"


class Answer(NamedTuple):
    """Without a status: the connection broke, and what became of it is not known."""

    invoked: float
    returned: float
    status: int | None = None
    headers: http.client.HTTPMessage | None = None
    body: bytes = b""

    def header(self, name: str) -> str:
        return self.headers.get(name, "") if self.headers else ""

    @property
    def outcome(self) -> str:
        if self.status is None or self.status >= 500:
            return UNKNOWN
        return OK if self.status < 400 else REFUSED


@dataclass
class Line:
    """A connection to the site that lasts for some requests and is then made anew."""

    port: int
    requests: int = 0
    idle_since: float = 0
    connection: http.client.HTTPConnection | None = None

    def ask(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> Answer:
        worn_out = self.requests % REQUESTS_PER_CONNECTION == 0
        if worn_out or monotonic() > self.idle_since + IDLE_SECONDS:
            self.hang_up()
        if self.connection is None:
            self.connection = http.client.HTTPConnection(
                "127.0.0.1", self.port, timeout=PATIENCE_SECONDS
            )
        self.requests += 1
        invoked = monotonic()
        try:
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            self.hang_up()
            return Answer(invoked, monotonic())
        self.idle_since = monotonic()
        return Answer(invoked, self.idle_since, response.status, response.msg, content)

    def hang_up(self) -> None:
        if self.connection:
            self.connection.close()
        self.connection = None


@dataclass
class Program:
    """Books for one member through the API, with a bearer token."""

    member: Member
    line: Line
    history: list[Attempt]

    def book(self, slot: Slot, key: str = "") -> Attempt:
        headers = {
            "Authorization": f"Bearer {self.member.token}",
            "Content-Type": "application/json",
        }
        if key:
            headers["Idempotency-Key"] = key
        path, body = "/api/members/book-training-session", booking_of(slot)
        answer = self.line.ask("POST", path, body, headers)
        said = json.loads(answer.body) if is_json(answer) else {}
        code = said.get("code", "")
        return noted(self.history, self.member.id, BOOK, slot, answer, code, key=key)


@dataclass
class Browser:
    """A person who signed in with a password and sends forms."""

    id: int
    line: Line
    history: list[Attempt]
    cookies: dict[str, str] = field(default_factory=dict)

    def book(self, trainer: Trainer, slot: Slot, key: str) -> Attempt:
        form = {
            "at": f"{slot.day}T{slot.start}",
            "session_type": "personal_training",
            "key": key,
        }
        answer = self.ask("POST", f"/trainers/{trainer.slug}/book/", form)
        code = code_in(answer)
        return noted(self.history, self.id, BOOK, slot, answer, code, key=key)

    def cancel(self, session: int, slot: Slot) -> Attempt:
        answer = self.ask("POST", f"/sessions/{session}/cancel/", {})
        return noted(self.history, self.id, END, slot, answer, session=session)

    def ask(self, method: str, path: str, form: Any = None) -> Answer:
        headers = {"Cookie": "; ".join(f"{n}={v}" for n, v in self.cookies.items())}
        body = None
        if form is not None:
            token = {"csrfmiddlewaretoken": self.cookies["csrftoken"]}
            body = urlencode({**form, **token}, doseq=True).encode()
            headers["Content-Type"] = FORM
        answer = self.line.ask(method, path, body, headers)
        for line in answer.headers.get_all("Set-Cookie", []) if answer.headers else []:
            self.cookies |= {n: m.value for n, m in SimpleCookie(line).items()}
        return answer


@dataclass
class Visitor:
    """Reads trainers' weeks without signing in."""

    line: Line
    history: list[Attempt]

    def look_at(self, trainer: Trainer) -> Attempt:
        answer = self.line.ask("GET", f"/trainers/{trainer.slug}/", None, {})
        return noted(self.history, 0, LOOK, Slot(trainer.id, "", ""), answer)


class Desk(Browser):
    """Staff, in the admin. Django answers a refused form with 200 or a way back."""

    def move(self, session: int, to: Slot) -> Attempt:
        path = f"/admin/bookings/trainingsession/{session}/move/"
        form = {"trainer": to.trainer, "at": f"{to.day}T{to.start}"}
        answer = self.ask("POST", path, form)
        return noted(self.history, self.id, MOVE, to, answer, session=session)

    def complete(self, session: int, slot: Slot) -> Attempt:
        """Also a session that is still ahead."""
        path = f"/admin/bookings/trainingsession/{session}/do/"
        answer = self.ask("POST", path, {"step": "complete_early"})
        return noted(self.history, self.id, END, slot, answer, session=session)

    def set_slot(self, trainer: Trainer, slot: Slot, to: str) -> Attempt:
        """Shut the weekly time in the trainer's grid, or open it again."""
        weekday = DayOfWeek.of(date.fromisoformat(slot.day))
        name = f"slot-{weekday}-{slot.start.replace(':', '-')}"
        before = "available" if to != "available" else "break"
        form = trainer_form(trainer) | {name: to, f"initial-{name}": before}
        answer = self.change("trainers/trainer", trainer.id, form)
        act = OPEN if to == "available" else SHUT
        return noted(self.history, self.id, act, slot, answer)

    def set_active(self, trainer: Trainer, active: bool) -> Attempt:
        form = trainer_form(trainer)
        if not active:
            del form["is_active"]
        answer = self.change("trainers/trainer", trainer.id, form)
        whole = Slot(trainer.id, "", "")
        return noted(self.history, self.id, OPEN if active else SHUT, whole, answer)

    def change(self, model: str, pk: int, form: dict[str, Any]) -> Answer:
        answer = self.ask("POST", CHANGE.format(model, pk), form)
        if answer.status in (200, 302) and answer.header("Location") != (
            f"/admin/{model}/"
        ):
            return answer._replace(status=409)
        return answer


def sign_in(port: int, email: str, password: str) -> dict[str, str]:
    """Through the sign-in page; returns the cookies."""
    browser = Browser(0, Line(port), [])
    browser.ask("GET", "/accounts/login/")
    form = {"login": email, "password": password}
    assert browser.ask("POST", "/accounts/login/", form).status == 302, email
    browser.line.hang_up()
    return browser.cookies


def noted(
    history: list[Attempt],
    client: int,
    act: str,
    slot: Slot,
    answer: Answer,
    code: str = "",
    **more: Any,
) -> Attempt:
    attempt = Attempt(
        client,
        act,
        slot,
        answer.invoked,
        answer.returned,
        answer.outcome,
        status=answer.status,
        code=code,
        body=answer.body if is_json(answer) else b"",
        replayed=answer.header("Idempotent-Replayed") == "true",
        retry_after=bool(answer.header("Retry-After")),
        **more,
    )
    history.append(attempt)
    return attempt


def booking_of(slot: Slot) -> bytes:
    wish = {
        "trainer_id": slot.trainer,
        "session_date": slot.day,
        "start_time": slot.start,
        "end_time": hour_after(slot.start),
        "session_type": "personal_training",
    }
    return json.dumps(wish).encode()


def hour_after(start: str) -> str:
    return f"{int(start[:2]) + 1:02}:00"


def is_json(answer: Answer) -> bool:
    return answer.header("Content-Type").startswith("application/json")


def code_in(page: Answer) -> str:
    """The refusal that the page's message tells."""
    if page.outcome != REFUSED:
        return ""
    told = (r for r in kinds_of(BookingRefused) if r.sentence.encode() in page.body)
    return next((refusal.code for refusal in told), "")


def kinds_of(refusal: type[BookingRefused]) -> Iterable[type[BookingRefused]]:
    for kind in refusal.__subclasses__():
        yield kind
        yield from kinds_of(kind)


def trainer_form(trainer: Trainer) -> dict[str, Any]:
    return {
        "name": trainer.name,
        "slug": trainer.slug,
        "is_active": "on",
        "hourly_rate": "60.00",
        "session_minutes": "60",
        "session_types": ["personal_training", "consultation"],
        **no_rows_in("working_hours"),
        **no_rows_in("time_off"),
        **no_rows_in("extra_hours"),
    }


def no_rows_in(inline: str) -> dict[str, int]:
    return {f"{inline}-TOTAL_FORMS": 0, f"{inline}-INITIAL_FORMS": 0}
