"""What a person calls each sort of control."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from assays.qc.measurements import ControlKind
from assays.selectors.control_readings import sort_of_control

CONTROL_WORDS = {
    ControlKind.CALIBRATION: _("calibration standard"),
    ControlKind.INITIAL_CALIBRATION_VERIFICATION: _("initial calibration check (ICV)"),
    ControlKind.CONTINUING_CALIBRATION_VERIFICATION: _("continuing calibration check (CCV)"),
    ControlKind.INTERNAL_STANDARD: _("internal standard"),
    ControlKind.REAGENT_BLANK: _("reagent blank"),
    ControlKind.PULP_BLANK: _("pulp blank"),
    ControlKind.COARSE_BLANK: _("coarse blank"),
    ControlKind.REFERENCE_MATERIAL: _("reference material"),
    ControlKind.INSTRUMENT_DUPLICATE: _("instrument duplicate"),
    ControlKind.PULP_DUPLICATE: _("pulp duplicate"),
    ControlKind.COARSE_DUPLICATE: _("coarse duplicate"),
    ControlKind.FIELD_DUPLICATE: _("field duplicate"),
    ControlKind.MATRIX_SPIKE: _("matrix spike"),
    ControlKind.BLIND_CONTROL: _("blind control"),
    ControlKind.SUM_OF_OXIDES: _("sum of oxides"),
    ControlKind.REE_PATTERN: _("rare-earth pattern"),
    ControlKind.METHOD_COMPARISON: _("comparison with another technique"),
    ControlKind.INTERFERENCE_SOLUTION: _("single-element solution"),
}


def words_of(position: Any) -> Any:
    """What stands at a planned or stored position, in words."""
    kind = sort_of_control(position)
    return CONTROL_WORDS[kind] if kind is not None else _("sample")
