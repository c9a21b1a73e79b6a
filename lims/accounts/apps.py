from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "lims.accounts"
    label = "accounts"
    verbose_name = "People and organisations"

    def ready(self) -> None:
        # Tells the OpenAPI description how callers authenticate.
        from lims.accounts.api import schema  # noqa: F401
        from lims.core.navigation import Item, register_item
        from lims.core.roles import Action

        register_item(Item(9, 10, _("People"), "accounts:people", Action.ACCOUNT_EDIT))
        register_item(Item(9, 20, _("Organisations"), "accounts:organisations", Action.ACCOUNT_EDIT))
        register_item(Item(9, 90, _("Records"), "admin:index", Action.ACCOUNT_EDIT))
