"""The rows people fill at the bench: which samples wait for preparation, which tests for a portion, and what was done last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count

from assays.lifecycle import TestState
from assays.models import Aliquot, MethodVersion, Preparation, SubmissionTest
from assays.selectors.worklists import bench_tests, preparations_for, tests_to_prepare, tests_to_weigh
from samples.models import Sample

MOST_ROWS = 50
"""Rows on one page of entry; more wait for the next."""


@dataclass(frozen=True)
class PreparationLine:
    """A sample that waits for preparation: for which methods, until when, the usual route, and whether something holds it."""

    sample: Sample
    methods: list[str]
    due_on: date | None
    route: str
    held: bool


@dataclass(frozen=True)
class WeighingLine:
    """A test that waits for a portion, with the preparation it is weighed from; with `original` a duplicate of that aliquot is weighed."""

    test: SubmissionTest
    due_on: date
    preparation: Preparation | None
    held: bool
    original: Aliquot | None = None


def lines_to_prepare(viewer: Any, code: str = "") -> tuple[list[PreparationLine], int]:
    """The most urgent samples to prepare, that with `code` first even if nothing asks for it, and how many more wait."""
    lines: dict[tuple[UUID, bool], PreparationLine] = {}
    for test in tests_to_prepare(viewer).select_related("sample", "submission", "method_version__method").order_by(*_URGENCY):
        key = (test.sample_id, test.leach)  # type: ignore[attr-defined]
        line = lines.setdefault(key, _preparation_line(test))
        line.methods.append(test.method_version.method.code)
    ordered = list(lines.values())
    if code:
        ordered.sort(key=lambda line: line.sample.blind_code != code)
        if not ordered or ordered[0].sample.blind_code != code:
            ordered = [*_unasked(viewer, code), *ordered]
    return ordered[:MOST_ROWS], max(0, len(ordered) - MOST_ROWS)


_URGENCY = ("submission__due_on", "sample__blind_code", "method_version__method__code")


def _preparation_line(test: Any) -> PreparationLine:
    route = "moist" if test.leach else "pulp"
    return PreparationLine(test.sample, [], test.submission.due_on, route, test.held)


def _unasked(viewer: Any, code: str) -> list[PreparationLine]:
    """A sample of the laboratory that no test asks to prepare: prepared again, after a sieve check that failed."""
    samples = Sample.objects.visible_to(viewer).filter(blind_code=code, laboratory=viewer.organisation_id)
    return [PreparationLine(one, [], None, "pulp", one.on_hold or one.has_open_discrepancy) for one in samples]


def methods_to_weigh(viewer: Any) -> list[tuple[MethodVersion, int]]:
    """The method versions tests wait to be weighed for, with how many."""
    counts = dict(tests_to_weigh(viewer).order_by().values_list("method_version").annotate(Count("pk")))
    versions = MethodVersion.objects.filter(pk__in=counts).select_related("method").order_by("method__code", "number")
    return [(version, counts[version.pk]) for version in versions]


def lines_to_weigh(viewer: Any, version: MethodVersion, code: str = "") -> tuple[list[WeighingLine], int]:
    """The most urgent tests of a method version to weigh, those of the sample with `code` first, and how many more wait."""
    tests = list(tests_to_weigh(viewer).filter(method_version=version).select_related(*_RELATED).order_by(*_URGENCY))
    if code:
        tests.sort(key=lambda test: test.sample.blind_code != code)
    shown = tests[:MOST_ROWS]
    preparations = preparations_for(shown)
    lines = [WeighingLine(test, test.submission.due_on, preparations.get(test.pk), test.held) for test in shown]  # type: ignore[attr-defined]
    return lines, max(0, len(tests) - MOST_ROWS)


_RELATED = ("sample", "submission", "method_version__method")


def duplicate_line(viewer: Any, code: str) -> WeighingLine | None:
    """The line to weigh a duplicate of the aliquot with that code, while its test waits for a run."""
    rows = Aliquot.objects.filter(code=code, duplicate_of=None, test__in=bench_tests(viewer).filter(state=TestState.PREPARED).values("pk"))
    original = rows.first()
    if original is None:
        return None
    test = bench_tests(viewer).select_related(*_RELATED).get(pk=original.test_id)
    return WeighingLine(test, test.submission.due_on, preparations_for([test]).get(test.pk), test.held, original)  # type: ignore[attr-defined]


def tests_of_rows(viewer: Any, ids: list[UUID]) -> dict[UUID, SubmissionTest]:
    """The tests of a filled form, by id, as far as the viewer's laboratory has them."""
    return {test.pk: test for test in bench_tests(viewer).filter(pk__in=ids).select_related(*_RELATED)}


def last_prepared(viewer: Any, count: int = 12) -> list[Preparation]:
    """What was prepared last at the viewer's laboratory."""
    rows = Preparation.objects.filter(laboratory=viewer.organisation_id).select_related("sample", "prepared_by")
    return list(rows.order_by("-prepared_at", "-id")[:count])


def last_weighed(viewer: Any, version: MethodVersion, count: int = 60) -> list[Aliquot]:
    """The aliquots of a method version that wait for a run, newest first."""
    waiting = bench_tests(viewer).filter(state=TestState.PREPARED, method_version=version)
    rows = Aliquot.objects.filter(test__in=waiting.values("pk")).select_related("test__sample", "duplicate_of", "weighed_by")
    return list(rows.order_by("-weighed_at", "-code")[:count])
