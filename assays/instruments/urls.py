"""Addresses of uploads and instruments."""

from __future__ import annotations

from django.urls import URLPattern, path

from assays.instruments.agent.views import AgentFile, AgentPage
from assays.views import instruments, uploads

app_name = "instruments"

urlpatterns: list[URLPattern] = [
    path("uploads/", uploads.UploadList.as_view(), name="uploads"),
    path("uploads/queue/", uploads.ErrorQueue.as_view(), name="queue"),
    path("uploads/new/", uploads.NewUpload.as_view(), name="upload-new"),
    path("uploads/<uuid:pk>/", uploads.UploadPage.as_view(), name="upload"),
    path("uploads/<uuid:pk>/raw/", uploads.RawFile.as_view(), name="upload-raw"),
    path("uploads/<uuid:pk>/readings/", uploads.Readings.as_view(), name="upload-readings"),
    path("uploads/<uuid:pk>/run/", uploads.ChooseRun.as_view(), name="upload-run"),
    path("uploads/<uuid:pk>/rows/", uploads.DecideRows.as_view(), name="upload-rows"),
    path("uploads/<uuid:pk>/rest/", uploads.IgnoreRest.as_view(), name="upload-rest"),
    path("uploads/<uuid:pk>/confirm/", uploads.Confirm.as_view(), name="upload-confirm"),
    path("uploads/<uuid:pk>/withdraw/", uploads.Withdraw.as_view(), name="upload-withdraw"),
    path("uploads/<uuid:pk>/reopen/", uploads.Reopen.as_view(), name="upload-reopen"),
    path("instruments/", instruments.InstrumentList.as_view(), name="instruments"),
    path("instruments/new/", instruments.NewInstrument.as_view(), name="instrument-new"),
    path("instruments/agent/", AgentPage.as_view(), name="agent"),
    path("instruments/agent/lims_agent.py", AgentFile.as_view(), name="agent-file"),
    path("instruments/<str:code>/", instruments.InstrumentPage.as_view(), name="instrument"),
    path("instruments/<str:code>/tokens/", instruments.NewToken.as_view(), name="token-new"),
    path("instruments/<str:code>/tokens/<uuid:pk>/revoke/", instruments.RevokeToken.as_view(), name="token-revoke"),
    path("instruments/<str:code>/calibration/", instruments.Calibrate.as_view(), name="calibrate"),
    path("instruments/<str:code>/operator/", instruments.StandAtBalance.as_view(), name="operator"),
    path("instruments/<str:code>/use/", instruments.SetInUse.as_view(), name="set-in-use"),
]
