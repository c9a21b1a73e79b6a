"""Addresses of runs once they are planned: list, page, quality control, review."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
