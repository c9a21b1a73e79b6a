"""A composite speaks for every mine it was mixed from; what was reported is kept as long as its material asks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from lims.core import clock
from lims.core.errors import Blocked, Invalid
from samples.custody.comparing import compare_custody
from samples.models import CompositeShare, Departure, MaterialHandling, Sample
from samples.selectors.departures import only_due, select_kept
from samples.selectors.kinship import family_of
from samples.selectors.mixing import belt_of, mines_of
from samples.selectors.samples import sample_data
from samples.services.compositing import Share, composite_samples
from samples.services.consuming import advance_samples
from samples.services.correcting import correct_sample
from samples.services.disposing import dispose_sample, keep_family, let_go_samples, return_sample
from samples.services.handling import change_handling
from samples.services.holding import hold_sample
from samples.services.splitting import Part, split_sample
from tests.factories.bench import make_received_samples
from tests.factories.browsing import said, sign_in, text_of
from tests.factories.callers import Caller
from tests.factories.people import PASSWORD, Cast
from tests.factories.samples import make_mine, make_samples
from tests.samples.services.test_splitting_and_disposing import refuse, witnessed

D = Decimal


def mix(cast: Cast, samples: Sequence[Sample], by: Any = None, **more: Any) -> Sample:
    """A hundred grams of each; a gram of it all is lost."""
    shares = [Share(sample=sample, mass_g=D(100)) for sample in samples]
    return composite_samples(**({"shares": shares, "mass_g": D(100) * len(samples) - 1, "by": by or cast.collector} | more))


@pytest.fixture
def two_mines(cast: Cast) -> list[Sample]:
    """A sample of each of two mines in two belts."""
    make_mine("CH2", "Chipwe South", "Southern belt")
    return [*make_samples(cast, 1), *make_samples(cast, 1, mine="CH2", pit="P1")]


def test_a_composite_of_two_mines_is_of_neither_alone(cast: Cast, two_mines: list[Sample]) -> None:
    made = mix(cast, two_mines)
    assert (made.kind, made.mine_id, made.mass_g, made.state) == ("composite", None, D(199), "collected")
    assert list(CompositeShare.objects.values_list("mass_g", flat=True)) == [D(100), D(100)]
    assert {sample.mass_g for sample in Sample.objects.filter(kind="field")} == {D("2040.5")}
    [part] = split_sample(sample=made, parts=[Part(mass_g=D(50))], remaining_g=D(149), by=cast.collector)
    assert [mine.code for mine in mines_of(part)] == ["CH2", "PW1"]
    assert belt_of(part) == "Chipwe–Pangwa belt, Southern belt"
    data = sample_data(part, cast.official)
    assert (data["mine"], data["mines"]) == (None, ["CH2", "PW1"])
    page = text_of(sign_in(cast.collector).get(f"/samples/{part.code}/"))
    assert "Chipwe South" in page
    assert "Pangwa North" in page
    assert compare_custody().equal
    assert refuse(made, Blocked, correct_sample, changes={"mine": "CH2"}, reason="x", by=cast.collector).code == "composite"


def test_a_composite_of_one_mine_keeps_it_and_a_family_is_a_tree(cast: Cast) -> None:
    first, second = make_samples(cast, 2)
    made = mix(cast, [first, second])
    assert made.mine_id == first.mine_id
    rows = [(one.code, one.level, one.share_g, one.again) for one in family_of(first, cast.collector)]
    assert rows == [
        (first.code, 0, D("2140.5"), False),
        (made.code, 1, D(100), False),
        (second.code, 0, D("2140.5"), False),
        (made.code, 1, D(100), True),
    ]


def test_what_does_not_balance_or_belong_together_is_not_mixed(cast: Cast, two_mines: list[Sample]) -> None:
    first, second = two_mines
    shares = [Share(sample=first, mass_g=D(100)), Share(sample=second, mass_g=D(100))]

    def refused(kind: Any = Invalid, **more: Any) -> str:
        arguments = {"shares": shares, "mass_g": D(200), "by": cast.collector} | more
        error = refuse(first, kind, lambda sample, **rest: composite_samples(**rest), **arguments)
        return error.problems[0].pointer or error.code

    assert refused(mass_g=D(190)) == "/reason"
    assert refused(mass_g=D(205), reason="x") == "/mass_g"
    assert refused(shares=shares[:1]) == "/shares"
    assert refused(shares=[shares[0], shares[0]]) == "/shares/1/sample"
    assert refused(shares=[shares[0], Share(sample=second, mass_g=D(3000))]) == "/shares/1/mass_g"
    assert refused(Blocked, by=cast.technician) == "not_holder"
    [rock] = make_samples(cast, 1, material="rock")
    assert refused(Blocked, shares=[shares[0], Share(sample=rock, mass_g=D(100))]) == "not_alike"
    hold_sample(sample=second, kind="quality", reason="pattern", by=cast.collector)
    assert refused(Blocked) == "on_hold"


def test_what_was_reported_is_kept_with_its_family_until_its_day(cast: Cast) -> None:
    words = {"material": "clay", "loss_tolerance_percent": D(1), "reason": "contract", "by": cast.quality_manager}
    change_handling(retention_days=20, **words)
    [sample] = make_received_samples(cast, 1)
    [pulp] = split_sample(sample=sample, parts=[Part(mass_g=D(50), kind="pulp")], remaining_g=D("2090.5"), by=cast.technician)
    assert {sample.retain_until, pulp.retain_until} == {clock.today() + timedelta(days=20)}  # from arrival, reported or not
    assert refuse(sample, Blocked, dispose_sample, by=cast.quality_manager, **witnessed(cast)).code == "retained"
    change_handling(retention_days=30, **words)
    advance_samples(samples=[pulp], step="analyse", by=cast.technician)
    advance_samples(samples=[pulp], step="report", by=cast.signatory)
    until = clock.today() + timedelta(days=30)
    here = Sample.objects.filter(laboratory=cast.organisations["lab"])
    assert set(here.values_list("retain_until", flat=True)) == {until}
    kept = select_kept(cast.quality_manager)
    assert (kept.count(), only_due(kept, clock.today()).count(), only_due(kept, until).count()) == (2, 0, 2)
    assert refuse(pulp, Blocked, dispose_sample, by=cast.quality_manager, **witnessed(cast)).code == "retained"
    gone = dispose_sample(sample=pulp, early=True, by=cast.quality_manager, **witnessed(cast))
    assert gone.departure.early
    hold_sample(sample=sample, kind="customer", reason="asked", by=cast.quality_manager)
    assert only_due(kept, until).count() == 0
    assert refuse(sample, Blocked, return_sample, by=cast.quality_manager, **witnessed(cast)).code == "on_hold"
    assert compare_custody().equal


def test_a_sample_given_back_is_its_owners_again(cast: Cast) -> None:
    [sample] = make_received_samples(cast, 1)
    back = return_sample(sample=sample, by=cast.quality_manager, **witnessed(cast))
    assert (back.state, back.holder, back.place) == ("returned", cast.organisations["irel"], "IREL (India) Limited")
    assert back.departure.receiver == cast.organisations["irel"]
    assert compare_custody().equal


def test_pages_and_api_mix_and_let_go(cast: Cast) -> None:
    first, second, third = make_received_samples(cast, 3)
    technician = Caller(cast.technician)
    body = {"shares": [{"sample": one.blind_code, "mass_g": "10"} for one in (first, second)], "mass_g": "20"}
    made = technician.post("/samples/composite/", body)
    assert (made.status_code, made.json()["kind"]) == (201, "composite")
    assert technician.post("/samples/composite/", {**body, "mass_g": "10"}).json()["errors"][0]["pointer"] == "/reason"
    form = {"shares-TOTAL_FORMS": "6", "shares-INITIAL_FORMS": "0", "mass_g": "10"}
    for index, one in enumerate((second, third)):
        form |= {f"shares-{index}-sample": one.blind_code, f"shares-{index}-mass_g": "5"}
    answer = sign_in(cast.technician).post("/samples/composite/", form, follow=True)
    assert said(answer)[0].startswith("Mixed into B-")
    both = {"reason": "over", "witness": cast.technician.username, "witness_password": PASSWORD, "password": PASSWORD}
    manager = Caller(cast.quality_manager)
    assert manager.post(f"/samples/{third.blind_code}/return/", both).json()["state"] == "returned"
    browser = sign_in(cast.quality_manager)
    assert "Rules by material" in text_of(browser.get("/samples/retention/"))
    browser.post("/samples/handling/clay/", {"loss_tolerance_percent": "1.5", "retention_days": "90", "reason": "contract"})
    assert MaterialHandling.of(cast.organisations["lab"].pk, "clay").retention_days == 90
    assert MaterialHandling.objects.get(material="clay", laboratory=None).retention_days == 180
    assert browser.get("/samples/handling/gold/").status_code == 404


def test_each_laboratory_has_its_own_rules_and_the_default_until_it_sets_them(cast: Cast) -> None:
    other = cast.outsiders["quality_manager"]
    assert other.organisation_id != cast.organisations["lab"].pk
    change_handling(material="clay", retention_days=1000, loss_tolerance_percent=D(20), reason="theirs", by=other)
    [sample] = make_received_samples(cast, 1)
    assert sample.retain_until == clock.today() + timedelta(days=180)
    half = sample.mass_g * D("0.9")
    with pytest.raises(Invalid, match="more than 2 %"):
        split_sample(sample=sample, parts=[Part(mass_g=half, kind="pulp")], remaining_g=D(0), by=cast.technician)
    change_handling(material="clay", retention_days=30, loss_tolerance_percent=D(20), reason="ours", by=cast.quality_manager)
    change_handling(material="clay", retention_days=200, loss_tolerance_percent=D(20), reason="ours", by=cast.quality_manager)
    [pulp] = split_sample(sample=sample, parts=[Part(mass_g=half, kind="pulp")], remaining_g=D(0), by=cast.technician)
    keep_family([pulp], laboratory_id=cast.organisations["lab"].pk, reported_at=clock.now())
    pulp.refresh_from_db()
    [next_one] = make_received_samples(cast, 1)
    assert {pulp.retain_until, next_one.retain_until} == {clock.today() + timedelta(days=200)}
    assert {row.retention_days for row in MaterialHandling.objects.filter(material="clay")} == {180, 200, 1000}
    assert len(MaterialHandling.in_force(other.organisation_id)) == len(MaterialHandling.objects.filter(laboratory=None))


def test_several_leave_with_two_signatures_or_none_leaves(cast: Cast) -> None:
    first, second, third = make_received_samples(cast, 3)
    hold_sample(sample=third, kind="quality", reason="to be repeated", by=cast.quality_manager)
    words = {"kind": "disposed", "by": cast.quality_manager, **witnessed(cast)}
    with pytest.raises(Blocked, match=third.blind_code):
        let_go_samples(samples=[first, second, third], **words)
    for wrong in ({"samples": [first, first]}, {"samples": []}, {"samples": [first], "kind": "burnt"}):
        with pytest.raises(Invalid):
            let_go_samples(**(words | wrong))
    assert not Departure.objects.exists()
    page = sign_in(cast.quality_manager)
    form = {"codes": f"{first.blind_code}\n{second.blind_code}", "kind": "disposed", "reason": "neutralised", "password": PASSWORD}
    form |= {"witness": str(cast.analyst.pk), "witness_password": PASSWORD}
    assert first.blind_code in text_of(page.get("/samples/departures/", {"code": first.blind_code}))
    assert page.post("/samples/departures/", form | {"witness_password": "guess"}).status_code == 422
    assert "is kept until" in text_of(page.post("/samples/departures/", form))
    assert page.post("/samples/departures/", form | {"early": "on"}).status_code == 302
    left = Departure.objects.order_by("pk")
    assert {one.sample_id for one in left} == {first.pk, second.pk}
    assert len({(one.signature_id, one.witness_signature_id) for one in left}) == 1
    assert compare_custody().equal
    body = {"samples": [third.blind_code], "kind": "returned", "reason": "asked back", "witness": cast.analyst.username}
    answer = Caller(cast.quality_manager).post("/samples/departures/", body | {"password": PASSWORD, "witness_password": PASSWORD})
    assert answer.status_code == 409
