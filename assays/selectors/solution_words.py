"""How the leach and the dilution of a portion are told beside a result made from it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from assays.models import DilutionSeries


def explain_solution(used: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Lines of a result's making: conditions of its leach, steps of its dilution; none where it had neither."""
    return [*_leach_lines(used), *_dilution_lines(used)]


_LEACH = ("concentration_mol_l", "leachant_ml", "pore_water_ml", "liquid_to_solid", "ph_start", "ph_end", "minutes", "temperature_c")


def _leach_lines(used: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    if "leach" not in used:
        return []
    numbers = {name: _plain(used[f"leach_{name}"]) for name in _LEACH}
    volume = _("%(leachant_ml)s mL leachant + %(pore_water_ml)s mL pore water") % numbers
    if Decimal(used["volume_ml"]) == Decimal(used["leach_leachant_ml"]):
        volume = _("%(leachant_ml)s mL leachant; %(pore_water_ml)s mL pore water is not counted") % numbers
    lot = _("lot %(lot)s") % {"lot": used["leach_lot"]} if used.get("leach_lot") else _("no lot recorded")
    return [
        (_("Leached in"), f"{float(used['volume_ml']):.6g} mL", volume),
        (_("Leachant"), f"{numbers['concentration_mol_l']} mol/L", lot),
        (_("pH of the leach"), f"{numbers['ph_start']} → {numbers['ph_end']}", _("at its start and end")),
        (_("Time and temperature"), f"{numbers['minutes']} min, {numbers['temperature_c']} °C", _("as recorded at the bench")),
        (_("Liquid to solid"), f"{numbers['liquid_to_solid']} mL/g", _("leachant per gram of dry solid")),
    ]


def _dilution_lines(used: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    if "dilution_series" not in used:
        return []
    series = DilutionSeries.objects.filter(pk=used["dilution_series"]).first()
    steps = "; ".join(f"{_plain(one['taken'])} → {_plain(one['final'])} {one['unit']}" for one in series.steps) if series else ""
    relative = float(used["dilution_u_percent"])
    return [(_("Dilution series"), f"u = {relative:.2g} %", steps)]


def _plain(number: str) -> str:
    return f"{Decimal(number).normalize():f}"
