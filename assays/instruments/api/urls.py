"""API addresses of instruments and uploads."""

from __future__ import annotations

from django.urls import URLPattern, path

from assays.instruments.api import bench_devices, views

_ME = "instruments/me/"
_UPLOAD = f"{_ME}uploads/<uuid:pk>/"

urlpatterns: list[URLPattern] = [
    path(f"{_ME}uploads/", views.InstrumentUploads.as_view(), name="api-instrument-uploads"),
    path(_UPLOAD, views.UploadView.as_view(), name="api-instrument-upload"),
    path(f"{_UPLOAD}readings/", views.UploadReadings.as_view(), name="api-instrument-upload-readings"),
    path(f"{_UPLOAD}confirm/", views.ConfirmView.as_view(), name="api-instrument-upload-confirm"),
    path(f"{_UPLOAD}withdraw/", views.WithdrawView.as_view(), name="api-instrument-upload-withdraw"),
    path(f"{_UPLOAD}reopen/", views.ReopenView.as_view(), name="api-instrument-upload-reopen"),
    path(f"{_UPLOAD}ignore/", views.IgnoreRestView.as_view(), name="api-instrument-upload-ignore"),
    path(f"{_UPLOAD}rows/<int:index>/assign/", views.AssignView.as_view(), name="api-instrument-row-assign"),
    path(f"{_UPLOAD}rows/<int:index>/ignore/", views.IgnoreView.as_view(), name="api-instrument-row-ignore"),
    path(f"{_ME}readings/", views.Readings.as_view(), name="api-instrument-readings"),
    path(f"{_ME}worklist/", views.InstrumentWorklist.as_view(), name="api-instrument-worklist"),
    path(f"{_ME}weights/", bench_devices.Weights.as_view(), name="api-instrument-weights"),
    path(f"{_ME}scans/", bench_devices.Scans.as_view(), name="api-instrument-scans"),
    path("instruments/<str:code>/operator/", bench_devices.Operator.as_view(), name="api-instrument-operator"),
    path(f"{_ME}heartbeat/", views.Heartbeat.as_view(), name="api-instrument-heartbeat"),
    path("uploads/", views.Uploads.as_view(), name="api-uploads"),
]
