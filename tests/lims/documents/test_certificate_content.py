"""The content of a certificate: what it refuses, and the snapshot that is kept."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date

import msgspec
import pytest
import rfc8785

from lims.documents.certificate import Amendment, CertificateContent, Change, DerivedResult, Quantity


def test_the_snapshot_comes_back_as_the_same_content(one_sample: CertificateContent, many_samples: CertificateContent) -> None:
    for content in (one_sample, many_samples):
        back = CertificateContent.from_data(json.loads(content.canonical_bytes()))
        assert back.canonical_bytes() == content.canonical_bytes()
        assert back.tables == content.tables


def test_the_snapshot_is_canonical_json(one_sample: CertificateContent) -> None:
    odd = replace(one_sample, remarks=('Tab\t, quote ", slash / \\, नमूना, \u2028 and \x7f',), decision_rule="")
    assert odd.canonical_bytes() == rfc8785.dumps(odd.to_data())
    assert odd.sha256() == hashlib.sha256(odd.canonical_bytes()).hexdigest()


def test_one_changed_digit_changes_the_hash(one_sample: CertificateContent) -> None:
    changed = replace(one_sample.tables[0].results[0], result=Quantity(value="145.0"))
    table = replace(one_sample.tables[0], results=(changed, *one_sample.tables[0].results[1:]))
    assert replace(one_sample, tables=(table,)).sha256() != one_sample.sha256()


def test_an_amendment_travels_with_the_snapshot(one_sample: CertificateContent) -> None:
    amendment = Amendment(
        of_number="C-1", of_issued_at=one_sample.issued_at, reason="Mistyped.", changes=(Change(what="a", before="b", after="c"),)
    )
    amended = replace(one_sample, amendment=amendment)
    assert CertificateContent.from_data(json.loads(amended.canonical_bytes())).amendment == amendment


def test_a_damaged_snapshot_is_refused_with_its_place(one_sample: CertificateContent) -> None:
    data = one_sample.to_data()
    data["items"][0]["received_on"] = "yesterday"
    with pytest.raises(msgspec.ValidationError, match=r"items\[0\]\.received_on"):
        CertificateContent.from_data(data)


def test_a_certificate_without_results_or_signature_is_refused(one_sample: CertificateContent) -> None:
    for empty in ({"tables": ()}, {"signatures": ()}):
        with pytest.raises(ValueError, match="at least one signature"):
            replace(one_sample, **empty)  # type: ignore[arg-type]


def test_results_of_an_item_that_is_not_listed_are_refused(one_sample: CertificateContent) -> None:
    with pytest.raises(ValueError, match="BL-9"):
        replace(one_sample, tables=(replace(one_sample.tables[0], item_code="BL-9"),))


def test_a_sum_is_incomplete_before_it_is_bounded_before_it_is_complete() -> None:
    value = Quantity(value="10")
    assert DerivedResult(symbol="TREO", definition="", result=value).state == "complete"
    assert DerivedResult(symbol="TREO", definition="", lower="9", upper="10", censored=("Tm",)).state == "bounded"
    assert DerivedResult(symbol="TREO", definition="", lower="9", upper="10", censored=("Tm",), missing=("Lu",)).state == "incomplete"


def test_a_sum_that_hides_what_it_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match="no result"):
        DerivedResult(symbol="TREO", definition="")
    with pytest.raises(ValueError, match="upper bound"):
        DerivedResult(symbol="TREO", definition="", lower="9", censored=("Tm",))


def test_dates_of_the_content_are_dates(one_sample: CertificateContent) -> None:
    assert one_sample.to_data()["items"][0]["received_on"] == date(2026, 11, 8).isoformat()
    assert one_sample.to_data()["issued_at"] == "2026-11-22T14:05:09+05:30"
