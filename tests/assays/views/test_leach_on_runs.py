"""The leach of each position, and leachable beside total, on the pages where a run is read and reviewed."""

from __future__ import annotations

import re
from math import hypot
from typing import Any

import pytest

from assays.models import ResultVersion
from tests.factories import bench
from tests.factories.browsing import sign_in
from tests.factories.people import Cast
from tests.factories.release import authorise, make_reviewed_run, without

pytestmark = pytest.mark.django_db


def words(person: Any, address: str) -> str:
    """What a page says to a person, without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", sign_in(person).get(address).content.decode())).replace(" ,", ",")


def test_a_run_shows_which_leach_a_position_is_of_and_what_it_took_out(cast: Cast) -> None:
    submission = bench.make_submission(cast, bench.make_received_samples(cast), ["FUS-MS", "LCH-MS"])
    total = make_reviewed_run(cast, submission, [without(Dy="40.0", Nd="<0.5")])
    alone = words(cast.reviewer, f"/runs/{total.code}/")
    assert "Leachable beside total" not in alone
    leached = make_reviewed_run(cast, submission, [without(Dy="22.0", Tb="7.00")], method="LCH-MS")
    aliquot = leached.positions.get(kind="sample").aliquot
    contents = ResultVersion.objects.filter(result__analyte__symbol="Dy", current_of__isnull=False)
    relative = hypot(*(float(one.uncertainty / one.value) for one in contents if one.uncertainty))
    share = f"55.0 % ± {55 * relative:.1f}"
    for page in (f"/runs/{leached.code}/", f"/runs/{leached.code}/review/"):
        assert f'href="/bench/aliquots/{aliquot.code}/"' in sign_in(cast.reviewer).get(page).content.decode()
        text = words(cast.reviewer, page)
        assert "leach, pH 4.00 → 4.60" in text
        assert f"{share} 22.0 of 40.0 mg/kg, draft" in text
        # More leached than there is speaks against one of the two; a bound gives no share.
        assert re.search(r"110 % .{0,9}above the total", text)
        assert "of <0.5" not in text
    authorise(cast, total)
    authorise(cast, leached)
    beside = words(cast.reviewer, f"/runs/{total.code}/")
    assert f"{share} 22.0 of 40.0 mg/kg" in beside
    assert "draft" not in beside.split("Leachable beside total")[1].split("LCH-MS")[0]
    # Who may not see drafts learns no content of another run either.
    assert "22.0 of" not in words(cast.receptionist, f"/runs/{leached.code}/")
