from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    name = "lims.jobs"
    label = "jobs"
    verbose_name = "Jobs"

    def ready(self) -> None:
        from lims.core.health import register_report
        from lims.jobs import broker  # noqa: F401 - the tasks know their broker from here on
        from lims.jobs.services import last_tick

        register_report("scheduler_last_tick", last_tick)
        # Each app's `job_handlers.py` registers what its jobs do.
        autodiscover_modules("job_handlers")
