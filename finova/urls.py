from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from finova.api import api

# One door for everybody: the throttled one, which can ask for a second factor.
admin.autodiscover()
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.site_header = admin.site.site_title = "FinovaFitness"
admin.site.index_title = "Front desk"

urlpatterns = [
    path("", include("bookings.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/", api.urls),
]
