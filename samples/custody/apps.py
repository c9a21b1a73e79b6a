from django.apps import AppConfig


class CustodyConfig(AppConfig):
    name = "samples.custody"
    label = "custody"
    verbose_name = "Custody ledger"
