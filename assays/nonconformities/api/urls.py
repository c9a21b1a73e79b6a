"""API addresses of nonconforming work."""

from __future__ import annotations

from django.urls import path

from assays.nonconformities.api import recalls, views

urlpatterns = [
    path("runs/<str:key>/reopen/", views.ReopenView.as_view(), name="api-run-reopen"),
    path("recall/", recalls.RecallView.as_view(), name="api-recall"),
    path("notices/", recalls.Notices.as_view(), name="api-notices"),
    path("notices/<uuid:pk>/acknowledge/", recalls.AcknowledgeView.as_view(), name="api-notice-acknowledge"),
    path("nonconformities/<str:code>/hold/", recalls.HoldView.as_view(), name="api-nonconformity-hold"),
    path("nonconformities/<str:code>/notify/", recalls.NotifyView.as_view(), name="api-nonconformity-notify"),
    path("runs/<str:key>/override/", views.OverrideView.as_view(), name="api-run-override"),
    path("nonconformities/", views.Nonconformities.as_view(), name="api-nonconformities"),
    path("nonconformities/<str:code>/", views.NonconformityView.as_view(), name="api-nonconformity"),
    path("nonconformities/<str:code>/evaluate/", views.EvaluateView.as_view(), name="api-nonconformity-evaluate"),
    path("nonconformities/<str:code>/action/", views.ActionPlanView.as_view(), name="api-nonconformity-action"),
    path("nonconformities/<str:code>/finish/", views.FinishView.as_view(), name="api-nonconformity-finish"),
    path("nonconformities/<str:code>/effect/", views.EffectView.as_view(), name="api-nonconformity-effect"),
    path("nonconformities/<str:code>/resume/", views.ResumeView.as_view(), name="api-nonconformity-resume"),
    path("nonconformities/<str:code>/notes/", views.NotesView.as_view(), name="api-nonconformity-notes"),
    path("nonconformities/<str:code>/close/", views.CloseView.as_view(), name="api-nonconformity-close"),
]
