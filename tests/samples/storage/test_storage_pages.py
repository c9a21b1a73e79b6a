"""Storage through its pages and the API: with the scanner alone, by codes, and not one place of anybody else."""

from __future__ import annotations

from samples.storage.models import Location, Placement
from samples.storage.services.storing import store_sample
from tests.factories.bench import make_received_samples
from tests.factories.browsing import said, sign_in, text_of
from tests.factories.callers import Caller
from tests.factories.people import Cast
from tests.factories.storage import make_box, position_in


def test_scanning_in_moving_and_taking_back_needs_the_keyboard_alone(cast: Cast) -> None:
    [sample] = make_received_samples(cast, 1)
    box = make_box(cast)
    browser = sign_in(cast.technician)
    a1, a2 = position_in(box), position_in(box, "A2")
    page = browser.post("/storage/scan/", {"sample": sample.blind_code, "position": ""})
    assert page.status_code == 200
    assert "data-autofocus" in str(page.context["form"]["position"])
    done = browser.post("/storage/scan/", {"sample": sample.blind_code, "position": a1.code.lower()}, follow=True)
    assert said(done) == [f"{sample.blind_code} lies in {a1.path}."]
    wrong = browser.post("/storage/scan/", {"sample": sample.blind_code, "position": a2.code})
    assert wrong.status_code == 422
    assert "Give a reason" in text_of(wrong)
    browser.post("/storage/scan/", {"sample": sample.blind_code, "position": a2.code, "reason": "scanned the wrong place"})
    assert Placement.objects.get().location == a2
    assert f"?sample={sample.blind_code}&amp;position={a1.code}" in text_of(browser.get("/storage/scan/"))
    out = browser.post("/storage/scan/out/", {"reason": "to be split", "sample": sample.blind_code})
    assert said(out) == [f"{sample.blind_code} is taken out."]
    unknown = browser.post("/storage/scan/", {"sample": sample.blind_code, "position": "PL-26-99999-X"})
    assert (unknown.status_code, Placement.objects.count()) == (422, 0)


def test_a_box_is_seen_from_above_and_everything_in_it_is_found(cast: Cast) -> None:
    first, second = make_received_samples(cast, 2)
    box = make_box(cast)
    store_sample(sample=first, position=position_in(box), by=cast.technician)
    browser = sign_in(cast.analyst)
    assert "5 free" in text_of(browser.get("/storage/"))
    page = text_of(browser.get(f"/storage/{box.code}/"))
    assert first.blind_code in page
    assert first.code not in page
    found = browser.get("/storage/contents/", {"q": first.blind_code[:8]})
    assert [one.sample_id for one, _shown in found.context["rows"]] == [first.pk]
    assert first.blind_code in b"".join(browser.get("/storage/contents/?format=csv").streaming_content).decode()
    assert "Box 1 / A1" in text_of(browser.get(f"/samples/{first.blind_code}/"))
    assert browser.get(f"/storage/labels/?code={box.code}&inside=1").headers["Content-Type"] == "application/pdf"
    outsider = sign_in(cast.outsiders["analyst"])
    assert outsider.get(f"/storage/{box.code}/").status_code == 404
    assert second.blind_code not in text_of(outsider.get("/storage/contents/"))


def test_places_and_readings_are_recorded_on_their_pages(cast: Cast) -> None:
    browser = sign_in(cast.technician)
    made = browser.post("/storage/new/", {"kind": "site", "name": "Main building"}, follow=True)
    site = Location.objects.get()
    assert said(made) == ["Made Main building. Print its labels and put them on."]
    browser.post(
        "/storage/new/", {"kind": "box", "parent": site.code, "name": "Box 1", "rows": "9", "columns": "9", "temperature_max_c": "30"}
    )
    box = Location.objects.get(name="Box 1")
    assert box.children.count() == 81
    assert browser.post("/storage/new/", {"kind": "site", "name": "Main building"}).status_code == 422
    warm = browser.post(f"/storage/{box.code}/readings/", {"temperature_c": "31.5"}, follow=True)
    assert said(warm) == ["Out of range: 1.5 °C above 30 °C. Tell the quality manager."]
    assert "1.5 °C above 30 °C" in text_of(browser.get("/storage/"))
    browser.post(f"/storage/{box.code}/change/", {"name": "Box 1", "active": "on", "temperature_max_c": "35", "reason": "summer"})
    box.refresh_from_db()
    assert str(box.temperature) == "… to 35 °C"


def test_the_api_stores_moves_and_takes_out(cast: Cast) -> None:
    [sample] = make_received_samples(cast, 1)
    technician = Caller(cast.technician)
    site = technician.post("/storage/locations/", {"kind": "site", "name": "Main building"})
    assert site.status_code == 201, site.json()
    made = technician.post(
        "/storage/locations/", {"kind": "box", "name": "Box 1", "parent": site.json()["code"], "rows": 1, "columns": 2, "locked": True}
    ).json()
    first, second = (cell["code"] for cell in made["positions"])
    assert technician.get(f"/storage/locations/?free=true&parent={made['code']}&count=1").json()["count"] == 2
    path = f"/samples/{sample.blind_code}"
    stored = technician.post(f"{path}/store/", {"position": first})
    assert (stored.status_code, stored.json()["path"]) == (200, "Main building / Box 1 / A1")
    assert technician.post(f"{path}/store/", {"position": second}).status_code == 409
    assert technician.post(f"{path}/move/", {"position": second, "reason": "mixed up"}).json()["position"] == second
    reading = technician.post(f"/storage/locations/{made['code']}/readings/", {"temperature_c": "21.5"})
    assert (reading.status_code, reading.json()["excursion"]) == (201, "")
    detail = technician.get(f"/storage/locations/{made['code']}/").json()
    assert [(cell["state"], cell["sample"]) for cell in detail["positions"]] == [("free", None), ("taken", sample.blind_code)]
    assert technician.post(f"{path}/take-out/", {"reason": "to be split"}).json()["position"] is None
    assert technician.post(f"{path}/store/", {"position": "PL-1"}).status_code == 422
    stranger = Caller(cast.outsiders["technician"])
    assert stranger.get(f"/storage/locations/{made['code']}/").status_code == 404
    assert stranger.post(f"{path}/store/", {"position": first}).status_code == 404
