"""Addresses of routes, border posts and customs papers; part of the namespace `samples`."""

from __future__ import annotations

from django.urls import path

from samples.views import routes

urlpatterns = [
    path("routes/", routes.RouteList.as_view(), name="routes"),
    path("routes/new/", routes.NewRoute.as_view(), name="route-new"),
    path("routes/<str:code>/", routes.RoutePage.as_view(), name="route"),
    path("routes/<str:code>/use/", routes.RouteUse.as_view(), name="route-use"),
    path("consignments/<str:code>/customs/", routes.CustomsPage.as_view(), name="consignment-customs"),
    path("consignments/<str:code>/customs/<uuid:pk>/", routes.PaperStep.as_view(), name="customs-paper"),
    path("consignments/<str:code>/customs/<uuid:pk>/files/<uuid:file>/", routes.PaperDownload.as_view(), name="customs-file"),
    path("consignments/<str:code>/legs/", routes.PassLeg.as_view(), name="consignment-leg"),
    path("consignments/<str:code>/expected/", routes.Expect.as_view(), name="consignment-expected"),
]
