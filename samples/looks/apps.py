from django.apps import AppConfig


class LooksConfig(AppConfig):
    name = "samples.looks"
    label = "looks"
    verbose_name = "Looks at origins"
