from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "assays.reports"
    label = "reports"
    verbose_name = "Certificates"

    def ready(self) -> None:
        from assays.reports.frame import register_frame

        register_frame()
