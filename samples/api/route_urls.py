"""API addresses of routes, border posts, ways and customs papers."""

from __future__ import annotations

from django.urls import path

from samples.api import routes as views

urlpatterns = [
    path("routes/", views.Routes.as_view(), name="api-routes"),
    path("routes/<str:code>/", views.RouteView.as_view(), name="api-route"),
    path("routes/<str:code>/versions/", views.RouteVersions.as_view(), name="api-route-versions"),
    path("routes/<str:code>/use/", views.RouteUse.as_view(), name="api-route-use"),
    path("border-posts/", views.BorderPosts.as_view(), name="api-border-posts"),
    path("consignments/<str:code>/legs/", views.LegsView.as_view(), name="api-consignment-legs"),
    path("consignments/<str:code>/expected/", views.ExpectedView.as_view(), name="api-consignment-expected"),
    path("consignments/<str:code>/customs/", views.CustomsView.as_view(), name="api-consignment-customs"),
    path("consignments/<str:code>/customs/papers/", views.PapersView.as_view(), name="api-consignment-papers"),
    path("consignments/<str:code>/customs/papers/<uuid:pk>/", views.PaperView.as_view(), name="api-consignment-paper"),
    path("consignments/<str:code>/customs/papers/<uuid:pk>/files/", views.PaperFiles.as_view(), name="api-consignment-paper-files"),
]
