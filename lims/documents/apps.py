from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "lims.documents"
    verbose_name = "Papers"
