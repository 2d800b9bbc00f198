from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BookingsConfig(AppConfig):
    name = "bookings"
    verbose_name = _("Bookings")

    def ready(self) -> None:
        from bookings import signals  # noqa: F401
        from bookings.gym import gym_currency
        from trainers import wording

        wording.pay_in(gym_currency)
