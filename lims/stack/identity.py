"""As whom the embedded servers run and where their data live.

PostgreSQL refuses to run as root. Under root the servers run as `nobody`, and their data live in /var/tmp, since a checkout is often
below a private home that `nobody` cannot enter; in memory where the checkout's other files are. Everyone else runs them directly, with
the data beside the checkout's other files.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import secrets
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lims.stack.checkout import APPLICATION, Checkout
from lims.stack.errors import StackError
from lims.stack.files import is_locked, locked, write_private

SHARED_PLACE = Path("/var/tmp")  # noqa: S108 - survives a restart, unlike /tmp; what is made there is checked to be root's and closed
MEMORY = Path("/dev/shm")  # noqa: S108 - where data are put that nobody keeps, such as those of tests
SERVANT = "nobody"


@dataclass(frozen=True)
class Identity:
    """Who runs the servers (`user` is None for the caller) and the folder `home` that holds their data, passwords and locks."""

    home: Path
    user: pwd.struct_passwd | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"})

    @property
    def process_options(self) -> dict[str, Any]:
        """What Popen needs to change to this identity."""
        return {} if self.user is None else {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}

    def run(self, command: Sequence[str | Path], *, text: str = "") -> subprocess.CompletedProcess[str]:
        """Run a short program as this identity to its end, `text` on its standard input."""
        parts = [str(part) for part in command]
        return subprocess.run(
            parts,
            input=text,
            cwd="/",
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            **self.process_options,
        )

    def make_passage(self, path: Path) -> None:
        """Make a folder of the caller's that this identity may pass through, but not list."""
        path.mkdir(exist_ok=True)
        path.chmod(0o700 if self.user is None else 0o711)

    def make_folder(self, path: Path) -> None:
        """Make a folder that this identity alone may enter."""
        path.mkdir(mode=0o700, exist_ok=True)
        self.hand_over(path)

    def hand_over(self, path: Path) -> None:
        """Give a file or folder to this identity."""
        if self.user is not None:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)


def find_identity(checkout: Checkout) -> Identity:
    """The identity for this checkout; makes its home.

    Raises StackError where root has no `nobody` to become, or where the home belongs to somebody else.
    """
    try:
        checkout.make_folders()
        return Identity(checkout.stack) if os.geteuid() != 0 else _find_servant(checkout)
    except PermissionError as error:
        raise StackError(
            f"{error.filename} belongs to another user. Run this as the user who started the stack there, or name servers of your own "
            "in DATABASE_URL, DATABASE_OWNER_URL and REDIS_URL."
        ) from error


def _find_servant(checkout: Checkout) -> Identity:
    try:
        user = pwd.getpwnam(SERVANT)
    except KeyError as error:
        raise StackError(
            f"PostgreSQL does not run as root and there is no user {SERVANT!r} to run it as: use an ordinary user, or set DATABASE_URL."
        ) from error
    home = _shared_place(checkout) / f"{APPLICATION}-{_fingerprint(checkout)}"
    if home.is_symlink() or (home.exists() and home.stat().st_uid != 0):
        raise StackError(f"{home} was made by another user and is not trusted: remove it.")
    identity = Identity(home, user)
    identity.make_passage(home)
    write_private(home / "checkout", str(checkout.stack))
    return identity


def _shared_place(checkout: Checkout) -> Path:
    """Where `nobody` may go too: in memory for a checkout whose data are there."""
    return MEMORY if checkout.data.is_relative_to(MEMORY) else SHARED_PLACE


def _fingerprint(checkout: Checkout) -> str:
    """Names the home of one checkout: neither a copy of the folder nor a later checkout in the same place gets the same one."""
    token = checkout.stack / "token"
    with locked(checkout.stack / "token.lock"):
        if not token.exists():
            _remove_abandoned_homes(checkout)
            write_private(token, secrets.token_hex(16))
    return hashlib.sha256(f"{checkout.stack}\n{token.read_text()}".encode()).hexdigest()[:16]


def _remove_abandoned_homes(checkout: Checkout) -> None:
    """Remove the data of checkouts that stood in this very place and were deleted with their token, and so can never be found again."""
    for note in _shared_place(checkout).glob(f"{APPLICATION}-*/checkout"):
        home = note.parent
        if home.lstat().st_uid != 0 or note.read_text() != str(checkout.stack):
            continue
        if not any(is_locked(lock) for lock in home.glob("*.keeper")):
            shutil.rmtree(home)
