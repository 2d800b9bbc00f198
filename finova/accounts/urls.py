from django.urls import path

from finova.accounts import views

urlpatterns = [
    path("", views.account, name="account"),
    path("profile/", views.profile, name="profile"),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/<int:pk>/revoke/", views.revoke_token, name="revoke_token"),
    path("download/", views.download, name="download"),
    path("delete/", views.delete, name="delete_account"),
    path("devices/<int:pk>/sign-out/", views.sign_out_device, name="sign_out_device"),
]
