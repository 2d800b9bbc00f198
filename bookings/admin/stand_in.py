"""Others give the sessions of a trainer who cannot come today."""

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, ngettext

from bookings.admin.affected import may_act
from bookings.domain.substitution import (
    find_stand_ins,
    handed_over,
    sessions_left,
    substitute,
)
from bookings.mails import mail_stand_in
from bookings.models import TrainingSession
from trainers.clock import gym_now
from trainers.models import Trainer


def show_stand_ins(
    model_admin: admin.ModelAdmin, request: HttpRequest, trainer: Trainer
) -> HttpResponse:
    """Who could give what is left of today, what was handed over, whom to call."""
    now = gym_now()
    gaps = find_stand_ins(sessions_left(trainer, now=now), now=now)
    given = handed_over(trainer, now=now)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": gettext("%(trainer)s cannot come today") % {"trainer": trainer},
        "opts": model_admin.opts,
        "trainer": trainer,
        "today": now.date(),
        "gaps": gaps,
        "given": given,
        "fitting": sum(bool(gap.could) for gap in gaps),
        "calls": [gap.session for gap in gaps if not gap.could]
        + [session for session in given if not session.client.email],
        "may_act": may_act(request),
    }
    return render(request, "admin/absence/stand_in.html", context)


def put_others_in(request: HttpRequest, trainer: Trainer) -> None:
    """For all that were ticked and that fit; their members are told by mail."""
    now = gym_now()
    asked = set(request.POST.getlist("session"))
    left = sessions_left(trainer, now=now)
    gaps = find_stand_ins([each for each in left if str(each.pk) in asked], now=now)
    handed = list(substitute(gaps, by=request.user, now=now))
    unreached = [each for each in handed if not told_of(each, trainer)]
    sentence = ngettext(
        "%(count)s session was handed over.",
        "%(count)s sessions were handed over.",
        len(handed),
    )
    messages.success(request, sentence % {"count": len(handed)})
    if unreached:
        names = ", ".join(f"{each.client}" for each in unreached)
        sentence = gettext("No mail reached %(names)s: please call.")
        messages.warning(request, sentence % {"names": names})


def told_of(session: TrainingSession, instead_of: Trainer) -> bool:
    with_names = TrainingSession.objects.select_related("trainer", "client")
    return mail_stand_in(with_names.get(pk=session.pk), instead_of=instead_of)
