from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "lims.jobs"
    label = "jobs"
    verbose_name = "Jobs"

    def ready(self) -> None:
        from lims.core.health import register_report
        from lims.core.navigation import Item, register_item
        from lims.core.roles import Action
        from lims.jobs import broker  # noqa: F401 - the tasks know their broker from here on
        from lims.jobs.services import last_tick

        register_report("scheduler_last_tick", last_tick)
        register_item(Item(9, 40, _("Jobs"), "jobs:jobs", Action.ACCOUNT_EDIT))
        # Each app's `job_handlers.py` registers what its jobs do.
        autodiscover_modules("job_handlers")
