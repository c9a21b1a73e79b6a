"""Addresses of the custody log."""

from __future__ import annotations

from django.urls import path

from samples.api import custody_log

urlpatterns = [
    path("custody/checkpoint/", custody_log.CheckpointView.as_view(), name="api-custody-checkpoint"),
    path("custody/consistency/", custody_log.ConsistencyView.as_view(), name="api-custody-consistency"),
    path("custody/keys/", custody_log.KeysView.as_view(), name="api-custody-keys"),
    path("custody/cosignatures/", custody_log.CosignaturesView.as_view(), name="api-custody-cosignatures"),
]
