"""The journeys of the demonstration, and what its story knows while it is told."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from assays.reports.models import Certificate
from lims.core import clock
from lims.demo.geology import Rock
from lims.demo.people import Cast
from lims.demo.places import MINES
from samples.models import Mine

PLANS = {plan.code: plan for plan in MINES}
METHOD = "FUS-MS"
# How far a journey's story is told; each stage includes those before it.
STAGES = (
    "collected",
    "packed",
    "dispatched",
    "arrived",
    "received",
    "submitted",
    "prepared",
    "weighed",
    "measured",
    "reviewed",
    "authorised",
    "certified",
)

_SUBMITTED_ON = 10
"""The day of a journey on which its samples are submitted; what follows is the laboratory's and goes at its pace."""


@dataclass(frozen=True)
class Journey:
    """One visit and what became of its samples: `age` in days since collection began, `stage` how far it has come by today, `pace` how many
    times as long as planned its laboratory took."""

    age: int
    firm: str
    laboratory: str
    mines: tuple[str, ...]
    count: int
    stage: str
    carrier: str = "NEF"
    border: str = "Nampong (Pangsau Pass)"
    leach: bool = False
    fails_first: bool = False
    stays_failed: bool = False
    trouble: bool = False
    pace: float = 1


JOURNEYS = (
    Journey(168, "IREL", "BPL", ("PWN", "CHA"), 30, "certified", leach=True, pace=0.9),
    Journey(150, "IREL", "BPL", ("CHB", "PWS"), 28, "certified", fails_first=True, pace=1.5),
    Journey(131, "MWAM", "HYD", ("HPR", "TSW"), 28, "certified", carrier="TRL", border="Zokhawthar", pace=1.25),
    Journey(112, "IREL", "BPL", ("PWS", "MMK"), 28, "certified", pace=0.7),
    Journey(96, "MWAM", "JRH", ("MNE", "MMK"), 24, "certified", pace=1.8),
    Journey(80, "IREL", "JRH", ("PWN", "PWS"), 22, "certified", carrier="TRL", pace=1.1),
    Journey(62, "IREL", "BPL", ("CHA", "TSW"), 26, "authorised"),
    Journey(48, "MWAM", "BPL", ("HPR", "PWN"), 22, "reviewed"),
    Journey(40, "IREL", "BPL", ("CHB", "HPR"), 22, "measured"),
    Journey(35, "IREL", "BPL", ("MNE", "CHB"), 20, "measured", stays_failed=True),
    Journey(27, "IREL", "BPL", ("PWS", "TSW"), 30, "weighed"),
    Journey(25, "IREL", "BPL", ("CHB", "MNE"), 8, "prepared"),
    Journey(22, "IREL", "BPL", ("PWN", "HPR"), 16, "submitted", trouble=True),
    Journey(17, "IREL", "BPL", ("CHA", "MMK"), 12, "arrived"),
    Journey(12, "MWAM", "JRH", ("TSW", "PWN"), 10, "dispatched"),
    Journey(6, "IREL", "BPL", ("PWS", "CHB"), 8, "packed"),
    Journey(3, "IREL", "HYD", ("HPR", "MNE"), 10, "collected"),
    Journey(2, "IREL", "BPL", ("CHA", "PWS"), 40, "collected"),
)


@dataclass
class Story:
    """What is told so far."""

    cast: Cast
    mines: dict[str, Mine]
    today: datetime
    rng: random.Random
    say: Callable[[str], None]
    rocks: dict[UUID, Rock] = field(default_factory=dict)
    certificates: list[Certificate] = field(default_factory=list)
    samples: dict[int, list[UUID]] = field(default_factory=dict)

    @contextmanager
    def on_day(self, journey: Journey, day: float) -> Iterator[datetime]:
        """Let the clock stand `day` days after ten in the morning (India) of the journey's first day, never later than now."""
        first_morning = (self.today - timedelta(days=journey.age)).replace(hour=4, minute=30, second=0, microsecond=0)
        if day > _SUBMITTED_ON:
            day = _SUBMITTED_ON + (day - _SUBMITTED_ON) * journey.pace
        moment = min(first_morning + timedelta(days=day), self.today)
        with clock.set_to(moment):
            yield moment
