from django.apps import AppConfig


class ProvenanceConfig(AppConfig):
    name = "samples.provenance"
    label = "provenance"
    verbose_name = "Provenance"

    def ready(self) -> None:
        from samples.provenance import navigation
        from samples.provenance.services.entering import hold_entrants
        from samples.services.lots import register_door

        navigation.register_navigation()
        register_door(hold_entrants)
