#!/usr/bin/env python
"""Generate the typed Python client from the interface's description:

    .venv/bin/python tools/make_client.py FOLDER

makes the package FOLDER/lims_client. It needs httpx and attrs where it runs, nothing of this product. See
docs/how-to/connect-an-instrument.md.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "lims_client"
# Files are read by whoever asked for them; a generated client knows JSON. No formatting: nobody edits it.
_CONFIG = "post_hooks: []\n"


def make_client(folder: Path, schema: Path) -> Path:
    """The package, anew, from a description (OpenAPI); returns its folder."""
    target = folder / PACKAGE
    with tempfile.TemporaryDirectory() as temporary:
        config = Path(temporary) / "config.yaml"
        config.write_text(_CONFIG)
        command = [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(schema), "--config", str(config)]
        command += ["--meta", "none", "--overwrite", "--output-path", str(target)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)
    return target


def main() -> None:
    """The command."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        schema = Path(temporary) / "schema.yaml"
        command = [sys.executable, "manage.py", "spectacular", "--file", str(schema)]
        subprocess.run(command, check=True, cwd=ROOT)
        sys.stdout.write(f"{make_client(folder, schema)}\n")


if __name__ == "__main__":
    main()
