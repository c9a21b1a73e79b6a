from django.apps import AppConfig


class StorageConfig(AppConfig):
    name = "samples.storage"
    label = "storage"
    verbose_name = "Storage"

    def ready(self) -> None:
        from samples.storage.navigation import register_navigation

        register_navigation()
