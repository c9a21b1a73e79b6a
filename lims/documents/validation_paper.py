"""From a run of worked examples to its report: every example with what was expected and what was computed, then the PDF."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from lims.documents.render import render_pdf
from lims.documents.wording import format_moment

MOST_VALUES = 40
"""So many agreeing values of an example are printed; those that disagree are all printed, and the kept outcome holds every one."""

# What the papers' fonts surely print; a laboratory's file may hold anything.
_UNPRINTABLE = re.compile("[^\u0020-\u007e\u00a0-\u024f\u0370-\u03ff\u2010-\u2027\u2070-\u2089\u2212\u221a\u2248\u2260\u2264\u2265]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What the quality manager concluded and signed; `sha256` is that of the content signed."""

    words: str
    statement: str
    name: str
    role: str
    organisation: str
    signed_at: datetime
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationReport:
    """A run. `examples` are rows with id, topic, source, basis, tolerance, passed, obstacle and values (each name, expected, computed,
    agrees)."""

    number: str
    organisation: str
    ran_by: str
    ran_at: datetime
    origin: str
    file_name: str
    file_sha256: str
    outcome_sha256: str
    version: str
    commit: str
    formulae_sha256: str
    examples: Sequence[Mapping[str, Any]]
    conclusion: Conclusion | None = None


def render_validation(report: ValidationReport, *, synthetic: bool = False) -> bytes:
    """The report as PDF/A-2a and PDF/UA-1; the same run and conclusion give the same bytes. Raises as `render_pdf`."""
    signed_at = report.conclusion.signed_at if report.conclusion else report.ran_at
    return render_pdf("validation", arrange_validation(report) | {"synthetic": synthetic}, timestamp=max(signed_at, report.ran_at))


def arrange_validation(report: ValidationReport) -> dict[str, Any]:
    """What the template prints, word for word."""
    topics = sorted({example["topic"] for example in report.examples})
    passed = sum(bool(example["passed"]) for example in report.examples)
    conclusion = asdict(report.conclusion) | {"signed_at": format_moment(report.conclusion.signed_at)} if report.conclusion else None
    printed: dict[str, Any] = _printable(
        {
            "number": report.number,
            "organisation": report.organisation,
            "ran_by": report.ran_by,
            "ran_at": format_moment(report.ran_at),
            "origin": report.origin,
            "file_name": report.file_name,
            "file_sha256": report.file_sha256,
            "outcome_sha256": report.outcome_sha256,
            "version": report.version,
            "commit": report.commit,
            "formulae_sha256": report.formulae_sha256,
            "passed": passed,
            "failed": len(report.examples) - passed,
            "topics": [_count_topic(topic, report.examples) for topic in topics],
            "failures": [example["id"] for example in report.examples if not example["passed"]],
            "examples": [_arrange_example(number, example) for number, example in enumerate(report.examples, start=1)],
            "conclusion": conclusion,
        }
    )
    return printed


def _count_topic(topic: str, examples: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    verdicts = [bool(example["passed"]) for example in examples if example["topic"] == topic]
    return {"topic": topic.replace("_", " "), "examples": len(verdicts), "passed": sum(verdicts), "failed": len(verdicts) - sum(verdicts)}


def _arrange_example(number: int, example: Mapping[str, Any]) -> dict[str, Any]:
    values = example["values"]
    agreeing = [value for value in values if value["agrees"]]
    left_out = {id(value) for value in agreeing[MOST_VALUES:]}
    return {
        "number": number,
        **{name: example[name] for name in ("id", "topic", "source", "basis", "tolerance", "passed", "obstacle")},
        "values": [value for value in values if id(value) not in left_out],
        "left_out": len(left_out),
    }


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return _UNPRINTABLE.sub("?", value)
    if isinstance(value, Mapping):
        return {name: _printable(one) for name, one in value.items()}
    return [_printable(one) for one in value] if isinstance(value, list) else value
