"""From the codes people scan or type to the things a nonconformity touches, within their scope."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import Model, Q

from assays.instruments.models import Instrument
from assays.models import Equipment, Lot, ReferenceMaterial, Run
from assays.nonconformities.recalls import Question
from assays.reports.models import Certificate
from lims.accounts.models import User
from lims.core.codes import tidy_scanned
from lims.core.errors import Invalid, Problem
from samples.models import Sample


def find_touched(codes: Sequence[str], viewer: Any, *, pointer: str = "/touches/{index}") -> list[Model]:
    """The things with these codes, in their order: runs, blind samples, certificates, lots, equipment, instruments, materials. Raises
    `Invalid` naming every code that is nothing the viewer may see."""
    plain = [" ".join(code.split()) for code in codes]
    keys = {*plain, *(tidy_scanned(code) for code in plain)}
    known: dict[str, Model] = {}
    materials = ReferenceMaterial.objects.filter(Q(laboratory=None) | Q(laboratory=viewer.organisation_id), code__in=keys)
    known |= {one.code: one for one in materials}
    known |= {one.code: one for one in Instrument.objects.visible_to(viewer).filter(code__in=keys)}
    known |= {one.code: one for one in Equipment.objects.visible_to(viewer).filter(code__in=keys)}
    known |= {one.code: one for one in Lot.objects.visible_to(viewer).filter(code__in=keys)}
    known |= {one.code: one for one in Run.objects.visible_to(viewer).filter(code__in=keys)}
    known |= {one.number: one for one in Certificate.objects.visible_to(viewer).filter(number__in=keys)}
    known |= {one.blind_code: one for one in Sample.objects.visible_to(viewer).filter(blind_code__in=keys)}
    found = [known.get(code) or known.get(tidy_scanned(code)) for code in plain]
    problems = [
        Problem(pointer.format(index=index), "unknown", f"There is nothing of yours under “{code}”. Scan it again or type its whole code.")
        for index, (code, thing) in enumerate(zip(plain, found, strict=True))
        if thing is None
    ]
    if problems:
        raise Invalid("unknown", problems[0].detail, problems=problems)
    return [thing for thing in found if thing is not None]


_RECALLED = {"Lot": "lot", "Equipment": "equipment", "Instrument": "instrument", "ReferenceMaterial": "material", "Run": "run"}


def ask(
    viewer: Any, *, thing: str = "", person: User | None = None, since: date | None = None, until: date | None = None
) -> tuple[Question, Model | None]:
    """A recall's question from what was typed. Raises `Invalid`: nothing or two things named, a code that cannot be recalled, days turned
    round."""
    if bool(thing.strip()) == (person is not None):
        message = "Name one thing by its code, or a person; not both."
        raise Invalid("thing", message, problems=[Problem("/thing", "thing", message)])
    if since and until and until < since:
        message = "The last day lies before the first."
        raise Invalid("until", message, problems=[Problem("/until", "until", message)])
    if person is not None:
        return Question("person", person.pk, since, until), None
    (found,) = find_touched([thing], viewer, pointer="/thing")
    kind = _RECALLED.get(type(found).__name__)
    if kind is None:
        message = f"“{thing}” is no lot, equipment, instrument, reference material or run. Open its own page to see what reports it."
        raise Invalid("thing", message, problems=[Problem("/thing", "thing", message)])
    return Question(kind, found.pk, since, until), found
