"""Addresses of uploads and instruments."""

from __future__ import annotations

from django.urls import URLPattern, path

from assays.instruments.agent.views import AgentFile, AgentPage
from assays.views import instruments, queue, teaching, uploads

app_name = "instruments"

urlpatterns: list[URLPattern] = [
    path("uploads/", uploads.UploadList.as_view(), name="uploads"),
    path("uploads/queue/", queue.ErrorQueue.as_view(), name="queue"),
    path("uploads/queue/replay/", queue.ReplayMany.as_view(), name="queue-replay"),
    path("uploads/refused/", queue.RefusedList.as_view(), name="refused-list"),
    path("uploads/refused/<uuid:pk>/", queue.RefusedPage.as_view(), name="refused"),
    path("uploads/refused/<uuid:pk>/raw/", queue.RefusedRaw.as_view(), name="refused-raw"),
    path("uploads/refused/<uuid:pk>/replay/", queue.ReplayMessage.as_view(), name="refused-replay"),
    path("uploads/refused/<uuid:pk>/dismiss/", queue.DismissMessage.as_view(), name="refused-dismiss"),
    path("uploads/new/", uploads.NewUpload.as_view(), name="upload-new"),
    path("uploads/<uuid:pk>/", uploads.UploadPage.as_view(), name="upload"),
    path("uploads/<uuid:pk>/progress/", uploads.ReadingProgress.as_view(), name="upload-progress"),
    path("uploads/<uuid:pk>/raw/", uploads.RawFile.as_view(), name="upload-raw"),
    path("uploads/<uuid:pk>/readings/", uploads.Readings.as_view(), name="upload-readings"),
    path("uploads/<uuid:pk>/run/", uploads.ChooseRun.as_view(), name="upload-run"),
    path("uploads/<uuid:pk>/rows/", uploads.DecideRows.as_view(), name="upload-rows"),
    path("uploads/<uuid:pk>/rest/", uploads.IgnoreRest.as_view(), name="upload-rest"),
    path("uploads/<uuid:pk>/confirm/", uploads.Confirm.as_view(), name="upload-confirm"),
    path("uploads/<uuid:pk>/withdraw/", uploads.Withdraw.as_view(), name="upload-withdraw"),
    path("uploads/<uuid:pk>/reopen/", uploads.Reopen.as_view(), name="upload-reopen"),
    path("uploads/<uuid:pk>/replay/", queue.Replay.as_view(), name="upload-replay"),
    path("uploads/<uuid:pk>/back/", uploads.TakeBack.as_view(), name="upload-back"),
    path("uploads/<uuid:pk>/teach/", teaching.Teach.as_view(), name="teach"),
    path("mappings/", teaching.MappingList.as_view(), name="mappings"),
    path("mappings/<uuid:pk>/", teaching.MappingPage.as_view(), name="mapping"),
    path("mappings/<uuid:pk>/use/", teaching.SetMappingInUse.as_view(), name="mapping-use"),
    path("name-patterns/", teaching.PatternList.as_view(), name="patterns"),
    path("name-patterns/begin/", teaching.BeginPatterns.as_view(), name="patterns-begin"),
    path("name-patterns/new/", teaching.NewPattern.as_view(), name="pattern-new"),
    path("name-patterns/<uuid:pk>/", teaching.PatternPage.as_view(), name="pattern"),
    path("instruments/", instruments.InstrumentList.as_view(), name="instruments"),
    path("instruments/new/", instruments.NewInstrument.as_view(), name="instrument-new"),
    path("instruments/agent/", AgentPage.as_view(), name="agent"),
    path("instruments/agent/lims_agent.py", AgentFile.as_view(), name="agent-file"),
    path("instruments/<str:code>/", instruments.InstrumentPage.as_view(), name="instrument"),
    path("instruments/<str:code>/tokens/", instruments.NewToken.as_view(), name="token-new"),
    path("instruments/<str:code>/tokens/<uuid:pk>/revoke/", instruments.RevokeToken.as_view(), name="token-revoke"),
    path("instruments/<str:code>/calibration/", instruments.Calibrate.as_view(), name="calibrate"),
    path("instruments/<str:code>/unit/", instruments.SetUnit.as_view(), name="set-unit"),
    path("instruments/<str:code>/operator/", instruments.StandAtBalance.as_view(), name="operator"),
    path("instruments/<str:code>/use/", instruments.SetInUse.as_view(), name="set-in-use"),
]
