"""Tables of the field: places, visits, samples, consignments, receipts."""

from samples.models.consignments import Consignment, ConsignmentItem, Handover, HandoverToken, Pack
from samples.models.handling import CompositeShare, Departure, MaterialHandling
from samples.models.imports import SampleImport
from samples.models.papers import CustomsPaper, PaperFile
from samples.models.places import Mine, Pit
from samples.models.radiation import ActivityAssessment, DoorPolicy, DoorScreen
from samples.models.receipts import Discrepancy, Receipt, ReceiptItem, ReceiptPack, Settlement
from samples.models.routes import BorderPost, LegPassage, OverdueAlarm, Route, RouteLeg, RouteVersion
from samples.models.samples import Hold, Photo, Sample
from samples.models.seals import SealBatch, SealUse, SealVoiding
from samples.models.visits import Visit, VisitMember

__all__ = [
    "ActivityAssessment",
    "BorderPost",
    "CompositeShare",
    "Consignment",
    "ConsignmentItem",
    "CustomsPaper",
    "Departure",
    "Discrepancy",
    "DoorPolicy",
    "DoorScreen",
    "Handover",
    "HandoverToken",
    "Hold",
    "LegPassage",
    "MaterialHandling",
    "Mine",
    "OverdueAlarm",
    "Pack",
    "PaperFile",
    "Photo",
    "Pit",
    "Receipt",
    "ReceiptItem",
    "ReceiptPack",
    "Route",
    "RouteLeg",
    "RouteVersion",
    "Sample",
    "SampleImport",
    "SealBatch",
    "SealUse",
    "SealVoiding",
    "Settlement",
    "Visit",
    "VisitMember",
]
