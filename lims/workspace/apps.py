from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkspaceConfig(AppConfig):
    name = "lims.workspace"
    label = "workspace"

    def ready(self) -> None:
        from lims.core.navigation import Item, register_item
        from lims.core.roles import Action, Role
        from lims.workspace.history_panels import register_history_panels

        # An official starts at the overview.
        register_item(Item(0, 10, _("My work"), "workspace:home", Action.WORK_VIEW, hidden_from=frozenset({Role.OFFICIAL})))
        register_item(Item(9, 30, _("Competences"), "workspace:competences", Action.COMPETENCE_EDIT))
        register_history_panels()
