"""What a receptionist found, item by item: whether it can be so, and which samples it speaks of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import Q

from lims.core.codes import check_code, has_code_shape, tidy_scanned
from lims.core.errors import Invalid, Problem
from samples.models import Consignment, Sample
from samples.models.receipts import SealCondition
from samples.services.movement import invalid_at, is_printable

_HEAVIEST_G = Decimal(1_000_000)
_MOST_CONTAINERS = 999
_LONGEST = {"seal_number": 40, "remark": 2000}


@dataclass(frozen=True, kw_only=True)
class ItemFound:
    """What was found of one sample. `sample` is the code on the bag (or a UUID); `seal_condition` one of `SealCondition`; mass in grams.

    A sample that is not `present` carries nothing else but a remark; count and mass are None where nobody counted or weighed.
    """

    sample: str
    present: bool = True
    seal_number: str = ""
    seal_condition: str = ""
    container_intact: bool | None = None
    container_count: int | None = None
    mass_g: Decimal | None = None
    remark: str = ""


@dataclass(frozen=True, kw_only=True)
class PackFound:
    """How the seal of a pack was found, by the pack's number; None is the seal around the whole consignment."""

    number: int | None = None
    seal_number: str = ""
    seal_condition: str = ""


def check_packs(found: Sequence[PackFound], consignment: Consignment) -> list[Problem]:
    """Everything that cannot be so of the outer seals, each with a pointer to its member (`/packs/0/seal_number`)."""
    known = set(consignment.packs.values_list("number", flat=True)) if found else set()
    problems = []
    for index, one in enumerate(found):
        if one.number is not None and one.number not in known:
            problems.append(Problem(f"/packs/{index}/number", "unknown_pack", f"{consignment.code} has no pack {one.number}."))
        if one.number in {other.number for other in found[:index]}:
            problems.append(Problem(f"/packs/{index}/number", "twice", "Each pack is looked at once. Leave the second out."))
        seal = ItemFound(sample="", seal_number=one.seal_number, seal_condition=one.seal_condition)
        wrong = [*_text_problems(seal), *_seal_problems(seal)]
        problems += [Problem(f"/packs/{index}{problem.pointer}", problem.code, problem.detail) for problem in wrong]
    return problems


def check_findings(findings: Sequence[ItemFound]) -> list[Problem]:
    """Everything that cannot be so, each with a pointer to its member (`/items/3/mass_g`)."""
    if not findings:
        return [Problem("/items", "empty", "No sample is named. Scan what arrived; what is not named is recorded as missing.")]
    return [
        Problem(f"/items/{index}{problem.pointer}", problem.code, problem.detail)
        for index, found in enumerate(findings)
        for problem in _problems_of(found)
    ]


def _text_problems(found: ItemFound) -> Iterator[Problem]:
    for name, longest in _LONGEST.items():
        text = getattr(found, name)
        if len(text) > longest:
            yield Problem(f"/{name}", "too_long", f"At most {longest} characters; these are {len(text)}. Shorten it.")
        if not is_printable(text):
            yield Problem(f"/{name}", "unprintable", "This holds a character that cannot be printed. Type it again.")


def _problems_of(found: ItemFound) -> Iterator[Problem]:
    yield from _text_problems(found)
    if found.present:
        yield from _seal_problems(found)
        yield from _container_problems(found)
        yield from _mass_problems(found.mass_g)
    elif found != ItemFound(sample=found.sample, present=False, remark=found.remark):
        yield Problem(
            "/present", "absent_with_findings", "It is marked as missing, yet something was found of it. Correct the one or the other."
        )


def _seal_problems(found: ItemFound) -> Iterator[Problem]:
    if found.seal_condition not in SealCondition.values:
        yield Problem("/seal_condition", "unknown_choice", f"Say how the seal was found: {', '.join(SealCondition.values)}.")
    elif found.seal_condition == SealCondition.INTACT and not found.seal_number:
        yield Problem("/seal_number", "seal_number_missing", "Read the number of the intact seal; it is compared with the one applied.")
    elif found.seal_condition in {SealCondition.MISSING, SealCondition.NONE} and found.seal_number:
        yield Problem("/seal_number", "seal_number_without_seal", "There is a number but no seal. Correct the one or the other.")


def _container_problems(found: ItemFound) -> Iterator[Problem]:
    if found.container_intact is None:
        yield Problem("/container_intact", "missing", "Say whether the container is intact.")
    if found.container_count is not None and not 1 <= found.container_count <= _MOST_CONTAINERS:
        yield Problem("/container_count", "out_of_range", f"Give the number of containers, from 1 to {_MOST_CONTAINERS}.")


def _mass_problems(mass_g: Decimal | None) -> Iterator[Problem]:
    if mass_g is None:
        return
    if not mass_g.is_finite() or not 0 < mass_g <= _HEAVIEST_G:
        yield Problem("/mass_g", "out_of_range", f"Give what was weighed, in grams: above zero, at most {_HEAVIEST_G}. Check the unit.")
    elif round(mass_g, 3) != mass_g:
        yield Problem("/mass_g", "too_precise", "Masses are kept to the milligram: at most three decimals, in grams.")


def match_codes(findings: Sequence[ItemFound], samples: Sequence[Sample]) -> tuple[dict[UUID, int], list[int]]:
    """Which finding speaks of which listed sample, by human code, blind code or UUID; and the findings that speak of none of them."""
    known = {code.upper(): sample.pk for sample in samples for code in (sample.code, sample.blind_code, str(sample.pk))}
    matched: dict[UUID, int] = {}
    unmatched = []
    for index, found in enumerate(findings):
        key = known.get(tidy_scanned(found.sample))
        if key is None:
            unmatched.append(index)
        elif key in matched:
            _refuse(index, "duplicate_sample", f"{found.sample} is named more than once. Each sample is received once.")
        else:
            matched[key] = index
    return matched, unmatched


def find_strangers(findings: Sequence[ItemFound], indexes: Sequence[int], consignment: Consignment) -> dict[UUID, int]:
    """Samples that came along without being listed: of the same sender or holder, else the code is refused as unknown."""
    codes = {}
    for index in indexes:
        if not findings[index].present:
            _refuse(index, "not_listed", f"{findings[index].sample} is not on the list of {consignment.code}, so it cannot be missing.")
        codes[index] = _checked_code(index, findings[index].sample)
    parties = [consignment.sender_id, consignment.holder_id]
    wanted = Sample.objects.filter(Q(code__in=codes.values()) | Q(blind_code__in=codes.values()))
    nearby = wanted.filter(Q(owner__in=parties) | Q(holder__in=parties)) if codes else Sample.objects.none()
    by_code = {code: sample.pk for sample in nearby for code in (sample.code, sample.blind_code)}
    strangers: dict[UUID, int] = {}
    for index, code in codes.items():
        if code not in by_code:
            detail = f"{code} is no sample of {consignment.sender}. Scan the label again; else put the bag aside and ask the sender."
            _refuse(index, "unknown_sample", detail)
        if by_code[code] in strangers:
            _refuse(index, "duplicate_sample", f"{code} is named more than once. Each sample is received once.")
        strangers[by_code[code]] = index
    return strangers


def _checked_code(index: int, text: str) -> str:
    text = tidy_scanned(text) or text
    if not has_code_shape(text):
        _refuse(
            index, "code_shape", f"“{text}” is not the code of a sample; those look like S-26-00142-K. Scan the label or type it again."
        )
    try:
        return check_code(text)
    except Invalid as error:
        _refuse(index, error.code, error.message)
        raise


def _refuse(index: int, code: str, detail: str) -> None:
    raise invalid_at(f"/items/{index}/sample", code, detail)
