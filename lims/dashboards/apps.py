from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DashboardsConfig(AppConfig):
    name = "lims.dashboards"
    label = "dashboards"

    def ready(self) -> None:
        from lims.core.navigation import Item, register_item
        from lims.core.roles import Action

        register_item(Item(0, 0, _("Overview"), "dashboards:overview", Action.OVERVIEW_VIEW))
