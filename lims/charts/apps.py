from django.apps import AppConfig


class ChartsConfig(AppConfig):
    name = "lims.charts"
    verbose_name = "Charts"
