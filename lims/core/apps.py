from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CoreConfig(AppConfig):
    name = "lims.core"
    label = "core"
    verbose_name = "Foundation"

    def ready(self) -> None:
        from lims.core.database_keys import read_keys_quickly
        from lims.core.database_policy import apply_after_migrate
        from lims.core.plain_fields import keep_fields_plain

        keep_fields_plain()
        read_keys_quickly()

        # Sent by this app alone, after the last migration: every table exists by then.
        post_migrate.connect(apply_after_migrate, sender=self)
