"""Addresses of samples and places."""

from __future__ import annotations

from django.urls import path

from samples.api import allotments, looks, places, samples

urlpatterns = [
    path("samples/", samples.Samples.as_view(), name="api-samples"),
    path("samples/composite/", samples.CompositeView.as_view(), name="api-sample-composite"),
    path("samples/departures/", samples.DeparturesView.as_view(), name="api-sample-departures"),
    path("samples/<str:code>/", samples.SampleView.as_view(), name="api-sample"),
    path("samples/<str:code>/custody/", samples.CustodyView.as_view(), name="api-sample-custody"),
    path("samples/<str:code>/split/", samples.SplitView.as_view(), name="api-sample-split"),
    path("samples/<str:code>/hold/", samples.HoldView.as_view(), name="api-sample-hold"),
    path("samples/<str:code>/release/", samples.ReleaseView.as_view(), name="api-sample-release"),
    path("samples/<str:code>/return/", samples.ReturnView.as_view(), name="api-sample-return"),
    path("samples/<str:code>/dispose/", samples.DisposeView.as_view(), name="api-sample-dispose"),
    path("allotments/", allotments.Allotments.as_view(), name="api-allotments"),
    path("allotments/<str:code>/", allotments.AllotmentView.as_view(), name="api-allotment"),
    path("allotments/<str:code>/end/", allotments.EndAllotmentView.as_view(), name="api-allotment-end"),
    path("origins/", looks.Origins.as_view(), name="api-origins"),
    path("looks/", looks.Looks.as_view(), name="api-looks"),
    path("mines/", places.Mines.as_view(), name="api-mines"),
    path("mines/<str:code>/", places.MineView.as_view(), name="api-mine"),
]
