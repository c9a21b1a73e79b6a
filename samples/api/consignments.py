"""Consignments: made, packed, dispatched, handed over, received; discrepancies settled."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from lims.accounts.models import Organisation
from lims.core.api.views import ActionView, ListView, decode
from lims.core.codes import normalise
from lims.core.roles import Action
from lims.core.scope import fetch_visible
from samples.api import consignment_bodies as bodies
from samples.api import consignment_schemas as schemas
from samples.forms.consignment_filters import ConsignmentFilter, DiscrepancyFilter
from samples.models import Consignment, Discrepancy, Sample
from samples.selectors.consignments import row_of, select_consignments
from samples.selectors.movement_rows import consignment_data, consignment_detail, discrepancy_data, leg_data, receipt_data
from samples.selectors.consignments import legs_of
from samples.selectors.receipts import discrepancy_row, receipts_of, select_discrepancies
from samples.selectors.scanned import find_scanned
from samples.services import consigning, handing_over, receiving, settling
from samples.services.movement import invalid_at

LIST_PARAMETERS = [
    OpenApiParameter("cursor", str),
    OpenApiParameter("page_size", int),
    OpenApiParameter("ordering", str),
    OpenApiParameter("fields", str, description="Names of members, separated by commas"),
    OpenApiParameter("count", str, description="1 adds the number of rows"),
]
