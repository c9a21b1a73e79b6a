from django.apps import AppConfig


class InstrumentsConfig(AppConfig):
    name = "assays.instruments"
    label = "instruments"
    verbose_name = "Instruments"
