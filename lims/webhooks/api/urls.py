"""API addresses of webhooks."""

from __future__ import annotations

from django.urls import path

from lims.webhooks.api import views

urlpatterns = [
    path("webhooks/", views.Webhooks.as_view(), name="api-webhooks"),
    path("webhooks/<uuid:pk>/", views.WebhookView.as_view(), name="api-webhook"),
    path("webhooks/<uuid:pk>/pause/", views.PauseWebhook.as_view(), name="api-webhook-pause"),
    path("webhooks/<uuid:pk>/resume/", views.ResumeWebhook.as_view(), name="api-webhook-resume"),
    path("webhooks/<uuid:pk>/secret/renew/", views.RenewSecret.as_view(), name="api-webhook-secret-renew"),
    path("webhooks/<uuid:pk>/secret/end-overlap/", views.EndOverlap.as_view(), name="api-webhook-secret-end-overlap"),
    path("webhooks/<uuid:pk>/deliveries/", views.Deliveries.as_view(), name="api-webhook-deliveries"),
    path("webhooks/<uuid:pk>/deliveries/<uuid:delivery>/replay/", views.ReplayDelivery.as_view(), name="api-webhook-replay"),
]
