"""The gym on paper: what every step must do and what every page must show.

Written from the promises of the README and the documents, in dictionaries. It
imports nothing of the product, so that the two can disagree.
"""

from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
ACTIVE = {"scheduled", "confirmed"}

# On this day the gym's clock goes from 02:00 to 03:00.
FORWARD = date(2027, 3, 28)


def weekday(day):
    """0 is Sunday."""
    return (day.weekday() + 1) % 7


def later(start, minutes):
    """No slot and no session goes past midnight."""
    total = start.hour * 60 + start.minute + minutes
    return time(total // 60, total % 60) if total < 24 * 60 else time.max


def meets(one, other):
    """Back to back is not together."""
    return one["start"] < other["end"] and other["start"] < one["end"]


def minute(at):
    return at.hour * 60 + at.minute


def starts_within(start, end, minutes):
    """Each minute from which a slot of that length stays inside."""
    last = minute(end) - minutes
    return [time(m // 60, m % 60) for m in range(minute(start), last + 1)]


def starts_between(start, end, minutes):
    """The starts of the slots of that length, one after the other."""
    return starts_within(start, end, minutes)[::minutes]


class Paper:
    def __init__(self, now):
        self.now = now
        self.trainers = {}  # pk → active, rate, minutes, kinds, hours
        self.time_off = {}  # pk → trainer, from and until as moments on the wall
        self.closures = {}  # pk → first and last day
        self.extra = {}  # pk → trainer, day, start and end
        self.holds = {}  # pk → trainer, client, day, start, end, and until when
        self.slots = {}  # trainer, weekday, time → staff's word, outside the hours
        self.sessions = {}  # pk → the session; ended ones stay, deleted ones go
        self.keys = {}  # client, key → what was asked, and the answer
        self.history = []

    # --- time -------------------------------------------------------------------

    def has_come(self, day, at):
        """The first time that the clock shows it, on the night that it does twice."""
        return datetime.combine(day, at, BERLIN).astimezone(UTC) <= self.now

    @staticmethod
    def exists(day, at):
        return not (day == FORWARD and time(2) <= at < time(3))

    # --- what there is ------------------------------------------------------------

    def active(self, **like):
        return [
            session
            for session in self.sessions.values()
            if session["status"] in ACTIVE
            and all(session[name] == value for name, value in like.items())
        ]

    def in_the_way(self, day, start, end, but=None, **like):
        asked = {"start": start, "end": end}
        return [
            session
            for session in self.active(day=day, **like)
            if meets(session, asked) and session["pk"] != but
        ]

    def held(self, trainer, day, start, end):
        """The holds on it that have not run out."""
        asked = {"start": start, "end": end}
        return [
            hold
            for hold in self.holds.values()
            if (hold["trainer"], hold["day"]) == (trainer, day)
            and hold["until"] > self.now
            and meets(hold, asked)
        ]

    def day_of(self, trainer, day):
        """The trainer's slots on a date, in order."""
        if trainer not in self.trainers:
            return []
        minutes = self.trainers[trainer]["minutes"]
        weekly = [
            {"start": at, "end": later(at, minutes), **self.opened(slot, day, at)}
            for (whose, on, at), slot in sorted(self.slots.items())
            if (whose, on) == (trainer, weekday(day))
            for slot in [slot | {"trainer": trainer, "minutes": minutes}]
        ]
        made = [
            {"start": at, "end": later(at, minutes), "word": "available"}
            for extra in self.extra_on(trainer, day)
            for at in starts_between(extra["start"], extra["end"], minutes)
        ]
        new = [one for one in made if not any(meets(one, other) for other in weekly)]
        shut = any(first <= day <= last for first, last in self.closures.values())
        return [
            {"outside": False, **slot}
            | {"shut": shut, "off": self.is_away(trainer, day, slot["start"], minutes)}
            for slot in sorted(weekly + new, key=lambda slot: slot["start"])
            if self.exists(day, slot["start"])
        ]

    def extra_on(self, trainer, day):
        return [
            extra
            for extra in self.extra.values()
            if (extra["trainer"], extra["day"]) == (trainer, day)
        ]

    def opened(self, slot, day, at):
        """What a weekly slot is on a date: open, where extra hours cover it."""
        covered = any(
            at in starts_within(extra["start"], extra["end"], slot["minutes"])
            for extra in self.extra_on(slot["trainer"], day)
        )
        if covered:
            return {"word": "available", "outside": False}
        return {"word": slot["word"], "outside": slot["outside"]}

    def is_away(self, trainer, day, at, minutes):
        starts = datetime.combine(day, at)
        ends = starts + timedelta(minutes=minutes)
        return any(
            off["trainer"] == trainer and off["from"] < ends and off["until"] > starts
            for off in self.time_off.values()
        )

    @staticmethod
    def is_open(slot):
        gone = slot["outside"] or slot["off"] or slot["shut"]
        return not gone and slot["word"] == "available"

    def free(self, trainer, day, *, also_past=False):
        """When the free slots of a date start."""
        if not self.trainers[trainer]["active"]:
            return []
        return [
            slot["start"]
            for slot in self.day_of(trainer, day)
            if self.is_open(slot)
            and (also_past or not self.has_come(day, slot["start"]))
            and not self.in_the_way(day, slot["start"], slot["end"], trainer=trainer)
            and not self.held(trainer, day, slot["start"], slot["end"])
        ]

    def price(self, trainer, start, end):
        minutes = (end.hour - start.hour) * 60 + end.minute - start.minute
        minutes += end == time.max
        exact = self.trainers[trainer]["rate"] * minutes / 60
        return exact.quantize(Decimal("0.01"), ROUND_HALF_UP)

    # --- what is refused, in the order in which it is said ------------------------

    def no_to(self, client, trainer, day, start, end, *, kind=None, price=None, but=0):
        person = self.trainers.get(trainer)
        if wrong := self.wrong_field(trainer, day, start, end):
            return f"invalid {wrong}"
        if person and kind is not None and kind not in person["kinds"]:
            return "invalid session_type"
        if not person or not person["active"]:
            return "trainer_not_found"
        if not self.are_open(trainer, day, start, end):
            return "slot_unavailable"
        if self.in_the_way(day, start, end, but, trainer=trainer):
            return "slot_taken"
        if any(
            hold["client"] != client for hold in self.held(trainer, day, start, end)
        ):
            return "held"
        if self.in_the_way(day, start, end, but, client=client):
            return "client_busy"
        if price is not None and price != self.price(trainer, start, end):
            return "price_changed"
        return None

    def wrong_field(self, trainer, day, start, end):
        slots = self.starting(trainer, day)
        ends = {slot["end"] for at, slot in slots.items() if at >= start}
        if self.has_come(day, start):
            return "start_time"
        if end <= start or (start in slots and end not in ends):
            return "end_time"
        return None

    def are_open(self, trainer, day, start, end):
        """From start to end, one open slot follows the other."""
        slots, reached = self.starting(trainer, day), start
        while reached < end:
            if reached not in slots or not self.is_open(slots[reached]):
                return False
            reached = slots[reached]["end"]
        return reached == end

    def starting(self, trainer, day):
        return {
            slot["start"]: slot
            for slot in self.day_of(trainer, day)
            if not slot["outside"]
        }

    def no_to_moving(self, pk, trainer, day, start, end, *, by):
        session = self.sessions.get(pk)
        if session is None:
            return "session_moved"
        if session["status"] not in ACTIVE:
            return "wrong_status"
        if self.is_late(session, by):
            return "too_late"
        return self.no_to(session["client"], trainer, day, start, end, but=pk)

    def no_to_status(self, pk, status, *, by):
        session = self.sessions.get(pk)
        if session is None:
            return "session_moved"
        if status == "no_show" and not self.has_come(session["day"], session["start"]):
            return "not_started"
        if session["status"] != status and session["status"] not in ACTIVE:
            return "wrong_status"
        if (
            status == "cancelled"
            and session["status"] in ACTIVE
            and self.is_late(session, by)
        ):
            return "too_late"
        return None

    def no_to_reopening(self, pk):
        session = self.sessions.get(pk)
        if session is None:
            return "session_moved"
        if session["status"] in ACTIVE:
            return "wrong_status"
        place = [session[name] for name in ("trainer", "day", "start", "end")]
        return self.no_to(session["client"], *place)

    def no_to_writing(self, written):
        """What a save without a verb must respect."""
        stored = self.sessions.get(written["pk"])
        if written["status"] not in ACTIVE:
            return None
        if stored and stored["status"] not in ACTIVE:
            return "wrong_status"
        place = [written[name] for name in ("day", "start", "end", "pk")]
        if self.in_the_way(*place, trainer=written["trainer"]):
            return "slot_taken"
        if self.in_the_way(*place, client=written["client"]):
            return "client_busy"
        return None

    def is_late(self, session, by):
        begun = self.has_come(session["day"], session["start"])
        return by == session["client"] and begun

    def still_stands(self, facts):
        """Whether a session is still what was booked, neither ended nor moved."""
        session = self.sessions.get(facts["id"])
        names = ("trainer_id", "session_date", "start_time", "end_time")
        return bool(session) and (
            session["status"] in ACTIVE
            and all(self.facts(session["pk"])[name] == facts[name] for name in names)
        )

    # --- what is written ----------------------------------------------------------

    def write(self, session):
        self.sessions[session["pk"]] = session
        self.tidy()

    def tell(self, action, pk, *, by, before):
        after = self.facts(pk)
        self.history.append((pk, action, by, self.now, before, after))

    def book(self, pk, client, trainer, day, start, end, *, kind, by):
        self.write(
            {
                "pk": pk,
                "trainer": trainer,
                "client": client,
                "day": day,
                "start": start,
                "end": end,
                "kind": kind,
                "status": "scheduled",
                "price": self.price(trainer, start, end),
                "cancelled": None,
            }
        )
        self.tell("booked", pk, by=by, before={})
        self.take(pk)

    def change(self, action, pk, *, by, **changes):
        before = self.facts(pk)
        self.write(self.sessions[pk] | changes)
        self.tell(action, pk, by=by, before=before)
        self.take(pk)

    def take(self, pk):
        """Who has the time no longer waits for it."""
        session = self.sessions[pk]
        if session["status"] in ACTIVE:
            place = [session[name] for name in ("trainer", "day", "start", "end")]
            for hold in self.held(*place):
                if hold["client"] == session["client"]:
                    hold["until"] = self.now

    def delete(self, pk):
        """The history and the keys outlive their session."""
        self.sessions.pop(pk, None)
        self.tidy()

    def facts(self, pk):
        session = self.sessions[pk]
        price = session["price"]
        return {
            "id": pk,
            "trainer_id": session["trainer"],
            "client_id": session["client"],
            "session_date": f"{session['day']}",
            "start_time": clock(session["start"]),
            "end_time": clock(session["end"]),
            "status": session["status"],
            "price": price if price is None else f"{price}",
            "cancelled_late": False,
            "checked_in": False,
        }

    def template(self, trainer):
        """The slots that the hours and the length of a session make."""
        minutes = self.trainers[trainer]["minutes"]
        made = set()
        for on, start, end in self.trainers[trainer]["hours"]:
            while start < end and later(start, minutes) <= end:
                made.add((trainer, on, start))
                start = later(start, minutes)
        return made

    def fit(self, trainer):
        """Slots follow the hours; one with a session stays for that session alone."""
        template = self.template(trainer)
        for place in template:
            self.slots.setdefault(place, {"word": "available", "outside": False})
        for place, slot in self.slots.items():
            if place[0] == trainer:
                slot["outside"] = place not in template
        self.tidy()

    def tidy(self):
        for place in [place for place, slot in self.slots.items() if slot["outside"]]:
            if self.first_in(place) is None:
                del self.slots[place]

    # --- what the rows say --------------------------------------------------------

    def first_in(self, place):
        trainer, on, at = place
        slot = {"start": at, "end": later(at, self.trainers[trainer]["minutes"])}
        inside = [
            session
            for session in self.active(trainer=trainer)
            if weekday(session["day"]) == on and meets(session, slot)
        ]
        return min(inside, key=lambda s: (s["day"], s["start"], s["pk"]), default=None)

    def slot_rows(self):
        rows = []
        for place, slot in sorted(self.slots.items()):
            first = self.first_in(place)
            word = slot["word"]
            if word == "available" and first:
                word = "booked"
            who = (first["pk"], first["client"], f"{first['day']}") if first else ()
            at = place[2]
            rows.append(
                [*place[:2], clock(at), word, *(who or [None] * 3), slot["outside"]]
            )
        return rows

    def session_rows(self):
        return [
            [
                pk,
                session["trainer"],
                session["client"],
                f"{session['day']}",
                clock(session["start"]),
                clock(session["end"]),
                session["kind"],
                session["status"],
                None if session["price"] is None else f"{session['price']}",
                seconds(session["cancelled"]),
            ]
            for pk, session in sorted(self.sessions.items())
        ]

    def event_rows(self):
        return [
            [
                pk if pk in self.sessions else None,
                action,
                by,
                seconds(at),
                before,
                after,
            ]
            for pk, action, by, at, before, after in self.history
        ]

    def changed_in_silence(self):
        """A plain save writes no history."""
        told = {pk: after for pk, *_, after in self.history if pk in self.sessions}
        return {pk for pk, after in told.items() if after != self.facts(pk)}

    def key_rows(self):
        return sorted(
            [client, key, pk if pk in self.sessions else None, answer]
            for (client, key), (_, pk, answer) in self.keys.items()
        )

    # --- what the pages show --------------------------------------------------------

    def week(self, trainer, monday, viewer):
        """Date and time → end and state, for every cell of the grid."""
        days = [monday + timedelta(days=n) for n in range(7)]
        cells = {}
        for day in days:
            sessions = self.active(trainer=trainer, day=day)
            slots = self.day_of(trainer, day)
            for slot in slots:
                inside = [session for session in sessions if meets(session, slot)]
                state = self.state(trainer, day, slot, inside, viewer)
                cells[day, slot["start"]] = (slot["end"], state)
            for alone in sessions:
                if any(meets(alone, slot) for slot in slots):
                    continue
                state = self.state(trainer, day, alone, [alone], viewer)
                cells[day, alone["start"]] = (alone["end"], state)
        for at in {at for _, at in cells}:
            for day in days:
                cells.setdefault((day, at), (at, "closed"))
        return cells

    def state(self, trainer, day, slot, inside, viewer):
        if any(session["client"] == viewer for session in inside):
            return "mine"
        if self.has_come(day, slot["start"]):
            return "past"
        if inside:
            return "booked"
        if slot["outside"] or slot["shut"]:
            return "closed"
        if slot["off"]:
            return "time_off"
        if slot["word"] != "available":
            return slot["word"]
        held = self.held(trainer, day, slot["start"], slot["end"])
        if any(hold["client"] != viewer for hold in held):
            return "held"
        others = self.active(client=viewer, day=day)
        return "busy" if any(meets(one, slot) for one in others) else "available"


def clock(at):
    return at.isoformat()


def seconds(moment):
    return None if moment is None else int(moment.timestamp())
