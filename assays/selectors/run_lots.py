"""The lots a run is planned with: those in use, what the tubes made from them hold, and those of a planned run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, Prefetch, Q
from django.utils.translation import gettext as _

from assays.chemistry.standards import compute_level, convert_content, to_ug_l
from assays.models import Lot, LotValue, MethodVersion, ReferenceMaterial, Run, Use
from assays.models.lots import LotKind, LotPurpose
from assays.models.runs import PositionKind
from assays.nonconformities.models import Nonconformity, NonconformityLink
from assays.qc.measurements import ControlKind
from assays.selectors.control_readings import EVERY

Key = tuple[Any, str]
CHECKS = frozenset({ControlKind.INITIAL_CALIBRATION_VERIFICATION, ControlKind.CONTINUING_CALIBRATION_VERIFICATION})


@dataclass(frozen=True, kw_only=True)
class RunLots:
    """The lots of a run: of its calibration standards, of the second source its checks are made from, of the solution its spikes are
    made with, of its reference materials, and of reagents (acids, fluxes, internal standards)."""

    calibration: Lot | None = None
    verification: Lot | None = None
    spike: Lot | None = None
    references: Sequence[Lot] = ()
    reagents: Sequence[Lot] = ()

    @property
    def by_purpose(self) -> list[tuple[LotPurpose, Lot]]:
        """Each lot with what it is for, in the order people read them."""
        standards = (
            (LotPurpose.CALIBRATION, self.calibration),
            (LotPurpose.VERIFICATION, self.verification),
            (LotPurpose.SPIKE, self.spike),
        )
        found = [(purpose, one) for purpose, one in standards if one is not None]
        found += [(LotPurpose.REFERENCE, one) for one in self.references]
        return found + [(LotPurpose.REAGENT, one) for one in self.reagents]


def current_values(lots: Iterable[Lot], method_group: str = "") -> dict[Any, dict[str, LotValue]]:
    """What the certificates of the lots say, by lot and element, the newest of each: of solutions, or for a method's group."""
    found: dict[Any, dict[str, LotValue]] = {one.pk: {} for one in lots}
    for value in LotValue.objects.filter(lot__in=list(found), method_group=method_group, corrected_by=None).order_by("lot", "id"):
        found[value.lot_id][value.element] = value
    return found


def contents_of_lots(run: Run, usual: Mapping[Key, Decimal | None]) -> dict[Key, tuple[Decimal, Decimal | None]]:
    """What the reference material lots of a run are certified for, by material and element, in the unit and on the basis of its method:
    the content with its between-laboratory SD. Where a certificate gives no SD, that of the material (`usual`) applies."""
    lots = {use.lot_id: use.lot for use in lots_of_run(run) if use.lot is not None and use.purpose == LotPurpose.REFERENCE}
    version = run.method_version
    found: dict[Key, tuple[Decimal, Decimal | None]] = {}
    for pk, values in current_values(lots.values(), version.method.method_group).items() if lots else ():
        for symbol, one in values.items():
            key = lots[pk].material_id, symbol
            content = convert_content(one.value, one.unit, version.unit)
            if content is not None and one.basis == version.basis:
                sd = usual.get(key) if one.sd is None else convert_content(one.sd, one.unit, version.unit)
                found[key] = content, sd
    return found


def stopped_lots(lots: Iterable[Lot]) -> dict[Any, str]:
    """Lots on which work stands still because of nonconforming work → the code of that record."""
    stopping = Nonconformity.objects.filter(work_stopped=True, resumed_at=None).exclude(state="closed")
    links = NonconformityLink.objects.filter(lot__in=[one.pk for one in lots], nonconformity__in=stopping)
    return dict(links.order_by("id").values_list("lot", "nonconformity__code"))


def lots_in_use(version: MethodVersion, viewer: Any, day: date, offered: Sequence[Lot] | None = None) -> RunLots:
    """The lots to plan a run with, of what may be used on the day: of the substances the method's last run was planned with, else of what
    serves, the lot that expires first. A calibration or second source is certified for every element the method requires, unless the last
    run took its substance all the same. `references` are of every material; `offered`
    is `lots_to_choose`, where it was read already."""
    open_lots = lots_to_choose(viewer, day) if offered is None else offered
    last = _names_of_last_run(version, viewer) if open_lots else {}
    standards = [one for one in open_lots if one.kind == LotKind.STANDARD] if _is_calibrated_with_solutions(version) else []
    required = version.analytes.filter(required=True).values_list("analyte__symbol", flat=True)
    needed = set(required) if standards else set()
    certified = [one for one in standards if needed and needed <= {value.element for value in one.values.all()}]
    calibration = _pick(standards, certified, last.get(LotPurpose.CALIBRATION, set()))
    # A second source is another maker's; another lot of the same maker at least.
    others = [one for one in standards if one != calibration]
    others.sort(key=lambda one: calibration is not None and one.supplier == calibration.supplier)
    verification = _pick(others, [one for one in others if one in certified], last.get(LotPurpose.VERIFICATION, set()))
    references = {one.material_id: one for one in reversed(open_lots) if one.kind == LotKind.REFERENCE}
    return RunLots(
        calibration=calibration,
        verification=verification,
        spike=_spiking_lot(standards, (verification, calibration), last.get(LotPurpose.SPIKE, set())),
        references=list(references.values()),
        reagents=_usual_reagents(open_lots, version, last.get(LotPurpose.REAGENT, set())),
    )


def of_tray(lots: RunLots, tray: Sequence[Any]) -> RunLots:
    """The lots without what does not stand on the tray: reference materials, and the second source and the spiking solution where nothing
    is made from them."""
    standing = {one.pk for one in open_materials(tray)}
    references = [one for one in lots.references if one.material_id in standing]
    checked = any(one.control in CHECKS for one in tray)
    spiked = any(one.kind == PositionKind.SPIKE for one in tray)
    return replace(lots, references=references, verification=lots.verification if checked else None, spike=lots.spike if spiked else None)


def open_materials(tray: Iterable[Any]) -> list[ReferenceMaterial]:
    """The reference materials on a tray, without blind controls: a lot named for one would tell it."""
    return [one.material for one in tray if one.material is not None and one.blind is None]


def by_certificate(tray: Sequence[Any], lots: RunLots, symbols: Iterable[str]) -> list[Any]:
    """The planned tubes with what standards, checks and spikes hold by the certificates of the lots they are made from; for elements the
    certificate does not name, and without a lot, what the method says."""
    standards = [one for one in (lots.calibration, lots.verification, lots.spike) if one is not None]
    if not standards:
        return list(tray)
    values = current_values(standards)
    analytes = set(symbols)
    made = []
    for one in tray:
        lot = _lot_of_tube(one, lots)
        certified = {key: value for key, value in values[lot.pk].items() if key in analytes} if lot is not None else {}
        if one.kind == PositionKind.SPIKE:
            # What is added is reckoned by the label; a solution without one says nothing of micrograms.
            certified = {key: value for key, value in certified.items() if value.nominal is not None}
        made.append(replace(one, nominal=nominal_by_certificate(one.nominal, certified)) if certified else one)
    return made


def _lot_of_tube(tube: Any, lots: RunLots) -> Lot | None:
    """The lot a tube is made from, as far as its certificate says what it holds."""
    if tube.kind == PositionKind.CALIBRATION:
        return lots.calibration
    if tube.kind == PositionKind.SPIKE:
        return lots.spike
    return lots.verification if tube.control in CHECKS else None


def nominal_by_certificate(nominal: Mapping[str, Any], certified: Mapping[str, LotValue]) -> dict[str, Any]:
    """What a tube holds, µg/L by element (µg added to a spike): what it aims at times certified over labelled amount; of a solution used
    as it comes the certified amount. A blank stays one."""
    if nominal and not any(Decimal(str(one)) for one in nominal.values()):
        return dict(nominal)
    found = dict(nominal)
    for symbol, value in certified.items():
        aimed = nominal.get(symbol, nominal.get(EVERY))
        if value.nominal is None:
            held = to_ug_l(value.value, value.unit)
        else:
            held = None if aimed is None else compute_level(Decimal(str(aimed)), value.value, value.nominal)
        if held is not None:
            found[symbol] = held
    return found


def lots_of_run(run: Run) -> list[Use]:
    """What a run was planned with, in the order people read it."""
    order = list(LotPurpose.values)
    uses = run.uses.exclude(purpose="").select_related("lot__material")
    return sorted(uses, key=lambda one: (order.index(one.purpose), one.pk))


@dataclass(frozen=True)
class LotLine:
    """One lot of a run as people read it: what it is for, what its certificate says of the method's elements, and a sentence where the
    material's or the method's amounts apply instead."""

    use: Use
    values: Sequence[LotValue]
    note: str

    @property
    def lot(self) -> Lot:
        """The lot; a run is planned with no equipment."""
        if self.use.lot is None:
            raise ValueError("A run's lot is missing.")
        return self.use.lot

    @property
    def purpose(self) -> str:
        """What it is for, in words."""
        return str(LotPurpose(self.use.purpose).label)


def lot_lines(run: Run) -> list[LotLine]:
    """The lots of a run with what they are certified for."""
    uses = lots_of_run(run)
    lots = [one.lot for one in uses if one.lot is not None]
    symbols = list(run.method_version.analytes.values_list("analyte__symbol", flat=True)) if lots else []
    solutions = current_values(lots)
    contents = current_values(lots, run.method_version.method.method_group)
    found = []
    for use in uses:
        held = contents if use.purpose == LotPurpose.REFERENCE else solutions
        stated = held.get(use.lot_id, {})
        values = [stated[symbol] for symbol in symbols if symbol in stated]
        found.append(LotLine(use, values, _say_what_applies(use.purpose, values, symbols, run.method_version)))
    return found


def _say_what_applies(purpose: str, values: Sequence[LotValue], symbols: Sequence[str], version: MethodVersion) -> str:
    """Whose amounts apply where the lot's certificate says nothing."""
    if purpose == LotPurpose.REAGENT:
        return ""
    if purpose != LotPurpose.REFERENCE:
        if not values:
            return _("No amount of this lot is on record: what its solutions hold is as the method says.")
        return "" if len(values) == len(symbols) else _("For the elements it does not name, solutions hold what the method says.")
    if not values:
        return _("No value of this lot is on record for the method: the material’s certified values apply.")
    if any(one.basis != version.basis for one in values):
        return _("Its values on another basis than the method’s are not used: the material’s certified values apply.")
    if any(one.sd is None for one in values):
        return _("Where the lot states no between-laboratory SD or no value, the material’s apply.")
    return "" if len(values) == len(symbols) else _("For the elements it does not name, the material’s certified values apply.")


def lots_to_choose(viewer: Any, day: date) -> list[Lot]:
    """The laboratory's lots that may be used on the day, what expires first at the top, with their values."""
    still = Q(expires_on=None) | Q(expires_on__gte=day)
    lots = Lot.objects.filter(still, laboratory=viewer.organisation_id, withdrawn=False, received_on__lte=day)
    lots = lots.select_related("material").prefetch_related(Prefetch("values", LotValue.objects.filter(corrected_by=None)))
    found = list(lots.order_by(F("expires_on").asc(nulls_last=True), F("opened_on").asc(nulls_last=True), "received_on", "id"))
    stopped = stopped_lots(found)
    return [one for one in found if one.pk not in stopped]


def _names_of_last_run(version: MethodVersion, viewer: Any) -> dict[str, set[str]]:
    """The substances the method's last run was planned with, by purpose."""
    planned = Use.objects.exclude(purpose="").filter(run__laboratory=viewer.organisation_id, run__method_version__method=version.method_id)
    last = planned.order_by("-run").values("run")[:1]
    found: dict[str, set[str]] = {}
    for purpose, name in planned.filter(run__in=last).values_list("purpose", "lot__name"):
        found.setdefault(purpose, set()).add(name)
    return found


def _is_calibrated_with_solutions(version: MethodVersion) -> bool:
    """Whether a method's instrument is calibrated with solutions: a titration or a weighing is not, nor is X-ray fluorescence."""
    dissolved = not version.is_solid and "xrf" not in version.method.method_group.casefold()
    return dissolved and not hasattr(version, "high_grade")


def _pick(lots: Sequence[Lot], certified: Sequence[Lot], names: set[str]) -> Lot | None:
    """The first of the substance used before, certified ones before others; else the first that is certified."""
    same = [one for one in (*certified, *lots) if one.name in names]
    return next(iter((*same, *certified)), None)


def _spiking_lot(standards: Sequence[Lot], others: Sequence[Lot | None], names: set[str]) -> Lot | None:
    """The substance spiked with before; else the second source or the calibration, whose label says what a dilution holds."""
    usual = [one for one in standards if one.name in names] or [one for one in others if one is not None]
    return next((one for one in usual if all(value.nominal is not None for value in one.values.all())), None)


def _usual_reagents(lots: Sequence[Lot], version: MethodVersion, names: set[str]) -> list[Lot]:
    """The substances used before; else acids, and for a fusion its flux; of a classical method none is usual, its bench records what it
    takes. Of each what expires first."""
    kinds = {LotKind.ACID, *([LotKind.FLUX] if "fusion" in version.method.method_group else [])}
    if not _is_calibrated_with_solutions(version):
        kinds = set()
    found: dict[str, Lot] = {}
    for one in lots:
        if one.kind != LotKind.REFERENCE and (one.name in names if names else one.kind in kinds):
            found.setdefault(one.name, one)
    return list(found.values())
