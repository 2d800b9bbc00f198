"""What staff see of bookings; Django finds what these modules register."""

from bookings.admin import absence, events, gym, hours, sessions

__all__ = ["absence", "events", "gym", "hours", "sessions"]
