"""The manifest that travels with a consignment: what is in it, under which seals, who carries it, what to know before touching it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from lims.documents.qr import draw_qr
from lims.documents.render import render_pdf


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestLine:
    """One sample: its code as on the bag, the pack it is in, seal, containers, mass in grams as it stands on record."""

    code: str
    pack: str
    seal: str
    containers: int
    mass_g: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestPack:
    """One pack with its own seal; gross mass in kilograms, empty where it was not weighed."""

    number: int
    kind: str
    seal: str
    gross_kg: str
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Everything on the paper, as text ready to print."""

    code: str
    sender: str
    sender_address: str
    addressee: str
    addressee_address: str
    carrier: str
    waybill: str
    border_post: str
    outer_seal: str
    purpose: str
    hs_code: str
    norm_notice: bool
    soil_notice: bool
    dispatched: str
    printed: str
    total_mass_g: str
    containers: int
    lines: tuple[ManifestLine, ...]
    packs: tuple[ManifestPack, ...] = ()


def render_manifest(manifest: Manifest, *, printed_at: datetime, synthetic: bool = False) -> bytes:
    """The manifest as PDF; the same content and time give the same bytes. Raises as `render_pdf`."""
    svgs = {"qr": draw_qr(manifest.code)} | {f"qr-{number}": draw_qr(line.code) for number, line in enumerate(manifest.lines)}
    return render_pdf("manifest", asdict(manifest) | {"synthetic": synthetic}, timestamp=printed_at, svgs=svgs)
