"""Sessions in the member's own calendar: one file, or a feed that calendars read."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from bookings.domain.calendar import (
    AddressOf,
    coach_sessions,
    member_sessions,
    with_member,
    write_calendar,
)
from bookings.feeds import CalendarFeed, CalendarFeedKind
from bookings.gym import gym_name
from bookings.models import TrainingSession
from bookings.views.coach import own_trainer
from trainers.clock import gym_now

# Of one address: who has a feed's address never counts.
WRONG_TOKENS = {"calendar_feed": "60/5m/ip"}
PLAIN = "text/plain; charset=utf-8"


@require_safe
def session_file(request: HttpRequest, pk: int) -> HttpResponse:
    session = get_object_or_404(TrainingSession, pk=pk, client=request.user.pk)
    written = write_calendar([session], name=gym_name(), address_of=addresses(request))
    name = f"session-{session.session_date}.ics"
    return calendar_response(written, disposition=f'attachment; filename="{name}"')


# A POST is refused as one, not by a page whose links would name the address.
@csrf_exempt
@require_safe
@login_not_required
@cache_control(private=True, no_store=True)
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The address is the key, so nothing that comes back may name it or lead on."""
    found = CalendarFeed.objects.presenting(token)
    if found is None:
        return no_feed(request)
    # A calendar's program asks in the language of its makers.
    with translation.override(found.member.language or settings.LANGUAGE_CODE):
        written = write_feed(request, found)
    return calendar_response(written, disposition='inline; filename="sessions.ics"')


def write_feed(request: HttpRequest, feed: CalendarFeed) -> bytes:
    if feed.kind == CalendarFeedKind.COACH:
        return write_calendar(
            coach_sessions(feed.member.trainer.pk, now=gym_now()),
            name=_("My sessions as a trainer at %(gym)s") % {"gym": gym_name()},
            address_of=coach_addresses(request),
            summary_of=with_member,
        )
    return write_calendar(
        member_sessions(feed.member_id, now=gym_now()),
        name=_("My training at %(gym)s") % {"gym": gym_name()},
        address_of=addresses(request),
    )


def no_feed(request: HttpRequest) -> HttpResponse:
    """The same few words whether the address was renewed, switched off or invented.

    Not the site's own page: its links would name the address.
    """
    allowed = ratelimit.consume(
        request,
        app="bookings",
        action="calendar_feed",
        config=WRONG_TOKENS,
        limit_get=True,
    )
    if allowed is None:
        wait = HttpResponse(_("Too many requests."), status=429, content_type=PLAIN)
        wait["Retry-After"] = "300"
        return closed(wait)
    sentence = _("There is no calendar at this address.")
    status = HTTPStatus.NOT_FOUND
    return closed(HttpResponse(sentence, status=status, content_type=PLAIN))


def closed(response: HttpResponse) -> HttpResponse:
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


def calendar_response(written: bytes, *, disposition: str) -> HttpResponse:
    response = HttpResponse(written, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = disposition
    return closed(response)


def addresses(request: HttpRequest) -> AddressOf:
    return lambda session: request.build_absolute_uri(
        reverse("session", args=[session.pk])
    )


def coach_addresses(request: HttpRequest) -> AddressOf:
    def address_of(session: TrainingSession) -> str:
        page = f"{reverse('coach')}?week={session.session_date}#session-{session.pk}"
        return request.build_absolute_uri(page)

    return address_of


@require_http_methods(["GET", "HEAD", "POST"])
def calendar(request: HttpRequest) -> HttpResponse:
    return show_feed(request, CalendarFeedKind.MEMBER, "bookings/calendar.html")


@require_http_methods(["GET", "HEAD", "POST"])
def coach_calendar(request: HttpRequest) -> HttpResponse:
    trainer = own_trainer(request)
    kind, template = CalendarFeedKind.COACH, "coach/calendar.html"
    return show_feed(request, kind, template, trainer=trainer)


def show_feed(
    request: HttpRequest, kind: CalendarFeedKind, template: str, **context: Any
) -> HttpResponse:
    """The page of a feed. POST makes its address, or a new one.

    The answer to the POST shows the address, this once: to redirect, it would have to
    be kept somewhere.
    """
    mine = CalendarFeed.objects.filter(member=request.user.pk, kind=kind)
    context["feed"] = mine.first()
    if request.method == "POST":
        token = CalendarFeed.objects.renew(request.user, kind)
        address = request.build_absolute_uri(reverse("feed", args=[token]))
        context |= {"address": address, "webcal": as_webcal(address)}
    return render(request, template, context)


def as_webcal(address: str) -> str:
    """Phones and Outlook subscribe to an address of this kind when it is opened."""
    return urlsplit(address)._replace(scheme="webcal").geturl()


@require_POST
def calendar_off(request: HttpRequest) -> HttpResponse:
    return switch_off(request, CalendarFeedKind.MEMBER, "calendar")


@require_POST
def coach_calendar_off(request: HttpRequest) -> HttpResponse:
    own_trainer(request)
    return switch_off(request, CalendarFeedKind.COACH, "coach-calendar")


def switch_off(request: HttpRequest, kind: CalendarFeedKind, page: str) -> HttpResponse:
    CalendarFeed.objects.filter(member=request.user.pk, kind=kind).delete()
    messages.success(
        request, _("Your calendar feed is off: its address leads nowhere now.")
    )
    return redirect(page)
