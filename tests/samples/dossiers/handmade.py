"""A dossier made by hand, with a log of its own: nothing here comes from the product, so that product and verifier cannot err together."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ORIGIN = "synthetic-0123456789abcdef"
LAB, FIELD = "01900000-0000-7000-8000-000000000001", "01900000-0000-7000-8000-000000000002"
CODES = {FIELD: "S-26-00001-X", LAB: "S-26-00002-X"}


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


# --- RFC 9162, section 2.1, as it is written there ----------------------------------------------------------------------------------------


def root_of(leaves: Sequence[bytes]) -> bytes:
    """MTH of leaf hashes."""
    if len(leaves) == 1:
        return leaves[0]
    k = _split(len(leaves))
    return sha(b"\1" + root_of(leaves[:k]) + root_of(leaves[k:]))


def path_of(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of one leaf."""
    if len(leaves) == 1:
        return []
    k = _split(len(leaves))
    if index < k:
        return [*path_of(index, leaves[:k]), root_of(leaves[k:])]
    return [*path_of(index - k, leaves[k:]), root_of(leaves[:k])]


def _split(n: int) -> int:
    return 1 << (n - 1).bit_length() - 1


# --- Keys and notes -----------------------------------------------------------------------------------------------------------------------


class Hand:
    """Somebody who signs: the log (type 1) or a witness (type 4)."""

    def __init__(self, name: str, seed: int, kind: int = 1) -> None:
        self.name, self.kind, self.private = name, kind, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        blob = bytes([kind]) + self.private.public_key().public_bytes_raw()
        self.id = sha(name.encode() + b"\n" + blob)[:4]
        self.key = f"{name}+{self.id.hex()}+{base64.b64encode(blob).decode()}"

    def line(self, text: str, at: int = 1_790_000_000) -> str:
        if self.kind == 1:
            signature = self.private.sign(text.encode())
        else:
            signature = at.to_bytes(8, "big") + self.private.sign(f"cosignature/v1\ntime {at}\n{text}".encode())
        return f"— {self.name} {base64.b64encode(self.id + signature).decode()}\n"


LOG, NEW_LOG, STRANGER = Hand(ORIGIN, 1), Hand(ORIGIN, 2), Hand(ORIGIN, 3)
MINISTRY, FIRM = Hand("witness.ministry", 4, 4), Hand("witness.firm", 5, 4)


def note(text: str, *hands: Hand) -> str:
    return f"{text}\n{''.join(hand.line(text) for hand in hands)}"


def rotation(new: Hand, old: Hand | None) -> bytes:
    """The record by which the log changes its key."""
    content = {"v": 1, "type": "log_key", "origin": ORIGIN, "key": new.key, "previous": old.key if old else None}
    content |= {"at": "2026-11-01T00:00:00.000000Z", "reason": "yearly"}
    message = b"custody-log-key/v1\n" + canonical(content)
    signatures = {name: base64.b64encode(hand.private.sign(message)).decode() for name, hand in (("key", new), ("previous", old)) if hand}
    return canonical(content | {"signatures": signatures})


# --- Events and dossier -------------------------------------------------------------------------------------------------------------------

_HIDDEN = {"actor": "Kiran Nair", "actor_organisation": "IREL", "place": "Pangwa North, P1", "coordinates": "25.923450,98.612350"}
SIGNED = canonical({"act": "relinquished"}).decode()


def _hidden(sample: str, index: int) -> dict[str, str]:
    """What an event commits to: the first the code, the fourth a signature."""
    more = {0: {"code": CODES[sample]}, 3: {"signature": sha(SIGNED.encode()).hex()}}
    return _HIDDEN | more.get(index, {})


def _chain(sample: str, kinds: Sequence[str]) -> list[dict[str, Any]]:
    """The contents of one sample's events, an hour apart."""
    rows: list[dict[str, Any]] = []
    for index, kind in enumerate(kinds):
        rows.append(
            {
                "v": 1,
                "origin": ORIGIN,
                "id": f"{sample[:-2]}{index:02d}",
                "sample": sample,
                "seq": index + 1,
                "kind": kind,
                "occurred_at": f"2026-11-20T{8 + index:02d}:00:00.000000Z",
                "recorded_at": f"2026-11-20T{8 + index:02d}:05:00.000000Z",
                "previous": sha(canonical(rows[-1])).hex() if rows else None,
                "seal_number": "DM010001" if kind == "sealed" else "",
                "seal_condition": "intact" if kind == "sealed" else "",
                "mass_g": "2140.500" if kind == "collected" else None,
                "container_count": 1,
                "purpose": "",
                "consignment": "",
                "corrects": None,
                "detail": {"material": "clay"},
                "commitments": {name: sha(bytes([index]) * 16 + value.encode()).hex() for name, value in _hidden(sample, index).items()},
            }
        )
    return rows


def make_content(*, signers: Sequence[Hand] = (LOG,), rotated: bool = False, witnesses: Sequence[Hand] = ()) -> dict[str, Any]:
    """Two samples, seven events, other people's records between them; unsealed."""
    chains = {FIELD: _chain(FIELD, ["collected", "sealed", "packed", "dispatched"]), LAB: _chain(LAB, ["collected", "sealed", "received"])}
    records = [rotation(LOG, None), b"another's"]
    records += [canonical(row) for rows in zip(*chains.values(), strict=False) for row in rows] + [
        canonical(chains[FIELD][3]),
        b"a last one",
    ]
    records += [rotation(NEW_LOG, LOG)] if rotated else []
    leaves = [sha(b"\0" + record) for record in records]

    def place(record: bytes) -> dict[str, Any]:
        index = records.index(record)
        proof = {"tree_size": len(leaves), "hashes": [one.hex() for one in path_of(index, leaves)]}
        return {"canonical": base64.b64encode(record).decode(), "leaf_index": index, "proof": proof}

    shown = ("seq", "kind", "occurred_at", "recorded_at", "previous", "seal_number", "seal_condition", "mass_g", "container_count")
    shown += ("purpose", "consignment", "corrects", "detail")
    samples = []
    for sample, rows in chains.items():
        events = [
            {name: row[name] for name in shown}
            | place(canonical(row))
            | {"hash": sha(canonical(row)).hex(), "leaf_hash": sha(b"\0" + canonical(row)).hex()}
            | {
                "disclosed": {
                    name: {"salt": (bytes([index]) * 16).hex(), "value": value}
                    for name, value in _hidden(sample, index).items()
                    if name in {"actor", "actor_organisation", "place", "code", "signature"}
                }
            }
            for index, row in enumerate(rows)
        ]
        samples.append(
            {"id": sample, "code": CODES[sample], "kind": "field", "parent": None, "last_seq": len(rows),
             "last_hash": events[-1]["hash"], "events": events}
        )  # fmt: skip
    checkpoint = f"{ORIGIN}\n{len(leaves)}\n{base64.b64encode(root_of(leaves)).decode()}\n"
    return {
        "format": "custody-dossier",
        "version": 1,
        "number": "D-26-00001-Q",
        "subject": {"kind": "consignment", "code": "CN-26-00001-K"},
        "prepared_for": "Usha Verma, Ministry of Mines",
        "as_of": "2026-11-22T10:00:00.000000Z",
        "origin": ORIGIN,
        "synthetic": True,
        "samples": samples,
        "signatures": [
            {"consignment": "CN-26-00001-K", "act": "relinquished", "person": "Kiran Nair", "organisation": "IREL",
             "signed_at": "2026-11-20T11:00:00.000000Z", "content_sha256": sha(SIGNED.encode()).hex(), "content": SIGNED}
        ],
        "files": [{"kind": "photograph", "name": "pit", "about": "S-26-00001-X", "sha256": sha(b"a picture").hex()}],
        "log": {
            "checkpoint": note(checkpoint, *signers, *witnesses),
            "keys": [hand.key for hand in signers],
            "rotations": [place(record) for record in records if b"log_key" in record],
        },
        "report": {"anything": ["for people"]},
    }  # fmt: skip


def seal(content: dict[str, Any], hand: Hand = LOG) -> bytes:
    """The file of a dossier, sealed."""
    content = {name: value for name, value in copy.deepcopy(content).items() if name != "seal"}
    digest = sha(canonical(content)).hex()
    return canonical(content | {"seal": note(f"{hand.name}/dossier\n{content['number']}\n{digest}\n", hand)})
