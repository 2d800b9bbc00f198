from django.apps import AppConfig
from django.db.models.signals import (
    m2m_changed,
    post_migrate,
    post_save,
    pre_migrate,
)
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "finova.accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        from allauth.account.signals import password_reset
        from django.contrib.auth.signals import user_logged_in

        from finova import migrating
        from finova.accounts import addresses, middleware, roles
        from finova.accounts.models import User

        pre_migrate.connect(migrating.take_your_time, sender=self)
        post_migrate.connect(migrating.hurry_again, sender=self)
        # Without a sender: after every app, because roles name permissions of all.
        post_migrate.connect(roles.make_roles, dispatch_uid="make_roles")
        post_save.connect(
            roles.welcome_member,
            sender="accounts.User",
            dispatch_uid="welcome_member",
        )
        m2m_changed.connect(
            roles.open_the_admin,
            sender=User.groups.through,
            dispatch_uid="open_the_admin",
        )
        user_logged_in.connect(middleware.start_session, dispatch_uid="start_session")
        password_reset.connect(
            addresses.followed_the_link, dispatch_uid="followed_the_link"
        )
