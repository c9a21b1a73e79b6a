"""Tables of the laboratory: methods, reference materials, submissions, bench work, runs, results, judgements."""

from assays.models.bench import Aliquot, Preparation
from assays.models.high_grade import Determination, HighGradeConditions
from assays.models.judgements import Authorisation, AuthorisedResult, Evaluation, RetestRequest, RunDecision, Verdict
from assays.models.lots import Equipment, Lot, LotValue, Use
from assays.models.methods import Analyte, ControlRequirement, Method, MethodAnalyte, MethodVersion
from assays.models.reference import CertifiedValue, InHouseMeasurement, ReferenceMaterial
from assays.models.results import Reduction, ReductionStage, Result, ResultVersion
from assays.models.routes import (
    PreparationRoute,
    PreparationRouteVersion,
    PreparationTask,
    RouteChoice,
    RouteStep,
    StepRecord,
)
from assays.models.runs import Run, RunPosition
from assays.models.solutions import DilutionSeries, Leach, LeachConditions
from assays.models.submissions import ClockStop, Submission, SubmissionTest
from assays.models.trays import BlindControl, TrayLayout
from assays.models.validations import ValidationRun, ValidationSignOff

__all__ = [
    "Aliquot",
    "Analyte",
    "Authorisation",
    "AuthorisedResult",
    "BlindControl",
    "CertifiedValue",
    "ClockStop",
    "ControlRequirement",
    "Determination",
    "DilutionSeries",
    "Equipment",
    "Evaluation",
    "HighGradeConditions",
    "InHouseMeasurement",
    "Leach",
    "LeachConditions",
    "Lot",
    "LotValue",
    "Method",
    "MethodAnalyte",
    "MethodVersion",
    "Preparation",
    "PreparationRoute",
    "PreparationRouteVersion",
    "PreparationTask",
    "Reduction",
    "ReductionStage",
    "ReferenceMaterial",
    "Result",
    "ResultVersion",
    "RetestRequest",
    "RouteChoice",
    "RouteStep",
    "Run",
    "RunDecision",
    "RunPosition",
    "StepRecord",
    "Submission",
    "SubmissionTest",
    "TrayLayout",
    "Use",
    "ValidationRun",
    "ValidationSignOff",
    "Verdict",
]
