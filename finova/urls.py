from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.mfa.recovery_codes.views import generate_recovery_codes
from allauth.usersessions.views import list_usersessions
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import include, path
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from bookings.admin import today
from bookings.gym import gym_name
from finova.accounts.languages import choose_language
from finova.accounts.last_factor import DeactivateAppView, RemovePasskeyView
from finova.accounts.views import too_many_tries
from finova.api import api
from finova.health import healthz, readyz
from finova.icons import favicon, manifest
from finova.styleguide import styleguide


@secure_admin_login
def admin_door(request: HttpRequest, **context: Any) -> HttpResponse:
    """Staff who are signed in are through already.

    The admin's own form would let them guess at colleagues' passwords uncounted.
    """
    return redirect("admin:index")


# One door for everybody: the throttled one, which can ask for a second factor.
admin.autodiscover()
admin.site.login = admin_door  # type: ignore[method-assign]
# Asked anew for each page: the gym may call itself something else by then.
admin.site.site_header = admin.site.site_title = lazy(gym_name, str)()
admin.site.index_title = _("Front desk")
admin.site.index = today.index  # type: ignore[method-assign]

api_urls = api.urls
for pattern in api_urls[0]:
    # The API answers 401 itself instead of sending programs to the sign-in page.
    pattern.callback.login_required = False

handler400 = "finova.unreadable.bad_request"
handler403 = "finova.errors.forbidden"
handler404 = "finova.errors.not_found"
handler429 = too_many_tries  # allauth asks for it
handler500 = "finova.errors.server_error"

# Forms without a field, which a PUT or a DELETE would send as well. Their names are
# allauth's, whose patterns below have the same addresses.
only_forms = require_http_methods(["GET", "HEAD", "POST"])
BARE_FORMS = {
    "sessions/": list_usersessions,
    "2fa/totp/deactivate/": DeactivateAppView.as_view(),
    "2fa/recovery-codes/generate/": generate_recovery_codes,
    "2fa/webauthn/keys/<int:pk>/remove/": RemovePasskeyView.as_view(),
}

urlpatterns = [
    path("", include("bookings.urls")),
    path("account/", include("finova.accounts.urls")),
    *[path(f"accounts/{at}", only_forms(view)) for at, view in BARE_FORMS.items()],
    path("accounts/", include("allauth.urls")),
    path("language/", choose_language, name="language"),
    path("admin/today/", admin.site.admin_view(today.mark), name="today"),
    path("admin/", admin.site.urls),
    path("api/", api_urls),
    path("favicon.ico", favicon),
    path("manifest.webmanifest", manifest, name="manifest"),
    path("healthz", healthz),
    path("readyz", readyz),
    path("styleguide/", styleguide),
]
