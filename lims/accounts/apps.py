from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "lims.accounts"
    label = "accounts"
    verbose_name = "People and organisations"

    def ready(self) -> None:
        # Tells the OpenAPI description how callers authenticate.
        from lims.accounts.api import schema  # noqa: F401
