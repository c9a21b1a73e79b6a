"""How the leach and the dilution of a portion are told beside a result made from it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assays.models import DilutionSeries, ResultVersion
from lims.core.figures import mass_text


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


_AMOUNTS: Mapping[str, tuple[Any, str]] = {
    "solution_ml": (gettext_lazy("Dissolved to"), "mL"),
    "aliquot_ml": (gettext_lazy("Taken of the solution"), "mL"),
    "crucible_g": (gettext_lazy("Crucible"), "g"),
    "ignited_g": (gettext_lazy("Crucible with ignited oxide"), "g"),
    "blank_g": (gettext_lazy("Oxide of the blank"), "g"),
    "titre_ml": (gettext_lazy("Titre"), "mL"),
    "blank_ml": (gettext_lazy("Titre of the blank"), "mL"),
    "titrant_mol_l": (gettext_lazy("EDTA"), "mol/L"),
    "mean_oxide_g_mol": (gettext_lazy("Mean oxide mass"), "g/mol"),
    "loi_crucible_g": (gettext_lazy("LOI: crucible"), "g"),
    "loi_before_g": (gettext_lazy("LOI: before"), "g"),
    "loi_after_g": (gettext_lazy("LOI: after ignition"), "g"),
    "other_percent": (gettext_lazy("Other oxides"), "%"),
}


def explain_determination(version: ResultVersion) -> list[tuple[str, str, str]]:
    """How a content that was weighed or titrated was made: what was read, the formula, the total, the budget."""
    used = version.inputs
    formulas = {
        "gravimetry": _("100 · (ignited − crucible − blank) · V / (v · m)"),
        "titration": _("100 · c · (titre − blank) · mean oxide mass · V / (1000 · v · m)"),
    }
    shares = ", ".join(f"{name} {share:g} %" for name, share in used["shares_percent"].items())
    rows = [(str(_AMOUNTS[name][0]), f"{text} {_AMOUNTS[name][1]}", _("as entered")) for name, text in used["determined"].items()]
    return [
        (_("Test portion"), f"{mass_text(used['mass_g'])} g", _("as weighed")),
        *rows,
        (_("TREO, dry"), f"{float(used['treo_percent']):.4f} %", formulas[used["technique"]]),
        (_("Loss on ignition"), f"{float(used['loi_percent']):.4f} %", _("100 · (before − after) / (before − crucible), 1000 °C")),
        (_("Total"), f"{float(used['total_percent']):.3f} % ± {2 * float(used['total_u_percent']):.2g} %", _("TREO + LOI + other oxides")),
        (_("Uncertainty"), version.uncertainty_text or "—", _("k = 2; shares of the variance: %(shares)s") % {"shares": shares}),
        (_("Reported"), f"{version.text} {version.unit} {version.basis}", _("rounded once, half to even")),
    ]
