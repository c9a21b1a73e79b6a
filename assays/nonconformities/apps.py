from django.apps import AppConfig


class NonconformitiesConfig(AppConfig):
    name = "assays.nonconformities"
    label = "nonconformities"
    verbose_name = "Nonconforming work"

    def ready(self) -> None:
        from assays.nonconformities.frame import register_frame

        register_frame()
