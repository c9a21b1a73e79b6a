"""Several packs with seals of their own, and the manifest of it all."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from lims.core.errors import Blocked, Forbidden, Invalid
from samples.models import SealUse
from samples.selectors.consignments import items_of
from samples.services.boxing import add_pack, close_pack, find_pack
from samples.services.consigning import dispatch_consignment, pack_samples
from tests.factories.consignments import make_consignment, nothing_changes
from tests.factories.people import Cast
from tests.factories.samples import make_samples


def test_packs_are_numbered_sealed_and_hold_what_was_scanned_into_them(cast: Cast) -> None:
    consignment = make_consignment(cast, 1)
    first, second = (add_pack(consignment=consignment, kind=kind, by=cast.collector) for kind in ("box", "drum"))
    pack_samples(consignment=consignment, samples=make_samples(cast, 2), pack=second, by=cast.collector)
    close_pack(pack=second, seal_number="DP-1", gross_kg=Decimal("5.250"), by=cast.collector)
    assert [first.number, second.number] == [1, 2]
    assert sorted(str(item.pack) for item in items_of(consignment, cast.collector)) == ["2", "2", "None"]
    assert SealUse.objects.filter(number="DP-1", consignment=consignment, kind="applied").count() == 1
    with pytest.raises(Invalid) as twice:
        close_pack(pack=first, seal_number="DP-1", by=cast.collector)
    assert twice.value.code == "duplicate_seal"
    with pytest.raises(Invalid):
        close_pack(pack=first, seal_number="DP-2", gross_kg=Decimal(-1), by=cast.collector)
    with pytest.raises(Invalid):
        find_pack(consignment, 3)


def test_only_its_sender_packs_and_only_until_it_leaves(cast: Cast) -> None:
    consignment = make_consignment(cast, 1)
    with nothing_changes(consignment), pytest.raises(Forbidden):
        add_pack(consignment=consignment, by=cast.custodian)
    pack = add_pack(consignment=consignment, by=cast.collector)
    dispatch_consignment(consignment=consignment, by=cast.collector)
    with nothing_changes(consignment), pytest.raises(Blocked):
        close_pack(pack=pack, seal_number="DP-1", by=cast.collector)


def test_manifest_is_for_those_who_know_the_papers(cast: Cast) -> None:
    consignment = dispatch_consignment(consignment=make_consignment(cast, 2), by=cast.collector)
    for person, status in ((cast.collector, 200), (cast.receptionist, 200), (cast.analyst, 403), (cast.outsiders["collector"], 404)):
        client = Client()
        client.force_login(person)
        answer = client.get(f"/consignments/{consignment.code}/manifest/")
        assert answer.status_code == status, person
        assert status != 200 or answer.content.startswith(b"%PDF-")
