"""Tables of the field: places, visits, samples, consignments, receipts."""

from samples.models.consignments import Consignment, ConsignmentItem, Handover
from samples.models.imports import SampleImport
from samples.models.places import Mine, Pit
from samples.models.receipts import Discrepancy, Receipt, ReceiptItem
from samples.models.samples import Hold, Photo, Sample
from samples.models.visits import Visit, VisitMember

__all__ = [
    "Consignment",
    "ConsignmentItem",
    "Discrepancy",
    "Handover",
    "Hold",
    "Mine",
    "Photo",
    "Pit",
    "Receipt",
    "ReceiptItem",
    "Sample",
    "SampleImport",
    "Visit",
    "VisitMember",
]
