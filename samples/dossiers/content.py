"""What a dossier says: the evidence for the verifier, the words for people, gathered as one reader may know them and sealed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from lims.core.models import Installation
from samples.custody.hashing import time_text
from samples.custody.notes import sign_note
from samples.custody.proving import latest_checkpoint
from samples.custody.sequencing import current_key
from samples.custody.signing_key import current_signer
from samples.dossiers import words
from samples.dossiers.evidence import read_chains, read_log, sample_evidence, samples_of
from samples.dossiers.journeys import consignments_of, handovers_of, signatures_of
from samples.dossiers.models import Dossier
from samples.models import Sample
from samples.selectors.consignments import read_row
from samples.selectors.movement_rows import consignment_data

FORMAT, VERSION = "custody-dossier", 1

# Files of other packages about the samples (a certificate's PDF) by their SHA-256: `find(samples, viewer)` gives rows of
# kind, name, about, sha256.
FileFinder = Callable[[Sequence[Sample], Any], list[dict[str, str]]]
_file_finders: list[FileFinder] = []


def register_files(find: FileFinder) -> None:
    """Let a package name its files in dossiers; called when the apps are ready."""
    _file_finders.append(find)


def gather_content(dossier: Dossier, *, as_of: datetime) -> dict[str, Any]:
    """Everything the dossier says to its reader, frozen at `as_of`; not sealed yet."""
    viewer: Any = dossier.requested_by
    samples = samples_of(dossier, viewer)
    chains = read_chains(samples, viewer, exact=dossier.is_exact)
    log = read_log(chains)
    consignments = [dossier.consignment] if dossier.consignment else consignments_of(samples, viewer)
    photos = words.photos_of_all(samples, viewer)
    photo_rows = words.photo_words(photos, viewer)
    installation = Installation.current()
    return {
        "format": FORMAT,
        "version": VERSION,
        "number": dossier.number,
        "subject": {"kind": "sample" if dossier.is_of_sample else "consignment", "code": dossier.subject_code},
        "prepared_for": f"{viewer.full_name}, {viewer.organisation.name}",
        "as_of": time_text(as_of),
        "origin": installation.origin,
        "synthetic": installation.synthetic,
        "samples": [sample_evidence(sample, chains[sample.pk], viewer, log) for sample in samples],
        "signatures": signatures_of(consignments, samples, viewer),
        "files": [
            *({"kind": "photograph", "name": row["caption"], "about": row["sample"], "sha256": row["sha256"]} for row in photo_rows),
            *(row for find in _file_finders for row in find(samples, viewer)),
        ],
        "log": {"checkpoint": log.checkpoint, "keys": list(log.keys), "rotations": list(log.rotations)},
        "report": {
            "reader": words.reader_words(viewer, exact=dossier.is_exact),
            "samples": [words.sample_words(sample, viewer) for sample in samples],
            "timelines": {sample.code_for(viewer): words.timeline_words(chains[sample.pk]) for sample in samples},
            "consignments": [_textual(consignment_data(read_row(one, viewer))) for one in consignments],
            "handovers": handovers_of(consignments, viewer),
            "seals": words.seal_words(samples, chains, viewer),
            "photos": photo_rows,
            "places": words.place_words(samples, consignments, viewer, exact=dossier.is_exact),
            "gaps": words.gap_words(samples, chains, viewer, as_of),
            "log_size": log.size,
        },
    }


def _textual(row: dict[str, Any]) -> dict[str, Any]:
    """A row without anything that canonical JSON cannot hold."""
    return {name: value if value is None or isinstance(value, (bool, int)) else str(value) for name, value in row.items()}


def canonical_bytes(content: Any) -> bytes:
    """The one byte string of plain data (RFC 8785 for texts, whole numbers, true, false and null)."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def seal_content(content: dict[str, Any]) -> dict[str, Any]:
    """The content with the log's signature over its SHA-256; `seal` is None while the log has no checkpoint."""
    digest = hashlib.sha256(canonical_bytes(content)).hexdigest()
    return content | {"seal": _sign_seal(f"{content['number']}\n{digest}\n")}


def _sign_seal(statement: str) -> str | None:
    if latest_checkpoint() is None:
        return None
    signer = current_signer(current_key())
    return str(sign_note(f"{signer.name}/dossier\n{statement}", [signer]))
