"""Making a dossier: gather, seal, verify with the verifier that is handed out, draw, keep. Safe to run again from the start: nothing is
stored before the last step, and after it nothing is done twice."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from PIL import Image, ImageOps

from lims.charts.maps import MapPoint, map_chart
from lims.charts.outlines import read_outlines
from lims.charts.render import to_svg
from lims.core import clock
from lims.core.errors import DomainError, Forbidden
from lims.core.files import read_bytes, store_bytes
from lims.core.roles import Action, allowed
from lims.documents.dossier_paper import render_dossier
from samples.custody.sequencing import advance_log
from samples.dossiers.content import canonical_bytes, gather_content, seal_content
from samples.dossiers.models import Dossier, DossierEdition
from samples.dossiers.verifier_file import read_verifier
from samples.dossiers.verify_custody_dossier import Unusable, verify
from samples.looks.looking import Door, Glance, Shown, Subject, record_looks

Report = Callable[[float, str], None]
FILES = "dossiers"
MOST_PHOTOS = 24
_PHOTO_PIXELS = 900


def make_dossier(dossier_id: UUID, report: Report) -> Dossier:
    """Make the dossier, telling `report` how far it is.

    Raises `Forbidden` when its requester may no longer ask for it, `DomainError('nothing_to_tell')` when nothing of it is the requester's
    to see any more, and as `render_dossier` does; nothing is stored then, and the same dossier can be tried again.
    """
    related = ("sample", "consignment", "requested_by__organisation", "organisation")
    dossier = Dossier.objects.select_related(*related).get(pk=dossier_id)
    if DossierEdition.objects.filter(dossier=dossier).exists():
        return dossier
    _check_reader(dossier)
    report(0.05, "Bringing the log up to date.")
    _advance_log()
    report(0.15, "Gathering events, proofs and papers.")
    with transaction.atomic(), translation.override("en"):
        content = seal_content(gather_content(dossier, as_of=clock.now()))
    if not any(sample["events"] for sample in content["samples"]):
        raise DomainError("nothing_to_tell", f"Nothing of {dossier.subject_code} is within your sight any more; ask who holds it.")
    bundle = canonical_bytes(content)
    report(0.45, "Running the verifier.")
    answer = _verify(bundle)
    report(0.55, "Drawing the map and scaling photographs.")
    map_svg, photos = draw_map(content), scale_photos(content)
    report(0.7, "Setting the pages.")
    paper = draw_paper(content, bundle, answer, map_svg=map_svg, photos=photos)
    report(0.95, "Keeping bundle and paper.")
    return _keep(dossier, content, bundle, paper, answer)


def _check_reader(dossier: Dossier) -> None:
    reader: Any = dossier.requested_by
    same = (reader.role, reader.organisation_id) == (dossier.reader_role, dossier.organisation_id)
    if not same or not allowed(reader, Action.CUSTODY_DOSSIER):
        raise Forbidden("reader_changed", f"{reader.full_name} has another role now. Ask for a new dossier.")


def _advance_log() -> None:
    """Give the newest events their place in the log and sign it. A log that does not continue itself is not signed any further, but a
    dossier of it is made: to show that is what dossiers are for."""
    try:
        advance_log()
    except DomainError as error:
        if error.code != "log_inconsistent":
            raise


def _verify(bundle: bytes) -> dict[str, Any]:
    try:
        return verify(bundle)
    except Unusable as error:
        raise DomainError("dossier_unusable", f"The verifier cannot read the dossier: {error} Tell the administrator.") from error


def draw_paper(
    content: Mapping[str, Any], bundle: bytes, answer: Mapping[str, Any], *, map_svg: str | None, photos: Mapping[str, bytes]
) -> bytes:
    """The PDF of a bundle: always the same bytes for the same bundle."""
    return render_dossier(
        content,
        answer=answer,
        bundle_sha256=hashlib.sha256(bundle).hexdigest(),
        verifier_sha256=read_verifier()[1],
        verifier_url=settings.PUBLIC_URL + reverse("dossiers:verifier"),
        map_svg=map_svg,
        photos=photos,
    )


def draw_map(content: Mapping[str, Any]) -> str | None:
    """Where the samples come from and went to; None where the reader may not know, or no place is known."""
    points = [
        MapPoint(one["label"], float(one["longitude"]), float(one["latitude"]), one["kind"], one["count"])
        for one in content["report"]["places"]
    ]
    if not points:
        return None
    with translation.override("en"):  # the paper's language, whoever asks for it
        return to_svg(map_chart(points, read_outlines(), height=300))


def scale_photos(content: Mapping[str, Any]) -> dict[str, bytes]:
    """The first photographs, small enough for a paper, by the SHA-256 of the original."""
    found: dict[str, bytes] = {}
    for row in content["report"]["photos"]:
        if len(found) < MOST_PHOTOS and row["sha256"] not in found:
            found[row["sha256"]] = _scale(read_bytes("photos", row["sha256"]))
    return found


def _scale(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as original:
        picture = ImageOps.exif_transpose(original).convert("RGB")
        picture.thumbnail((_PHOTO_PIXELS, _PHOTO_PIXELS))
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=78)
    return out.getvalue()


def _record_looks(dossier: Dossier, content: Mapping[str, Any]) -> None:
    """A dossier with exact places is a look at each sample, kept together with it: without the one there is never the other."""
    if dossier.is_exact and not DossierEdition.objects.filter(dossier=dossier).exists():
        glances = [Glance(Subject.SAMPLE, UUID(one["id"]), one["code"], Shown.PLACE) for one in content["samples"]]
        record_looks(glances=glances, purpose=dossier.purpose, door=Door.DOCUMENT, address=dossier.number, by=dossier.requested_by)


def _keep(dossier: Dossier, content: Mapping[str, Any], bundle: bytes, paper: bytes, answer: Mapping[str, Any]) -> Dossier:
    kept, drawn = store_bytes(FILES, bundle), store_bytes(FILES, paper)
    with transaction.atomic():
        _record_looks(dossier, content)
        DossierEdition.objects.get_or_create(
            dossier=dossier,
            defaults={
                "made_at": clock.now(),
                "bundle_sha256": kept.sha256,
                "bundle_size": kept.size,
                "paper_sha256": drawn.sha256,
                "paper_size": drawn.size,
                "verdict": answer["verdict"],
                "samples": len(content["samples"]),
                "events": sum(len(sample["events"]) for sample in content["samples"]),
                "log_size": content["report"]["log_size"],
            },
        )
    return dossier
