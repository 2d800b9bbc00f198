from datetime import timedelta

from django.http import HttpRequest, HttpResponse

from finova.errors import refuse

MINUTE = timedelta(minutes=1)
RESET_WAIT = timedelta(minutes=15)


def too_many_tries(request: HttpRequest, wait: timedelta | None = None) -> HttpResponse:
    """The answer to whoever tried too often; also allauth's handler429.

    allauth's limits are per minute, but for the one on mails to choose a password.
    """
    page = request.resolver_match and request.resolver_match.url_name
    mails_are_sent = page == "account_reset_password"
    wait = wait or (RESET_WAIT if mails_are_sent else MINUTE)
    context = {"minutes": wait // MINUTE, "mails_are_sent": mails_are_sent}
    response = refuse(request, 429, context)
    response["Retry-After"] = str(int(wait.total_seconds()))
    return response
