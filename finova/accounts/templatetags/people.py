"""Browsers and moments, in words a person knows them by."""

from datetime import datetime

from django import template
from django.utils.timezone import localtime
from django.utils.translation import gettext, gettext_lazy

from trainers.wording import day_and_year

register = template.Library()

# The first that is found counts: Edge says that it is Chrome, and Chrome, Safari.
BROWSERS = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
]
SYSTEMS = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
]
A_BROWSER = gettext_lazy("A browser")
A_COMPUTER = gettext_lazy("an unknown device")


@register.filter
def on_day(moment: datetime) -> str:
    """Thursday 10 December 2026, as it was at the gym"""
    return day_and_year(localtime(moment).date())


@register.filter
def device(user_agent: str) -> str:
    """Firefox on Android"""
    browser = first_in(user_agent, BROWSERS, str(A_BROWSER))
    system = first_in(user_agent, SYSTEMS, str(A_COMPUTER))
    names = {"browser": browser, "system": system}
    return gettext("%(browser)s on %(system)s") % names


def first_in(user_agent: str, known: list[tuple[str, str]], otherwise: str) -> str:
    return next((name for mark, name in known if mark in user_agent), otherwise)
