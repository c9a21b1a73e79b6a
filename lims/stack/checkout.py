"""Where one checkout keeps what is its own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

APPLICATION = "lims"


@dataclass(frozen=True)
class Checkout:
    """A working copy of the project: `project` holds manage.py, `data` (`LIMS_DATA`, else `var/`) everything it writes."""

    project: Path
    data: Path

    @classmethod
    def current(cls, data: str | None = None) -> Checkout:
        """The checkout this module was loaded from, with the data folder given here, by `LIMS_DATA` or by default."""
        project = Path(__file__).resolve().parents[2]
        return cls(project, Path(data or os.environ.get("LIMS_DATA") or project / "var").resolve())

    @property
    def stack(self) -> Path:
        """State files and logs of the embedded servers, readable by their owner only."""
        return self.data / "stack"

    @property
    def logs(self) -> Path:
        """One file per process, and the one before as `.previous`."""
        return self.stack / "log"

    @property
    def credentials(self) -> Path:
        """Who to sign in as, written by `build_demo`."""
        return self.data / "demo" / "credentials.json"

    def make_folders(self) -> None:
        """Make the private folders; a no-op where they exist."""
        self.data.mkdir(parents=True, exist_ok=True)
        self.stack.mkdir(mode=0o700, exist_ok=True)
        self.logs.mkdir(mode=0o700, exist_ok=True)
