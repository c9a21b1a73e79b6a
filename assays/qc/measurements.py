"""What was measured on controls, as plain values: one class per sort of control, one object per control and analyte.

Contents carry one unit throughout a run, usually mg/kg; nothing here converts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from assays.qc.verdicts import Reading

NO_READING = "no_reading"
NO_CERTIFIED_VALUE = "no_certified_value"


class ControlKind(StrEnum):
    """The controls a method may ask for."""

    CALIBRATION = "calibration"
    INITIAL_CALIBRATION_VERIFICATION = "initial_calibration_verification"
    CONTINUING_CALIBRATION_VERIFICATION = "continuing_calibration_verification"
    INTERNAL_STANDARD = "internal_standard"
    REAGENT_BLANK = "reagent_blank"
    PULP_BLANK = "pulp_blank"
    COARSE_BLANK = "coarse_blank"
    REFERENCE_MATERIAL = "reference_material"
    INSTRUMENT_DUPLICATE = "instrument_duplicate"
    PULP_DUPLICATE = "pulp_duplicate"
    COARSE_DUPLICATE = "coarse_duplicate"
    FIELD_DUPLICATE = "field_duplicate"
    MATRIX_SPIKE = "matrix_spike"
    BLIND_CONTROL = "blind_control"
    SUM_OF_OXIDES = "sum_of_oxides"
    REE_PATTERN = "ree_pattern"
    METHOD_COMPARISON = "method_comparison"
    INTERFERENCE_SOLUTION = "interference_solution"

    @property
    def words(self) -> str:
        """The kind as a sentence says it: ``reference material``."""
        return self.value.replace("_", " ").replace("ree ", "rare-earth ")


SAMPLE_CHECKS = frozenset({ControlKind.SUM_OF_OXIDES, ControlKind.REE_PATTERN, ControlKind.METHOD_COMPARISON})
"""What is judged on the samples themselves: no tube of its own is planned for it, and none is missing where a sample gives no number."""


@dataclass(frozen=True, kw_only=True)
class ControlMeasurement:
    """An analyte on a control; ``control`` is what a person calls it, unique in the run: ``position 12, OREAS 461``."""

    kind: ControlKind
    control: str
    analyte: str

    @property
    def obstacle(self) -> str:
        """Why it cannot be judged, as a code; empty where it can."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class BlankMeasurement(ControlMeasurement):
    """A blank, not blank-corrected, against the method's ``lod`` and ``loq`` in the unit of the reading."""

    reading: Reading
    lod: float
    loq: float

    @property
    def obstacle(self) -> str:
        """A blank needs its reading."""
        return _find_missing(self.reading)


@dataclass(frozen=True, kw_only=True)
class ReferenceMeasurement(ControlMeasurement):
    """A reference material with the value certified **for this method's group**, else None.

    ``between_lab_sd`` is the certificate's between-laboratory standard deviation (for an in-house material the SD of its
    recorded runs), never the confidence interval of the mean. ``previous_z`` are the z scores of the same material,
    analyte and method before this run, oldest first.
    """

    material: str
    reading: Reading
    certified_value: float | None
    between_lab_sd: float | None
    previous_z: tuple[float, ...] = ()

    @property
    def obstacle(self) -> str:
        """A reference material needs its reading, a certified value and an SD above zero."""
        if self.reading.value is None:
            return NO_READING
        return "" if self.certified_value and self.between_lab_sd else NO_CERTIFIED_VALUE


@dataclass(frozen=True, kw_only=True)
class DuplicateMeasurement(ControlMeasurement):
    """A pair of results and the ``loq`` in their unit. ``previous_pairs`` are those of the same stage, method and analyte before this
    run."""

    first: Reading
    second: Reading
    loq: float
    previous_pairs: tuple[tuple[float, float], ...] = ()

    @property
    def obstacle(self) -> str:
        """A pair needs both readings."""
        return _find_missing(self.first, self.second)


@dataclass(frozen=True, kw_only=True)
class SpikeMeasurement(ControlMeasurement):
    """A spiked sample, its ``native`` content and what was ``added``, in one unit."""

    spiked: Reading
    native: Reading
    added: float

    @property
    def obstacle(self) -> str:
        """A spike needs both readings."""
        return _find_missing(self.spiked, self.native)


@dataclass(frozen=True, kw_only=True)
class RecoveryMeasurement(ControlMeasurement):
    """A check of known content or signal: ICV, CCV (``nominal``), internal standard (counts of the calibration blank).

    For an internal standard ``analyte`` is its element, and both numbers are counts per second. ``rsd_percent`` is the
    replicates' relative standard deviation where the instrument gives it.
    """

    reading: Reading
    nominal: float
    rsd_percent: float | None = None

    @property
    def obstacle(self) -> str:
        """A recovery needs its reading."""
        return _find_missing(self.reading)


@dataclass(frozen=True, kw_only=True)
class CalibrationMeasurement(ControlMeasurement):
    """A calibration curve: nominal ``concentrations`` and ``intensities`` of its standards, blank included; fitted as results are."""

    concentrations: Sequence[float]
    intensities: Sequence[float]
    weight_power: int = 0
    through_zero: bool = False

    @property
    def obstacle(self) -> str:
        """A line with a residual needs three standards at two different concentrations."""
        needed = 1 if self.through_zero else 2
        return "" if len(self.concentrations) > needed and len(set(self.concentrations)) > 1 else NO_READING


@dataclass(frozen=True, kw_only=True)
class TotalMeasurement(ControlMeasurement):
    """The oxides of one sample in percent by mass: their ``total`` and how many there are; ``analyte`` is empty."""

    total: float
    count: int

    @property
    def obstacle(self) -> str:
        """A total needs parts."""
        return "" if self.count else NO_READING


@dataclass(frozen=True, kw_only=True)
class PatternMeasurement(ControlMeasurement):
    """The quantified rare earths of one sample over chondrite, as (symbol, atomic number, ratio) in order; ``analyte`` is empty."""

    points: tuple[tuple[str, int, float], ...]

    @property
    def obstacle(self) -> str:
        """A neighbour on either side is needed."""
        return "" if len(self.points) > 2 else NO_READING


@dataclass(frozen=True, kw_only=True)
class FormationMeasurement(ControlMeasurement):
    """The oxide and hydroxide ions of ``element`` in its single-element solution, in percent of its own signal at equal abundance; None
    where it was not measured. ``analyte`` is empty: the element need not be one of the method's."""

    element: str
    percent: float | None

    @property
    def obstacle(self) -> str:
        """A formation needs both signals."""
        return NO_READING if self.percent is None else ""


@dataclass(frozen=True, kw_only=True)
class ComparisonMeasurement(ControlMeasurement):
    """One content of a sample by this method and by ``other_method``, both total and in one unit."""

    reading: Reading
    other: Reading
    other_method: str

    @property
    def obstacle(self) -> str:
        """Both must be quantified to be compared."""
        return NO_READING if self.reading.qualifier or self.other.qualifier else _find_missing(self.reading, self.other)


def _find_missing(*readings: Reading) -> str:
    return NO_READING if any(reading.value is None for reading in readings) else ""
