"""Addresses of runs once they are planned: list, page, quality control, review."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from assays.views import retests, review, runs

urlpatterns: list[URLPattern | URLResolver] = [
    path("runs/", runs.RunList.as_view(), name="runs"),
    path("runs/<str:code>/", runs.RunPage.as_view(), name="run"),
    path("runs/<str:code>/results/<uuid:pk>/", runs.ResultPage.as_view(), name="run-result"),
    path("runs/<str:code>/results/<uuid:pk>/trail/", runs.TrailFile.as_view(), name="run-result-trail"),
    path("runs/<str:code>/calculation/", runs.CalculationPage.as_view(), name="run-calculation"),
    path("runs/<str:code>/high-grade/", retests.HighGradePage.as_view(), name="run-high-grade"),
    path("runs/<str:code>/again/", retests.RetestPage.as_view(), name="run-again"),
    path("runs/<str:code>/again/ask/", retests.AskRetests.as_view(), name="run-again-ask"),
    path("runs/<str:code>/again/reject/", retests.RejectPositions.as_view(), name="run-reject"),
    path("runs/<str:code>/review/", review.ReviewPage.as_view(), name="run-review"),
    path("runs/<str:code>/authorise/", review.AuthorisePage.as_view(), name="run-authorise"),
    path("review/", review.ReviewQueue.as_view(), name="review"),
]
