"""Django's admin with this product's own site: for looking, never for editing."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class RecordsAdminConfig(AdminConfig):
    """Stands in `INSTALLED_APPS` where `django.contrib.admin` would."""

    default_site = "lims.core.records_admin.RecordsSite"
