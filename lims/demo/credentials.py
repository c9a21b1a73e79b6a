"""What a person needs to sign in, and a program to call: `var/demo/credentials.json`, readable by its owner alone."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings

from lims.demo import people
from lims.demo.journeys import Story


def path() -> Path:
    """Where the file is."""
    return Path(settings.DATA_DIR) / "demo" / "credentials.json"


def write(story: Story) -> None:
    """Write the file with mode 0600."""
    cast = story.cast
    content: dict[str, Any] = {
        "base_url": settings.PUBLIC_URL,
        "users": {role: {"username": cast.of(role, code).username, "password": cast.password} for role, code in people.FIRST.items()},
        "tokens": cast.tokens,
        "instruments": cast.instrument_tokens,
        "others": [
            {"role": role, "organisation": code, "username": cast.of(role, code).username, "password": cast.password}
            for role, code in people.OTHERS
        ],
    }
    write_private(path(), content)


def write_private(file: Path, content: Any) -> None:
    """JSON that only its owner reads, complete or not there at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".part")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        json.dump(content, handle, indent=2, ensure_ascii=False)
    draft.replace(file)
