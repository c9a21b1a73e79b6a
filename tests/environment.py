"""Loaded before Django reads its settings: the embedded servers, and folders of the test run's own."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

from lims.stack.session import ensure

os.environ.update(ensure(frozenset({"database", "broker"})))
# A broker database of our own, so a product running beside the tests never takes our messages.
os.environ["REDIS_URL"] = os.environ["REDIS_URL"].rsplit("/", 1)[0] + "/9"
os.environ["LIMS_DATA"] = tempfile.mkdtemp(prefix="lims-test-")
os.environ.setdefault("LIMS_JOB_LEASE_SECONDS", "3")
atexit.register(shutil.rmtree, os.environ["LIMS_DATA"], ignore_errors=True)
