from django.apps import AppConfig
from django.db.models.signals import post_migrate, post_save, pre_migrate


class AccountsConfig(AppConfig):
    name = "finova.accounts"
    verbose_name = "People"

    def ready(self) -> None:
        from finova import migrating
        from finova.accounts import roles

        pre_migrate.connect(migrating.take_your_time, sender=self)
        post_migrate.connect(migrating.hurry_again, sender=self)
        # Without a sender: after every app, because roles name permissions of all.
        post_migrate.connect(roles.make_roles, dispatch_uid="make_roles")
        post_save.connect(
            roles.welcome_member,
            sender="accounts.User",
            dispatch_uid="welcome_member",
        )
