"""The manifest of a consignment, gathered for its paper. It travels with the box, so it names neither mine nor place nor route."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from lims.core import clock
from lims.core.models import Installation
from lims.core.templatetags.values import when
from lims.documents.manifest import Manifest, ManifestLine, ManifestPack, render_manifest
from samples.models import Consignment
from samples.selectors.consignments import items_of, read_row


def print_manifest(consignment: Consignment, viewer: Any) -> bytes:
    """The manifest as PDF, of what is packed now, as far as it is the viewer's."""
    row = read_row(consignment, viewer)
    items = items_of(consignment, viewer)
    now = clock.now()
    lines = tuple(
        ManifestLine(
            code=item.code,
            pack=str(item.pack or ""),
            seal=item.seal_number,
            containers=item.container_count,
            mass_g=f"{item.mass_g:f}",
        )
        for item in items
    )
    packs = tuple(
        ManifestPack(
            number=pack.number,
            kind=str(pack.get_kind_display()),
            seal=pack.seal_number,
            gross_kg=f"{pack.gross_kg:f}" if pack.gross_kg is not None else "",
            samples=sum(item.pack == pack.number for item in items),
        )
        for pack in consignment.packs.all()
    )
    manifest = Manifest(
        code=row.code,
        sender=str(row.sender or _("not told")),
        sender_address=consignment.sender.address if row.sender else "",
        addressee=str(row.addressee or _("not told")),
        addressee_address=consignment.addressee.address if row.addressee else "",
        carrier=str(row.carrier or _("none")),
        waybill=row.waybill,
        border_post=row.border_post,
        outer_seal=row.outer_seal,
        purpose=consignment.purpose,
        hs_code=consignment.hs_code,
        norm_notice=consignment.norm_notice,
        soil_notice=consignment.soil_notice,
        dispatched=strip_tags(when(consignment.dispatched_at)) if consignment.dispatched_at else "",
        printed=strip_tags(when(now)),
        total_mass_g=f"{sum((item.mass_g for item in items), Decimal(0)):f}",
        containers=sum(item.container_count for item in items),
        lines=lines,
        packs=packs,
    )
    return render_manifest(manifest, printed_at=now, synthetic=Installation.current().synthetic)
