"""Addresses of radiation and seals; part of the namespace `samples`."""

from __future__ import annotations

from django.urls import path

from samples.views import safety, seals

urlpatterns = [
    path("door/", safety.Door.as_view(), name="door"),
    path("door/policy/", safety.PolicyPage.as_view(), name="door-policy"),
    path("samples/<str:code>/radiation/", safety.RadiationPage.as_view(), name="radiation"),
    path("samples/<str:code>/radiation/gamma/", safety.RecordGamma.as_view(), name="radiation-gamma"),
    path("seals/", seals.SealRegister.as_view(), name="seals"),
    path("seals/issue/", seals.IssueSeals.as_view(), name="seals-issue"),
    path("seals/find/", seals.FindSeal.as_view(), name="seal-find"),
    path("seals/batches/<uuid:pk>/", seals.SealBatchPage.as_view(), name="seal-batch"),
    path("seals/number/<str:number>/", seals.SealPage.as_view(), name="seal"),
]
