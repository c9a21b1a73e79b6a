"""What a replay finds."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it was written. `seq` is None where it concerns the sample's chain as a whole; without a sample it concerns
    the log, and `seq` is a leaf."""

    sample_id: UUID | None
    sample_code: str
    seq: int | None
    detail: str

    def __str__(self) -> str:
        if self.sample_id is None:
            return f"log{f', leaf {self.seq}' if self.seq is not None else ''}: {self.detail}"
        where = f"event {self.seq}" if self.seq is not None else "chain"
        return f"sample {self.sample_code or self.sample_id}, {where}: {self.detail}"


@dataclass
class Verification:
    """What a replay found. `first` is the first bad event in the order of samples and events; `findings` counts them all. `placed` are the
    events that have their leaf."""

    samples: int = 0
    events: int = 0
    placed: int = 0
    leaves: int = 0
    checkpoints: int = 0
    findings: int = 0
    first: Finding | None = None

    @property
    def clean(self) -> bool:
        return self.first is None

    def note(self, finding: Finding) -> None:
        """Count a finding; the first is kept."""
        self.findings += 1
        self.first = self.first or finding

    def note_log(self, leaf: int | None, detail: str) -> None:
        """Count a finding that concerns the log."""
        self.note(Finding(None, "", leaf, detail))
