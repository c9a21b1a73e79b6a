"""The custody log for outsiders: checkpoint, proofs, keys; cosignatures of witnesses. Open to anyone, because an auditor who must first ask
the operator for an account could be refused; nothing restricted stands in any of it (ADR 0023)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from lims.core.api.views import OpenView, Struct, decode
from lims.core.errors import Invalid, NotFound, Problem
from samples.api import custody_log_schemas as schemas
from samples.custody.cosigning import accept_cosignature
from samples.custody.proving import checkpoint_of, describe_keys, latest_checkpoint, prove_consistency


class PlainRenderer(JSONRenderer):
    """Lets a caller ask for plain text. The checkpoint writes itself; what passes here is a refusal, and that stays JSON."""

    media_type = "text/plain"
    format = "txt"


class CheckpointView(OpenView):
    """The newest checkpoint."""

    renderer_classes = (PlainRenderer, JSONRenderer)

    @extend_schema(
        operation_id="custody_checkpoint",
        parameters=[OpenApiParameter("size", int, description="The checkpoint of exactly this size instead of the newest.")],
        responses={(200, "text/plain"): OpenApiTypes.STR, 404: OpenApiTypes.OBJECT},
        auth=[],
    )
    def get(self, request: Request) -> Any:
        """The signed checkpoint (C2SP tlog-checkpoint): origin, number of leaves, root in base64, an empty line, then the signatures of the
        log and of every witness that cosigned so far."""
        size = read_size(request, "size")
        checkpoint = latest_checkpoint() if size is None else checkpoint_of(size)
        if checkpoint is None:
            raise NotFound(
                "no_checkpoint", "The log has no checkpoint yet; the first is signed within a minute of the first custody event."
            )
        response = HttpResponse(checkpoint.note, content_type="text/plain; charset=utf-8")
        response["Cache-Control"] = "no-store"
        return response


class ConsistencyView(OpenView):
    """That the log only grew."""

    @extend_schema(
        operation_id="custody_consistency",
        parameters=[
            OpenApiParameter("from", int, required=True, description="Leaves of the older tree"),
            OpenApiParameter("to", int, required=True, description="Leaves of the newer tree"),
        ],
        responses=schemas.ConsistencySchema,
        auth=[],
    )
    def get(self, request: Request) -> Response:
        """The RFC 9162 consistency proof between two sizes, up to that of the newest checkpoint."""
        old, new = read_size(request, "from", required=True), read_size(request, "to", required=True)
        hashes = prove_consistency(old or 0, new or 0)
        return Response({"from": old, "to": new, "hashes": [digest.hex() for digest in hashes]})


class KeysView(OpenView):
    """Who signs."""

    @extend_schema(
        operation_id="custody_keys",
        parameters=[OpenApiParameter("size", int, description="Adds each announcement's inclusion proof in the tree of this checkpoint.")],
        responses=schemas.KeysSchema,
        auth=[],
    )
    def get(self, request: Request) -> Response:
        """The log's verifier keys past and present, each with the leaf that announces it, and the keys of its witnesses."""
        return Response(describe_keys(read_size(request, "size")))


class CosignatureBody(Struct):
    checkpoint: str


class CosignaturesView(OpenView):
    """Witnesses."""

    @extend_schema(
        operation_id="custody_cosign",
        request=schemas.NewCosignatureSchema,
        responses={201: schemas.CosignatureSchema},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Take a registered witness's cosignature (C2SP tlog-cosignature) of a checkpoint. The witness is known by its signature; refused
        are unknown keys, texts the log never signed, and checkpoints older than one the witness cosigned."""
        body: CosignatureBody = decode(request, CosignatureBody)
        found = accept_cosignature(body.checkpoint)
        data = {"witness": found.witness.name, "size": found.checkpoint_id, "signed_at": found.signed_at.isoformat()}
        return Response(data, status=201)


def read_size(request: Request, name: str, *, required: bool = False) -> int | None:
    """A number of leaves from the query string."""
    text = request.query_params.get(name)
    if text is None and not required:
        return None
    if text is None or not (text.isascii() and text.isdigit() and len(text) <= 18):
        sentence = f"Give “{name}” as a number of leaves."
        raise Invalid("size", sentence, problems=[Problem(f"/{name}", "size", sentence)])
    return int(text)
