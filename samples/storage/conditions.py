"""Whether a reading of temperature or humidity lies within the range a place promises. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Range:
    """From `low` to `high`, either of them open; in `unit`."""

    low: Decimal | None
    high: Decimal | None
    unit: str

    def excursion(self, value: Decimal | None) -> str:
        """How far outside, in words (`2.5 °C above 8 °C`); empty within the range, at its ends, and where nothing was read."""
        if value is None:
            return ""
        if self.high is not None and value > self.high:
            return f"{value - self.high} {self.unit} above {self.high.normalize():f} {self.unit}"
        if self.low is not None and value < self.low:
            return f"{self.low - value} {self.unit} below {self.low.normalize():f} {self.unit}"
        return ""

    def __str__(self) -> str:
        if self.low is None and self.high is None:
            return "—"
        low, high = (f"{end.normalize():f}" if end is not None else "…" for end in (self.low, self.high))
        return f"{low} to {high} {self.unit}"
