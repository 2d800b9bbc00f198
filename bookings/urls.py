from django.urls import path

from bookings.views import sessions, trainers, week

urlpatterns = [
    path("", trainers.home, name="home"),
    path("trainers/", trainers.trainers, name="trainers"),
    path("trainers/<slug:slug>/", week.week, name="week"),
    path("trainers/<slug:slug>/book/", week.book, name="book"),
    path("day/", trainers.day, name="day"),
    path("sessions/", sessions.sessions, name="sessions"),
    path("sessions/<int:pk>/cancel/", sessions.cancel, name="cancel"),
]
