"""The bytes of an event against an independent implementation of RFC 8785."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from samples.custody.hashing import canonical_bytes, commit_fields, commitment, draw_salts, event_hash, mass_text, time_text
from samples.custody.models import CustodyEvent
from tests.factories.people import Cast
from tests.factories.samples import make_samples

texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]))
keys = st.text(alphabet=st.characters(max_codepoint=127), max_size=8)
leaves = st.none() | texts | st.integers(min_value=-(2**53) + 1, max_value=2**53 - 1)
events = st.dictionaries(keys, leaves | st.dictionaries(keys, leaves))


@given(events)
def test_bytes_are_those_rfc_8785_prescribes(content: dict[str, Any]) -> None:
    assert canonical_bytes(content) == rfc8785.dumps(content)


def test_bytes_of_stored_events_are_those_rfc_8785_prescribes(cast: Cast) -> None:
    import json

    (sample,) = make_samples(cast, remark='ကချင် "quoted" \\ \n é ∑ 🪨')
    for event in CustodyEvent.objects.filter(sample=sample):
        canonical = bytes(event.canonical)
        assert rfc8785.dumps(json.loads(canonical)) == canonical
        assert hashlib.sha256(canonical).digest() == bytes(event.hash) == event_hash(canonical)


def test_a_moment_has_one_text_whatever_its_zone() -> None:
    moment = datetime(2026, 3, 2, 2, 30, tzinfo=timezone(timedelta(hours=6, minutes=30)))
    assert time_text(moment) == time_text(moment.astimezone(UTC)) == "2026-03-01T20:00:00.000000Z"


def test_a_mass_has_one_text_however_it_was_written() -> None:
    assert mass_text(Decimal("12")) == mass_text(Decimal("12.000")) == mass_text(Decimal("1.2E1")) == "12.000"


def test_commitments_hide_and_prove_and_never_repeat() -> None:
    first, disclosed = commit_fields({"place": "Pangwa", "remark": ""}, draw_salts())
    second, _ = commit_fields({"place": "Pangwa"}, draw_salts())
    salt, value = disclosed["place"]
    assert first["place"] == commitment(bytes.fromhex(salt), value) == hashlib.sha256(bytes.fromhex(salt) + b"Pangwa").hexdigest()
    assert first.keys() == {"place"}
    assert first["place"] != second["place"]
