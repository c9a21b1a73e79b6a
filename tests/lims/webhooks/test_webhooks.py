"""Other systems are told what happened: signed, until it arrives, never more than their scope, never into the own network."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest.mock import patch

import pytest
from django.db import transaction
from django.test import Client

from lims.core import clock
from lims.core.errors import Forbidden, Invalid
from lims.core.models import IdempotencyKey
from lims.jobs.services import do_recurring
from lims.webhooks import sending
from lims.webhooks.events import EVENTS
from lims.webhooks.models import Announcement, Webhook, WebhookAttempt, WebhookDelivery
from lims.webhooks.outbox import announce
from lims.webhooks.secrets import sign_message
from lims.webhooks.services import (
    PAUSE_AFTER,
    PAUSES,
    create_webhook,
    deliver_waiting,
    renew_secret,
    replay_delivery,
    set_webhook_active,
)
from tests.factories.bench import make_planned_run
from tests.factories.callers import Caller
from tests.factories.measurement import make_authorised_run, upload_run
from tests.factories.people import Cast

pytestmark = pytest.mark.django_db


class Receiver:
    """A receiver on this machine: what it got, and what it answers."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status = 204
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # the library's own name
                receiver.got.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(receiver.status)
                if receiver.status == 302:
                    self.send_header("Location", f"http://127.0.0.1:{receiver.server.server_port}/elsewhere")
                body = b"" if receiver.status == 204 else b"out of paper"
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  # the library's own name
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/lims?from=test"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.WEBHOOK_PRIVATE_ADDRESSES = True
    found = Receiver()
    yield found
    found.server.shutdown()
    found.server.server_close()


def make_webhook(cast: Cast, url: str, organisation: str = "lab", *events: str) -> tuple[Webhook, str]:
    return create_webhook(organisation=cast.organisations[organisation], url=url, events=events or list(EVENTS), by=cast.administrator)


def test_an_event_is_signed_and_tells_identifiers_alone(cast: Cast, receiver: Receiver) -> None:
    _webhook, secret = make_webhook(cast, receiver.url)
    make_webhook(cast, receiver.url, "other_lab")
    run = make_authorised_run(cast, 1)
    do_recurring("webhooks.deliver")
    kinds = [json.loads(body)["type"] for _headers, body in receiver.got]
    assert kinds == ["consignment.received", "run.judged", "upload.recorded", "run.reviewed", "results.authorised"]
    headers, body = receiver.got[-1]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()
    told = json.loads(body)
    assert (told["id"], told["data"]["run"]) == (headers["webhook-id"], run.code)
    assert told["data"]["url"].endswith(f"/api/v1/runs/{run.code}/")
    sent = b"".join(body for _headers, body in receiver.got).decode()
    sample = run.positions.exclude(aliquot=None)[0].aliquot.test.sample  # type: ignore[union-attr]
    for hidden in (sample.code, sample.mine.code, sample.mine.name, sample.owner.name, sample.owner.code):
        assert hidden not in sent
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"delivered"}


def test_a_secret_is_renewed_while_the_old_one_still_signs(cast: Cast, receiver: Receiver) -> None:
    webhook, old = make_webhook(cast, receiver.url)

    def signers(*secrets: str) -> list[bool]:
        """Which of the secrets signed the next message; every signature is somebody's."""
        announce("run.judged", [webhook.organisation_id], url="/x/", run="R-1")
        assert deliver_waiting() == 1
        headers, body = receiver.got[-1]
        named = headers["webhook-id"], int(headers["webhook-timestamp"]), body
        found = headers["webhook-signature"].split(" ")
        signed = [sign_message(one, *named) in found for one in secrets]
        assert len(found) == sum(signed)
        return signed

    for hours, reason in ((5, "yearly"), (24, " ")):
        with pytest.raises(Invalid):
            renew_secret(webhook=webhook, hours=hours, reason=reason, by=cast.administrator)
    with pytest.raises(Forbidden):
        renew_secret(webhook=webhook, hours=24, reason="yearly", by=cast.quality_manager)
    assert signers(old) == [True]

    page = Client()
    page.force_login(cast.administrator)
    address = f"/webhooks/{webhook.pk}/"
    shown = page.post(f"{address}secret/renew/", {"hours": "24", "reason": "yearly"})
    new = next(part for part in shown.content.decode().replace("<", ">").split(">") if part.startswith("whsec_"))
    assert shown.headers["Cache-Control"] == "no-store"
    assert signers(old, new) == [True, True]
    assert "Two secrets sign" in page.get(address).content.decode()
    kept = Webhook.objects.get(pk=webhook.pk)
    assert new not in f"{kept.sealed_secret}{kept.sealed_old_secret}"
    call = f"/webhooks/{webhook.pk}/secret/"
    caller = Caller(cast.administrator)
    refused = caller.post(f"{call}renew/", {"hours": 24, "reason": "again"})
    assert (refused.status_code, refused.json()["code"]) == (409, "overlaps")
    assert Webhook.objects.get(pk=webhook.pk).sealed_secret == kept.sealed_secret

    # The overlap ends by itself, and nothing of the old secret is kept.
    Webhook.objects.filter(pk=webhook.pk).update(old_secret_until=clock.now() - timedelta(seconds=1))
    assert signers(old, new) == [False, True]
    assert Webhook.objects.get(pk=webhook.pk).sealed_old_secret == ""
    assert caller.post(f"{call}end-overlap/", {}).json()["code"] == "no_overlap"
    third = caller.post(f"{call}renew/", {"hours": 168, "reason": "again"}).json()
    assert third["old_secret_until"]
    assert caller.post(f"{call}end-overlap/", {}).json()["old_secret_until"] is None
    assert signers(new, third["secret"]) == [False, True]
    # One that became known ends at once.
    fourth = renew_secret(webhook=webhook, hours=0, reason="it became known", by=cast.administrator)[1]
    assert signers(third["secret"], fourth) == [False, True]


def test_what_is_rolled_back_is_never_told(cast: Cast, receiver: Receiver) -> None:
    make_webhook(cast, receiver.url)
    with transaction.atomic():
        upload_run(cast, make_planned_run(cast, 1))
        assert Announcement.objects.exists()
        transaction.set_rollback(True)
    assert deliver_waiting() == 0
    assert receiver.got == []


def test_who_does_not_listen_costs_no_row(cast: Cast, receiver: Receiver) -> None:
    make_webhook(cast, receiver.url, "lab", "run.judged")
    announce("run.reviewed", [cast.organisations["lab"].pk], url="/x/", run="R")
    announce("run.judged", [cast.organisations["other_lab"].pk, None], url="/x/", run="R")
    assert not Announcement.objects.exists()


def test_failures_are_logged_tried_again_later_and_pause_the_webhook(cast: Cast, receiver: Receiver) -> None:
    webhook, _secret = make_webhook(cast, receiver.url)
    receiver.status = 302
    announce("run.judged", [webhook.organisation_id], url="/x/", run="R-1")
    assert (deliver_waiting(), deliver_waiting(), len(receiver.got)) == (0, 0, 1)  # not followed, and not at once again
    attempt = WebhookAttempt.objects.get()
    assert (attempt.status, attempt.answer) == (302, "out of paper")
    delivery = WebhookDelivery.objects.get()
    assert timedelta(0) < delivery.next_try_at - clock.now() <= PAUSES[0]
    for _round in PAUSES:
        WebhookDelivery.objects.update(next_try_at=clock.now())
        deliver_waiting()
    delivery.refresh_from_db()
    assert (delivery.state, WebhookAttempt.objects.count()) == ("failed", 1 + len(PAUSES))
    Webhook.objects.update(failures=PAUSE_AFTER - 1)
    replayed = replay_delivery(delivery=delivery, by=cast.administrator)
    deliver_waiting()
    webhook.refresh_from_db()
    assert (webhook.active, f"{PAUSE_AFTER} attempts" in webhook.paused_because) == (False, True)
    # What happens while it is paused by itself is told once somebody resumes it.
    announce("run.judged", [webhook.organisation_id], url="/x/", run="R-2")
    WebhookDelivery.objects.update(next_try_at=clock.now())
    assert deliver_waiting() == 0
    receiver.status = 200
    set_webhook_active(webhook=webhook, active=True, by=cast.administrator)
    assert deliver_waiting() == 2
    replayed.refresh_from_db()
    assert (replayed.state, replayed.event_id, replayed.replayed_by) == ("delivered", delivery.event_id, cast.administrator)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/",
        "http://[::1]/",
        "http://10.0.0.8/x",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:10.0.0.8]/",
        "http://[64:ff9b::a00:8]/",
        "http://0.0.0.0/",
        "http://localhost/",
    ],
)
def test_the_own_network_is_never_told(cast: Cast, url: str) -> None:
    with pytest.raises(Invalid) as refused:
        make_webhook(cast, url)
    assert refused.value.code == "private_address"
    assert not Webhook.objects.exists()


@pytest.mark.parametrize(
    "url", ["ftp://a.example/", "https://", "https://me:pass@a.example/", "https://a.example/#x", "nonsense", "https://a b/"]
)
def test_what_is_no_address_is_refused(cast: Cast, url: str) -> None:
    with pytest.raises(Invalid) as refused:
        make_webhook(cast, url)
    assert refused.value.problems[0].pointer == "/url"


def test_a_name_that_moves_into_the_own_network_is_not_followed(cast: Cast, settings: Any) -> None:
    public = [(2, 1, 6, "", ("93.184.216.34", 443))]
    with patch.object(sending.socket, "getaddrinfo", lambda *a, **k: public):
        webhook, _secret = make_webhook(cast, "https://receiver.example/")
    announce("run.judged", [webhook.organisation_id], url="/x/", run="R")
    moved = [*public, (2, 1, 6, "", ("192.168.1.5", 443))]
    with patch.object(sending.socket, "getaddrinfo", lambda *a, **k: moved):
        assert deliver_waiting() == 0
    attempt = WebhookAttempt.objects.get()
    assert (attempt.status, "not public" in attempt.error) == (None, True)
    settings.PRODUCTION = True
    with pytest.raises(Invalid, match="Only https"):
        sending.check_address("http://receiver.example/")


def test_administrators_keep_them_on_pages_and_over_the_interface(cast: Cast, receiver: Receiver, client: Client) -> None:
    admin = Caller(cast.administrator)
    body = {"organisation": "LAB", "url": receiver.url, "events": ["run.judged"], "description": "dashboard"}
    for person in (cast.quality_manager, cast.official):
        assert Caller(person).post("/webhooks/", body).status_code == 403
    with pytest.raises(Forbidden):
        create_webhook(organisation=cast.organisations["lab"], url=receiver.url, events=["run.judged"], by=cast.analyst)
    made, again = (admin.post("/webhooks/", body, **{"idempotency-key": "the first"}) for _ in range(2))
    assert made.status_code == 201, made.content
    secret, key = made.json()["secret"], made.json()["id"]
    assert secret not in Webhook.objects.get().sealed_secret
    assert secret.encode() not in bytes(IdempotencyKey.objects.get().body)
    assert (again.json(), again.headers["Cache-Control"]) == (made.json(), "no-store")
    assert admin.post("/webhooks/", body | {"events": ["run.eaten"]}).json()["errors"][0]["code"] == "unknown_event"
    announce("run.judged", [cast.organisations["lab"].pk], url="/x/", run="R-1")
    deliver_waiting()
    [delivery] = admin.get(f"/webhooks/{key}/deliveries/").json()["results"]
    assert (delivery["state"], delivery["attempts"][0]["status"]) == ("delivered", 204)
    assert admin.post(f"/webhooks/{key}/deliveries/{delivery['id']}/replay/", {}).status_code == 201
    assert admin.post(f"/webhooks/{key}/pause/", {"reason": "moving"}).json()["active"] is False
    assert admin.post(f"/webhooks/{key}/deliveries/{delivery['id']}/replay/", {}).status_code == 409
    client.force_login(cast.administrator)
    page = client.get(f"/webhooks/{key}/").content.decode()
    assert "run.judged" in page
    assert "moving" in page
    assert secret not in page
    assert client.post(f"/webhooks/{key}/resume/").status_code == 302
    assert receiver.url in client.get("/webhooks/").content.decode()
    added = client.post("/webhooks/add/", body)
    assert "whsec_" in added.content.decode()
    wrong = client.post("/webhooks/add/", body | {"url": "ftp://x"})
    assert (wrong.status_code, "ftp://x" in wrong.content.decode()) == (422, True)
