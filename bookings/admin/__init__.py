"""What staff see of bookings; Django finds what these modules register."""

from bookings.admin import events, gym, sessions

__all__ = ["events", "gym", "sessions"]
