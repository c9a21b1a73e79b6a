"""Addresses of consignments, receipts and discrepancies; part of the namespace `samples`."""

from __future__ import annotations

from django.urls import path

from samples.views import consignments, handovers, meetings, packing, receipts, straying

urlpatterns = [
    path("consignments/", consignments.ConsignmentList.as_view(), name="consignments"),
    path("consignments/new/", consignments.NewConsignment.as_view(), name="consignment-new"),
    path("consignments/<str:code>/", consignments.ConsignmentPage.as_view(), name="consignment"),
    path("consignments/<str:code>/papers/", consignments.ChangePapers.as_view(), name="consignment-papers"),
    path("consignments/<str:code>/pack/", packing.PackPage.as_view(), name="consignment-pack"),
    path("consignments/<str:code>/packs/", packing.AddPack.as_view(), name="consignment-packs"),
    path("consignments/<str:code>/packs/<int:number>/seal/", packing.SealPack.as_view(), name="consignment-pack-seal"),
    path("consignments/<str:code>/manifest/", packing.Manifest.as_view(), name="consignment-manifest"),
    path("consignments/<str:code>/unpack/", packing.Unpack.as_view(), name="consignment-unpack"),
    path("consignments/<str:code>/cancel/", packing.Cancel.as_view(), name="consignment-cancel"),
    path("consignments/<str:code>/dispatch/", packing.Dispatch.as_view(), name="consignment-dispatch"),
    path("consignments/<str:code>/label/", receipts.BoxLabel.as_view(), name="consignment-label"),
    path("consignments/<str:code>/handover/", handovers.HandOver.as_view(), name="consignment-handover"),
    path("consignments/<str:code>/handover/here/", meetings.HandOverHere.as_view(), name="consignment-handover-here"),
    path("consignments/<str:code>/handover/code/", meetings.ShowHandover.as_view(), name="consignment-handover-code"),
    path("consignments/<str:code>/handover/paper/", meetings.PaperHandover.as_view(), name="consignment-handover-paper"),
    path("consignments/<str:code>/handovers/<uuid:pk>/scan/", meetings.HandoverScan.as_view(), name="handover-scan"),
    path("handovers/<str:token>/", meetings.AnswerShown.as_view(), name="handover-shown"),
    path("consignments/<str:code>/acknowledge/", handovers.Answer.as_view(), name="consignment-acknowledge"),
    path("consignments/<str:code>/withdraw/", handovers.Withdraw.as_view(), name="consignment-withdraw"),
    path("consignments/<str:code>/receive/", receipts.Receive.as_view(), name="consignment-receive"),
    path("consignments/<str:code>/receipts/<uuid:pk>/", receipts.ReceiptPage.as_view(), name="receipt"),
    path("consignments/<str:code>/receipts/<uuid:pk>/labels/", receipts.BlindLabels.as_view(), name="receipt-labels"),
    path("consignments/<str:code>/lost/", straying.Lost.as_view(), name="consignment-lost"),
    path("consignments/<str:code>/return/", straying.Return.as_view(), name="consignment-return"),
    path("consignments/<str:code>/take-back/", straying.TakeBack.as_view(), name="consignment-take-back"),
    path("reconsignments/", straying.Onward.as_view(), name="reconsignments"),
    path("consignments/<str:code>/found/", straying.Found.as_view(), name="consignment-found"),
    path("consignments/<str:code>/refuse/", straying.Refuse.as_view(), name="consignment-refuse"),
    path("incoming/", consignments.Incoming.as_view(), name="incoming"),
    path("discrepancies/", receipts.DiscrepancyList.as_view(), name="discrepancies"),
    path("discrepancies/new/", receipts.ReportDiscrepancy.as_view(), name="discrepancy-new"),
    path("discrepancies/<uuid:pk>/", receipts.DiscrepancyPage.as_view(), name="discrepancy"),
]
