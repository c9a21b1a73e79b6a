"""Addresses of samples, imports, labels, photographs, mines and visits."""

from __future__ import annotations

from django.urls import path

from samples.views import allotments, custody_log, departures, files, imports, looks, places, samples, visits

urlpatterns = [
    path("samples/", samples.SampleList.as_view(), name="list"),
    path("samples/new/", samples.RegisterSample.as_view(), name="new"),
    path("samples/labels/", files.Labels.as_view(), name="labels"),
    path("samples/imports/", imports.Imports.as_view(), name="imports"),
    path("samples/imports/template.<str:kind>", imports.Template.as_view(), name="template"),
    path("samples/imports/<uuid:pk>/", imports.ImportPage.as_view(), name="import"),
    path("samples/imports/<uuid:pk>/<str:decision>/", imports.DecideImport.as_view(), name="import-decide"),
    path("samples/composite/", departures.Composite.as_view(), name="composite"),
    path("samples/departures/", departures.LetSeveralGo.as_view(), name="departures"),
    path("samples/retention/", departures.Retention.as_view(), name="retention"),
    path("samples/handling/<slug:material>/", departures.ChangeHandling.as_view(), name="handling"),
    path("samples/<str:code>/", samples.SamplePage.as_view(), name="sample"),
    path("samples/<str:code>/origin/", samples.SampleOrigin.as_view(), name="sample-origin"),
    path("samples/<str:code>/correct/", samples.CorrectSample.as_view(), name="correct"),
    path("samples/<str:code>/split/", samples.SplitSample.as_view(), name="split"),
    path("samples/<str:code>/hold/", samples.HoldSample.as_view(), name="hold"),
    path("samples/<str:code>/holds/<uuid:hold>/release/", samples.ReleaseHold.as_view(), name="release"),
    path("samples/<str:code>/dispose/", departures.DisposeSample.as_view(), name="dispose"),
    path("samples/<str:code>/return/", departures.ReturnSample.as_view(), name="return"),
    path("samples/<str:code>/photos/", samples.PhotographSample.as_view(), name="photograph"),
    path("photos/<uuid:pk>/", files.PhotoFile.as_view(), name="photo"),
    path("mines/", places.MineList.as_view(), name="mines"),
    path("mines/new/", places.RecordMine.as_view(), name="mine-new"),
    path("mines/<str:code>/", places.MinePage.as_view(), name="mine"),
    path("mines/<str:code>/origin/", places.MineOrigin.as_view(), name="mine-origin"),
    path("mines/<str:code>/change/", places.RecordMine.as_view(), name="mine-change"),
    path("mines/<str:code>/pits/new/", places.RecordPit.as_view(), name="pit-new"),
    path("mines/<str:code>/pits/<str:pit>/change/", places.RecordPit.as_view(), name="pit-change"),
    path("codes/", allotments.AllotmentList.as_view(), name="allotments"),
    path("codes/<str:code>/", allotments.AllotmentPage.as_view(), name="allotment"),
    path("codes/<str:code>/labels/", allotments.AllotmentLabels.as_view(), name="allotment-labels"),
    path("looks/", looks.LookList.as_view(), name="looks"),
    path("visits/", visits.VisitList.as_view(), name="visits"),
    path("visits/new/", visits.RecordVisit.as_view(), name="visit-new"),
    path("visits/<str:code>/", visits.VisitPage.as_view(), name="visit"),
    path("visits/<str:code>/change/", visits.RecordVisit.as_view(), name="visit-change"),
    path("custody/log/", custody_log.CustodyLog.as_view(), name="log"),
    path("custody/witnesses/new/", custody_log.RegisterWitness.as_view(), name="witness-new"),
    path("custody/witnesses/<uuid:pk>/end/", custody_log.EndWitness.as_view(), name="witness-end"),
]
