from django.urls import path

from bookings import views

urlpatterns = [
    path("", views.home, name="home"),
    path("trainers/", views.trainers, name="trainers"),
    path("trainers/<slug:slug>/", views.week, name="week"),
    path("trainers/<slug:slug>/book/", views.book, name="book"),
    path("sessions/", views.sessions, name="sessions"),
    path("sessions/<int:pk>/cancel/", views.cancel, name="cancel"),
]
