from django.urls import path

from bookings.views import (
    calendar,
    coach,
    coach_hours,
    offers,
    reschedule,
    sessions,
    trainers,
    week,
)

urlpatterns = [
    path("", trainers.home, name="home"),
    path("trainers/", trainers.trainers, name="trainers"),
    path("trainers/<slug:slug>/", week.week, name="week"),
    path("trainers/<slug:slug>/book/", week.book, name="book"),
    path("trainers/<slug:slug>/photo/<slug:digest>.webp", trainers.photo, name="photo"),
    path("day/", trainers.day, name="day"),
    path("sessions/", sessions.sessions, name="sessions"),
    path("sessions/calendar/", calendar.calendar, name="calendar"),
    path("sessions/calendar/off/", calendar.calendar_off, name="calendar-off"),
    path("sessions/<int:pk>/", sessions.session, name="session"),
    path(
        "sessions/<int:pk>/session.ics", calendar.session_file, name="session-calendar"
    ),
    path("sessions/<int:pk>/cancel/", sessions.cancel, name="cancel"),
    path("sessions/<int:pk>/undo/", sessions.undo, name="undo"),
    path("sessions/<int:pk>/reschedule/", reschedule.reschedule, name="reschedule"),
    path(
        "sessions/<int:pk>/reschedule/<slug:slug>/",
        reschedule.reschedule,
        name="reschedule-with",
    ),
    path("sessions/<int:pk>/offer/", offers.own_offer, name="own-offer"),
    path("sessions/<int:pk>/offer/times/", offers.own_times, name="own-offer-times"),
    path("offers/<str:token>/", offers.offer, name="offer"),
    path("offers/<str:token>/times/", offers.times, name="offer-times"),
    path("coach/", coach.coach, name="coach"),
    path("coach/sessions/<int:pk>/attended/", coach.attended, name="coach-attended"),
    path("coach/sessions/<int:pk>/missed/", coach.missed, name="coach-missed"),
    path("coach/sessions/<int:pk>/undo/", coach.undo, name="coach-undo"),
    path("coach/slots/", coach_hours.slots, name="coach-slots"),
    path("coach/time-off/", coach_hours.time_off, name="coach-time-off"),
    path(
        "coach/time-off/<int:pk>/remove/",
        coach_hours.remove_time_off,
        name="coach-time-off-remove",
    ),
    path("coach/calendar/", calendar.coach_calendar, name="coach-calendar"),
    path("coach/calendar/off/", calendar.coach_calendar_off, name="coach-calendar-off"),
    path("calendar/<str:token>.ics", calendar.feed, name="feed"),
]
