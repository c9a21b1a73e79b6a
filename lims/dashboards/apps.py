from django.apps import AppConfig


class DashboardsConfig(AppConfig):
    name = "lims.dashboards"
    label = "dashboards"
