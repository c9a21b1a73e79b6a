"""How a content is told that was read in a solid: of what it was reported, and what made it one of the sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from assays.models.methods import ReportedOf
from assays.selectors.portion_words import explain_moisture


def explain_solid(used: Mapping[str, Any], net: str, moisture_percent: float) -> list[tuple[str, str, str]]:
    """Lines of a result's making from the instrument's number to the content, dry; `net` is that with its unit."""
    read, of = float(used["read_mg_kg"]), ReportedOf(used["reported_of"])
    basis = "" if moisture_percent == 0 else f" · 100 / (100 − {moisture_percent:.4g})"
    mass = f"{float(used['mass_g']):.6g}"
    lines = [
        (_("Read in the solid"), f"{read:.6g} mg/kg", _("of %(what)s; mean of its readings, below, as the element") % {"what": of.label})
    ]
    factor = ""
    if of == ReportedOf.SPECIMEN:
        specimen = f"{float(used['specimen_g']):.6g}"
        factor = f" · {specimen} g / {mass} g"
        lines.append(
            (_("Pellet or bead"), f"{mass} g → {specimen} g", _("mass of the portion, and of the finished specimen with binder or flux"))
        )
    elif of in {ReportedOf.IGNITED, ReportedOf.IGNITED_DRY}:
        loss = f"{float(used['ignition_loss_percent']):.6g}"
        factor = f" · (100 − {loss}) / 100"
        # A loss of the dried portion gives a content of the dried portion: nothing is left to bring to the dry basis.
        basis = basis if of == ReportedOf.IGNITED else ""
        said = _("of the material as weighed") if of == ReportedOf.IGNITED else _("of the portion dried before")
        lines.append((_("Loss on ignition"), f"{loss} %", said))
    else:
        lines.append((_("Test portion"), f"{mass} g", _("not dissolved, not diluted; no factor of flux or binder is applied")))
    return [
        *lines,
        (_("Moisture of the portion"), f"{moisture_percent:.4g} %", explain_moisture(used, moisture_percent)),
        (_("Content, dry"), net, f"{read:.6g} mg/kg{factor}{basis}"),
    ]
