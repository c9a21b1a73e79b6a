"""What a certificate says of contents that were weighed or titrated: what each quantity is, and the total that was checked."""

from __future__ import annotations

from collections.abc import Mapping

from assays.chemistry.rounding import report
from assays.models import HighGradeConditions, Result, ResultVersion
from assays.models.high_grade import Technique
from lims.documents.certificate import DerivedResult, Quantity

TREO, LOI = "TREO", "LOI"
_THORIUM = "thorium comes along and is not subtracted"


def is_weighed(version: ResultVersion) -> bool:
    """Whether a content comes from a determination at the bench in place of an instrument's readings."""
    return "determination" in version.inputs


def derive_weighed(results: Mapping[str, Result]) -> tuple[DerivedResult, ...]:
    """The definition of each quantity of one test, and the total they make with the other oxides; nothing for an instrument's results."""
    versions = {symbol: one.authorised for symbol, one in results.items() if one.authorised is not None and is_weighed(one.authorised)}
    if not versions:
        return ()
    stated = HighGradeConditions.objects.get(method_version=next(iter(versions.values())).method_version_id)
    loss = f"loss on ignition at {stated.ignition_c} °C to constant mass, of the dried powder"
    found = [
        DerivedResult(symbol=symbol, definition=loss if symbol == LOI else _define_treo(version), result=_quantity(version))
        for symbol, version in versions.items()
        if symbol in {TREO, LOI}
    ]
    return (*found, _total(next(iter(versions.values())), stated))


def _quantity(version: ResultVersion) -> Quantity:
    qualifier = version.qualifier.replace("=", "")
    return Quantity(value=version.text.lstrip("<>"), qualifier=qualifier, uncertainty=version.uncertainty_text)  # type: ignore[arg-type]


def _define_treo(version: ResultVersion) -> str:
    used = version.inputs
    if used["technique"] == Technique.TITRATION:
        mean = used["determined"]["mean_oxide_g_mol"]
        return f"rare earths by EDTA titration, as oxides by a mean of {mean} g/mol, of the dry powder; {_THORIUM}"
    return f"rare earths precipitated as oxalates and weighed as ignited oxides (CeO2, Pr6O11, Tb4O7, else M2O3), dry; {_THORIUM}"


def _total(version: ResultVersion, stated: HighGradeConditions) -> DerivedResult:
    used = version.inputs
    told = report(float(used["total_percent"]), 2 * float(used["total_u_percent"]))
    definition = (
        f"TREO + LOI + other oxides ({used['determined']['other_percent']} %); must lie from {stated.total_least_percent} to "
        f"{stated.total_most_percent} %, limits assumed by this laboratory, not taken from a published standard"
    )
    return DerivedResult(symbol="Total", definition=definition, result=Quantity(value=told.text, uncertainty=told.uncertainty_text))
