from django.apps import AppConfig
from django.db.models.signals import post_migrate, post_save


class AccountsConfig(AppConfig):
    name = "finova.accounts"
    verbose_name = "People"

    def ready(self) -> None:
        from finova.accounts import roles

        # Without a sender: after every app, because roles name permissions of all.
        post_migrate.connect(roles.make_roles, dispatch_uid="make_roles")
        post_save.connect(
            roles.welcome_member,
            sender="accounts.User",
            dispatch_uid="welcome_member",
        )
