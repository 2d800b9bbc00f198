"""What can be found wrong, by name. A planted fault says which of these reports it."""

from typing import NamedTuple

# Between what was answered and what is there.
LOST = "a confirmed booking is lost"
LEFT_BEHIND = "a refused attempt left something behind"
TWICE = "one request booked twice"
UNASKED = "a row that nobody asked for"
DOUBLE = "two bookings held one place"
NO_REASON = "a refusal without a reason"
OTHER_ANSWER = "a repeat got another answer"
UNDONE = "a change that was confirmed is not there"
UNSETTLED = "an attempt whose end nobody knows"
PASSED_BY = "booked what was shut"

# Of the site and its database.
BROKEN_PROMISE = "a promise about the database is broken"
SERVER_ERROR = "no answer, or one that is nobody's fault but ours"
DEADLOCK = "a deadlock"
CONSTRAINT = "only a constraint stood between two bookings"

# Of one scenario.
DID_NOT_WAIT = "it passed by a lock"
OTHERWISE = "it ought to have ended otherwise"
NO_CONTENTION = "nobody met anybody, so this shows nothing"


class Finding(NamedTuple):
    check: str
    detail: str
