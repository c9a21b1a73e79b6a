"""From the codes people and machines write to rows within their scope: aliquots, tests, methods, materials, instruments.

What is not found, or not the viewer's to see, is refused at its place; the sentence never tells the two apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Q

from assays.instruments.models import Instrument
from assays.lifecycle import TestState
from assays.models import Aliquot, MethodVersion, ReferenceMaterial, SubmissionTest, TrayLayout
from assays.selectors.reference import versions_in_force
from lims.core import clock
from lims.core.codes import check_code, has_code_shape, normalise
from lims.core.errors import Invalid, Problem
from samples.models import Sample

T = TypeVar("T")


def find_aliquots(codes: Sequence[str], viewer: Any, *, places: Sequence[str]) -> list[Aliquot]:
    """The aliquots of the viewer's laboratory with those codes, in their order; `places` are the pointers problems are told at."""
    wanted = [_tidy(code) for code in codes]
    rows = Aliquot.objects.filter(code__in=wanted, test__submission__laboratory=viewer.organisation_id)
    known = {one.code: one for one in rows.select_related("test__submission", "test__sample", "test__method_version__method")}
    return _all_of(wanted, known, places, "aliquot")


def find_materials(codes: Sequence[str], viewer: Any, *, places: Sequence[str]) -> list[ReferenceMaterial]:
    """Certified materials, and the laboratory's own."""
    wanted = [" ".join(code.split()) for code in codes]
    own = Q(laboratory=None) | Q(laboratory=viewer.organisation_id)
    known = {one.code: one for one in ReferenceMaterial.objects.filter(own, code__in=[code for code in wanted if code.isprintable()])}
    return _all_of(wanted, known, places, "reference material")


def find_layout(code: str, viewer: Any) -> TrayLayout:
    """A rack by its code: the laboratory's own before everyone's."""
    found = TrayLayout.objects.visible_to(viewer).filter(code=code.strip(), active=True).order_by("laboratory").first()
    if found is None:
        sentence = f"There is no rack “{code}”. Name one of those that stand with the planner, or leave it out."
        raise Invalid("unknown_layout", sentence, problems=[Problem("/layout", "unknown_layout", sentence)])
    return found


def find_tests(ids: Sequence[UUID], viewer: Any, *, places: Sequence[str]) -> list[SubmissionTest]:
    """Tests by their ids."""
    rows = (
        SubmissionTest.objects.visible_to(viewer).filter(pk__in=set(ids)).select_related("submission", "sample", "method_version__method")
    )
    return _all_of([str(one) for one in ids], {str(test.pk): test for test in rows}, places, "test")


def find_waiting_test(sample: Sample, method_code: str, viewer: Any, *, pointer: str) -> SubmissionTest:
    """The test by a method on a sample that waits for a test portion, the most urgent first; else one that could take another."""
    tests = SubmissionTest.objects.filter(
        sample=sample,
        method_version__method__code=_tidy(method_code),
        submission__laboratory=viewer.organisation_id,
        state__in=[TestState.REQUESTED, TestState.PREPARED],
    )
    found = tests.select_related("submission", "sample", "method_version__method").order_by("-state", "submission__due_on").first()
    if found is None:
        sentence = f"No test by “{method_code}” waits on sample {sample.code_for(viewer)}. Look at its submission."
        raise Invalid("unknown_test", sentence, problems=[Problem(pointer, "unknown_test", sentence)])
    return found


def find_versions(texts: Sequence[str], *, places: Sequence[str]) -> list[MethodVersion]:
    """Method versions by `FUS-MS` (the one in force today) or `FUS-MS v2`."""
    current = {version.method.code: version for version in versions_in_force(clock.today())}
    wanted = [" ".join(text.split()) for text in texts]
    known = {text: version for text in wanted if (version := _find_version(text, current)) is not None}
    return _all_of(wanted, known, places, "method", f" Known are: {', '.join(current)}.")


def find_instrument(code: str, viewer: Any, *, pointer: str = "/instrument") -> Instrument:
    """An instrument of the viewer's laboratory."""
    tidy = code.strip()
    rows = Instrument.objects.visible_to(viewer).filter(code=tidy) if tidy.isprintable() else Instrument.objects.none()
    return _all_of([tidy], {one.code: one for one in rows}, [pointer], "instrument")[0]


def _find_version(text: str, current: Mapping[str, MethodVersion]) -> MethodVersion | None:
    code, marked, number = text.partition(" v")
    if not marked:
        return current.get(code.upper())
    stored = MethodVersion.objects.filter(method__code=_tidy(code), number=int(number[:6]) if number.isdecimal() else 0)
    return stored.select_related("method").first()


def _all_of(wanted: Sequence[str], known: Mapping[str, T], places: Sequence[str], noun: str, hint: str = "") -> list[T]:
    problems = [_missing(place, text, noun, hint) for place, text in zip(places, wanted, strict=True) if text not in known]
    if problems:
        raise Invalid(problems[0].code if len(problems) == 1 else "validation", problems[0].detail, problems=problems)
    return [known[text] for text in wanted]


def _missing(pointer: str, text: str, noun: str, hint: str) -> Problem:
    """Why a code finds nothing: mistyped, or not there for this viewer."""
    if has_code_shape(text):
        try:
            check_code(text)
        except Invalid as error:
            return Problem(pointer, error.code, error.message)
    return Problem(
        pointer, f"unknown_{noun.replace(' ', '_')}", f"There is no {noun} “{text}” that you may use.{hint or ' Check the code.'}"
    )


def _tidy(text: str) -> str:
    """A code as it is stored; what no label could carry (and no database keep) is left out, and so finds nothing."""
    return "".join(character for character in normalise(text) if character.isprintable())
