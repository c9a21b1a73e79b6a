"""From the content of a custody dossier to its paper: moments in the reader's zone, counts in words, long lists cut, then the PDF."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from lims.documents.qr import draw_qr
from lims.documents.render import render_pdf
from lims.documents.wording import format_date, format_zone, join_words

DETAILED_UP_TO = 3
"""Up to this many samples each event is told with all it says; more are set as tables."""
NAMED_SAMPLES = 6
_OF_THE_BOX = frozenset({"Consignment", "Purpose", "Waybill", "Handover"})
"""What a table of events leaves to the consignment's own facts."""
_SIGNS = {"pass": "●", "warn": "▲", "fail": "■", "wait": "◆", "none": "○"}


def render_dossier(
    content: Mapping[str, Any],
    *,
    answer: Mapping[str, Any],
    bundle_sha256: str,
    verifier_sha256: str,
    verifier_url: str,
    map_svg: str | None = None,
    photos: Mapping[str, bytes] | None = None,
) -> bytes:
    """The dossier as PDF/A-2a and PDF/UA-1; the same content, answer and pictures give the same bytes.

    `content` is what the bundle holds, `answer` what the verifier said of it, `photos` scaled JPEGs by the SHA-256 of the original. Raises
    as `render_pdf` does.
    """
    pictures = dict(photos or {})
    svgs = {"qr": draw_qr(verifier_url)} | {f"photo:{sha}": _wrap_jpeg(sha, content, data) for sha, data in pictures.items()}
    if map_svg:
        svgs["map"] = map_svg
    data = arrange_dossier(content, answer) | {
        "bundle_sha256": bundle_sha256,
        "verifier_sha256": verifier_sha256,
        "verifier_url": verifier_url,
        "has_map": map_svg is not None,
        "photos": _arrange_photos(content, pictures),
    }
    return render_pdf("dossier", data, timestamp=datetime.fromisoformat(content["as_of"]), svgs=svgs)


class _Clock:
    """Moments of the bundle (UTC) as the reader's zone writes them."""

    def __init__(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)

    def write(self, text: str | None) -> str:
        """`22 Nov 2026, 14:05`; empty for none."""
        if not text:
            return ""
        moment = datetime.fromisoformat(text).astimezone(self.zone)
        return f"{format_date(moment)}, {moment:%H:%M}"

    def name(self, text: str) -> str:
        """`IST (UTC+05:30)`."""
        return format_zone(datetime.fromisoformat(text).astimezone(self.zone))


def arrange_dossier(content: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    """What the template prints, word for word."""
    report, clock = content["report"], _Clock(content["report"]["reader"]["zone"])
    detailed = len(content["samples"]) <= DETAILED_UP_TO
    events = sum(len(sample["events"]) for sample in content["samples"])
    return {
        "number": content["number"],
        "subject": content["subject"],
        "synthetic": content["synthetic"],
        "as_of": f"{clock.write(content['as_of'])} {clock.name(content['as_of'])}",
        "zone": clock.name(content["as_of"]),
        "reader": report["reader"],
        "origin": content["origin"],
        "verdict": _arrange_verdict(answer, events),
        "figures": _arrange_figures(content, events),
        "facts": _arrange_facts(report, clock),
        "gaps": [
            gap | {"sign": _SIGNS[gap["tone"]], "who": _name_samples(gap["samples"], len(content["samples"]))} for gap in report["gaps"]
        ],
        "consignments": [_arrange_consignment(one, clock) for one in report["consignments"]],
        "handovers": [_arrange_handover(one, clock) for one in report["handovers"]],
        "samples": [_arrange_sample(one, content, answer, clock) for one in report["samples"]] if len(report["samples"]) > 1 else [],
        "timelines": [
            {"sample": code, "rows": [_arrange_event(row, clock, answer, code, brief=not detailed) for row in rows]}
            for code, rows in sorted(report["timelines"].items())
        ],
        "detailed": detailed,
        "seals": _arrange_seals(report["seals"], clock),
        "signatures": [{**one, "at": clock.write(one["signed_at"]), "shown": one["content"] is not None} for one in content["signatures"]],
        "files": [one for one in content["files"] if one["kind"] != "photograph"],
        "checkpoint": (content["log"]["checkpoint"] or "").rstrip("\n"),
        "keys": content["log"]["keys"],
        "notes": answer["notes"],
        "warnings": answer["warnings"],
        "whole": [{"verdict": verdict, "sentence": sentence} for verdict, sentence in answer["whole"]],
        "places": report["places"],
    }


def _arrange_verdict(answer: Mapping[str, Any], events: int) -> dict[str, str]:
    counts = answer["counts"]
    if answer["verdict"] == "authentic":
        text = f"All {events} events are authentic" if events != 1 else "The one event is authentic"
        return {"tone": "pass", "sign": _SIGNS["pass"], "text": text, "detail": "They stand, exactly as shown here, in the signed log."}
    bad = [f"{counts[name]} {name}" for name in ("altered", "missing", "not covered") if counts[name]]
    text = f"{counts['authentic']} of {events} events are authentic" + (f"; {join_words(bad)}" if bad else "")
    if answer["verdict"] == "not covered":
        detail = "Nothing contradicts the record, but the signed log does not prove all of it yet. Ask for the dossier again later."
        return {"tone": "warn", "sign": _SIGNS["warn"], "text": text, "detail": detail}
    return {"tone": "fail", "sign": _SIGNS["fail"], "text": text, "detail": "Do not rely on it. What is wrong is listed below."}


def _arrange_figures(content: Mapping[str, Any], events: int) -> list[dict[str, str]]:
    report = content["report"]
    handovers = report["handovers"]
    answered = [one for one in handovers if one["answered_at"]]
    signed = [one for one in handovers if one["giver_signed"] and one["receiver_signed"]]
    grave = sum(gap["tone"] == "fail" for gap in report["gaps"])
    samples = len(content["samples"])
    return [
        {"caption": "Samples" if samples != 1 else "Sample", "value": str(samples), "note": _family_note(content)},
        {"caption": "Events", "value": str(events), "note": "each signed into the log"},
        {"caption": "Handovers", "value": str(len(handovers)), "note": f"{len(answered)} answered, {len(signed)} with both signatures"},
        {
            "caption": "Needs attention",
            "value": str(len(report["gaps"])),
            "note": f"{grave} of them grave" if grave else "none of them grave",
        },
    ]


def _family_note(content: Mapping[str, Any]) -> str:
    if content["subject"]["kind"] == "consignment":
        return "all that travelled in it"
    return "not split, no part of another" if len(content["samples"]) == 1 else "with what it was split from and into"


def _arrange_facts(report: Mapping[str, Any], clock: _Clock) -> list[dict[str, str]]:
    """The facts of the one sample a dossier is about, or of the consignment."""
    if len(report["samples"]) == 1:
        one = report["samples"][0]
        depicted = {
            "Material": one["material"],
            "Kind": one["kind"],
            "State": one["state"] + (", on hold" if one["on_hold"] else ""),
            "Held by": one["holder"],
            "Place": one["place"],
            "Mine": one["mine"],
            "Belt": one["belt"],
            "Field id": one["field_id"],
            "Collected by": one["collected_by"],
            "Collected": clock.write(one["collected_at"]),
            "Mass when collected": one["collected_mass"],
            "Mass now": one["mass"],
            "Container": one["container"],
            "Seal": one["seal"],
            "Received": clock.write(one["received_at"]),
        }
        return [{"caption": caption, "value": value} for caption, value in depicted.items() if value]
    shared = {
        "Material": _distinct(report["samples"], "material"),
        "Belt": _distinct(report["samples"], "belt"),
        "Mines": _distinct([row | {"mine": row["mine"].split(" · ")[0]} for row in report["samples"]], "mine"),
        "Held by": _distinct(report["samples"], "holder"),
        "States": _distinct(report["samples"], "state"),
    }
    return [{"caption": caption, "value": value} for caption, value in shared.items() if value]


def _distinct(rows: Sequence[Mapping[str, Any]], name: str) -> str:
    values = list(dict.fromkeys(row[name] for row in rows if row[name]))
    return "; ".join(values[:4]) + (f" and {len(values) - 4} more" if len(values) > 4 else "")


def _name_samples(codes: Sequence[str], of: int) -> str:
    if of == 1:
        return ""
    if len(codes) == of:
        return f"all {of} samples"
    return _list_some(codes, NAMED_SAMPLES)


def _list_some(words: Sequence[str], most: int) -> str:
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")


def _arrange_consignment(one: Mapping[str, Any], clock: _Clock) -> dict[str, Any]:
    parties = [one["sender_name"] or "the sender", one["carrier_name"], one["addressee_name"]]
    facts = {
        "State": str(one["state"]).replace("_", " "),
        "Purpose": one["purpose"],
        "Waybill": one["waybill"],
        "Seal of the box": one["outer_seal"],
        "Border post": one["border_post"],
        "Dispatched": clock.write(one["dispatched_at"]),
        "Expected": clock.write(one["expected_by"]),
        "Received": clock.write(one["received_at"]),
        "Last seen": one["last_seen"],
    }
    return {
        "code": one["code"],
        "route": "  →  ".join(str(party) for party in parties if party),
        "facts": [{"caption": caption, "value": str(value)} for caption, value in facts.items() if value],
    }


def _arrange_handover(one: Mapping[str, Any], clock: _Clock) -> dict[str, Any]:
    waited = ""
    if one["answered_at"]:
        waited = _span(datetime.fromisoformat(one["answered_at"]) - datetime.fromisoformat(one["relinquished_at"]))
    seals = {True: "seals intact", False: "seals not intact", None: ""}[one["seals_intact"]]
    return {
        **one,
        "relinquished": clock.write(one["relinquished_at"]),
        "answered": clock.write(one["answered_at"]),
        "waited": waited,
        "seals": seals,
        "giver": one["giver"] or "the sender",
        "sides": [
            {
                "side": side,
                "party": one[name] or "the sender",
                "person": one[f"{name}_person"],
                "signed": clock.write(one[f"{name}_signed"]["at"]) if one[f"{name}_signed"] else "",
                "sha256": one[f"{name}_signed"]["sha256"] if one[f"{name}_signed"] else "",
                "acted": clock.write(moment),
            }
            for side, name, moment in (("Gave", "giver", one["relinquished_at"]), ("Took", "receiver", one["answered_at"]))
        ],
    }


def _span(span: timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    days, hours = minutes // 1440, minutes % 1440 // 60
    return f"{days} d {hours} h" if days else f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


def _arrange_sample(one: Mapping[str, Any], content: Mapping[str, Any], answer: Mapping[str, Any], clock: _Clock) -> dict[str, Any]:
    answers = [event["verdict"] for event in answer["events"] if event["sample_id"] == one["id"]]
    bad = [verdict for verdict in answers if verdict != "authentic"]
    gaps = [gap for gap in content["report"]["gaps"] if one["code"] in gap["samples"] and gap["tone"] != "none"]
    worst = "fail" if any(gap["tone"] == "fail" for gap in gaps) else "warn" if gaps else "pass"
    return {
        "code": one["code"],
        "kind": one["kind"],
        "material": one["material"],
        "state": one["state"] + (", on hold" if one["on_hold"] else "") + (", blocked" if one["open_discrepancy"] else ""),
        "holder": one["holder"],
        "seal": one["seal"],
        "mass": one["mass"],
        "events": f"{len(answers) - len(bad)} of {len(answers)}",
        "tone": worst,
        "sign": _SIGNS[worst],
    }


def _arrange_event(row: Mapping[str, Any], clock: _Clock, answer: Mapping[str, Any], code: str, *, brief: bool) -> dict[str, Any]:
    verdict = next((one["verdict"] for one in answer["events"] if one["sample"] == code and one["seq"] == row["seq"]), "")
    return {
        "seq": str(row["seq"]),
        "at": clock.write(row["at"]),
        "title": row["title"],
        "tone": row["tone"] if verdict == "authentic" else "fail" if verdict in {"altered", "missing"} else "warn",
        "sign": _SIGNS[row["tone"]],
        "actor": row["actor"],
        "detail": row["detail"],
        "facts": [f"{label}: {value}" for label, value in row["facts"] if not (brief and label in _OF_THE_BOX)],
        "hash": row["hash"],
        "verdict": verdict,
    }


def _arrange_seals(rows: Sequence[Mapping[str, Any]], clock: _Clock) -> list[dict[str, str]]:
    """Seals by sample; what was seen of many samples at one moment with nothing amiss is one line."""
    lines: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        number = row["number"] if row["condition"] != "intact" else ""
        lines.setdefault((clock.write(row["at"]), f"{row['act']}, {row['condition']}", number), []).append(row)
    arranged = [
        {
            "at": at,
            "what": what,
            "numbers": _list_some(list(dict.fromkeys(row["number"] or "no number" for row in group)), 12),
            "samples": _count_samples([row["sample"] for row in group]),
            "tone": "none" if group[0]["condition"] == "intact" else "fail",
            "order": group[0]["at"],
        }
        for (at, what, _number), group in lines.items()
    ]
    return sorted(arranged, key=lambda line: line["order"])


def _count_samples(codes: Sequence[str]) -> str:
    distinct = set(codes)
    return codes[0] if len(distinct) == 1 else f"{len(distinct)} samples"


def _arrange_photos(content: Mapping[str, Any], pictures: Mapping[str, bytes]) -> dict[str, Any]:
    clock = _Clock(content["report"]["reader"]["zone"])
    rows = content["report"]["photos"]
    shown = [
        {
            "sha256": row["sha256"],
            "sample": row["sample"],
            "caption": row["caption"],
            "by": row["added_by"],
            "at": clock.write(row["taken_at"] or row["added_at"]),
            "alt": f"Photograph of sample {row['sample']}: {row['caption'] or 'without a caption'}",
        }
        for row in rows
        if row["sha256"] in pictures
    ]
    return {"shown": shown, "left": len(rows) - len(shown)}


def _wrap_jpeg(sha256: str, content: Mapping[str, Any], data: bytes) -> str:
    """A JPEG inside an SVG: what a template can be handed as text."""
    row = next(one for one in content["report"]["photos"] if one["sha256"] == sha256)
    size = f'width="{row["width"]}" height="{row["height"]}"'
    image = f'<image {size} href="data:image/jpeg;base64,{base64.b64encode(data).decode()}"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {row["width"]} {row["height"]}">{image}</svg>'
