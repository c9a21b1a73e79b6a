"""Addresses of storage."""

from __future__ import annotations

from django.urls import path

from samples.storage import views

app_name = "storage"

urlpatterns = [
    path("storage/", views.Tree.as_view(), name="tree"),
    path("storage/contents/", views.Contents.as_view(), name="contents"),
    path("storage/scan/", views.Scan.as_view(), name="scan"),
    path("storage/scan/out/", views.ScanOut.as_view(), name="scan-out"),
    path("storage/new/", views.NewLocation.as_view(), name="new"),
    path("storage/labels/", views.Labels.as_view(), name="labels"),
    path("storage/<str:code>/", views.LocationPage.as_view(), name="location"),
    path("storage/<str:code>/change/", views.ChangeLocation.as_view(), name="change"),
    path("storage/<str:code>/readings/", views.Readings.as_view(), name="readings"),
]
