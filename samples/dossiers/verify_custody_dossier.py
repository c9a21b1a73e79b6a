#!/usr/bin/env python3
"""Checks a custody dossier of rare-earth samples without trusting whoever made it. Plain Python 3.9+ and the package `cryptography`.

    python verify_custody_dossier.py DOSSIER.json [--keys FILE] [--witness KEY ...] [--require K] [--earlier OLD.json]
                                     [--file PATH ...] [--json]

For every event of every sample it answers

    authentic     the event stands, exactly as shown, in a log that is signed by a key you trust
    altered       something shown differs from what was written into the log, or from what was written before it
    missing       a number is left out in a sample's row of events, or an earlier dossier held an event that this one lacks
    not covered   nothing contradicts it, but nothing proves it either: not yet in the log, or signed by nobody you trust

Exit code: 0 all authentic, 1 something altered or missing, 2 something not covered or the file cannot be used.

--keys FILE     the log's keys that you trust, one a line, as `name+id+key` (from the ministry, in print, from an earlier visit: not from
                the operator of today). Later keys are accepted only where a key you trust handed over to them. Without it the key comes
                from the dossier itself, which proves only that the dossier agrees with itself.
--witness KEY   a witness you know, as `name+id+key`; repeat it for several. Their signatures under the checkpoint are checked.
--require K     how many of those witnesses must have signed.
--earlier FILE  a dossier kept from before: whatever it held must be here unchanged.
--file PATH     a file in your hand (a certificate's PDF, a photograph): is it one that the dossier names?
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import sys
from datetime import datetime, timezone
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

AUTHENTIC, ALTERED, MISSING, NOT_COVERED = "authentic", "altered", "missing", "not covered"
MOST_BYTES, MOST_ANSWERS = 256 * 1024 * 1024, 100_000
SALT = r"[0-9a-f]{32}"  # of one length only: a longer one could take the beginning of the value, and the same bytes would tell another
ED25519, COSIGNATURE = 0x01, 0x04  # signature types of C2SP signed-note and tlog-cosignature


class Unusable(Exception):
    """The input cannot be judged at all; the sentence says why and what to do."""


# --- Reading: one strict form only, so that nothing can hide in a second reading of the same bytes ---------------------------------------


def read_json(data: bytes) -> Any:
    """The value of bytes that are canonical JSON (RFC 8785: sorted members, no spaces) of texts, whole numbers, true, false and null."""
    if len(data) > MOST_BYTES:
        raise Unusable(f"it is larger than {MOST_BYTES // 1024 // 1024} MB, which no dossier is.")
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_members, parse_float=_no_float, parse_constant=_no_float)
        if canonical(value) != data:
            raise Unusable("it is not in canonical form. Perhaps a program saved it anew; take the file as it was downloaded.")
        return value
    except (UnicodeError, ValueError) as error:
        raise Unusable(f"it is not JSON in UTF-8: {str(error)[:120]}") from error
    except RecursionError as error:
        raise Unusable("it is nested deeper than any dossier is.") from error


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unusable("a member stands twice in one object, so two programs could read it differently.")
    return found


def _no_float(text: str) -> Any:
    raise Unusable(f"it holds the number {text[:40]}; a dossier has whole numbers and texts only.")


def canonical(value: Any) -> bytes:
    """The one byte string of a value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def unbase64(text: str) -> bytes:
    """The bytes of base64 text; refuses a second spelling of the same bytes."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unusable("a text that should be base64 is not.") from error
    if base64.b64encode(data).decode() != text:
        raise Unusable("a base64 text is not in its one proper spelling.")
    return data


def sha256(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


# The form of a dossier: every member is there, and no other. `[x]` is a list of x, `(x,)` x or null, `{"*": x}` any members with x,
# `object` anything: words for people, under the seal.
PROOF = {"tree_size": int, "hashes": [str]}
SHOWN = {"seq": int, "kind": str, "occurred_at": str, "recorded_at": str, "previous": (str,), "seal_number": str, "seal_condition": str,
         "mass_g": (str,), "container_count": (int,), "purpose": str, "consignment": str, "corrects": (int,),
         "detail": {"*": str}}  # fmt: skip
EVENT = {**SHOWN, "hash": str, "canonical": str, "leaf_index": (int,), "leaf_hash": str, "proof": (PROOF,),
         "disclosed": {"*": {"salt": str, "value": str}}}  # fmt: skip
SAMPLE = {"id": str, "code": str, "kind": str, "parent": (str,), "last_seq": int, "last_hash": (str,), "events": [EVENT]}
SIGNATURE = {"consignment": str, "act": str, "person": str, "organisation": str, "signed_at": str, "content_sha256": str,
             "content": (str,)}  # fmt: skip
DOSSIER = {"format": str, "version": int, "number": str, "subject": {"kind": str, "code": str}, "prepared_for": str, "as_of": str,
           "origin": str, "synthetic": bool, "samples": [SAMPLE], "signatures": [SIGNATURE],
           "files": [{"kind": str, "name": str, "about": str, "sha256": str}],
           "log": {"checkpoint": (str,), "keys": [str], "rotations": [{"canonical": str, "leaf_index": int, "proof": PROOF}]},
           "report": {"*": object}, "seal": (str,)}  # fmt: skip


def check_form(value: Any, form: Any, where: str) -> None:
    """Raise `Unusable` naming the first place where the value has not the form."""
    if isinstance(form, tuple):
        if value is not None:
            check_form(value, form[0], where)
    elif isinstance(form, list):
        check_form(value, list, where)
        for index, one in enumerate(value):
            check_form(one, form[0], f"{where}/{index}")
    elif isinstance(form, dict):
        check_form(value, dict, where)
        wanted = dict.fromkeys(value, form["*"]) if "*" in form else form
        for name in sorted(wanted.keys() ^ value.keys()):
            raise Unusable(f"{where}/{name[:60]} is {'missing' if name in wanted else 'not part of a dossier'}.")
        for name, one in wanted.items():
            check_form(value[name], one, f"{where}/{name[:60]}")
    elif form is not object and type(value) is not form:
        raise Unusable(f"{where} is not of the right kind ({form.__name__} is expected).")


# --- Signed notes (C2SP signed-note, tlog-checkpoint, tlog-cosignature) and the tree (RFC 9162) ------------------------------------------


class Key:
    """A public key as `name+id+base64(type ‖ key)`; its id is the beginning of SHA-256(name ‖ newline ‖ type ‖ key)."""

    def __init__(self, text: str) -> None:
        parts = text.strip().split("+", 2)
        if len(parts) != 3 or not parts[0] or any(sign.isspace() for sign in parts[0]):
            raise Unusable(f"“{text.strip()[:80]}” is not a key. Keys look like name+0a1b2c3d+AbC…")
        self.text, self.name, blob = text.strip(), parts[0], unbase64(parts[2])
        self.id = hashlib.sha256(self.name.encode() + b"\n" + blob).digest()[:4]
        if len(blob) != 33 or blob[0] not in (ED25519, COSIGNATURE) or self.id.hex() != parts[1]:
            raise Unusable(f"the key {self.name[:60]}+{parts[1][:16]} is damaged: its id does not fit it.")
        self.type, self.public, self.public_bytes = blob[0], Ed25519PublicKey.from_public_bytes(blob[1:]), blob[1:]

    def signed(self, body: str, signature: bytes) -> bool:
        """Whether the signature is this key's over the body of a note."""
        message = body.encode()
        if self.type == COSIGNATURE:  # the first eight bytes say when, in seconds since 1970
            message = f"cosignature/v1\ntime {int.from_bytes(signature[:8], 'big')}\n".encode() + message
            signature = signature[8:]
        return self.made(signature, message)

    def made(self, signature: bytes, message: bytes) -> bool:
        """Whether this key made the signature over exactly this message."""
        try:
            self.public.verify(signature, message)
        except InvalidSignature:
            return False
        return True


class Note:
    """A signed text: its body, and `signatures` as (name, id, bytes)."""

    def __init__(self, text: str) -> None:
        body, blank, block = text.rpartition("\n\n")
        lines = block.split("\n")
        if not blank or not body or lines[-1] or len(lines) < 2 or any(sign < " " and sign != "\n" for sign in text):
            raise Unusable("a signed text is not in the form of a note.")
        self.body = body + "\n"
        self.signatures = []
        for line in lines[:-1]:
            found = re.fullmatch(r"— (\S+) ([A-Za-z0-9+/]+=*)", line)
            signature = unbase64(found[2]) if found else b""
            if not found or len(signature) < 5:
                raise Unusable("a line of signature is not in the form of a note.")
            self.signatures.append((found[1], signature[:4], signature[4:]))

    def signer(self, keys: list[Key]) -> Key | None:
        """The first of the keys whose signature is good. A line that bears a key's name and id and is not its signature is a forgery."""
        good = None
        for name, key_id, signature in self.signatures:
            for key in keys:
                if (key.name, key.id) == (name, key_id):
                    if not key.signed(self.body, signature):
                        raise Forged(f"the signature of {name} under it is not genuine")
                    good = good or key
        return good

    def moment_of(self, witness: Key) -> str:
        """When the witness says that it signed, the latest of its lines."""
        seconds = [
            int.from_bytes(made[:8], "big") for name, key_id, made in self.signatures if (name, key_id) == (witness.name, witness.id)
        ]
        try:
            return datetime.fromtimestamp(max(seconds), timezone.utc).strftime("%Y-%m-%d %H:%M UTC")  # noqa: UP017  # Python 3.9
        except (ValueError, OverflowError, OSError):
            return "at no time"


class Forged(Exception):
    """A signature that bears a known key's name is not that key's."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of one record of the log."""
    return hashlib.sha256(b"\0" + data).digest()


def root_from(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """The root of a tree of `size` records in which `leaf` stands at `index`, by the path (RFC 9162, 2.1.3.2); None where none can be."""
    if not 0 <= index < size:
        return None
    node, last = index, size - 1
    for beside in path:
        if last == 0:
            return None
        if node % 2 or node == last:
            leaf = hashlib.sha256(b"\1" + beside + leaf).digest()
            while node % 2 == 0 and node:
                node, last = node >> 1, last >> 1
        else:
            leaf = hashlib.sha256(b"\1" + leaf + beside).digest()
        node, last = node >> 1, last >> 1
    return leaf if last == 0 else None


# --- What is to be believed ---------------------------------------------------------------------------------------------------------------


class Findings:
    """What was found of the dossier as a whole, and the answers for its events."""

    def __init__(self) -> None:
        self.whole: list[tuple[str, str]] = []  # (altered, missing or not covered; sentence)
        self.notes: list[str] = []
        self.warnings: list[str] = []
        self.events: list[dict[str, Any]] = []

    def verdicts(self) -> set[str]:
        return {verdict for verdict, _sentence in self.whole} | {event["verdict"] for event in self.events}


class Log:
    """The log a dossier appeals to: `origin`, `size` and `root` of its checkpoint where one is to be believed, else size 0 and `doubt`."""

    def __init__(self, dossier: Any, pins: list[Key]) -> None:
        self.size, self.root, self.origin, self.doubt = 0, b"", "", (NOT_COVERED, "the dossier has no checkpoint of the log")
        self.believed = follow_keys(pins, dossier) if pins else [Key(text) for text in dossier["log"]["keys"]]
        self.note, self.signer = None, None
        if dossier["log"]["checkpoint"] is None:
            return
        self.note = Note(dossier["log"]["checkpoint"])
        self.origin, size, root = read_checkpoint(self.note)
        try:
            self.signer = self.note.signer(self.believed)
        except Forged as error:
            self.doubt = (ALTERED, f"the checkpoint is not genuine: {error}")
            return
        if self.signer is None:
            names = ", ".join(f"{name}+{key_id.hex()}" for name, key_id, _ in self.note.signatures)
            self.doubt = (NOT_COVERED, f"the checkpoint is signed by no key you trust, only by {names[:200]}")
        elif self.signer.name != self.origin or self.origin != dossier["origin"]:
            self.doubt = (ALTERED, f"the checkpoint is one of another log, {self.origin}, signed by {self.signer.name}")
        else:
            self.size, self.root, self.doubt = size, root, None  # type: ignore[assignment]


def read_checkpoint(note: Note) -> tuple[str, int, bytes]:
    """Origin, size and root that a checkpoint states, whoever signed it."""
    lines = note.body.split("\n")
    if len(lines) < 4 or not re.fullmatch(r"0|[1-9][0-9]{0,15}", lines[1]) or len(unbase64(lines[2])) != 32:
        raise Unusable("the checkpoint does not say origin, size and root of a log.")
    return lines[0], int(lines[1]), unbase64(lines[2])


def follow_keys(pins: list[Key], dossier: Any) -> list[Key]:
    """The keys you named and those that they, one after the other, handed the log over to, each by a record that both of them signed."""
    believed = list(pins)
    for one in dossier["log"]["rotations"]:
        record = read_json(unbase64(one["canonical"]))
        if not isinstance(record, dict) or not isinstance(record.get("signatures"), dict):
            raise Unusable("the announcement of a key cannot be read.")
        signatures = record.pop("signatures")
        message = b"custody-log-key/v1\n" + canonical(record)
        old = next((key for key in believed if key.text == record.get("previous")), None)
        if record.get("type") == "log_key" and old is not None:
            new = Key(str(record.get("key")))
            signed = [(new, signatures.get("key")), (old, signatures.get("previous"))]
            if new.name == old.name and all(key.made(unbase64(str(signature)), message) for key, signature in signed):
                believed.append(new)
    return believed


def check_rotations(dossier: Any, log: Log, found: Findings) -> None:
    """Every announcement of a key stands in the log itself."""
    if log.doubt:
        return
    for one in dossier["log"]["rotations"]:
        verdict, reasons = stands_in(log, leaf_hash(unbase64(one["canonical"])), one["leaf_index"], one["proof"])
        if verdict != AUTHENTIC:
            found.whole.append((verdict, f"The announcement of a key of the log: {'; '.join(reasons)}."))


def check_retired(dossier: Any, log: Log) -> None:
    """A key that handed over before the checkpoint signs no more: whoever stole or kept it could show a log of their own."""
    for one in dossier["log"]["rotations"]:
        record = read_json(unbase64(one["canonical"]))
        if log.doubt or not isinstance(record, dict) or record.get("previous") != log.signer.text or one["leaf_index"] >= log.size:
            continue
        heirs = [key for key in log.believed if key.text == record.get("key")]
        try:
            if log.note.signer(heirs) is None:
                log.doubt = (ALTERED, "the checkpoint is signed by a key that had handed over to another before, and not by that one")
        except Forged as error:
            log.doubt = (ALTERED, f"the checkpoint is not genuine: {error}")


def check_witnesses(log: Log, witnesses: list[Key], required: int, found: Findings) -> None:
    """Who else signed the checkpoint; too few signatures leave everything uncovered, a forged one makes the checkpoint a forgery."""
    signed: dict[bytes, str] = {}
    for witness in witnesses:
        if witness.type != COSIGNATURE or witness.public_bytes in {key.public_bytes for key in log.believed}:
            raise Unusable(f"the key of {witness.name} is no witness's: a log does not witness itself.")
        try:
            if log.note and log.note.signer([witness]):
                signed[witness.public_bytes] = f"{witness.name} ({log.note.moment_of(witness)})"
        except Forged as error:
            log.doubt = (ALTERED, f"the checkpoint is not genuine: {error}")
    if witnesses:
        found.notes.append(f"Witnesses you named that signed the checkpoint: {', '.join(sorted(signed.values())) or 'none'}.")
    if len(signed) < required and not log.doubt:
        log.doubt = (NOT_COVERED, f"{len(signed)} of your witnesses signed the checkpoint; you require {required}")


def check_seal(dossier: Any, log: Log, found: Findings) -> None:
    """Whether the log's operator vouches for the dossier as a whole: codes, ends of rows, names, hashes of files."""
    if dossier["seal"] is None:
        found.whole.append((NOT_COVERED, "The dossier is not sealed: its codes, names and ends of rows are nobody's word."))
        return
    note, content = Note(dossier["seal"]), {name: value for name, value in dossier.items() if name != "seal"}
    try:
        signer = note.signer(log.believed)
    except Forged as error:
        found.whole.append((ALTERED, f"The seal of the dossier is not genuine: {error}."))
        return
    if signer is None:
        found.whole.append((NOT_COVERED, "The dossier is sealed by no key you trust."))
    elif note.body != f"{signer.name}/dossier\n{dossier['number']}\n{sha256(canonical(content))}\n":
        found.whole.append((ALTERED, "The dossier was changed after it was sealed: its content does not have the sealed SHA-256."))


# --- Events -------------------------------------------------------------------------------------------------------------------------------


def check_sample(sample: Any, dossier: Any, log: Log, found: Findings) -> None:
    """Every event of one sample, the numbers that are left out, and the end of its row."""
    expected, previous, moments = 1, None, {"occurred_at": "", "recorded_at": ""}
    for event in sample["events"]:
        problems = list(event_problems(event, sample, dossier))
        if event["seq"] < expected:
            problems.append("its number stands twice or out of order")
        for seq in range(expected, min(event["seq"], expected + 1000)):
            note_event(found, sample, seq, "", "", MISSING, ["this event is left out"])
        if event["seq"] != expected:
            previous = event["previous"]  # what it names cannot be checked; the gap is reported
        if event["previous"] != previous:
            problems.append("it does not name the event before it")
        verdict, reasons = (ALTERED, problems) if problems else covered(event, log)
        note_event(found, sample, event["seq"], event["kind"], event["occurred_at"], verdict, reasons)
        for name, before in moments.items():
            if event[name] < before:
                found.warnings.append(f"{sample['code']}, event {event['seq']}: {name} runs backwards, {before} before {event[name]}.")
            moments[name] = max(before, event[name])
        expected, previous = max(expected, event["seq"] + 1), event["hash"]
    if not sample["events"] and sample["last_seq"] < 1:
        note_event(found, sample, 1, "", "", MISSING, ["every sample has a first event; none is told of this one"])
    for seq in range(expected, min(sample["last_seq"], expected + 999) + 1):
        note_event(found, sample, seq, "", "", MISSING, [f"the dossier says that the row ends with event {sample['last_seq']}"])
    if sample["last_seq"] < expected - 1 or (sample["last_seq"] == expected - 1 and sample["last_hash"] != previous):
        found.whole.append((ALTERED, f"{sample['code']}: the row does not end with the event that is named as its last."))


def check_name(sample: Any, found: Findings) -> bool:
    """Whether the first event of a sample tells its code; the code and the parent that the dossier gives it must be those told there."""
    first = sample["events"][0] if sample["events"] else None
    if first is None or first["seq"] != 1:
        return False
    told = {first["disclosed"][name]["value"] for name in ("code", "blind_code") if name in first["disclosed"]}
    if told and sample["code"] not in told:
        found.whole.append((ALTERED, f"{sample['code']}: its first event was written for {' or '.join(sorted(told))}."))
    parent = first["detail"].get("parent")
    if first["kind"] == "split" and sample["parent"] not in (None, parent):
        found.whole.append((ALTERED, f"{sample['code']}: its first event says that it came from another sample."))
    return bool(told)


def note_event(found: Findings, sample: Any, seq: int, kind: str, at: str, verdict: str, reasons: list[str]) -> None:
    """Write one answer down."""
    if len(found.events) >= MOST_ANSWERS:
        raise Unusable("it leaves out more events than anybody could list.")
    found.events.append({"sample": sample["code"], "sample_id": sample["id"], "seq": seq, "kind": kind, "occurred_at": at,
                         "verdict": verdict, "reasons": reasons})  # fmt: skip


def event_problems(event: Any, sample: Any, dossier: Any) -> Any:
    """What contradicts what: the bytes, what is shown of them, their hashes, and what is disclosed of their commitments."""
    data = unbase64(event["canonical"])
    try:
        content = read_json(data)
    except Unusable as error:
        content = None
        yield f"its bytes are not a record: {error}"
    if not isinstance(content, dict):
        yield "its bytes are not a record"
        return
    if sha256(data) != event["hash"] or leaf_hash(data).hex() != event["leaf_hash"]:
        yield "its bytes do not have the hash that is shown"
    if content.get("sample") != sample["id"] or content.get("origin") != dossier["origin"]:
        yield "its bytes belong to another sample or another installation"
    for name in SHOWN:
        if name not in content or content[name] != event[name] or type(content[name]) is not type(event[name]):
            yield f"{name} is shown as {event[name]!r}, its bytes say {content.get(name)!r}"
    committed = content.get("commitments")
    for name, told in event["disclosed"].items():
        salt, value = told["salt"], told["value"]
        opens = re.fullmatch(SALT, salt) and sha256(bytes.fromhex(salt) + value.encode())
        if not isinstance(committed, dict) or not opens or committed.get(name) != opens:
            yield f"the {name} that is told is not what was committed to"


def covered(event: Any, log: Log) -> tuple[str, list[str]]:
    """Authentic where the log proves it; else why not."""
    proof = event["proof"]
    if log.doubt:
        return log.doubt[0], [log.doubt[1]]
    if proof is None or event["leaf_index"] is None:
        return NOT_COVERED, ["it does not stand in the log yet; ask for the dossier again later"]
    return stands_in(log, leaf_hash(unbase64(event["canonical"])), event["leaf_index"], proof)


def stands_in(log: Log, leaf: bytes, index: int, proof: Any) -> tuple[str, list[str]]:
    """Whether a record stands at its place in the log that the checkpoint signs."""
    if proof["tree_size"] != log.size:
        return NOT_COVERED, [f"its proof is for a log of {proof['tree_size']} records, the checkpoint for {log.size}"]
    if any(not re.fullmatch(r"[0-9a-f]{64}", text) for text in proof["hashes"]) or len(proof["hashes"]) > 64:
        return ALTERED, ["its proof is not a path of hashes"]
    if root_from(leaf, index, log.size, [bytes.fromhex(text) for text in proof["hashes"]]) != log.root:
        return ALTERED, ["the log that the checkpoint signs does not hold it at its place"]
    return AUTHENTIC, []


# --- Beside the events --------------------------------------------------------------------------------------------------------------------


def check_signatures(dossier: Any, found: Findings) -> None:
    """Of handovers and decisions: where it is told what was signed, its SHA-256 must be the one that was signed; those that no event shown
    here was written with, and names that no event tells, are the operator's word only."""
    events = [event["disclosed"] for sample in dossier["samples"] for event in sample["events"]]
    bound = {told["signature"]["value"] for told in events if "signature" in told}
    loose = sum(one["content_sha256"] not in bound for one in dossier["signatures"] if one["content_sha256"])
    if loose:
        found.notes.append(
            f"{loose} of {len(dossier['signatures'])} signatures are told by no event shown here: they rest on the seal alone."
        )
    nameless = 0
    for one in dossier["signatures"]:
        if one["content"] is not None and (sha256(one["content"].encode()) != one["content_sha256"] or not says_act(one)):
            found.whole.append((ALTERED, f"What {one['person'] or 'somebody'} signed at {one['signed_at']} is not what is shown."))
        written = [told for told in events if told.get("signature", {}).get("value") == one["content_sha256"]]
        untold = False
        for shown, name in (("person", "actor"), ("organisation", "actor_organisation")):
            actors = {told[name]["value"] for told in written if name in told}
            untold = untold or bool(one[shown] and not actors)
            if one[shown] and actors and one[shown] not in actors:
                found.whole.append((ALTERED, f"{one[shown]} is told to have signed at {one['signed_at']}; its event names another."))
        nameless += untold
    if nameless:
        found.notes.append(
            f"Who made {nameless} of {len(dossier['signatures'])} signatures rests on the seal alone: no event shown here tells the name."
        )


def says_act(signature: Any) -> bool:
    """Whether the act and the consignment that a signature is told to be of are those in what was signed."""
    try:
        said = json.loads(signature["content"])
    except (ValueError, RecursionError):
        return False
    if not isinstance(said, dict):
        return False
    act = said.get("act", f"decision: {said.get('decision')}")
    return bool(act == signature["act"] and said.get("consignment", signature["consignment"]) == signature["consignment"])


def check_twins(dossier: Any, found: Findings) -> None:
    """No sample, no code and no place in the log may be used twice."""
    ids, codes = [sample["id"] for sample in dossier["samples"]], {sample["code"] for sample in dossier["samples"]}
    places = [event["leaf_index"] for sample in dossier["samples"] for event in sample["events"] if event["leaf_index"] is not None]
    if len(set(ids)) < len(ids) or len(codes) < len(ids) or len(set(places)) < len(places):
        found.whole.append((ALTERED, "A sample, its code, or a place in the log stands twice in the dossier."))


def check_earlier(dossier: Any, earlier: Any, found: Findings) -> None:
    """Whatever an earlier dossier of the same samples held must be here, unchanged and at the same place in the log."""
    if earlier["origin"] != dossier["origin"]:
        raise Unusable("the earlier dossier comes from another installation, so the two cannot be compared.")
    now = {sample["id"]: {event["seq"]: event for event in sample["events"]} for sample in dossier["samples"]}
    check_growth(dossier, earlier, found)
    for sample in earlier["samples"]:
        same_reader = [
            one for one in dossier["samples"] if one["id"] == sample["id"] and earlier["prepared_for"] == dossier["prepared_for"]
        ]
        if any(one["code"] != sample["code"] for one in same_reader):
            found.whole.append((ALTERED, f"{sample['code']}: it has another code than in the earlier dossier."))
        if sample["id"] not in now and earlier["subject"] == dossier["subject"]:
            found.whole.append((MISSING, f"{sample['code']}: the earlier dossier told this sample, this one leaves it out."))
        for event in sample["events"] if sample["id"] in now else []:
            same = now[sample["id"]].get(event["seq"])
            if same is None:
                found.whole.append((MISSING, f"{sample['code']}, event {event['seq']}: the earlier dossier held it, this one does not."))
            elif same["canonical"] != event["canonical"] or event["leaf_index"] not in (None, same["leaf_index"]):
                found.whole.append((ALTERED, f"{sample['code']}, event {event['seq']}: the earlier dossier held another."))


def check_growth(dossier: Any, earlier: Any, found: Findings) -> None:
    """The log only grows; the same size has the same root."""
    notes = [one["log"]["checkpoint"] for one in (earlier, dossier)]
    if None in notes:
        return
    (_, before, old), (_, after, new) = [read_checkpoint(Note(text)) for text in notes]
    if before > after:
        found.whole.append((MISSING, f"The log holds {after} records and held {before} in the earlier dossier. Is that the earlier one?"))
    elif before == after and old != new:
        found.whole.append((ALTERED, f"The log of {after} records is another than in the earlier dossier."))


def check_file(dossier: Any, path: str, found: Findings) -> None:
    """Whether a file in the auditor's hand is one that the dossier names."""
    with open(path, "rb") as file:
        digest = sha256(file.read())
    known = [one for one in dossier["files"] if one["sha256"] == digest]
    if known:
        found.notes.append(f"{path} is the {known[0]['kind']} {known[0]['name']} as the dossier names it.")
    else:
        found.whole.append((NOT_COVERED, f"{path} (SHA-256 {digest}) is no file that the dossier names."))


# --- The whole ----------------------------------------------------------------------------------------------------------------------------


def verify(data: bytes, *, pins: list[Key] | None = None, witnesses: list[Key] | None = None, required: int = 0,
           earlier: bytes | None = None, files: list[str] | None = None) -> dict[str, Any]:  # fmt: skip
    """Everything above, as one answer: `exit`, `verdict`, `counts`, `events`, `whole`, `warnings`, `notes`."""
    dossier, found = read_dossier(data), Findings()
    log = Log(dossier, pins or [])
    check_retired(dossier, log)
    check_witnesses(log, witnesses or [], required, found)
    if pins:
        found.notes.append("The log's key is one you named, or one that it handed over to.")
    else:
        found.notes.append(
            "The key comes from the dossier itself: whoever makes up a whole dossier passes too. Name the key you trust: --keys."
        )
    if log.signer:
        found.notes.append(f"Signed by {log.signer.name}+{log.signer.id.hex()}: {log.size} records in the log.")
    check_rotations(dossier, log, found)
    check_seal(dossier, log, found)
    check_twins(dossier, found)
    for sample in dossier["samples"]:
        check_sample(sample, dossier, log, found)
    nameless = [sample["code"] for sample in dossier["samples"] if not check_name(sample, found)]
    if nameless:
        found.notes.append(f"The codes of {len(nameless)} samples rest on the seal alone: their first events do not tell them.")
    check_signatures(dossier, found)
    if earlier is not None:
        check_earlier(dossier, read_dossier(earlier), found)
    for path in files or []:
        check_file(dossier, path, found)
    return conclude(dossier, found)


def read_dossier(data: bytes) -> Any:
    """The dossier in the bytes of a file; raises `Unusable`."""
    dossier = read_json(data)
    check_form(dossier, DOSSIER, "the dossier")
    if (dossier["format"], dossier["version"]) != ("custody-dossier", 1):
        raise Unusable("it is not a custody dossier of version 1. Take the verifier that was downloaded with it.")
    if not any(sample["events"] for sample in dossier["samples"]):
        raise Unusable("it holds no event, so there is nothing to verify.")
    return dossier


def conclude(dossier: Any, found: Findings) -> dict[str, Any]:
    """The answer of all findings."""
    verdicts = found.verdicts()
    worst = next((verdict for verdict in (ALTERED, MISSING, NOT_COVERED) if verdict in verdicts), AUTHENTIC)
    counts = {verdict: sum(event["verdict"] == verdict for event in found.events) for verdict in (AUTHENTIC, ALTERED, MISSING, NOT_COVERED)}
    return {"number": dossier["number"], "subject": dossier["subject"], "as_of": dossier["as_of"], "synthetic": dossier["synthetic"],
            "exit": {AUTHENTIC: 0, NOT_COVERED: 2}.get(worst, 1), "verdict": worst, "counts": counts, "events": found.events,
            "whole": [list(pair) for pair in found.whole], "warnings": found.warnings, "notes": found.notes}  # fmt: skip


def write_words(answer: dict[str, Any]) -> str:
    """The answer for people."""
    lines = [f"Custody dossier {answer['number']} of {answer['subject']['kind']} {answer['subject']['code']}, as of {answer['as_of']}"]
    if answer["synthetic"]:
        lines.append("SYNTHETIC DEMONSTRATION DATA")
    lines += [f"  {note}" for note in answer["notes"]]
    code = None
    for event in answer["events"]:
        if event["sample"] != code:
            code = event["sample"]
            lines += ["", f"Sample {code}"]
        verdict = event["verdict"] if event["verdict"] == AUTHENTIC else event["verdict"].upper()
        reasons = f": {'; '.join(event['reasons'])}" if event["reasons"] else ""
        lines.append(f"  {event['seq']:>4}  {event['occurred_at'][:16]:16}  {event['kind']:14}  {verdict}{reasons}")
    lines += ["", *(f"{verdict.upper()}: {sentence}" for verdict, sentence in answer["whole"])]
    lines += [f"WARNING: {warning}" for warning in answer["warnings"]]
    counts = ", ".join(f"{number} {verdict}" for verdict, number in answer["counts"].items())
    lines.append(f"Result: {answer['verdict'].upper()} ({counts})")
    return "".join(sign if sign.isprintable() or sign == "\n" else "\N{REPLACEMENT CHARACTER}" for sign in "\n".join(lines)) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """The command; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dossier")
    parser.add_argument("--keys")
    parser.add_argument("--witness", action="append", default=[])
    parser.add_argument("--require", type=int, default=0)
    parser.add_argument("--earlier")
    parser.add_argument("--file", action="append", default=[])
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    try:
        lines = read_file(asked.keys).decode("utf-8").splitlines() if asked.keys else []
        pins = [Key(line) for line in lines if line.strip() and not line.startswith("#")]
        if asked.keys and not pins:
            raise Unusable("the file of keys holds no key.")
        answer = verify(
            read_file(asked.dossier), pins=pins, witnesses=[Key(text) for text in asked.witness], required=asked.require,
            earlier=read_file(asked.earlier) if asked.earlier else None, files=asked.file,
        )  # fmt: skip
    except (Unusable, OSError, UnicodeError) as error:
        answer = {"exit": 2, "verdict": "unusable", "error": f"This cannot be judged: {error}"}
    text = json.dumps(answer, ensure_ascii=True, indent=2) + "\n" if asked.json else answer.get("error") or write_words(answer)
    sys.stdout.buffer.write(text.rstrip("\n").encode("utf-8", "replace") + b"\n")
    return int(answer["exit"])


def read_file(path: str) -> bytes:
    """The bytes of a file that is not larger than any dossier."""
    with open(path, "rb") as file:
        return file.read(MOST_BYTES + 1)


if __name__ == "__main__":
    sys.exit(main())
