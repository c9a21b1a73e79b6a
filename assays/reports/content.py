"""What a certificate says, gathered from authorised results. Laboratory papers name samples by blind code only."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.urls import reverse

from assays.chemistry.chondrite import normalise
from assays.chemistry.elements import ANALYTES
from assays.chemistry.rounding import Rule, round_significant
from assays.models import Authorisation, MethodAnalyte, MethodVersion, Result, ResultVersion, RunDecision
from assays.models.methods import Form, ReportedOf
from assays.reports.changes import find_changes
from assays.reports.models import Certificate
from assays.reports.remarks import find_remarks
from assays.reports.weighed import derive_weighed, is_weighed
from assays.selectors.grades import Content, Grade, Sum, make_grade
from lims.accounts.models import SignatureMeaning
from lims.core.days import LABORATORY_ZONE, local_day
from lims.core.errors import DomainError
from lims.core.models import Installation
from lims.core.roles import Role
from lims.documents import certificate as paper
from samples.models import Sample

NORMALISATION = "CI chondrite, McDonough & Sun 1995"
# How many failed verdicts a statement names; the rest are counted.
_MOST_VERDICTS = 3
_EXTRACTION = {"total": "total", "four_acid": "four-acid digestible", "leachable": "leachable"}


@dataclass(frozen=True)
class _Group:
    """The authorised results of one sample by one method version."""

    sample: Sample
    results: dict[str, Result]

    @property
    def versions(self) -> list[ResultVersion]:
        return [result.authorised for result in self.results.values() if result.authorised]


def gather_content(certificate: Certificate, *, issued_at: datetime) -> paper.CertificateContent:
    """Everything the paper says, frozen at `issued_at`. Raises `DomainError('nothing_authorised')` when there is no authorised result."""
    groups = _authorised(certificate)
    if not groups:
        raise DomainError("nothing_authorised", "No result on this certificate is authorised any more. Authorise the run first.")
    samples = list({group.sample.pk: group.sample for group in groups}.values())
    prefetch_related_objects(samples, "receipt_items__receipt", "discrepancies")
    laboratory, customer = certificate.laboratory, certificate.submission.customer
    nonconforming = _nonconforming(groups)
    # Results of nonconforming work take the accreditation off the whole paper.
    accreditation = "" if nonconforming else laboratory.accreditation
    address = tuple(line.strip() for line in laboratory.address.splitlines() if line.strip())
    content = paper.CertificateContent(
        number=certificate.number,
        issued_at=issued_at,
        laboratory=paper.Laboratory(
            name=laboratory.name,
            address=address,
            activity_location=", ".join(address) or laboratory.name,
            contact=laboratory.contact,
            accreditation=accreditation,
        ),
        customer=paper.Customer(
            name=customer.name,
            contact=customer.contact,
            address=tuple(line.strip() for line in customer.address.splitlines() if line.strip()),
            reference=certificate.submission.customer_reference,
        ),
        methods=_methods(groups),
        items=tuple(_item(sample) for sample in samples),
        tables=_tables(groups, claims_accreditation=bool(accreditation)),
        signatures=_signatures(groups),
        verify_url=verify_url(certificate),
        deviations=(*nonconforming, *_deviations(samples, certificate.laboratory_id)),
        remarks=find_remarks([(group.sample, list(group.results.values())) for group in groups]),
        patterns=tuple(_pattern(group) for group in groups if _has_pattern(group)),
        normalisation=NORMALISATION,
        synthetic=Installation.current().synthetic,
    )
    return replace(content, amendment=_amendment(certificate, content))


def read_content(certificate: Certificate) -> paper.CertificateContent:
    """The frozen content of a certificate that was issued."""
    return paper.CertificateContent.from_data(json.loads(bytes(certificate.snapshot.content)))


def _amendment(certificate: Certificate, content: paper.CertificateContent) -> paper.Amendment | None:
    """What it replaces, why, and what differs (ISO/IEC 17025:2017, 7.8.8)."""
    if certificate.replaces is None:
        return None
    before = read_content(certificate.replaces)
    changes = tuple(find_changes(before, content))
    return paper.Amendment(of_number=before.number, of_issued_at=before.issued_at, reason=certificate.reason, changes=changes)


def verify_url(certificate: Certificate) -> str:
    """The address in the QR: unguessable, and it tells no result."""
    return settings.PUBLIC_URL + reverse("reports:verify", args=[certificate.token])


def _authorised(certificate: Certificate) -> list[_Group]:
    rows = (
        Result.objects.filter(
            test__submission=certificate.submission_id,
            sample__in=certificate.samples.values("sample"),
            authorised__isnull=False,
        )
        .select_related(
            "sample",
            "analyte",
            "test__submission__laboratory",
            "authorised__method_version__method",
            "authorised__reduction__run",
            "authorised__position__aliquot",
        )
        .order_by("sample__blind_code", "test_id", "analyte__order")
    )
    groups: dict[tuple[object, object], _Group] = {}
    for row in rows:
        group = groups.setdefault((row.sample_id, row.test_id), _Group(row.sample, {}))
        group.results[row.analyte.symbol] = row
    return list(groups.values())


def _methods(groups: Iterable[_Group]) -> tuple[paper.Method, ...]:
    versions: dict[UUID, MethodVersion] = {}
    evaluations: dict[UUID, set[str]] = {}
    for group in groups:
        for one in group.versions:
            versions.setdefault(one.method_version_id, one.method_version)
            if one.uncertainty is not None:
                evaluations.setdefault(one.method_version_id, set()).add(_evaluation_of(one))
    return tuple(
        paper.Method(
            code=one.method.code,
            version=f"v{one.number}",
            name=one.method.name,
            description=" ".join(
                part for part in (one.method.description, _form_words(one), _uncertainty_words(evaluations.get(pk, set()))) if part
            ),
        )
        for pk, one in versions.items()
    )


def _form_words(version: MethodVersion) -> str:
    """What was measured and what its contents were reported of, where nothing was dissolved."""
    return f"Measured as a {Form(version.form).label}; read of {ReportedOf(version.reported_of).label}." if version.is_solid else ""


def _evaluation_of(version: ResultVersion) -> str:
    """How its uncertainty was evaluated; what was weighed or titrated has a budget of its own."""
    return "budget" if is_weighed(version) else str(version.inputs.get("uncertainty_evaluation", "stated"))


_EVALUATIONS = {
    "stated": "as stated by the method version",
    "nordtest": "by Nordtest TR 537 from the laboratory's control materials",
    "budget": "by an uncertainty budget (GUM, JCGM 100:2008)",
}


def _uncertainty_words(evaluations: Collection[str]) -> str:
    """How the uncertainties of a method's results were evaluated; nothing where only bounds are reported."""
    words = [text for name, text in _EVALUATIONS.items() if name in evaluations]
    return f"Uncertainty: expanded, k = 2 (about 95 % coverage), evaluated {' or '.join(words)}." if words else ""


def _item(sample: Sample) -> paper.Item:
    return paper.Item(
        code=sample.blind_code,
        description=str(sample.get_material_display()).capitalize(),
        condition=_condition(sample),
        received_on=_received_on(sample),
        sampled_on=sample.collected_at.astimezone(ZoneInfo(sample.collected_zone)).date(),
        sampling=f"{str(sample.get_method_display()).capitalize()}, taken by the customer",
    )


def _received_on(sample: Sample) -> date:
    if sample.received_at is None:
        raise DomainError("not_received", f"No receipt of sample {sample.blind_code} is recorded. Record it, then try again.")
    return local_day(sample.received_at)


def _condition(sample: Sample) -> str:
    """What was found on receipt, in words."""
    found = max(sample.receipt_items.all(), key=lambda item: item.receipt.received_at, default=None)
    if found is None:
        return "Not recorded"
    seal = f"Seal {found.get_seal_condition_display()}" if found.seal_condition not in {"", "none"} else "No seal"
    container = {True: "container intact", False: "container damaged", None: "container not stated"}[found.container_intact]
    return f"{seal}, {container}"


def _deviations(samples: Iterable[Sample], laboratory: UUID) -> tuple[str, ...]:
    """Discrepancies found here and accepted, as ISO/IEC 17025:2017 7.4.3 asks."""
    return tuple(
        f"{sample.blind_code}: {one.get_kind_display()}; accepted: {one.reason}"
        for sample in samples
        for one in sorted(sample.discrepancies.all(), key=lambda one: one.found_at)
        if one.decision == "accept" and one.laboratory_id == laboratory
    )


def _nonconforming(groups: Iterable[_Group]) -> tuple[str, ...]:
    """One statement for each failed control that was overridden to report these results (ISO/IEC 17025:2017, 7.8.2.1 n and 7.10)."""
    reductions: dict[UUID, set[str]] = {}
    for group in groups:
        for version in group.versions:
            reductions.setdefault(version.reduction_id, set()).add(group.sample.blind_code)
    decisions = RunDecision.objects.filter(decision="override", evaluation__reduction__in=reductions).order_by("decided_at", "pk")
    return tuple(
        _statement(one, sorted(reductions[one.evaluation.reduction_id]))
        for one in decisions.select_related("run__method_version__method", "signature", "nonconformity", "evaluation")
    )


def _statement(decision: RunDecision, samples: list[str]) -> str:
    run, signature = decision.run, decision.signature
    failed = list(decision.evaluation.verdicts.filter(outcome="fail").values_list("sentence", flat=True))
    more = f" and {len(failed) - _MOST_VERDICTS} more" if len(failed) > _MOST_VERDICTS else ""
    return (
        f"Nonconforming work {decision.nonconformity.code}: quality control of run {run.code} by {run.method_version} failed "
        f"({' '.join(failed[:_MOST_VERDICTS])}{more}). The results of {', '.join(samples)} by this method are reported all the same by "
        f"decision of {signature.printed_name}, {Role(signature.role).label}, {local_day(signature.signed_at):%d %b %Y}: {decision.reason}"
    )


def _tables(groups: Iterable[_Group], *, claims_accreditation: bool) -> tuple[paper.ResultTable, ...]:
    """One table per sample and method. Scope is marked only by a laboratory that claims an accreditation."""
    versions = {group.versions[0].method_version_id for group in groups}
    accredited = set(MethodAnalyte.objects.filter(method_version__in=versions, accredited=True).values_list("method_version", "analyte"))

    def in_scope(result: Result) -> bool:
        return not claims_accreditation or (result.authorised.method_version_id, result.analyte_id) in accredited  # type: ignore[union-attr]

    return tuple(_table(group, {symbol for symbol, result in group.results.items() if in_scope(result)}) for group in groups)


def _table(group: _Group, in_scope: Collection[str]) -> paper.ResultTable:
    grade = make_grade(group.results)
    version = group.versions[0].method_version
    started, ended = _tested(group)
    return paper.ResultTable(
        item_code=group.sample.blind_code,
        method_code=version.method.code,
        quantity=_EXTRACTION[version.method.extraction],
        unit=version.unit,
        basis=version.basis,
        tested_from=started,
        tested_to=ended,
        results=tuple(_element(symbol, result, grade, accredited=symbol in in_scope) for symbol, result in group.results.items()),
        derived=(*derive_weighed(group.results), *_derived(grade)),
    )


def _tested(group: _Group) -> tuple[date, date]:
    """From the weighing of the test portion to the measurement, by the laboratory's calendar."""
    weighed = [one.position.aliquot.weighed_at for one in group.versions if one.position.aliquot]
    measured = [one.reduction.run.measured_at or one.reduction.reduced_at for one in group.versions]
    days = [local_day(moment) for moment in [*weighed, *measured]]
    return min(days), max(days)


def _quantity(content: Content) -> paper.Quantity:
    return paper.Quantity(value=content.number, qualifier=content.qualifier, uncertainty=content.uncertainty_text)  # type: ignore[arg-type]


def _element(symbol: str, result: Result, grade: Grade, *, accredited: bool) -> paper.ElementResult:
    """An analyte; what is no element (a sum by weight, a loss on ignition) has no oxide beside it."""
    loq = round_significant(float(result.authorised.loq), 2) if result.authorised else ""
    oxide = grade.oxides.get(symbol)
    return paper.ElementResult(
        element=symbol,
        result=_quantity(grade.elements[symbol]),
        loq=loq,
        oxide=oxide.species if oxide is not None else "",
        oxide_result=_quantity(oxide) if oxide is not None else None,
        accredited=accredited,
    )


def _derived(grade: Grade) -> tuple[paper.DerivedResult, ...]:
    oxides = tuple(
        paper.DerivedResult(
            symbol=grade.oxides[symbol].species,
            definition=f"{grade.oxides[symbol].species} from {symbol} by the ratio of formula weights (IUPAC 2021)",
            result=_quantity(grade.oxides[symbol]),
        )
        for symbol in ("Dy", "Tb")
        if symbol in grade.oxides
    )
    return oxides + tuple(_derived_sum(found) for found in grade.sums.values())


def _derived_sum(found: Sum) -> paper.DerivedResult:
    return paper.DerivedResult(
        symbol=found.name,
        definition=found.definition,
        result=paper.Quantity(value=found.text, uncertainty=found.uncertainty_text) if found.is_number else None,
        lower=round_significant(found.lower, 4, Rule.DOWN),
        upper="" if math.isinf(found.upper) else round_significant(found.upper, 4, Rule.UP),
        censored=found.censored,
        over_range=found.over_range,
        missing=found.missing,
    )


def _has_pattern(group: _Group) -> bool:
    """Whether elements of a total were measured: a total by weight has no pattern."""
    return group.versions[0].method_version.method.extraction == "total" and any(symbol in ANALYTES for symbol in group.results)


def _pattern(group: _Group) -> paper.Pattern:
    values = {
        symbol: float(one.authorised.value) for symbol, one in group.results.items() if one.authorised and one.authorised.qualifier == "="
    }
    return paper.Pattern(
        item_code=group.sample.blind_code, values=tuple((point.symbol, round_significant(point.value, 4)) for point in normalise(values))
    )


def _signatures(groups: Iterable[_Group]) -> tuple[paper.Signature, ...]:
    versions = [version.pk for group in groups for version in group.versions]
    authorisations = (
        Authorisation.objects.filter(results__result_version__in=versions).select_related("signature").order_by("authorised_at").distinct()
    )
    return tuple(
        paper.Signature(
            name=one.signature.printed_name,
            position=f"{Role(one.signature.role).label}, {one.signature.organisation_name}",
            meaning=str(SignatureMeaning(one.signature.meaning).label),
            signed_at=one.signature.signed_at.astimezone(LABORATORY_ZONE),
            content_sha256=one.content_hash,
        )
        for one in authorisations
    )
