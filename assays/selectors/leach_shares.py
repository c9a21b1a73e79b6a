"""The leach of each sample of a run, and its leachable contents beside the total ones, whichever of the two the run measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef

from assays.chemistry.leach import compute_desorption_percent
from assays.chemistry.rounding import report
from assays.chemistry.uncertainty import combine_product
from assays.models import Leach, Result, ResultVersion, Run, RunPosition
from assays.models.methods import Extraction
from assays.models.runs import PositionKind
from assays.selectors.leaches import current_leaches

SHOWN = ("Nd", "Pr", "Dy", "Tb")
"""The magnet elements, for which the leachable share decides what a clay is worth."""


@dataclass(frozen=True)
class Share:
    """The leachable content of one element beside the total one, both dry in `unit`, and their ratio in percent with its expanded
    uncertainty (k = 2; empty where a content has none). `draft` when either is not authorised yet, `impossible` when more was leached than
    there is."""

    symbol: str
    leached: ResultVersion
    total: ResultVersion
    percent: str
    uncertainty: str
    draft: bool
    impossible: bool


@dataclass(frozen=True)
class LeachLine:
    """One sample of the tray: how its portion was leached (None where the run measured totals), and its shares by symbol in the order of
    `SHOWN`, None where one of the two contents is not a number yet."""

    position: RunPosition
    code: str
    leach: Leach | None
    shares: list[Share | None]
    other_method: str


@dataclass(frozen=True)
class LeachPanel:
    """What the run's page shows of leaching; `lines` is empty where neither a leach nor another content of the samples is known."""

    leaching: bool
    symbols: tuple[str, ...] = SHOWN
    lines: list[LeachLine] = field(default_factory=list)

    @property
    def leaches(self) -> dict[UUID, Leach]:
        """The leach by position."""
        return {line.position.pk: line.leach for line in self.lines if line.leach is not None}


def mark_otherwise(run: Run) -> Exists:
    """Whether the sample at a position was also measured by another extraction; spares the pages of all other runs a question."""
    results = Result.objects.filter(sample=OuterRef("aliquot__test__sample"), current__isnull=False)
    return Exists(results.exclude(test__method_version__method__extraction=run.method_version.method.extraction))


def read_leaching(run: Run, tray: Sequence[RunPosition], versions: Sequence[ResultVersion]) -> LeachPanel:
    """Leaches and shares of a run's samples; `versions` are the run's results as the viewer may see them, and without them no content of
    another run is told either. Positions that `mark_otherwise` found nothing for are asked no further."""
    leaching = run.method_version.method.extraction == Extraction.LEACHABLE
    panel = LeachPanel(leaching)
    samples = [one for one in tray if one.aliquot is not None and one.kind == PositionKind.SAMPLE]
    if not samples or run.method_version.method.extraction not in {Extraction.LEACHABLE, Extraction.TOTAL}:
        return panel
    leaches = current_leaches([one.aliquot_id for one in samples if one.aliquot_id]) if leaching else {}
    own = {(one.position_id, one.result.analyte.symbol): one for one in versions if one.result.analyte.symbol in SHOWN}
    otherwise = [one for one in samples if getattr(one, "otherwise", True)]
    others = _other_contents(run, otherwise, leaching) if own and otherwise else {}
    for position in samples:
        aliquot: Any = position.aliquot
        found = {symbol: others.get((aliquot.test.sample_id, symbol)) for symbol in SHOWN}
        shares = [_share(symbol, own.get((position.pk, symbol)), found[symbol], leaching) for symbol in SHOWN]
        leach = leaches.get(aliquot.pk)
        method = next((str(one[0].method_version) for one in found.values() if one is not None), "")
        if leach is not None or any(shares):
            panel.lines.append(LeachLine(position, aliquot.test.sample.blind_code, leach, shares, method))
    return panel


_Other = tuple[ResultVersion, bool]
"""A result version and whether it is authorised."""


def _other_contents(run: Run, samples: Sequence[RunPosition], leaching: bool) -> Mapping[tuple[UUID, str], _Other]:
    """The contents by the other way of the same laboratory: authorised before drafts, numbers before bounds, the newest of each."""
    wanted = Extraction.TOTAL if leaching else Extraction.LEACHABLE
    rows = Result.objects.filter(
        sample__in={one.aliquot.test.sample_id for one in samples if one.aliquot is not None},
        analyte__symbol__in=SHOWN,
        test__submission__laboratory=run.laboratory_id,
        test__method_version__method__extraction=wanted,
        test__method_version__unit=run.method_version.unit,
        current__isnull=False,
    ).order_by("id")
    found: dict[tuple[UUID, str], _Other] = {}
    for row in rows.select_related("analyte", "authorised__method_version__method", "current__method_version__method"):
        one = row.authorised or row.current
        if one is None:
            continue
        key, authorised = (row.sample_id, row.analyte.symbol), row.authorised is not None
        before = found.get(key)
        if before is None or (authorised, one.qualifier == "=") >= (before[1], before[0].qualifier == "="):
            found[key] = (one, authorised)
    return found


def _share(symbol: str, own: ResultVersion | None, other: _Other | None, leaching: bool) -> Share | None:
    if own is None or other is None:
        return None
    version, authorised = other
    leached, total = (own, version) if leaching else (version, own)
    same = leached.basis == total.basis == "dry" and leached.unit == total.unit
    if not same or leached.qualifier != "=" or total.qualifier != "=" or total.value <= 0:
        return None
    percent = compute_desorption_percent(float(leached.value), float(total.value))
    draft = not authorised or own.result.authorised_id != own.pk
    told = report(percent, _expanded(percent, leached, total), 2 if percent < 99.5 else 3)
    return Share(symbol, leached, total, told.text, told.uncertainty_text, draft, percent > 100)


def _expanded(percent: float, leached: ResultVersion, total: ResultVersion) -> float | None:
    """Of the ratio of two contents from portions of their own (JCGM 100:2008, 5.1.6); None where one of them has no uncertainty."""
    parts = {
        name: (float(one.value), float(one.uncertainty / one.k))
        for name, one in (("leached", leached), ("total", total))
        if one.uncertainty is not None and one.value > 0
    }
    return combine_product(percent, parts).expanded if len(parts) == 2 else None
