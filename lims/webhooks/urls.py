"""Addresses of webhooks."""

from __future__ import annotations

from django.urls import path

from lims.webhooks import views

app_name = "webhooks"
urlpatterns = [
    path("webhooks/", views.WebhookList.as_view(), name="webhooks"),
    path("webhooks/add/", views.AddWebhook.as_view(), name="add"),
    path("webhooks/<uuid:pk>/", views.WebhookPage.as_view(), name="webhook"),
    path("webhooks/<uuid:pk>/pause/", views.SetActive.as_view(), name="pause"),
    path("webhooks/<uuid:pk>/resume/", views.SetActive.as_view(active=True), name="resume"),
    path("webhooks/<uuid:pk>/secret/renew/", views.RenewSecret.as_view(), name="secret-renew"),
    path("webhooks/<uuid:pk>/secret/end-overlap/", views.EndOverlap.as_view(), name="secret-end-overlap"),
    path("webhooks/<uuid:pk>/deliveries/<uuid:delivery>/replay/", views.Replay.as_view(), name="replay"),
]
