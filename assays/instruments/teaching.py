"""Teaching the product a laboratory's files: patterns of names, and mappings of layouts. Every change is kept with who and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from django.db import IntegrityError, transaction
from django.db.models import Max

from assays.instruments.matching import DEFAULT_NAMES, compile_names
from assays.instruments.models import Mapping, MappingVersion, NamePattern, Upload
from assays.instruments.parsers.layouts import Layout, find_faults
from assays.models import ReferenceMaterial
from lims.accounts.models import Organisation
from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import DomainError, Forbidden, Invalid, Problem
from lims.core.roles import Action, require


def begin_patterns(*, by: Any) -> None:
    """Make the patterns the product starts with the laboratory's own, to be edited. Does nothing where it keeps its own already."""
    require(by, Action.RUN_EDIT)
    with transaction.atomic(), acting(by, "patterns taken over"):
        _begin(by)


def _begin(by: Any) -> None:
    _lock_laboratory(by)
    if not NamePattern.objects.filter(laboratory=by.organisation_id).exists():
        NamePattern.objects.bulk_create(
            NamePattern(laboratory_id=by.organisation_id, names=names, kind=kind, order=order)
            for order, (names, kind) in enumerate(DEFAULT_NAMES, 1)
        )


def _lock_laboratory(by: Any) -> None:
    """Two people of a laboratory change its list one after the other."""
    Organisation.objects.select_for_update(no_key=True).get(pk=by.organisation_id)


def add_pattern(*, names: str, kind: str, material: ReferenceMaterial | None = None, first: bool = False, by: Any) -> NamePattern:
    """A new pattern, at the end of the list or at its beginning. Where the laboratory had none, the product's own come before."""
    require(by, Action.RUN_EDIT)
    names = _checked_names(names)
    _check_material(kind, material, by)
    with transaction.atomic(), acting(by, "pattern added"):
        _begin(by)
        own = NamePattern.objects.filter(laboratory=by.organisation_id)
        if first:
            for order, one in enumerate(own.order_by("order", "id"), 2):
                NamePattern.objects.filter(pk=one.pk).update(order=order)
        order = 1 if first else (own.aggregate(last=Max("order"))["last"] or 0) + 1
        return NamePattern.objects.create(laboratory_id=by.organisation_id, names=names, kind=kind, material=material, order=order)


def change_pattern(
    *, pattern: NamePattern, names: str, kind: str, material: ReferenceMaterial | None, in_use: bool, reason: str, by: Any
) -> NamePattern:
    """Other names, another kind or material, or out of use and back, with a reason."""
    require(by, Action.RUN_EDIT)
    _refuse_stranger(pattern.laboratory_id, by)
    names, reason = _checked_names(names), _checked_reason(reason)
    _check_material(kind, material, by)
    with transaction.atomic(), acting(by, reason):
        _lock_laboratory(by)
        pattern.names, pattern.kind, pattern.material, pattern.in_use = names, kind, material, in_use
        pattern.save(update_fields=["names", "kind", "material", "in_use"])
    return pattern


def _checked_names(names: str) -> str:
    tidy = ", ".join(" ".join(name.split()) for name in names.split(",") if name.strip())
    try:
        compile_names(tidy)
    except ValueError as error:
        raise Invalid("names", str(error), problems=[Problem("/names", "names", str(error))]) from error
    return tidy


def _check_material(kind: str, material: ReferenceMaterial | None, by: Any) -> None:
    if material is not None and kind != "control":
        message = "Only a control can be a reference material. Choose the kind control, or no material."
        raise Invalid("material", message, problems=[Problem("/material", "material", message)])
    if material is not None and material.laboratory_id not in {None, by.organisation_id}:
        raise Invalid("material", "There is no such material.", problems=[Problem("/material", "material", "There is no such material.")])


def save_mapping(
    *,
    name: str,
    layout: Layout,
    by: Any,
    mapping: Mapping | None = None,
    example: Upload | None = None,
    reason: str = "",
    at: datetime | None = None,
) -> MappingVersion:
    """Keep a layout as a new mapping, or as the next version of one, which needs a reason. Files already read keep the version that read
    them. Raises `Invalid` with a problem for each thing the layout leaves open."""
    require(by, Action.RUN_EDIT)
    name = " ".join(name.split())
    problems = [
        Problem("/layout", "layout", f"{heading}: {sentence}" if heading else sentence) for heading, sentence in find_faults(layout)
    ]
    if not name:
        problems.append(Problem("/name", "missing", "Give the mapping a name, such as that of the instrument's program."))
    if mapping is not None:
        _refuse_stranger(mapping.laboratory_id, by)
        if not reason.strip():
            problems.append(Problem("/reason", "reason", "Say why the mapping changes."))
    if problems:
        raise Invalid(problems[0].code, problems[0].detail, problems=problems)
    try:
        with transaction.atomic(), acting(by, reason.strip() or "mapping taught"):
            _lock_laboratory(by)
            head = mapping or Mapping.objects.create(laboratory_id=by.organisation_id, name=name)
            if head.name != name:
                head.name = name
                head.save(update_fields=["name"])
            number = (head.versions.aggregate(last=Max("number"))["last"] or 0) + 1
            return MappingVersion.objects.create(
                mapping=head,
                number=number,
                layout=msgspec.to_builtins(layout),
                example=example,
                made_by=by,
                made_at=at or clock.now(),
                reason=reason.strip(),
            )
    except IntegrityError as error:
        message = f"There is a mapping {name} already. Choose another name, or change that one."
        raise Invalid("taken", message, problems=[Problem("/name", "taken", message)]) from error


def set_mapping_in_use(*, mapping: Mapping, in_use: bool, reason: str, by: Any) -> Mapping:
    """Take a mapping out of use, or back, with a reason; what it has read stays."""
    require(by, Action.RUN_EDIT)
    _refuse_stranger(mapping.laboratory_id, by)
    reason = _checked_reason(reason)
    with transaction.atomic(), acting(by, reason):
        mapping = Mapping.objects.select_for_update(no_key=True).get(pk=mapping.pk)
        if mapping.in_use == in_use:
            raise DomainError("wrong_state", f"{mapping.name} is {'in use' if in_use else 'out of use'} already.")
        mapping.in_use = in_use
        mapping.save(update_fields=["in_use"])
    return mapping


def _refuse_stranger(laboratory_id: Any, by: Any) -> None:
    if laboratory_id != by.organisation_id:
        raise Forbidden("other_laboratory", "This belongs to another laboratory.")


def _checked_reason(reason: str) -> str:
    if not reason.strip():
        raise Invalid("reason", "Say why.", problems=[Problem("/reason", "reason", "Say why.")])
    return reason.strip()
