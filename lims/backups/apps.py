"""Backups and restorations."""

from django.apps import AppConfig


class BackupsConfig(AppConfig):
    name = "lims.backups"
    label = "backups"
