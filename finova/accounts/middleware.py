from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.http import urlencode
from django_htmx.http import HttpResponseClientRedirect


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Sends who is not signed in to the sign-in page, and back afterwards.

    A browser follows a redirect inside an htmx request by itself, which would put
    the sign-in page into the corner the fragment was meant for. So htmx is told to
    go there as a whole page, and to come back to the page it stands on.
    """

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> Any:
        if not request.htmx:
            return super().handle_no_permission(request, view_func)
        return self.leave_for_sign_in(request)

    def leave_for_sign_in(self, request: HttpRequest) -> HttpResponseBase:
        here = urlsplit(request.htmx.current_url_abs_path or "/")
        back = here.path + (f"?{here.query}" if here.query else "")
        login_url = resolve_url("account_login")
        query = urlencode({REDIRECT_FIELD_NAME: back})
        return HttpResponseClientRedirect(f"{login_url}?{query}")
