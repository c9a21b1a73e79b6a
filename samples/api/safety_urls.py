"""API addresses of radiation and seals."""

from __future__ import annotations

from django.urls import path

from samples.api import safety, seals

urlpatterns = [
    path("samples/<str:code>/screen/", safety.ScreenView.as_view(), name="api-sample-screen"),
    path("samples/<str:code>/gamma/", safety.GammaView.as_view(), name="api-sample-gamma"),
    path("samples/<str:code>/radiation/", safety.RadiationView.as_view(), name="api-sample-radiation"),
    path("discrepancies/<uuid:pk>/", safety.DiscrepancyView.as_view(), name="api-discrepancy"),
    path("door-policy/", safety.DoorPolicyView.as_view(), name="api-door-policy"),
    path("seal-batches/", seals.SealBatches.as_view(), name="api-seal-batches"),
    path("seal-batches/<uuid:pk>/void/", seals.VoidView.as_view(), name="api-seal-batch-void"),
    path("seals/<str:number>/", seals.SealView.as_view(), name="api-seal"),
]
