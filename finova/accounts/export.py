"""What the gym holds about one person, for that person."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession

from bookings.models import BookingEvent, CalendarFeed, TrainingSession
from finova.accounts.models import User

FACTS = ("session_date", "start_time", "end_time", "status", "price")


def everything_about(user: User) -> dict[str, Any]:
    """Ready for JSON. Names no other member, and none of the gym's people but trainers.

    Why something was done is told of what the member did: what others noted then is
    theirs, as in `bookings.domain.story`.

    Of what staff noted it says that there is something: the member may ask to read it,
    and somebody looks first whether it names other people.

    Of tokens and second factors it says that they exist; the secrets stay secret.
    """
    sessions = user.sessions.select_related("trainer").prefetch_related("events")
    addresses = EmailAddress.objects.filter(user=user)
    devices = UserSession.objects.filter(user=user)
    feeds = CalendarFeed.objects.filter(member=user)
    factors = Authenticator.objects.filter(user=user)
    return {
        "profile": {
            "name": user.name,
            "email": user.email,
            "phone": user.phone,
            "time_display": user.time_display,
            "language": user.language,
            "joined": user.date_joined,
            "last_sign_in": user.last_login,
            "booking_blocked_because": user.blocked_because,
            "waits_for_approval": user.awaits_approval,
            "staff_keep_notes": bool(user.staff_notes),
        },
        "email_addresses": list(addresses.values("email", "verified", "primary")),
        "devices": list(
            devices.values("user_agent", "ip", "created_at", "last_seen_at")
        ),
        "second_step": list(factors.values("type", "created_at", "last_used_at")),
        "api_tokens": list(
            user.api_tokens.values("name", "created_at", "last_used_at", "revoked_at")
        ),
        "calendar_feed": list(feeds.values("kind", "renewed_at")),
        "sessions": [told(session, user) for session in sessions],
    }


def told(session: TrainingSession, user: User) -> dict[str, Any]:
    return {
        "trainer": session.trainer.name,
        "session_type": session.session_type,
        **{name: getattr(session, name) for name in FACTS},
        "notes": session.notes,
        "history": [line(event, user) for event in session.events.all()],
    }


def line(event: BookingEvent, user: User) -> dict[str, Any]:
    """Before it was this member's, a session may have been somebody else's."""
    mine = {
        moment: {name: facts.get(name) for name in FACTS}
        for moment, facts in (("before", event.before), ("after", event.after))
        if facts.get("client_id") == user.pk
    }
    by_member = event.actor_id == user.pk
    return {
        "action": event.action,
        "at": event.at,
        "by": "you" if by_member else "the gym",
        "reason": event.reason if by_member and "after" in mine else "",
        **mine,
    }
