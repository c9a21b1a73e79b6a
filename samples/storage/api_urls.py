"""Addresses of storage in the API."""

from __future__ import annotations

from django.urls import path

from samples.storage import api

urlpatterns = [
    path("storage/locations/", api.Locations.as_view(), name="api-locations"),
    path("storage/locations/<str:code>/", api.LocationView.as_view(), name="api-location"),
    path("storage/locations/<str:code>/readings/", api.Readings.as_view(), name="api-location-readings"),
    path("samples/<str:code>/store/", api.StoreView.as_view(), name="api-sample-store"),
    path("samples/<str:code>/move/", api.MoveView.as_view(), name="api-sample-move"),
    path("samples/<str:code>/take-out/", api.TakeOutView.as_view(), name="api-sample-take-out"),
]
