from django.apps import AppConfig


class ProvenanceConfig(AppConfig):
    name = "samples.provenance"
    label = "provenance"
    verbose_name = "Provenance"

    def ready(self) -> None:
        from samples.provenance import navigation

        navigation.register_navigation()
