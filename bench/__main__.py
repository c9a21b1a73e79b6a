"""`python -m bench [name …]`: runs every measurement, or those named, one after the other on a database and files of their own."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

_FOLDER = Path(__file__).parent
_SHARED = {"__main__", "database"}


def main(wanted: list[str]) -> int:
    """Run the measurements; 1 when one could not be made, 2 when a name is unknown. A target that is missed is printed, and no failure."""
    known = [module.name for module in pkgutil.iter_modules([str(_FOLDER)]) if module.name not in _SHARED]
    if unknown := set(wanted) - set(known):
        print(f"There is no measurement {', '.join(sorted(unknown))}; there are {', '.join(known)}.")
        return 2
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lims-bench-") as files:
        os.environ["LIMS_DATA"] = files
        if "REDIS_URL" in os.environ:
            # A broker database of our own, so that a product running beside takes no message of ours.
            os.environ["REDIS_URL"] = os.environ["REDIS_URL"].rsplit("/", 1)[0] + "/8"
        failed = [name for name in wanted or known if not _run(name)]
    print(
        f"\n{len(wanted or known)} measurements in {time.monotonic() - begun:.0f} s."
        + (f" Not made: {', '.join(failed)}." if failed else "")
    )
    return 1 if failed else 0


def _run(name: str) -> bool:
    module = importlib.import_module(f"bench.{name}")
    title = (module.__doc__ or name).splitlines()[0]
    print(f"\n{name}: {title}\n{'─' * 78}", flush=True)
    try:
        module.run()
    except Exception:
        traceback.print_exc()
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
