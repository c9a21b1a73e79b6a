"""What the page of a measured run shows: its tray, controls, result grid, charts, and how one number was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Subquery
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assays.chemistry.chondrite import CHONDRITE
from assays.control_charts.drawing import View, draw
from assays.control_charts.selectors import Asked, ControlHistory, read_history
from assays.models import Leach, ResultVersion, Run, RunPosition, Verdict
from assays.models.judgements import Outcome
from assays.models.runs import PositionKind
from assays.selectors.judgements import Judgement, affected_samples, unit_beside, worst_by_position
from assays.selectors.measured_badges import Badge, verdict_badge
from assays.selectors.portion_words import explain_moisture
from assays.selectors.results import readings_behind
from assays.selectors.runs import tray_position
from assays.selectors.solid_words import explain_solid
from assays.selectors.solution_words import explain_determination, explain_solution
from lims.charts.frame import Spec
from lims.charts.pattern import PatternPoint, PatternSeries, pattern_chart
from lims.core.figures import figures_text, mass_text

_ORDER = (Outcome.MISSING, Outcome.FAIL, Outcome.WARN, Outcome.PASS)
# What people here look at first.
_FIRST = ("Dy", "Tb")


@dataclass(frozen=True)
class Cell:
    """One result of the grid: its tone, the control or bound that gave it, and the address of how it was made."""

    version: ResultVersion | None
    tone: str
    why: str
    url: str


@dataclass(frozen=True)
class Line:
    """One sample of the grid, with the worst of its cells in words, how its portion was leached, and why a reviewer rejected it."""

    position: RunPosition
    code: str
    cells: list[Cell]
    badge: Badge
    leach: Leach | None = None
    rejected: str = ""


@dataclass(frozen=True)
class Grid:
    """Samples by elements, all in one unit on one basis."""

    analytes: list[str]
    lines: list[Line]


# How a statistic is called on a page, with its unit; what a blank shows is its content, which stands beside it.
_STATISTICS = {
    "z": ("z", "{:+.2f}"),
    "hard_percent": ("HARD", "{:.1f} %"),
    "cv_avg_percent": ("CV", "{:.1f} %"),
    "mean_bias_percent": ("bias", "{:+.1f} %"),
    "recovery_percent": ("recovery", "{:.1f} %"),
    "precision_percent": ("P", "{:.1f} %"),
    "back_calculation_error_percent": ("error", "{:+.1f} %"),
    "pattern_residual_percent": ("off", "{:+.0f} %"),
    "sum_of_oxides_percent": ("sum", "{:.3g} %"),
    "difference_percent": ("difference", "{:+.1f} %"),
    "oxide_formation_percent": ("MO⁺/M⁺", "{:.2g} %"),
}


_RULE_NAMES: dict[str, Any] = {
    "blank_lod": gettext_lazy("blank against the detection limit"),
    "blank_loq": gettext_lazy("blank against the quantification limit"),
    "reference_material_z": gettext_lazy("z-score of the reference material"),
    "reference_material_westgard": gettext_lazy("Westgard’s rules"),
    "reference_material_bias": gettext_lazy("mean bias of the reference material"),
    "duplicate_hard": gettext_lazy("half difference of the duplicate"),
    "duplicate_cv_avg": gettext_lazy("average variation of the duplicates"),
    "spike_recovery": gettext_lazy("recovery of the spike"),
    "recovery_window": gettext_lazy("recovery"),
    "calibration_back_calculation": gettext_lazy("calibration calculated back"),
    "reference_material_nelson": gettext_lazy("Nelson’s rules"),
    "duplicate_thompson_howarth": gettext_lazy("precision by Thompson and Howarth"),
    "sum_of_oxides": gettext_lazy("sum of the oxides"),
    "ree_pattern_smoothness": gettext_lazy("smoothness of the rare-earth pattern"),
    "method_comparison": gettext_lazy("comparison with another technique"),
    "oxide_formation": gettext_lazy("formation of oxides"),
}


@dataclass(frozen=True)
class ControlRow:
    """A verdict as a line of the controls' table."""

    verdict: Verdict
    badge: Badge
    unit: str = ""

    @property
    def rule(self) -> str:
        """The rule by its name for people."""
        return str(_RULE_NAMES.get(self.verdict.rule, self.verdict.rule))

    @property
    def statistic(self) -> str:
        """Name and value of what was judged: `z +3.41`, `HARD 2.5 %`."""
        name, pattern = _STATISTICS.get(self.verdict.statistic, ("", ""))
        return f"{name} {_with_minus(pattern.format(float(self.verdict.value)))}" if name and self.verdict.value else ""

    @property
    def names(self) -> list[str]:
        """The control by its positions and its label, each of which stands together: `positions 9 and 18`, `A-26-00350-C`."""
        return self.verdict.control.split(", ", 1)

    @property
    def found(self) -> str:
        """What was found, with a minus that is not a hyphen."""
        return _with_minus(self.verdict.found)

    @property
    def limit(self) -> str:
        """The limit, with its unit where it ends in a content."""
        return f"{self.verdict.limit_text} {self.unit}" if self.verdict.rule in _CONTENT_LIMITS else self.verdict.limit_text


_CONTENT_LIMITS = {"blank_lod", "blank_loq", "duplicate_hard"}


def _with_minus(text: str) -> str:
    return text.replace("-", "−", 1) if text.startswith("-") else text


def tray_cells(tray: Sequence[RunPosition], judgement: Judgement) -> list[dict[str, Any]]:
    """The tray map: controls by their worst verdict, samples condemned by a failed control in red."""
    worst = worst_by_position(judgement.verdicts)
    condemned = {sample for sample, _symbol in affected_samples(tray, judgement.verdicts, Outcome.FAIL, _rules(judgement))}
    verdicts = {number: outcome for number, outcome in worst.items() if outcome != Outcome.MISSING} | dict.fromkeys(condemned, "fail")
    return [
        tray_position(position)
        | {"verdict": verdicts.get(position.number), "href": f"#position-{position.number}" if position.kind == "sample" else "#controls"}
        for position in tray
    ]


def _rules(judgement: Judgement) -> dict[str, Any] | None:
    return judgement.evaluation.rules if judgement.evaluation else None


def control_rows(judgement: Judgement) -> list[ControlRow]:
    """Every verdict: what failed first, then warnings, then dysprosium and terbium, then the rest in run order."""

    def rank(verdict: Verdict) -> tuple[int, int]:
        symbol = verdict.analyte.symbol if verdict.analyte else ""
        return _ORDER.index(Outcome(verdict.outcome)), _FIRST.index(symbol) if symbol in _FIRST else len(_FIRST)

    run = judgement.evaluation.run if judgement.evaluation else None
    units = {verdict.pk: unit_beside(verdict, run).replace("ug/", "µg/") for verdict in judgement.verdicts} if run else {}
    ordered = sorted(judgement.verdicts, key=rank)
    return [ControlRow(verdict, verdict_badge(verdict.outcome), units.get(verdict.pk, "")) for verdict in ordered]


def count_verdicts(judgement: Judgement) -> dict[str, int]:
    """How many verdicts of each outcome."""
    return {outcome: sum(one.outcome == outcome for one in judgement.verdicts) for outcome in Outcome.values}


def last_results(run: Run) -> list[ResultVersion]:
    """The results of the run's newest reduction."""
    if run.measured_at is None:
        return []
    newest = run.reductions.order_by("-number").values("pk")[:1]
    versions = ResultVersion.objects.filter(reduction=Subquery(newest)).select_related("result__analyte").defer("inputs")
    return list(versions.order_by("position__number", "result__analyte__order"))


def make_grid(
    run: Run,
    tray: Sequence[RunPosition],
    judgement: Judgement,
    versions: Sequence[ResultVersion],
    leaches: Mapping[UUID, Leach] | None = None,
) -> Grid:
    """Samples by elements; a cell fails or warns with the control that speaks against it, or warns where the range ended. `leaches` are
    those of leached portions by position; a tray that is `marked` says what a reviewer rejected."""
    analytes = list(dict.fromkeys(version.result.analyte.symbol for version in sorted(versions, key=lambda one: one.result.analyte.order)))
    found = {(version.position_id, version.result.analyte.symbol): version for version in versions}
    failed = affected_samples(tray, judgement.verdicts, Outcome.FAIL, _rules(judgement))
    warned = affected_samples(tray, judgement.verdicts, Outcome.WARN, _rules(judgement))
    proven = judgement.evaluation is not None and judgement.evaluation.outcome != "blocked"
    base = reverse("assays:run", args=[run.code]) + "results/"
    lines = []
    for position in tray:
        if position.kind != PositionKind.SAMPLE or position.aliquot is None:
            continue
        cells = []
        for symbol in analytes:
            version, key = found.get((position.pk, symbol)), (position.number, symbol)
            tone, why = _judge_cell(version, failed.get(key), warned.get(key), proven)
            cells.append(Cell(version, tone, why, f"{base}{version.pk}/" if version else ""))
        reason = getattr(position, "rejected", None) or ""
        badge = ("fail", _("rejected")) if reason else _line_badge(cells)
        lines.append(Line(position, position.aliquot.test.sample.blind_code, cells, badge, (leaches or {}).get(position.pk), reason))
    return Grid(analytes, lines)


def _judge_cell(version: ResultVersion | None, failed: int | None, warned: int | None, proven: bool) -> tuple[str, str]:
    if version is None:
        return "none", _("no result")
    if failed is not None:
        return "fail", _("the control at position %(number)d failed") % {"number": failed}
    if version.qualifier == ">":
        return "warn", _("over the working range: dilute and measure again")
    if warned is not None:
        return "warn", _("the control at position %(number)d warns") % {"number": warned}
    return ("pass", "") if proven else ("wait", _("a control is missing"))


def _line_badge(cells: Sequence[Cell]) -> Badge:
    tones = {cell.tone for cell in cells}
    if "fail" in tones:
        return "fail", _("condemned")
    if "warn" in tones:
        return "warn", _("look")
    if "wait" in tones:
        return "wait", _("unproven")
    return ("pass", _("pass")) if "pass" in tones else ("none", _("no result"))


def pattern_spec(grid: Grid) -> Spec:
    """The samples' chondrite-normalised patterns: a saw-tooth is the cheapest sign of a wrong rare-earth row."""
    series = [
        PatternSeries(
            line.code,
            tuple(
                PatternPoint(symbol, float(cell.version.value) / CHONDRITE[symbol], cell.version.qualifier != "=")
                for symbol, cell in zip(grid.analytes, line.cells, strict=True)
                if cell.version is not None and symbol in CHONDRITE
            ),
        )
        for line in grid.lines
    ]
    return pattern_chart(series)


@dataclass(frozen=True)
class ChosenChart:
    """The control chart a run's page shows: which material and element, their history, and the drawing."""

    material: str
    analyte: str
    history: ControlHistory
    spec: Spec | None
    choices: list[dict[str, Any]]


def choose_chart(run: Run, judgement: Judgement, viewer: Any, asked: str = "") -> ChosenChart | None:
    """The history of one of the run's reference materials: the element asked for, else the worst one, else dysprosium."""
    verdicts = [one for one in judgement.verdicts if one.statistic == "z" and one.position is not None and one.analyte is not None]
    if not verdicts:
        return None
    symbols = list(dict.fromkeys(one.analyte.symbol for one in verdicts if one.analyte))

    def rank(verdict: Verdict) -> tuple[bool, int, bool]:
        symbol = verdict.analyte.symbol if verdict.analyte else ""
        return symbol != asked, _ORDER.index(Outcome(verdict.outcome)), symbol != _FIRST[0]

    chosen = min(verdicts, key=rank)
    position, analyte = chosen.position, chosen.analyte
    if position is None or analyte is None or position.material is None:
        return None
    method = run.method_version.method.code
    chart = Asked(method, position.material.code, analyte.symbol, run.instrument.code)
    history = read_history(viewer, chart)
    choices = [{"label": symbol, "url": f"?analyte={symbol}#chart", "active": symbol == analyte.symbol} for symbol in symbols]
    return ChosenChart(position.material.code, analyte.symbol, history, draw(history, chart, View.VALUE), choices)


@dataclass(frozen=True)
class Making:
    """How one number was made: the formula with its numbers, and the cells it comes from."""

    version: ResultVersion
    steps: list[tuple[str, str, str]]
    readings: list[Any]


def explain_result(version: ResultVersion) -> Making:
    """The way from the raw cells to the reported number, with what was used then, not what would be used now."""
    used = version.inputs
    if "determination" in used:
        return Making(version, explain_determination(version), [])
    moisture = float(used["portion_moisture_percent"])
    basis = "" if moisture == 0 else f" · 100 / (100 − {moisture:.4g})"
    net = "—" if used["net_mg_kg"] == "None" else f"{float(used['net_mg_kg']):.6g} {version.unit}"
    if "read_mg_kg" in used:
        return Making(version, [*explain_solid(used, net, moisture), *_explain_end(version)], readings_behind(version))
    solution, blank, dilution = (_short(used[name]) for name in ("solution_ug_l", "blank_ug_l", "dilution"))
    volume, mass = _plain(used["volume_ml"]), mass_text(used["mass_g"])
    formula = f"({solution} − {blank}) µg/L · {volume} mL · {dilution} / ({mass} g · 1000){basis}"
    steps = [
        (
            _("Read in the solution"),
            f"{solution} µg/L",
            _("median of its readings, below; the dilution below is what remained")
            if used.get("replicates") == "median"
            else _("mean of its readings, below; the dilution below is what remained"),
        ),
        (_("Blank subtracted"), f"{blank} µg/L", _("mean of the run's reagent blanks")),
        (_("Test portion"), f"{mass} g → {volume} mL × {dilution}", _("as weighed")),
        *explain_solution(used),
        (_("Moisture of the portion"), f"{moisture:.4g} %", explain_moisture(used, moisture)),
        (_("Content, dry"), net, formula),
        *_explain_end(version),
    ]
    return Making(version, steps, readings_behind(version))


def _explain_end(version: ResultVersion) -> list[tuple[str, str, str]]:
    """What every number ends with: its limits, its uncertainty, what is reported."""
    return [
        (
            _("Limits here"),
            f"LOD {figures_text(version.lod, 3)}, LOQ {figures_text(version.loq, 3)} {version.unit}",
            _("the method's, carried to this portion"),
        ),
        _explain_uncertainty(version),
        (_("Reported"), _reported(version), _("rounded once, half to even; a bound never rounded down")),
    ]


EVALUATIONS: dict[str, Any] = {
    "stated": gettext_lazy("stated by the method version"),
    "nordtest": gettext_lazy("by Nordtest TR 537 from this laboratory’s control materials"),
    "budget": gettext_lazy("by an uncertainty budget (GUM)"),
}
"""How an uncertainty was evaluated, in words."""


def _explain_uncertainty(version: ResultVersion) -> tuple[str, str, str]:
    used, evaluation = version.inputs, version.inputs.get("uncertainty_evaluation", "stated")
    percent = float(used["relative_uncertainty_percent"])
    if evaluation == "budget":
        percent = 100 * float(version.uncertainty / version.value) if version.uncertainty is not None and version.value else 0.0
    shown = f"{percent:.3g} %" if percent else "—"
    return _("Uncertainty"), shown, _("expanded, k = 2, %(how)s") % {"how": EVALUATIONS[evaluation]}


def _reported(version: ResultVersion) -> str:
    uncertainty = f" ± {version.uncertainty_text}" if version.uncertainty_text else ""
    return f"{version.text}{uncertainty} {version.unit} {version.basis}"


def _short(number: str) -> str:
    return f"{float(number):.6g}"


def _plain(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number
