from django.apps import AppConfig


class DossiersConfig(AppConfig):
    name = "samples.dossiers"
    label = "dossiers"
    verbose_name = "Custody dossiers"

    def ready(self) -> None:
        from samples.dossiers.frame import register_frame

        register_frame()
