from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "assays.reports"
    label = "reports"
    verbose_name = "Certificates"
