from django.apps import AppConfig


class AllotmentsConfig(AppConfig):
    name = "samples.allotments"
    label = "allotments"
    verbose_name = "Codes set aside"
