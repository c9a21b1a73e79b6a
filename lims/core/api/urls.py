"""The description of the API and its documentation, served locally."""

from __future__ import annotations

from django.urls import path

from lims.core.api.schema_view import DocumentationView, SchemaView

urlpatterns = [
    path("schema/", SchemaView.as_view(authentication_classes=[]), name="api-schema"),
    path("docs/", DocumentationView.as_view(url_name="api-schema", authentication_classes=[]), name="api-docs"),
]
