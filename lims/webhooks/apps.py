from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WebhooksConfig(AppConfig):
    name = "lims.webhooks"
    label = "webhooks"
    verbose_name = "Webhooks"

    def ready(self) -> None:
        from lims.core.navigation import Item, register_item
        from lims.core.roles import Action

        register_item(Item(9, 40, _("Webhooks"), "webhooks:webhooks", Action.WEBHOOK_EDIT))
