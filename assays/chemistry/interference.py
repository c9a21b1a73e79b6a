"""Oxide and hydroxide ions on the isotopes measured by ICP-MS.

Light rare earths as MO⁺ and MOH⁺ fall on the heavy ones: 143Nd16O on 159Tb, 147Sm16O on 163Dy, 141Pr16O on 157Gd. The
ratio MO⁺/M⁺ is measured with a pure solution of M in the same session.
"""

from dataclasses import dataclass

FLAG_ABOVE_PERCENT = 5.0
"""A correction above this share of the signal is flagged for a look (assumption of this laboratory); its own uncertainty counts at any
size."""


@dataclass(frozen=True)
class CorrectedSignal:
    """A signal less its interference, in counts per second; ``percent`` is the interference in percent of the signal."""

    interference: float
    corrected: float
    percent: float

    @property
    def flagged(self) -> bool:
        """Whether the correction is too large to pass without a look."""
        return self.percent > FLAG_ABOVE_PERCENT


def correct_signal(
    signal: float, parent_signal: float, ratio: float, parent_abundance: float = 1.0, measured_abundance: float = 1.0
) -> CorrectedSignal:
    """I - I_measured (A_parent/A_measured) (MO⁺/M⁺).

    ``parent_signal`` is the signal of an isotope of the interfering element, of abundance ``measured_abundance``;
    ``parent_abundance`` is that of the isotope which forms the ion (both in one unit; equal where it is the same isotope).
    """
    if signal <= 0 or measured_abundance <= 0:
        raise ValueError("A correction needs a positive signal and abundance.")
    if ratio < 0 or parent_signal < 0:
        raise ValueError("A ratio of ions and the signal of their parent are not negative: nothing is added by a correction.")
    interference = parent_signal * parent_abundance / measured_abundance * ratio
    return CorrectedSignal(interference, signal - interference, 100 * interference / signal)


def compute_apparent_factor(apparent: float, interferent: float) -> float:
    """k: apparent content of the analyte per content of interferent, from a pure solution of the interferent."""
    if interferent <= 0:
        raise ValueError("The pure solution needs a positive content of the interferent.")
    return apparent / interferent


def correct_concentration(apparent: float, interferent: float, factor: float) -> float:
    """C_true = C_apparent - k·C_interferent, where only concentrations are at hand."""
    return apparent - factor * interferent
