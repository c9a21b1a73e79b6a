"""Addresses of nonconforming work."""

from __future__ import annotations

from django.urls import path

from assays.nonconformities.views import overriding, recalls, records, reopening

app_name = "nonconformities"

urlpatterns = [
    path("runs/<str:code>/override/", overriding.OverridePage.as_view(), name="override"),
    path("nonconformities/", records.NonconformityList.as_view(), name="list"),
    path("recall/", recalls.RecallPage.as_view(), name="recall"),
    path("notices/", recalls.NoticeList.as_view(), name="notices"),
    path("notices/<uuid:pk>/acknowledge/", recalls.AcknowledgeNotice.as_view(), name="acknowledge"),
    path("nonconformities/<str:code>/hold/", recalls.Hold.as_view(), name="hold"),
    path("nonconformities/<str:code>/notify/", recalls.Notify.as_view(), name="notify"),
    path("nonconformities/<str:code>/runs/<str:run>/reopen/", reopening.ReopenPage.as_view(), name="reopen"),
    path("nonconformities/new/", records.ReportPage.as_view(), name="report"),
    path("nonconformities/<str:code>/", records.NonconformityPage.as_view(), name="page"),
    path("nonconformities/<str:code>/evaluate/", records.Evaluate.as_view(), name="evaluate"),
    path("nonconformities/<str:code>/action/", records.PlanAction.as_view(), name="plan-action"),
    path("nonconformities/<str:code>/finish/", records.FinishAction.as_view(), name="finish"),
    path("nonconformities/<str:code>/effect/", records.CheckEffect.as_view(), name="effect"),
    path("nonconformities/<str:code>/resume/", records.Resume.as_view(), name="resume"),
    path("nonconformities/<str:code>/links/", records.AddLinks.as_view(), name="links"),
    path("nonconformities/<str:code>/notes/", records.AddNote.as_view(), name="note"),
    path("nonconformities/<str:code>/close/", records.Close.as_view(), name="close"),
]
