"""Measurement uncertainty, from the budget (GUM) and from what a laboratory already has (Nordtest).

All ``u`` are standard uncertainties; ``U`` is 2 u unless a name says otherwise. A certificate's 95 % confidence interval of
the mean leaves out heterogeneity and stability: it is not silently an expanded uncertainty.
"""

import math
import statistics
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

COVERAGE_FACTOR = 2.0


@dataclass(frozen=True)
class Budget:
    """A combined uncertainty: ``relative`` u_c/y, ``standard`` u_c, ``expanded`` 2 u_c.

    ``shares_percent`` is each input's share of the variance.
    """

    value: float
    relative: float
    standard: float
    expanded: float
    shares_percent: dict[str, float]


@dataclass(frozen=True)
class BiasUncertainty:
    """Nordtest's account in percent relative: ``bias`` is the mean (one material) or the root mean square (several)."""

    bias: float
    s_bias: float | None
    u_reference: float
    u_bias: float
    u_combined: float
    expanded: float


def combine_independent(uncertainties: Collection[float]) -> float:
    """Quadrature: sqrt(sum u²) (JCGM 100:2008, 5.1)."""
    return math.hypot(*uncertainties)


def combine_correlated(uncertainties: Collection[float]) -> float:
    """Fully correlated inputs add up: sum u (JCGM 100:2008, 5.2)."""
    return math.fsum(uncertainties)


def combine_product(value: float, inputs: Mapping[str, tuple[float, float]]) -> Budget:
    """Budget of a product or quotient from ``(x, u)`` of each input: u_c/y = sqrt(sum (u/x)²) (JCGM 100:2008, 5.1.6)."""
    if any(x == 0 for x, _ in inputs.values()):
        raise ValueError("A relative budget needs inputs that are not zero.")
    variances = {name: (u / x) ** 2 for name, (x, u) in inputs.items()}
    total = math.fsum(variances.values())
    relative = math.sqrt(total)
    standard = relative * abs(value)
    shares = {name: 100 * variance / total if total else 0.0 for name, variance in variances.items()}
    return Budget(value, relative, standard, COVERAGE_FACTOR * standard, shares)


def propagate_to_as_received(dry: float, u_dry: float, moisture_percent: float, u_moisture: float) -> float:
    """u of C_dry (100 - M)/100: sqrt(((100 - M)/100 u_dry)² + (C_dry/100 u_M)²)."""
    return math.hypot((100 - moisture_percent) / 100 * u_dry, dry / 100 * u_moisture)


def estimate_from_one_material(
    results: Sequence[float], certified: float, u_certified: float, u_precision_percent: float
) -> BiasUncertainty:
    """Nordtest TR 537 with one reference material.

    u(bias)² = bias² + (s_bias/√n)² + u(Cref)², u_c² = u(Rw)² + u(bias)²; ``u_certified`` is standard and in the unit of
    ``certified``, ``u_precision_percent`` is the within-laboratory reproducibility u(Rw) in percent.
    """
    if len(results) < 2 or certified <= 0:
        raise ValueError("A bias needs at least 2 results and a positive certified value.")
    relative = [100 * (x - certified) / certified for x in results]
    bias, s_bias = statistics.fmean(relative), statistics.stdev(relative)
    u_reference = 100 * u_certified / certified
    u_bias = math.hypot(bias, s_bias / math.sqrt(len(results)), u_reference)
    return _complete_bias(bias, s_bias, u_reference, u_bias, u_precision_percent)


def estimate_from_materials(
    biases_percent: Sequence[float], u_references_percent: Sequence[float], u_precision_percent: float
) -> BiasUncertainty:
    """Nordtest TR 537 with several reference materials: u(bias)² = RMS_bias² + mean(u(Cref))²; all in percent."""
    if not biases_percent or len(biases_percent) != len(u_references_percent):
        raise ValueError("Each bias needs the uncertainty of its certified value, and at least one is needed.")
    rms = math.hypot(*biases_percent) / math.sqrt(len(biases_percent))
    u_reference = statistics.fmean(u_references_percent)
    return _complete_bias(rms, None, u_reference, math.hypot(rms, u_reference), u_precision_percent)


def _complete_bias(bias: float, s_bias: float | None, u_reference: float, u_bias: float, u_precision: float) -> BiasUncertainty:
    u_combined = math.hypot(u_precision, u_bias)
    return BiasUncertainty(bias, s_bias, u_reference, u_bias, u_combined, COVERAGE_FACTOR * u_combined)
