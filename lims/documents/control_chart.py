"""The paper of a control chart: the drawings of the page, the limits behind their lines, and every point that did not pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from lims.documents.render import render_pdf


@dataclass(frozen=True, slots=True, kw_only=True)
class OddPoint:
    """A point that warned or failed: what the rule says, and what people found out."""

    run: str
    measured: str
    found: str
    z: str
    outcome: str
    sentence: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlChartPaper:
    """Everything on the paper, as text ready to print; `drawings` are (name, heading, description) in order."""

    title: str
    laboratory: str
    method: str
    instrument: str
    expected: str
    source: str
    limits: str
    mean: str
    sigma: str
    span: str
    points: int
    printed: str
    drawings: tuple[tuple[str, str, str], ...]
    odd: tuple[OddPoint, ...]


def render_control_chart(paper: ControlChartPaper, svgs: Mapping[str, str], *, printed_at: datetime, synthetic: bool) -> bytes:
    """The chart as PDF; the same content and time give the same bytes. Raises as `render_pdf`."""
    return render_pdf("control_chart", asdict(paper) | {"synthetic": synthetic}, timestamp=printed_at, svgs=svgs)
