from django.apps import AppConfig


class ControlChartsConfig(AppConfig):
    name = "assays.control_charts"
    label = "control_charts"
    verbose_name = "Control charts"
