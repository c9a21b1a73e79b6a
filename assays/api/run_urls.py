"""API addresses of measured runs: quality control, review, results."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from assays.api import results, retests, review, runs_qc

urlpatterns: list[URLPattern | URLResolver] = [
    path("runs/<str:key>/qc/", runs_qc.RunQuality.as_view(), name="api-run-qc"),
    path("runs/<str:key>/review/", review.ReviewView.as_view(), name="api-run-review"),
    path("runs/<str:key>/calculation/", results.RunCalculation.as_view(), name="api-run-calculation"),
    path("runs/<str:key>/results/<uuid:pk>/trail/", results.ResultTrail.as_view(), name="api-result-trail"),
    path("runs/<str:key>/retests/", retests.RetestsView.as_view(), name="api-run-retests"),
    path("runs/<str:key>/retests/ask/", retests.AskRetestsView.as_view(), name="api-run-retests-ask"),
    path("runs/<str:key>/retests/reject/", retests.RejectPositionsView.as_view(), name="api-run-retests-reject"),
    path("review-queue/", retests.ReviewQueueView.as_view(), name="api-review-queue"),
    path("results/", results.Results.as_view(), name="api-results"),
    path("results/authorise/", review.AuthoriseView.as_view(), name="api-results-authorise"),
]
