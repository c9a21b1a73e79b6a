"""How the moisture of a portion is told beside a result made from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from lims.core.figures import mass_text


def explain_moisture(used: Mapping[str, Any], moisture_percent: float) -> str:
    """Where the portion's moisture comes from: it was weighed as moist as the aliquot beside it, or it was dried first and holds none."""
    masses = {"wet": mass_text(used["wet_mass_g"]), "dry": mass_text(used["dry_mass_g"])}
    if moisture_percent or used["wet_mass_g"] == used["dry_mass_g"]:
        return _("wet basis, from %(wet)s g wet and %(dry)s g dry") % masses
    return _("dried before it was weighed; the moisture aliquot went from %(wet)s g wet to %(dry)s g dry") % masses
