"""Tables of the field: places, visits, samples, consignments, receipts."""

from samples.models.consignments import Consignment, ConsignmentItem, Handover, HandoverToken
from samples.models.handling import CompositeShare, Departure, MaterialHandling
from samples.models.imports import SampleImport
from samples.models.places import Mine, Pit
from samples.models.radiation import ActivityAssessment, DoorPolicy, DoorScreen
from samples.models.receipts import Discrepancy, Receipt, ReceiptItem, Settlement
from samples.models.samples import Hold, Photo, Sample
from samples.models.seals import SealBatch, SealUse, SealVoiding
from samples.models.visits import Visit, VisitMember

__all__ = [
    "ActivityAssessment",
    "CompositeShare",
    "Consignment",
    "ConsignmentItem",
    "Departure",
    "Discrepancy",
    "DoorPolicy",
    "DoorScreen",
    "Handover",
    "HandoverToken",
    "Hold",
    "MaterialHandling",
    "Mine",
    "Photo",
    "Pit",
    "Receipt",
    "ReceiptItem",
    "Sample",
    "SampleImport",
    "SealBatch",
    "SealUse",
    "SealVoiding",
    "Settlement",
    "Visit",
    "VisitMember",
]
