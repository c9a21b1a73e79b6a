from django.apps import AppConfig


class SamplesConfig(AppConfig):
    name = "samples"
    verbose_name = "Samples"

    def ready(self) -> None:
        from samples import consignment_navigation, field_navigation, safety_navigation

        field_navigation.register_navigation()
        consignment_navigation.register_navigation()
        safety_navigation.register_navigation()
