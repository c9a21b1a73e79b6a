"""Samples by what a person scanned or typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q

from lims.core.codes import SAMPLE, check_code, has_code_shape, normalise, tidy_scanned
from lims.core.errors import Invalid, Problem
from lims.core.roles import LABORATORY_ROLES, Role
from samples.models import Sample


def find_scanned(texts: Sequence[str], viewer: Any, *, pointer: str = "/items/{index}/sample") -> list[Sample]:
    """The viewer's samples in the order of `texts`: human codes, blind codes, UUIDs or the numbers of their seals.

    Raises `Invalid` naming every text that is no sample the viewer may see, at `pointer`.
    """
    plain = [normalise(text) for text in texts]
    known = _known([*plain, *map(tidy_scanned, texts), *(text.strip() for text in texts)], viewer)
    # A seal may hold signs that a code has not, so what was sent is tried before what a reader may have made of it.
    keys = [key if key in known else tidy_scanned(text) for key, text in zip(plain, texts, strict=True)]
    problems = [
        _problem(pointer.format(index=index), text) for index, (text, key) in enumerate(zip(texts, keys, strict=True)) if key not in known
    ]
    if problems:
        raise Invalid(problems[0].code, problems[0].detail, problems=problems)
    return [known[key] for key in keys]


def _known(keys: Sequence[str], viewer: Any) -> dict[str, Sample]:
    wanted = Q(blind_code__in=keys) | Q(pk__in=_uuids(keys)) | Q(seal_number__in=keys)
    # At a laboratory only the receptionist, who handles the bags, knows human codes.
    reads_bags = viewer.role not in LABORATORY_ROLES or viewer.role == Role.RECEPTIONIST
    if reads_bags:
        wanted |= Q(code__in=keys)
    known: dict[str, Sample] = {}
    for sample in Sample.objects.visible_to(viewer).filter(wanted):
        known |= {sample.blind_code: sample, normalise(str(sample.pk)): sample}
        if sample.seal_number:
            known[normalise(sample.seal_number)] = sample
        if reads_bags:
            known[sample.code] = sample
    return known


def _uuids(keys: Sequence[str]) -> list[UUID]:
    found = []
    for key in keys:
        try:
            found.append(UUID(key))
        except ValueError:
            continue
    return found


def _problem(pointer: str, text: str) -> Problem:
    text = tidy_scanned(text) or text
    if has_code_shape(text):
        try:
            code = check_code(text)
        except Invalid as error:
            return Problem(pointer, error.code, error.message)
        if code.split("-")[0] not in {SAMPLE, "B"}:
            return Problem(pointer, "code_shape", f"“{code}” is not the code of a sample. Those begin with {SAMPLE}-.")
    return Problem(pointer, "unknown_sample", f"There is no sample “{text}” that you may see. Scan its label again or look its code up.")
