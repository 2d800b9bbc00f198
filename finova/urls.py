from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import include, path
from django.utils.functional import lazy
from django.views.generic import RedirectView

from finova.accounts.views import too_many_tries
from finova.api import api
from finova.health import healthz, readyz


@secure_admin_login
def admin_door(request: HttpRequest, **context: Any) -> HttpResponse:
    """Staff who are signed in are through already.

    The admin's own form would let them guess at colleagues' passwords uncounted.
    """
    return redirect("admin:index")


# One door for everybody: the throttled one, which can ask for a second factor.
admin.autodiscover()
admin.site.login = admin_door  # type: ignore[method-assign]
admin.site.site_header = admin.site.site_title = "FinovaFitness"
admin.site.index_title = "Front desk"

# Browsers ask for it on pages that name no icon: the admin's and the API's.
favicon = RedirectView.as_view(url=lazy(static, str)("img/logo.svg"))

api_urls = api.urls
for pattern in api_urls[0]:
    # The API answers 401 itself instead of sending programs to the sign-in page.
    pattern.callback.login_required = False

handler400 = "finova.unreadable.bad_request"
handler429 = too_many_tries  # allauth asks for it
handler500 = "finova.errors.server_error"

urlpatterns = [
    path("", include("bookings.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/", api_urls),
    path("favicon.ico", login_not_required(favicon)),
    path("healthz", healthz),
    path("readyz", readyz),
]
