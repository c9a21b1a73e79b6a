from django.apps import AppConfig


class SamplesConfig(AppConfig):
    name = "samples"
    verbose_name = "Samples"

    def ready(self) -> None:
        from samples.consignment_navigation import register_navigation

        register_navigation()
