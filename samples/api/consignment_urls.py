"""API addresses of consignments and discrepancies."""

from __future__ import annotations

from django.urls import path

from samples.api import consignments as views
from samples.api import handovers, returning, straying

urlpatterns = [
    path("consignments/", views.Consignments.as_view(), name="api-consignments"),
    path("consignments/<str:code>/", views.ConsignmentView.as_view(), name="api-consignment"),
    path("consignments/<str:code>/pack/", views.PackView.as_view(), name="api-consignment-pack"),
    path("consignments/<str:code>/packs/", views.PacksView.as_view(), name="api-consignment-packs"),
    path("consignments/<str:code>/packs/<int:number>/seal/", views.PackSealView.as_view(), name="api-consignment-pack-seal"),
    path("consignments/<str:code>/manifest/", views.ManifestView.as_view(), name="api-consignment-manifest"),
    path("consignments/<str:code>/unpack/", views.UnpackView.as_view(), name="api-consignment-unpack"),
    path("consignments/<str:code>/cancel/", views.CancelView.as_view(), name="api-consignment-cancel"),
    path("consignments/<str:code>/dispatch/", views.DispatchView.as_view(), name="api-consignment-dispatch"),
    path("consignments/<str:code>/handover/", handovers.HandoverView.as_view(), name="api-consignment-handover"),
    path("consignments/<str:code>/handover/here/", handovers.HereView.as_view(), name="api-consignment-handover-here"),
    path("consignments/<str:code>/handover/token/", handovers.TokenView.as_view(), name="api-consignment-handover-token"),
    path("consignments/<str:code>/handover/paper/", handovers.PaperView.as_view(), name="api-consignment-handover-paper"),
    path("consignments/<str:code>/acknowledge/", handovers.AcknowledgeView.as_view(), name="api-consignment-acknowledge"),
    path("consignments/<str:code>/withdraw/", handovers.WithdrawView.as_view(), name="api-consignment-withdraw"),
    path("consignments/<str:code>/receive/", views.ReceiveView.as_view(), name="api-consignment-receive"),
    path("consignments/<str:code>/lost/", straying.LostView.as_view(), name="api-consignment-lost"),
    path("consignments/<str:code>/return/", returning.ReturnView.as_view(), name="api-consignment-return"),
    path("consignments/<str:code>/take-back/", returning.TakeBackView.as_view(), name="api-consignment-take-back"),
    path("reconsignments/", returning.OnwardView.as_view(), name="api-reconsignments"),
    path("consignments/<str:code>/found/", straying.FoundView.as_view(), name="api-consignment-found"),
    path("consignments/<str:code>/refuse/", straying.RefuseView.as_view(), name="api-consignment-refuse"),
    path("discrepancies/", views.Discrepancies.as_view(), name="api-discrepancies"),
    path("discrepancies/<uuid:pk>/settle/", views.SettleView.as_view(), name="api-discrepancy-settle"),
]
