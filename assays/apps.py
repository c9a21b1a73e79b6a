from django.apps import AppConfig


class AssaysConfig(AppConfig):
    name = "assays"
    verbose_name = "Assays"

    def ready(self) -> None:
        from assays.navigation import register_navigation
        from assays.run_navigation import register_run_navigation

        register_navigation()
        register_run_navigation()
