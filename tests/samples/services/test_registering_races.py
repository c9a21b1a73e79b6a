"""Two people at once: the database decides who was first, and the other is told what happened."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, get_ident

import pytest
from django.db import connections

from lims.core.errors import Invalid
from samples.custody.models import CustodyEvent
from samples.custody.verifying import verify_custody
from samples.models import Sample
from samples.services import registering
from samples.services.registering import register_samples
from tests.factories.people import make_cast
from tests.factories.samples import make_mine, make_record


def test_same_seal_at_the_same_moment_is_registered_once(fresh_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    collector = make_cast().collector
    make_mine()
    both_checked = Barrier(2, timeout=20)
    build = registering._build

    waited: set[int] = set()

    def build_together(*arguments: object) -> list[Sample]:
        """Both have found the seal free before either writes; a second attempt waits for nobody."""
        if get_ident() not in waited:
            waited.add(get_ident())
            both_checked.wait()
        return build(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(registering, "_build", build_together)

    def register(field_id: str) -> str:
        try:
            return register_samples(records=[make_record(seal_number="K-1", field_id=field_id)], by=collector)[0].code
        except Invalid as refusal:
            return refusal.problems[0].code
        finally:
            connections["default"].close()

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(register, ["bag 1", "bag 2"]))
    assert answers == [Sample.objects.get().code, "duplicate_seal"]
    assert (Sample.objects.count(), CustodyEvent.objects.count()) == (1, 2)
    assert verify_custody().clean
