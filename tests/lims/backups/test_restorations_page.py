"""Where a restoration is told: on its page, on that of the log, over the interface; and what `/readyz` says of the log."""

from __future__ import annotations

from datetime import UTC, datetime

from django.test import Client

from lims.backups.models import Restoration
from tests.factories.browsing import sign_in, text_of
from tests.factories.callers import Caller
from tests.factories.log import make_checkpoint, make_witness
from tests.factories.people import Cast
from tests.factories.samples import make_samples


def test_restoration_is_told_to_those_who_watch_the_log(cast: Cast) -> None:
    official = sign_in(cast.official)
    assert "Never restored" in text_of(official.get("/custody/restorations/"))
    assert "Never restored from a backup" in text_of(official.get("/custody/log/"))
    moment = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
    words = {"backup_made_at": moment, "restored_at": moment, "log_size": 4000, "reason": "The disk failed.", "operator": "root"}
    Restoration.objects.create(**words, lost_leaves=12, compared_with="a checkpoint")
    Restoration.objects.create(**words | {"restored_at": datetime(2026, 3, 2, tzinfo=UTC)}, lost_leaves=None)
    page = text_of(official.get("/custody/restorations/"))
    assert "entries were lost" in page
    assert "not compared with any checkpoint" in page
    assert "2 restorations" in text_of(official.get("/custody/log/"))
    assert b"The disk failed." in b"".join(official.get("/custody/restorations/", {"format": "csv"}))
    found = Caller(cast.official).get("/custody/restorations/").json()["results"]
    assert [one["lost_entries"] for one in found] == [None, 12]
    assert sign_in(cast.collector).get("/custody/restorations/").status_code == 403


def test_readiness_tells_how_old_the_newest_checkpoint_is_and_when_each_witness_was_heard(cast: Cast) -> None:
    make_witness(cast)
    assert Client().get("/readyz").json()["custody_log"]["checkpoint_age_s"] is None
    make_samples(cast, 1)
    waiting = Client().get("/readyz").json()["custody_log"]["waiting"]
    make_checkpoint()
    told = Client().get("/readyz").json()["custody_log"]
    assert waiting >= 1
    assert (told["waiting"], 0 <= told["checkpoint_age_s"] < 120) == (0, True)
    assert list(told["witnesses"].values()) == [None]
