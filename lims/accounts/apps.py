from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "lims.accounts"
    label = "accounts"
    verbose_name = "People and organisations"
