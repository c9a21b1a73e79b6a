"""API addresses of the bench: reference data, submissions, preparation, aliquots, planning. Those of runs stand in `run_urls`."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from assays.api import bench, determining, lot_values, lots, planning, reference, solutions, steps, submissions, validations

urlpatterns: list[URLPattern | URLResolver] = [
    path("methods/", reference.Methods.as_view(), name="api-methods"),
    path("reference-materials/", reference.Materials.as_view(), name="api-reference-materials"),
    path("reference-materials/<str:code>/", reference.MaterialView.as_view(), name="api-reference-material"),
    path("validations/", validations.Validations.as_view(), name="api-validations"),
    path("validations/<str:number>/", validations.ValidationView.as_view(), name="api-validation"),
    path("submissions/", submissions.Submissions.as_view(), name="api-submissions"),
    path("submissions/<str:code>/", submissions.SubmissionView.as_view(), name="api-submission"),
    path("submissions/<str:code>/hold/", submissions.HoldView.as_view(), name="api-submission-hold"),
    path("submissions/<str:code>/resume/", submissions.ResumeView.as_view(), name="api-submission-resume"),
    path("submissions/<str:code>/complete/", submissions.CompleteView.as_view(), name="api-submission-complete"),
    path("submissions/<str:code>/cancel/", submissions.CancelView.as_view(), name="api-submission-cancel"),
    path("preparations/", bench.Preparations.as_view(), name="api-preparations"),
    path("preparation-tasks/", steps.PreparationTasks.as_view(), name="api-preparation-tasks"),
    path("preparation-steps/", steps.PreparationSteps.as_view(), name="api-preparation-steps"),
    path("preparation-steps/<uuid:pk>/correct/", steps.PreparationStepCorrect.as_view(), name="api-preparation-step-correct"),
    path("lots/", lots.Lots.as_view(), name="api-lots"),
    path("lots/<str:code>/values/", lot_values.LotValues.as_view(), name="api-lot-values"),
    path("equipment/", lots.EquipmentList.as_view(), name="api-equipment"),
    path("aliquots/", bench.Aliquots.as_view(), name="api-aliquots"),
    path("leaches/", solutions.Leaches.as_view(), name="api-leaches"),
    path("dilutions/", solutions.Dilutions.as_view(), name="api-dilutions"),
    path("runs/", planning.Runs.as_view(), name="api-runs"),
    path("runs/<str:key>/", planning.RunView.as_view(), name="api-run"),
    path("runs/<str:key>/worklist/", planning.WorklistView.as_view(), name="api-run-worklist"),
    path("runs/<str:key>/determinations/", determining.RunDeterminations.as_view(), name="api-run-determinations"),
    path("runs/<str:key>/cancel/", planning.CancelRunView.as_view(), name="api-run-cancel"),
    path("", include("assays.api.run_urls")),
]
