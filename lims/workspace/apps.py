from django.apps import AppConfig


class WorkspaceConfig(AppConfig):
    name = "lims.workspace"
    label = "workspace"
