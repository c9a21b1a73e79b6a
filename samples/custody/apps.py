from django.apps import AppConfig


class CustodyConfig(AppConfig):
    name = "samples.custody"
    label = "custody"
    verbose_name = "Custody ledger"

    def ready(self) -> None:
        from lims.core.health import register_report
        from samples.custody.proving import report_log

        register_report("custody_log", report_log)
