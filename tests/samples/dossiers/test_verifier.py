"""The verifier that auditors take away, against dossiers made by hand: what is right passes, whatever is touched does not."""

from __future__ import annotations

import base64
import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samples.dossiers import verify_custody_dossier as verifier
from samples.dossiers.verify_custody_dossier import Key, Unusable, root_from, verify
from tests.samples.dossiers.handmade import (
    FIELD,
    FIRM,
    LOG,
    MINISTRY,
    NEW_LOG,
    STRANGER,
    Hand,
    canonical,
    make_content,
    note,
    path_of,
    root_of,
    seal,
    sha,
)

CONTENT = make_content()
GOOD = seal(CONTENT)
PINS = [Key(LOG.key)]


def answer_of(data: bytes, **asked: Any) -> dict[str, Any]:
    """The verifier's answer; unusable input as it answers on the command line."""
    try:
        return verify(data, **asked)
    except Unusable as error:
        return {"exit": 2, "verdict": "unusable", "error": str(error)}


# The tree of RFC 6962 that Certificate Transparency's own tests use.
_LEAVES = [
    bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
_ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def test_paths_lead_to_the_published_roots_and_no_other_path_does() -> None:
    for size in range(1, 10):
        leaves = [sha(b"\0" + data) for data in [*_LEAVES, b"a ninth"][:size]]
        root = root_of(leaves)
        assert size > len(_ROOTS) or root.hex() == _ROOTS[size - 1]
        for index in range(size):
            path = path_of(index, leaves)
            assert root_from(leaves[index], index, size, path) == root
            assert root_from(leaves[index], index, size, [*path, leaves[0]]) != root
            assert not path or root_from(leaves[index], index, size, path[:-1]) != root
            assert size == 1 or root_from(leaves[index], (index + 1) % size, size, path) != root
        assert root_from(leaves[0], size, size, []) is None


def test_a_good_dossier_is_authentic_and_says_whose_key_that_rests_on() -> None:
    answer = verify(GOOD)
    assert (answer["exit"], answer["counts"]["authentic"], answer["whole"], answer["warnings"]) == (0, 7, [], [])
    assert "comes from the dossier itself" in answer["notes"][0]
    assert "one you named" in verify(GOOD, pins=PINS)["notes"][0]


@settings(max_examples=250, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_no_byte_can_be_changed(place: int, change: int) -> None:
    touched = bytearray(GOOD)
    touched[place] ^= change
    assert answer_of(bytes(touched))["exit"] != 0


def _places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [place for name, one in value.items() for place in _places(one, (*here, name))]
    if isinstance(value, list):
        return [place for index, one in enumerate(value) for place in _places(one, (*here, index))]
    return [here]


_EVIDENCE = [place for place in _places(CONTENT["samples"]) if "events" in place and "disclosed" not in place[-3:-2]]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(_places(CONTENT)), st.sampled_from(["", "x", 0, 7, None, [], {}, True, "é"]))
def test_no_member_can_be_exchanged_under_the_seal(place: tuple[Any, ...], other: Any) -> None:
    touched = _exchange(CONTENT, place, other)
    if touched is not None:
        unsealed = canonical(touched | {"seal": json.loads(GOOD)["seal"]})
        assert answer_of(unsealed)["exit"] != 0


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(_EVIDENCE), st.sampled_from(["", "x", 0, 7, None, "2026-11-20T08:00:00.000000Z", "broken"]))
def test_not_even_the_operator_can_rewrite_an_event(place: tuple[Any, ...], other: Any) -> None:
    """Sealed anew with the log's own key: the signed log still says otherwise."""
    touched = _exchange(CONTENT["samples"], place, other)
    if touched is not None:
        assert answer_of(seal(CONTENT | {"samples": touched}))["exit"] != 0


def _exchange(content: Any, place: tuple[Any, ...], other: Any) -> Any:
    """A copy with another value at the place; None where it is the same."""
    touched = copy.deepcopy(content)
    holder = touched
    for step in place[:-1]:
        holder = holder[step]
    if canonical(holder[place[-1]]) == canonical(other):
        return None
    holder[place[-1]] = other
    return touched


Touch = Callable[[dict[str, Any]], Any]


def _events(content: dict[str, Any]) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = content["samples"][0]["events"]
    return events


def _rewrite(content: dict[str, Any]) -> None:
    """A consistent lie: bytes, hashes and what is shown all changed together, as somebody with the database would."""
    event = _events(content)[3]
    record = json.loads(base64.b64decode(event["canonical"])) | {"mass_g": "9.000"}
    data = canonical(record)
    event |= {
        "mass_g": "9.000",
        "canonical": base64.b64encode(data).decode(),
        "hash": sha(data).hex(),
        "leaf_hash": sha(b"\0" + data).hex(),
    }
    content["samples"][0]["last_hash"] = event["hash"]


def _swap(content: dict[str, Any]) -> None:
    events = _events(content)
    events[1], events[2] = events[2], events[1]


def _disclose(content: dict[str, Any]) -> None:
    _events(content)[0]["disclosed"]["place"]["value"] = "Chipwe, P1"


def _move_salt(content: dict[str, Any]) -> None:
    """The same committed bytes, cut elsewhere: what was the beginning of the code is told as the end of its salt."""
    told = _events(content)[0]["disclosed"]["code"]
    told["salt"], told["value"] = told["salt"] + told["value"][:2].encode().hex(), told["value"][2:]
    content["samples"][0]["code"] = told["value"]


def _empty(content: dict[str, Any]) -> None:
    content["samples"][1] |= {"events": [], "last_seq": 0, "last_hash": None}


def _double_code(content: dict[str, Any]) -> None:
    del content["samples"][1]["events"][0]["disclosed"]["code"]
    content["samples"][1]["code"] = content["samples"][0]["code"]


def _invent(content: dict[str, Any]) -> None:
    content["samples"][0]["last_seq"] = 5


def _behead(content: dict[str, Any]) -> None:
    content["samples"][0]["last_seq"], content["samples"][0]["last_hash"] = 3, _events(content)[2]["hash"]


def _twin(content: dict[str, Any]) -> None:
    content["samples"].append(copy.deepcopy(content["samples"][0]))


def _exchange_codes(content: dict[str, Any]) -> None:
    first, second = content["samples"]
    first["code"], second["code"] = second["code"], first["code"]


def _adopt(content: dict[str, Any]) -> None:
    """Bytes that say where a part came from, and a dossier that says otherwise; the rest of the lie is found as ever."""
    sample, event = content["samples"][1], content["samples"][1]["events"][0]
    event |= {"kind": "split", "detail": {"parent": FIELD}}
    sample["parent"] = sample["id"]


def _forget_proof(content: dict[str, Any]) -> None:
    _events(content)[3] |= {"proof": None, "leaf_index": None}


def _sign_otherwise(content: dict[str, Any]) -> None:
    content["signatures"][0]["content"] = '{"act":"acknowledged"}'


def _break_signature(content: dict[str, Any]) -> None:
    text = content["log"]["checkpoint"]
    body, line = text.rstrip("\n").rsplit(" ", 1)
    blob = bytearray(base64.b64decode(line))
    blob[-1] ^= 1
    content["log"]["checkpoint"] = f"{body} {base64.b64encode(bytes(blob)).decode()}\n"


# What an operator who seals anew may try, what the verifier calls it, and the event it names.
TAMPERING: dict[str, tuple[Touch, str, int]] = {
    "an event rewritten consistently": (_rewrite, "altered", 4),
    "a middle event left out": (lambda content: _events(content).pop(1), "missing", 2),
    "the last event left out": (lambda content: _events(content).pop(), "missing", 4),
    "two events swapped": (_swap, "altered", 2),
    "another end of the row claimed": (_invent, "missing", 5),
    "the end of the row denied while the event is there": (_behead, "altered", 0),
    "another place disclosed": (_disclose, "altered", 1),
    "a mass shown otherwise": (lambda content: _events(content)[0].update(mass_g="2140.501"), "altered", 1),
    "another sample's event": (lambda content: _events(content)[0].update(content["samples"][1]["events"][0]), "altered", 1),
    "the codes of two samples exchanged": (_exchange_codes, "altered", 0),
    "a part given another parent": (_adopt, "altered", 0),
    "a sample told twice": (_twin, "altered", 0),
    "an event that the log does not hold yet": (_forget_proof, "not covered", 4),
    "a salt that takes the beginning of a code": (_move_salt, "altered", 1),
    "a sample told without any of its events": (_empty, "missing", 1),
    "two samples told under one code": (_double_code, "altered", 0),
    "another person told to have signed": (lambda content: content["signatures"][0].update(person="Usha Verma"), "altered", 0),
    "another act told than was signed": (lambda content: content["signatures"][0].update(act="refused"), "altered", 0),
    "another thing signed": (_sign_otherwise, "altered", 0),
    "a checkpoint signed by nobody": (_break_signature, "altered", 1),
    "no checkpoint": (lambda content: content["log"].update(checkpoint=None), "not covered", 1),
}


@pytest.mark.parametrize("name", TAMPERING)
def test_each_way_of_tampering_is_named(name: str) -> None:
    touch, verdict, seq = TAMPERING[name]
    content = copy.deepcopy(CONTENT)
    touch(content)

    answer = verify(seal(content))
    assert answer["verdict"] == verdict
    assert answer["exit"] == (2 if verdict == "not covered" else 1)
    assert seq == 0 or any(event["seq"] == seq and event["verdict"] == verdict for event in answer["events"])
    assert verdict.upper() in verifier.write_words(answer)


def test_a_dossier_without_seal_or_sealed_by_another_proves_nothing_beside_the_events() -> None:
    bare = verify(canonical(CONTENT | {"seal": None}))
    assert (bare["exit"], bare["counts"]["authentic"]) == (2, 7)
    assert verify(seal(CONTENT, STRANGER))["exit"] == 2


def test_a_whole_dossier_made_up_under_another_key_passes_only_who_named_no_key() -> None:
    forged = seal(make_content(signers=(STRANGER,)), STRANGER)
    assert verify(forged)["exit"] == 0
    assert (verify(forged, pins=PINS)["exit"], verify(forged, pins=PINS)["counts"]["not covered"]) == (2, 7)


def test_a_new_key_is_believed_where_the_old_one_handed_over_to_it() -> None:
    content = make_content(signers=(NEW_LOG,), rotated=True)
    assert verify(seal(content, NEW_LOG), pins=PINS)["exit"] == 0
    content["log"]["rotations"] = []
    assert verify(seal(content, NEW_LOG), pins=PINS)["exit"] == 2


def test_witnesses_are_counted_and_a_forged_one_is_a_forgery() -> None:
    cosigned = seal(make_content(witnesses=(MINISTRY,)))
    named = [Key(MINISTRY.key), Key(FIRM.key)]
    assert verify(cosigned, witnesses=named, required=1)["exit"] == 0
    assert verify(cosigned, witnesses=named, required=2)["exit"] == 2

    content = make_content()
    body = content["log"]["checkpoint"].split("\n\n")[0] + "\n"
    content["log"]["checkpoint"] = note(body, LOG) + FIRM.line("another checkpoint\n")
    assert verify(seal(content), witnesses=named)["verdict"] == "altered"


def test_a_log_does_not_witness_itself_and_a_key_that_handed_over_signs_no_more() -> None:
    own = base64.b64encode(b"\x04" + LOG.private.public_key().public_bytes_raw()).decode()
    posing = Hand("witness.posing", 1, 4)
    assert own in posing.key
    for key in (LOG.key, posing.key):
        answer = answer_of(seal(make_content(witnesses=(posing,))), witnesses=[Key(key)], required=1)
        assert (answer["exit"], answer["verdict"]) == (2, "unusable")

    late = make_content(signers=(LOG,), rotated=True)
    for pins in (PINS, None):
        assert verify(seal(late), pins=pins)["verdict"] == "altered"
    both = make_content(signers=(LOG, NEW_LOG), rotated=True)
    assert verify(seal(both, NEW_LOG), pins=PINS)["exit"] == 0


def test_codes_and_signatures_that_no_event_tells_are_said_to_rest_on_the_seal() -> None:
    assert not any("seal alone" in note for note in verify(GOOD)["notes"])
    content = copy.deepcopy(CONTENT)
    del _events(content)[0]["disclosed"]["code"], _events(content)[3]["disclosed"]["signature"]
    answer = verify(seal(content))
    assert answer["exit"] == 0
    assert [note for note in answer["notes"] if "seal alone" in note] == [
        "The codes of 1 samples rest on the seal alone: their first events do not tell them.",
        "1 of 1 signatures are told by no event shown here: they rest on the seal alone.",
        "Who made 1 of 1 signatures rests on the seal alone: no event shown here tells the name.",
    ]


@pytest.mark.parametrize("name", ["actor", "actor_organisation"])
def test_a_signers_name_that_its_event_does_not_tell_is_said_to_rest_on_the_seal(name: str) -> None:
    content = copy.deepcopy(CONTENT)
    del _events(content)[3]["disclosed"][name]
    content["signatures"][0] |= {"person": "Somebody Else"} if name == "actor" else {"organisation": "Another firm"}
    answer = verify(seal(content))
    assert (answer["exit"], [note for note in answer["notes"] if "seal alone" in note]) == (
        0,
        ["Who made 1 of 1 signatures rests on the seal alone: no event shown here tells the name."],
    )
    content["signatures"][0] |= {"content": None, "content_sha256": ""}
    assert "Who made 1 of 1 signatures rests on the seal alone" in " ".join(verify(seal(content))["notes"])


def test_an_earlier_dossier_shows_a_sample_left_out_a_code_exchanged_and_a_log_that_shrank_or_forked() -> None:
    def against(content: dict[str, Any], **more: Any) -> str:
        answer = verify(seal(content | more), earlier=GOOD)
        return f"{answer['verdict']}: {' '.join(sentence for _, sentence in answer['whole'])}"

    alone = copy.deepcopy(CONTENT)
    alone["samples"].pop()
    assert against(alone).startswith("missing: S-26-00002-X: the earlier dossier told this sample")
    assert against(alone, subject={"kind": "sample", "code": "S-26-00001-X"}) == "authentic: "
    renamed = copy.deepcopy(CONTENT)
    renamed["samples"][0]["code"] = "S-26-00003-X"
    assert "another code than in the earlier dossier" in against(renamed)
    for size, root, word in ((3, b"\0" * 32, "missing"), (10, b"\0" * 32, "altered")):
        body = f"{CONTENT['origin']}\n{size}\n{base64.b64encode(root).decode()}\n"
        other = CONTENT | {"log": CONTENT["log"] | {"checkpoint": note(body, LOG)}}
        whole = verify(seal(other), earlier=GOOD)["whole"]
        assert any(verdict == word and sentence.startswith("The log") for verdict, sentence in whole), whole


def test_what_an_earlier_dossier_held_cannot_be_left_out_later() -> None:
    content = copy.deepcopy(CONTENT)
    _events(content).pop()
    content["samples"][0] |= {"last_seq": 3, "last_hash": _events(content)[-1]["hash"]}
    later = seal(content)

    assert verify(later)["exit"] == 0  # by itself nothing is amiss
    answer = verify(later, earlier=GOOD)
    assert (answer["verdict"], answer["whole"][0][1][:21]) == ("missing", "S-26-00001-X, event 4")
    assert verify(GOOD, earlier=later)["exit"] == 0


def test_time_that_runs_backwards_is_a_warning() -> None:
    row = {"occurred_at": "2026-11-19T00:00:00.000000Z"}
    content = copy.deepcopy(CONTENT)
    _events(content)[2].update(row)
    answer = verify(seal(content))
    assert answer["exit"] == 1
    assert "runs backwards" in answer["warnings"][0]


HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "not text": b"\xff\xfe\x00",
    "deep": b"[" * 200_000,
    "half": GOOD[: len(GOOD) // 2],
    "a list": b"[]",
    "a member twice": GOOD.replace(b'"synthetic":true', b'"synthetic":true,"synthetic":true'),
    "a float": GOOD.replace(b'"version":1', b'"version":1.0'),
    "not a number": GOOD.replace(b'"version":1', b'"version":NaN'),
    "an endless number": GOOD.replace(b'"version":1', b'"version":' + b"9" * 10_000),
    "true for one": GOOD.replace(b'"version":1', b'"version":true'),
    "spaces": GOOD.replace(b'"version":1', b'"version": 1'),
    "half a surrogate": GOOD.replace(b'"for people"', b'"\\ud800"'),
    "another form": GOOD.replace(b"custody-dossier", b"custody-dossiex"),
    "a negative place": GOOD.replace(b'"leaf_index":4', b'"leaf_index":-4'),
    "an unknown member": canonical(json.loads(GOOD) | {"more": 1}),
    "a row without end": seal(CONTENT | {"samples": [CONTENT["samples"][0] | {"id": str(i), "last_seq": 10**9} for i in range(200)]}),
    "no events": seal(CONTENT | {"samples": []}),
    "key of nobody": seal(CONTENT | {"log": CONTENT["log"] | {"keys": ["x"]}}),
    "a note of lines": seal(CONTENT | {"log": CONTENT["log"] | {"checkpoint": "\n\n\n"}}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_meet_a_sentence_never_a_traceback(name: str) -> None:
    assert answer_of(HOSTILE[name])["exit"] in {1, 2}


def test_the_file_runs_alone_and_answers_by_its_exit_code(tmp_path: Path) -> None:
    copied = tmp_path / "verify_custody_dossier.py"
    copied.write_bytes(Path(verifier.__file__).read_bytes())
    (tmp_path / "good.json").write_bytes(GOOD)
    (tmp_path / "bad.json").write_bytes(GOOD.replace(b"2140.500", b"2140.501"))
    (tmp_path / "keys").write_text(f"# from the ministry\n{LOG.key}\n")
    (tmp_path / "pit.jpg").write_bytes(b"a picture")

    def run(*arguments: str) -> tuple[int, str]:
        environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run([sys.executable, str(copied), *arguments], cwd=tmp_path, env=environment, capture_output=True, check=False)
        assert done.stderr == b""
        return done.returncode, done.stdout.decode()

    code, words = run("good.json", "--keys", "keys", "--file", "pit.jpg")
    assert (code, "7 authentic" in words, "photograph pit" in words) == (0, True, True)
    code, data = run("bad.json", "--json")
    assert (code, json.loads(data)["verdict"]) == (1, "altered")
    code, words = run("nothing.json")
    assert (code, words.startswith("This cannot be judged")) == (2, True)
