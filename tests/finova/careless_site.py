"""The site with one thing taken from it, for a proof that must then fail.

CARELESS=no_lock uvicorn tests.finova.careless_site:application
"""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "finova.settings")
django.setup()

from django.db import transaction
from django.db.models.signals import post_save

from bookings import api
from bookings.domain import booking
from bookings.exceptions import SlotTaken
from finova.accounts.models import User
from finova.asgi import application  # noqa: F401 (what uvicorn serves)
from trainers.models import Trainer

book_once = api.book_once


def no_lock():
    """With the constraint gone too, nothing stands between two who look at once."""

    def only_look(clients, trainers):
        return User.objects.in_bulk(clients), Trainer.objects.in_bulk(trainers)

    booking.lock_people = only_look


def forgets():
    def book_and_forget(client, **request):
        with transaction.atomic():
            receipt = book_once(client, **request)
            transaction.set_rollback(True)
        return receipt

    api.book_once = book_and_forget


def refuses_all():
    def refuse(client, **request):
        raise SlotTaken

    api.book_once = refuse


def books_and_breaks():
    def book_and_break(client, **request):
        book_once(client, **request)
        raise RuntimeError

    api.book_once = book_and_break


def books_another_time():
    def book_later(client, **request):
        at = request["start_time"]
        later = {"start_time": request["end_time"].replace(hour=at.hour + 1)}
        end = {"end_time": request["end_time"].replace(hour=at.hour + 2)}
        return book_once(client, **{**request, **later, **end})

    api.book_once = book_later


def slots_do_not_follow():
    assert post_save.disconnect(dispatch_uid="project", sender=booking.TrainingSession)


globals()[os.environ["CARELESS"]]()
