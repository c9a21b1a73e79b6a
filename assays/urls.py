"""Addresses of the bench: reference data, submissions, preparation, weighing, planning. Those of runs stand in `run_urls`."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from assays.views import bench, determining, lot_changes, lots, planning, reference, solutions, steps, submissions, trays, validations

app_name = "assays"

urlpatterns: list[URLPattern | URLResolver] = [
    path("methods/", reference.MethodList.as_view(), name="methods"),
    path("methods/<str:code>/<int:number>/", reference.MethodVersionPage.as_view(), name="method"),
    path("materials/", reference.MaterialList.as_view(), name="materials"),
    path("materials/new/", reference.NewMaterial.as_view(), name="material-new"),
    path("materials/<str:code>/", reference.MaterialPage.as_view(), name="material"),
    path("materials/<str:code>/runs/", reference.RecordRun.as_view(), name="material-run"),
    path("materials/<str:code>/establish/", reference.EstablishValues.as_view(), name="material-establish"),
    path("validation/", validations.ValidationList.as_view(), name="validations"),
    path("validation/product/", validations.RunProduct.as_view(), name="validation-product"),
    path("validation/file/", validations.RunFile.as_view(), name="validation-file"),
    path("validation/<str:number>/", validations.ValidationPage.as_view(), name="validation"),
    path("validation/<str:number>/pdf/", validations.ValidationPaper.as_view(), name="validation-pdf"),
    path("validation/<str:number>/source/", validations.ValidationSource.as_view(), name="validation-source"),
    path("validation/<str:number>/sign/", validations.SignOff.as_view(), name="validation-sign"),
    path("submissions/", submissions.SubmissionList.as_view(), name="submissions"),
    path("submissions/new/", submissions.NewSubmission.as_view(), name="submission-new"),
    path("submissions/<str:code>/", submissions.SubmissionPage.as_view(), name="submission"),
    path("submissions/<str:code>/hold/", submissions.Hold.as_view(), name="submission-hold"),
    path("submissions/<str:code>/resume/", submissions.Resume.as_view(), name="submission-resume"),
    path("submissions/<str:code>/complete/", submissions.Complete.as_view(), name="submission-complete"),
    path("submissions/<str:code>/cancel/", submissions.Cancel.as_view(), name="submission-cancel"),
    path("bench/preparation/", bench.PreparationPage.as_view(), name="preparation"),
    path("bench/steps/", steps.StepsPage.as_view(), name="steps"),
    path("bench/steps/<str:code>/", steps.SampleStepsPage.as_view(), name="sample-steps"),
    path("bench/step-records/<uuid:pk>/correct/", steps.CorrectStepPage.as_view(), name="step-correct"),
    path("bench/leaching/", solutions.LeachingPage.as_view(), name="leaching"),
    path("bench/aliquots/<str:code>/", solutions.AliquotPage.as_view(), name="aliquot"),
    path("bench/weighing/", bench.WeighingPage.as_view(), name="weighing"),
    path("lots/", lots.LotList.as_view(), name="lots"),
    path("lots/new/", lots.NewLot.as_view(), name="lot-new"),
    path("lots/<str:code>/", lots.ThingPage.as_view(), name="lot"),
    path("lots/<str:code>/correct/", lot_changes.CorrectLot.as_view(), name="lot-correct"),
    path("lots/<str:code>/withdraw/", lot_changes.WithdrawLot.as_view(), name="lot-withdraw"),
    path("lots/<str:code>/certificate/", lot_changes.LotCertificate.as_view(), name="lot-certificate"),
    path("equipment/<str:code>/withdraw/", lot_changes.WithdrawEquipment.as_view(), name="equipment-withdraw"),
    path("equipment/", lots.EquipmentList.as_view(), name="equipment"),
    path("equipment/new/", lots.NewEquipment.as_view(), name="equipment-new"),
    path("equipment/<str:code>/", lots.EquipmentPage.as_view(), name="equipment-page"),
    path("equipment/<str:code>/calibrate/", lots.Calibrate.as_view(), name="equipment-calibrate"),
    path("runs/new/", planning.PlanPage.as_view(), name="run-plan"),
    path("trays/", trays.LayoutsPage.as_view(), name="layouts"),
    path("blind-controls/", trays.BlindControlsPage.as_view(), name="blind-controls"),
    path("runs/<str:code>/determinations/", determining.DeterminationsPage.as_view(), name="determinations"),
    path("runs/<str:code>/rack/", planning.RackPage.as_view(), name="rack"),
    path("runs/<str:code>/cancel/", planning.CancelRun.as_view(), name="run-cancel"),
    path("", include("assays.run_urls")),
]
