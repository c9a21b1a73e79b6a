"""Who may do what: one matrix, as data. Scope (which objects) is decided by `visible_to`; four-eyes rules by the services."""

from __future__ import annotations

from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from lims.core.errors import Forbidden


class Role(TextChoices):
    """The ten roles of people. One person, one account, one role."""

    COLLECTOR = "collector", _("Collector")
    CUSTODIAN = "custodian", _("Custodian")
    RECEPTIONIST = "receptionist", _("Receptionist")
    TECHNICIAN = "technician", _("Technician")
    ANALYST = "analyst", _("Analyst")
    REVIEWER = "reviewer", _("Reviewer")
    SIGNATORY = "signatory", _("Signatory")
    QUALITY_MANAGER = "quality_manager", _("Quality manager")
    OFFICIAL = "official", _("Official")
    ADMINISTRATOR = "administrator", _("Administrator")


# What authenticates with an instrument token; not a person's role.
INSTRUMENT = "instrument"

LABORATORY_ROLES = frozenset({Role.RECEPTIONIST, Role.TECHNICIAN, Role.ANALYST, Role.REVIEWER, Role.SIGNATORY, Role.QUALITY_MANAGER})


class Action(TextChoices):
    """Everything that can be allowed or refused."""

    VISIT_VIEW = "visit.view", _("see exploration visits")
    VISIT_EDIT = "visit.edit", _("record exploration visits")
    MINE_VIEW = "mine.view", _("see mines and pits")
    MINE_EDIT = "mine.edit", _("record mines and pits")
    PLACE_EXACT = "place.exact", _("see suppliers and exact places")
    LOOK_VIEW = "look.view", _("see who looked at suppliers and exact places")
    PROVENANCE_VIEW = "provenance.view", _("see provenance records")
    PROVENANCE_EDIT = "provenance.edit", _("record provenance")
    PROVENANCE_ASSESS = "provenance.assess", _("assess red flags of provenance")
    SAMPLE_VIEW = "sample.view", _("see samples")
    SAMPLE_REGISTER = "sample.register", _("register samples")
    SAMPLE_EDIT = "sample.edit", _("correct sampling records")
    SAMPLE_SPLIT = "sample.split", _("split samples")
    SAMPLE_HOLD = "sample.hold", _("put samples on hold")
    SAMPLE_RELEASE = "sample.release", _("release held samples")
    SAMPLE_DISPOSE = "sample.dispose", _("dispose of samples")
    LABEL_PRINT = "label.print", _("print labels")
    CODE_ALLOT = "code.allot", _("set codes aside for the field")
    PHOTO_ADD = "photo.add", _("add photographs of samples")
    STORAGE_VIEW = "storage.view", _("see where samples are kept")
    STORAGE_EDIT = "storage.edit", _("arrange places in storage")
    STORAGE_MOVE = "storage.move", _("put samples into storage and take them out")
    CUSTODY_VIEW = "custody.view", _("see the custody timeline")
    CUSTODY_DOSSIER = "custody.dossier", _("ask for custody dossiers")
    LOG_VIEW = "log.view", _("see the custody log and its witnesses")
    WITNESS_EDIT = "witness.edit", _("register witnesses of the custody log")
    CONSIGNMENT_VIEW = "consignment.view", _("see consignments")
    CONSIGNMENT_EDIT = "consignment.edit", _("pack and dispatch consignments")
    CONSIGNMENT_HANDOVER = "consignment.handover", _("hand over consignments")
    CONSIGNMENT_ACKNOWLEDGE = "consignment.acknowledge", _("acknowledge a handover")
    CONSIGNMENT_RECEIVE = "consignment.receive", _("receive consignments at a laboratory")
    CONSIGNMENT_PAPERS = "consignment.papers", _("see the papers that travel with consignments")
    CUSTOMS_VIEW = "customs.view", _("see customs papers")
    CUSTOMS_EDIT = "customs.edit", _("keep customs papers")
    ROUTE_VIEW = "route.view", _("see routes and border posts")
    ROUTE_EDIT = "route.edit", _("edit routes and border posts")
    DISCREPANCY_RAISE = "discrepancy.raise", _("report discrepancies found at own laboratory")
    DISCREPANCY_SETTLE = "discrepancy.settle", _("settle discrepancies")
    RADIATION_VIEW = "radiation.view", _("see radiation measurements")
    RADIATION_SCREEN = "radiation.screen", _("measure dose rates at the door")
    RADIATION_ASSESS = "radiation.assess", _("record gamma spectra")
    POLICY_VIEW = "policy.view", _("see what own laboratory asks for at its door")
    POLICY_EDIT = "policy.edit", _("set what own laboratory asks for at its door")
    SEAL_VIEW = "seal.view", _("see the seal register")
    SEAL_ISSUE = "seal.issue", _("issue seals")
    SEAL_VOID = "seal.void", _("void and take back seals")
    SUBMISSION_VIEW = "submission.view", _("see submissions")
    SUBMISSION_EDIT = "submission.edit", _("record submissions")
    PREPARATION_EDIT = "preparation.edit", _("record preparation and weighing")
    RUN_VIEW = "run.view", _("see runs")
    RUN_EDIT = "run.edit", _("plan runs and import readings")
    UPLOAD_VIEW = "upload.view", _("see uploads")
    RUN_REVIEW = "run.review", _("review runs")
    QC_VIEW = "qc.view", _("see quality control")
    CHART_NOTE = "chart.note", _("explain points of control charts")
    CHART_LIMITS = "chart.limits", _("set limits of control charts")
    QC_OVERRIDE = "qc.override", _("override a failed control")
    BLIND_EDIT = "blind.edit", _("put blind controls among the samples")
    RESULT_VIEW = "result.view", _("see authorised results")
    RESULT_DRAFT = "result.draft", _("see results before authorisation")
    RESULT_AUTHORISE = "result.authorise", _("authorise results")
    CERTIFICATE_VIEW = "certificate.view", _("see certificates")
    CERTIFICATE_ISSUE = "certificate.issue", _("issue certificates")
    CERTIFICATE_WITHDRAW = "certificate.withdraw", _("amend or withdraw certificates")
    NONCONFORMITY_VIEW = "nonconformity.view", _("see nonconforming work")
    NONCONFORMITY_REPORT = "nonconformity.report", _("report nonconforming work and add notes")
    NONCONFORMITY_MANAGE = "nonconformity.manage", _("evaluate nonconforming work, act on it and close it")
    RECALL_SEARCH = "recall.search", _("find what a lot, an instrument or a person touched")
    NOTICE_VIEW = "notice.view", _("see notices of nonconforming work")
    NOTICE_ACKNOWLEDGE = "notice.acknowledge", _("acknowledge notices of nonconforming work")
    LOT_VIEW = "lot.view", _("see lots and equipment")
    LOT_EDIT = "lot.edit", _("keep lots and equipment and record their use")
    LOT_CORRECT = "lot.correct", _("correct a certified amount that runs were planned with")
    GRADE_VIEW = "grade.view", _("see grades")
    OVERVIEW_VIEW = "overview.view", _("see the ministry overview")
    REFERENCE_VIEW = "reference.view", _("see methods and reference materials")
    REFERENCE_EDIT = "reference.edit", _("edit methods and reference materials")
    VALIDATION_VIEW = "validation.view", _("see validations of the calculations")
    VALIDATION_RUN = "validation.run", _("run validations of the calculations")
    VALIDATION_SIGN = "validation.sign", _("sign off validations of the calculations")
    JOB_VIEW = "job.view", _("see own jobs")
    WORK_VIEW = "work.view", _("see my work")
    PROFILE_EDIT = "profile.edit", _("keep own settings and tokens")
    COMPETENCE_EDIT = "competence.edit", _("record competences of own laboratory")
    ACCOUNT_EDIT = "account.edit", _("manage accounts, tokens and instruments")
    WEBHOOK_EDIT = "webhook.edit", _("manage webhooks")
    INSTRUMENT_SEND = "instrument.send", _("send readings as an instrument")


_R, _A = Role, Action
_LAB = LABORATORY_ROLES
_FIELD = frozenset({Role.COLLECTOR, Role.CUSTODIAN})
_ALL = frozenset(Role)

MATRIX: dict[Action, frozenset[str]] = {
    _A.VISIT_VIEW: frozenset({_R.COLLECTOR, _R.OFFICIAL, _R.ADMINISTRATOR}),
    _A.VISIT_EDIT: frozenset({_R.COLLECTOR}),
    _A.MINE_VIEW: frozenset({_R.COLLECTOR, _R.OFFICIAL, _R.ADMINISTRATOR}),
    _A.MINE_EDIT: frozenset({_R.COLLECTOR, _R.OFFICIAL}),
    _A.PLACE_EXACT: frozenset({_R.COLLECTOR, _R.OFFICIAL}),
    _A.LOOK_VIEW: frozenset({_R.OFFICIAL, _R.ADMINISTRATOR}),
    _A.PROVENANCE_VIEW: frozenset({_R.COLLECTOR, _R.OFFICIAL, _R.ADMINISTRATOR}),
    _A.PROVENANCE_EDIT: frozenset({_R.COLLECTOR}),
    _A.PROVENANCE_ASSESS: frozenset({_R.OFFICIAL}),
    _A.SAMPLE_VIEW: _ALL,
    _A.SAMPLE_REGISTER: frozenset({_R.COLLECTOR}),
    _A.SAMPLE_EDIT: frozenset({_R.COLLECTOR}),
    _A.SAMPLE_SPLIT: frozenset({_R.COLLECTOR, _R.TECHNICIAN}),
    _A.SAMPLE_HOLD: frozenset({_R.COLLECTOR, _R.RECEPTIONIST, _R.TECHNICIAN, _R.ANALYST, _R.REVIEWER, _R.QUALITY_MANAGER, _R.OFFICIAL}),
    _A.SAMPLE_RELEASE: frozenset({_R.QUALITY_MANAGER, _R.OFFICIAL}),
    _A.SAMPLE_DISPOSE: frozenset({_R.QUALITY_MANAGER}),
    _A.LABEL_PRINT: frozenset({_R.COLLECTOR, _R.RECEPTIONIST, _R.TECHNICIAN}),
    _A.CODE_ALLOT: frozenset({_R.COLLECTOR}),
    _A.PHOTO_ADD: frozenset({_R.COLLECTOR, _R.RECEPTIONIST, _R.TECHNICIAN}),
    _A.STORAGE_VIEW: _ALL,
    _A.STORAGE_EDIT: frozenset({_R.COLLECTOR, _R.TECHNICIAN, _R.QUALITY_MANAGER}),
    _A.STORAGE_MOVE: frozenset({_R.COLLECTOR, _R.CUSTODIAN, _R.RECEPTIONIST, _R.TECHNICIAN, _R.ANALYST}),
    _A.CUSTODY_VIEW: _ALL,
    _A.CUSTODY_DOSSIER: _ALL,
    _A.LOG_VIEW: frozenset({_R.OFFICIAL, _R.QUALITY_MANAGER, _R.ADMINISTRATOR}),
    _A.WITNESS_EDIT: frozenset({_R.ADMINISTRATOR}),
    _A.CONSIGNMENT_VIEW: _FIELD | _LAB | {_R.OFFICIAL, _R.ADMINISTRATOR},
    _A.CONSIGNMENT_EDIT: frozenset({_R.COLLECTOR, _R.CUSTODIAN, _R.RECEPTIONIST}),
    _A.CONSIGNMENT_HANDOVER: frozenset({_R.COLLECTOR, _R.CUSTODIAN, _R.RECEPTIONIST}),
    _A.CONSIGNMENT_ACKNOWLEDGE: frozenset({_R.COLLECTOR, _R.CUSTODIAN, _R.RECEPTIONIST}),
    _A.CONSIGNMENT_RECEIVE: frozenset({_R.RECEPTIONIST}),
    _A.CONSIGNMENT_PAPERS: _FIELD | {_R.RECEPTIONIST, _R.OFFICIAL, _R.ADMINISTRATOR},
    _A.CUSTOMS_VIEW: _FIELD | {_R.OFFICIAL, _R.ADMINISTRATOR},
    _A.CUSTOMS_EDIT: _FIELD,
    _A.ROUTE_VIEW: _FIELD | {_R.OFFICIAL, _R.ADMINISTRATOR},
    _A.ROUTE_EDIT: frozenset({_R.OFFICIAL, _R.ADMINISTRATOR}),
    _A.DISCREPANCY_RAISE: frozenset({_R.RECEPTIONIST, _R.TECHNICIAN, _R.ANALYST, _R.REVIEWER, _R.QUALITY_MANAGER}),
    _A.DISCREPANCY_SETTLE: frozenset({_R.QUALITY_MANAGER}),
    _A.RADIATION_VIEW: _LAB | {_R.OFFICIAL, _R.COLLECTOR, _R.ADMINISTRATOR},
    _A.RADIATION_SCREEN: frozenset({_R.RECEPTIONIST, _R.TECHNICIAN}),
    _A.RADIATION_ASSESS: frozenset({_R.TECHNICIAN, _R.ANALYST}),
    _A.POLICY_VIEW: _LAB,
    _A.POLICY_EDIT: frozenset({_R.QUALITY_MANAGER}),
    _A.SEAL_VIEW: _FIELD | {_R.RECEPTIONIST, _R.QUALITY_MANAGER, _R.OFFICIAL, _R.ADMINISTRATOR},
    _A.SEAL_ISSUE: frozenset({_R.OFFICIAL}),
    _A.SEAL_VOID: _FIELD | {_R.RECEPTIONIST, _R.OFFICIAL},
    _A.SUBMISSION_VIEW: _LAB | {_R.OFFICIAL, _R.COLLECTOR},
    _A.SUBMISSION_EDIT: frozenset({_R.RECEPTIONIST, _R.COLLECTOR, _R.OFFICIAL}),
    _A.PREPARATION_EDIT: frozenset({_R.TECHNICIAN, _R.ANALYST}),
    _A.RUN_VIEW: _LAB,
    _A.RUN_EDIT: frozenset({_R.TECHNICIAN, _R.ANALYST}),
    _A.UPLOAD_VIEW: _LAB,
    _A.RUN_REVIEW: frozenset({_R.REVIEWER}),
    _A.QC_VIEW: _LAB,
    _A.CHART_NOTE: frozenset({_R.TECHNICIAN, _R.ANALYST, _R.REVIEWER, _R.QUALITY_MANAGER}),
    _A.CHART_LIMITS: frozenset({_R.QUALITY_MANAGER}),
    _A.QC_OVERRIDE: frozenset({_R.QUALITY_MANAGER}),
    _A.BLIND_EDIT: frozenset({_R.QUALITY_MANAGER}),
    _A.RESULT_VIEW: _LAB | {_R.OFFICIAL, _R.COLLECTOR},
    _A.RESULT_DRAFT: _LAB - {_R.RECEPTIONIST},
    _A.RESULT_AUTHORISE: frozenset({_R.SIGNATORY}),
    _A.CERTIFICATE_VIEW: _LAB | {_R.OFFICIAL, _R.COLLECTOR},
    _A.CERTIFICATE_ISSUE: frozenset({_R.SIGNATORY}),
    _A.CERTIFICATE_WITHDRAW: frozenset({_R.SIGNATORY, _R.QUALITY_MANAGER}),
    _A.NONCONFORMITY_VIEW: _LAB | {_R.ADMINISTRATOR},
    _A.NONCONFORMITY_REPORT: _LAB,
    _A.NONCONFORMITY_MANAGE: frozenset({_R.QUALITY_MANAGER}),
    _A.RECALL_SEARCH: frozenset({_R.REVIEWER, _R.SIGNATORY, _R.QUALITY_MANAGER}),
    _A.NOTICE_VIEW: _LAB | {_R.COLLECTOR, _R.OFFICIAL},
    _A.NOTICE_ACKNOWLEDGE: frozenset({_R.COLLECTOR, _R.OFFICIAL}),
    _A.LOT_VIEW: _LAB | {_R.ADMINISTRATOR},
    _A.LOT_EDIT: frozenset({_R.TECHNICIAN, _R.ANALYST, _R.QUALITY_MANAGER}),
    _A.LOT_CORRECT: frozenset({_R.QUALITY_MANAGER}),
    _A.GRADE_VIEW: _LAB | {_R.OFFICIAL, _R.COLLECTOR},
    _A.OVERVIEW_VIEW: frozenset({_R.OFFICIAL}),
    _A.REFERENCE_VIEW: _LAB | {_R.OFFICIAL, _R.ADMINISTRATOR},
    _A.REFERENCE_EDIT: frozenset({_R.QUALITY_MANAGER}),
    _A.VALIDATION_VIEW: frozenset({_R.QUALITY_MANAGER, _R.ADMINISTRATOR}),
    _A.VALIDATION_RUN: frozenset({_R.QUALITY_MANAGER, _R.ADMINISTRATOR}),
    _A.VALIDATION_SIGN: frozenset({_R.QUALITY_MANAGER}),
    _A.JOB_VIEW: _ALL,
    _A.WORK_VIEW: _ALL,
    _A.PROFILE_EDIT: _ALL,
    _A.COMPETENCE_EDIT: frozenset({_R.QUALITY_MANAGER}),
    _A.ACCOUNT_EDIT: frozenset({_R.ADMINISTRATOR}),
    _A.WEBHOOK_EDIT: frozenset({_R.ADMINISTRATOR}),
    _A.INSTRUMENT_SEND: frozenset({INSTRUMENT}),
}


def allowed(user: Any, action: Action) -> bool:
    """Whether the caller's role (or narrowed token) allows the action."""
    if not getattr(user, "is_authenticated", False) or not getattr(user, "is_active", False):
        return False
    scopes = getattr(user, "token_scopes", None)
    return user.role in MATRIX[action] and (not scopes or action in scopes)


def require(user: Any, action: Action) -> None:
    """Raise `Forbidden` unless the caller may take the action."""
    if not allowed(user, action):
        raise Forbidden("role", f"Your role does not allow you to {action.label}. Ask someone whose role does, or the administrator.")
