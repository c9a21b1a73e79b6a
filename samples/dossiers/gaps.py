"""What a reader of custody should stumble over, in plain words: waiting handovers, time without a record, seals, masses, late records.

Pure: events in, findings out. Nothing here judges anybody; it says what the record shows and what it does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

# Working assumptions of this product; change them here.
WAITS_LONG = timedelta(hours=24)
SILENT_ON_THE_ROAD = timedelta(hours=72)
RECORDED_LATE = timedelta(hours=48)
MASS_TOLERANCE_SHARE = Decimal("0.02")

_MOVES = frozenset({"packed", "dispatched", "relinquished", "acknowledged"})
_SEAL_WORDS = {"broken": "was found broken", "missing": "was missing"}


@dataclass(frozen=True)
class Step:
    """One event of one sample as its reader may know it: `mass_g` in grams, moments with a zone, `detail` as it stands in the bytes,
    `signed` whether a signature is bound to it."""

    sample: str
    seq: int
    kind: str
    at: datetime
    recorded: datetime
    seal_number: str = ""
    seal_condition: str = ""
    mass_g: Decimal | None = None
    consignment: str = ""
    receiver: str = ""
    remark: str = ""
    detail: Mapping[str, str] = field(default_factory=dict)
    signed: bool = True


@dataclass(frozen=True)
class Gap:
    """One thing to stumble over. `tone` is fail, warn or none (explained meanwhile); `samples` are the codes it concerns."""

    tone: str
    title: str
    sentence: str
    samples: tuple[str, ...] = ()


def find_gaps(chains: Iterable[Sequence[Step]], now: datetime) -> list[Gap]:
    """What the chains of the samples show, the gravest first; the same thing of several samples is told once."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for chain in chains:
        for tone, title, sentence in _chain_gaps(chain, now):
            codes = found.setdefault((tone, title, sentence), [])
            if chain[0].sample not in codes:
                codes.append(chain[0].sample)
    order = {"fail": 0, "warn": 1, "none": 2}
    gaps = [Gap(tone, title, sentence, tuple(codes)) for (tone, title, sentence), codes in found.items()]
    return sorted(gaps, key=lambda gap: order[gap.tone])


_Found = tuple[str, str, str]


def _chain_gaps(chain: Sequence[Step], now: datetime) -> Iterator[_Found]:
    if chain:
        yield from _handover_gaps(chain, now)
        yield from _unsigned(chain)
        yield from _silence_gaps(chain, now)
        yield from _holder_gaps(chain, now)
        yield from _seal_gaps(chain)
        yield from _mass_gaps(chain)
        yield from _discrepancies(chain)
        yield from _holds(chain)
        yield from _time_gaps(chain)


def _handover_gaps(chain: Sequence[Step], now: datetime) -> Iterator[_Found]:
    """Handovers that waited long, wait still, or were refused."""
    offered: Step | None = None
    for step in chain:
        if step.kind == "relinquished":
            offered = step
        elif step.kind in {"acknowledged", "refused"} and offered is not None and step.consignment == offered.consignment:
            waited = step.at - offered.at
            if step.kind == "refused":
                yield "warn", "Handover not taken", f"What was offered on {_day(offered.at)} was not taken over{_why(step.remark)}."
            elif waited > WAITS_LONG:
                yield "warn", "Slow handover", f"Handed over on {_day(offered.at)}, acknowledged {span_words(waited)} later."
            offered = None
        if step.kind == "acknowledged" and step.detail.get("signed") == "on paper":
            sentence = f"That it was taken over on {_day(step.at)} stands on a paper form, which one side alone put on record."
            yield "warn", "Handover told by paper", sentence
    if offered is not None:
        to = f" to {offered.receiver}" if offered.receiver else ""
        sentence = (
            f"Handed over{to} on {_day(offered.at)} and not acknowledged for {span_words(now - offered.at)}; the giver still answers."
        )
        yield "fail" if now - offered.at > WAITS_LONG else "warn", "Handover without an answer", sentence


def _unsigned(chain: Sequence[Step]) -> Iterator[_Found]:
    """Sides of a handover that nobody signed: the account that recorded it is all there is. Paper has its own sentence."""
    acts = {"relinquished": "Handed over", "acknowledged": "Taken over"}
    for step in chain:
        if step.kind in acts and not step.signed and step.detail.get("signed") != "on paper":
            sentence = f"{acts[step.kind]} on {_day(step.at)} without a signature; only the account that recorded it vouches for it."
            yield "warn", "Handover without a signature", sentence


def _silence_gaps(chain: Sequence[Step], now: datetime) -> Iterator[_Found]:
    """Long stretches on the road of which nothing is recorded."""
    for before, after in pairwise([*chain, None]):
        end = after.at if after is not None else now
        if before is not None and before.kind in _MOVES - {"packed"} and end - before.at > SILENT_ON_THE_ROAD:
            until = f"until {_day(end)}" if after is not None else "so far"
            yield "warn", "Silence on the road", f"From {_day(before.at)} {until} ({span_words(end - before.at)}) nothing was recorded."


def _holder_gaps(chain: Sequence[Step], now: datetime) -> Iterator[_Found]:
    """Time in which nobody answered for the sample, and arrivals that no handover led to."""
    lost: Step | None = None
    dispatched, acknowledged = False, False
    for step in chain:
        if step.kind == "lost":
            lost = step
        elif lost is not None and step.kind in {"found", "received"}:
            sentence = (
                f"Declared lost on {_day(lost.at)}, there again on {_day(step.at)}: {span_words(step.at - lost.at)} without a holder."
            )
            yield "fail", "Time without a holder", sentence
            lost = None
        if step.kind == "dispatched":
            dispatched, acknowledged = True, False
        elif step.kind == "acknowledged":
            acknowledged = True
        elif step.kind == "received" and dispatched:
            if not acknowledged:
                yield (
                    "warn",
                    "Arrival without a handover",
                    f"Received on {_day(step.at)} without an acknowledged handover before.",
                )
            dispatched = False
    if lost is not None:
        yield "fail", "Lost", f"Declared lost on {_day(lost.at)}; nobody has held it for {span_words(now - lost.at)}{_why(lost.remark)}."


def _seal_gaps(chain: Sequence[Step]) -> Iterator[_Found]:
    """Seals that were broken, missing or another one."""
    applied = ""
    for step in chain:
        if step.kind in {"sealed", "resealed"}:
            if step.kind == "resealed" and applied and step.seal_number:
                yield "warn", "Seal replaced", f"Seal {applied} was replaced by {step.seal_number} on {_day(step.at)}{_why(step.remark)}."
            applied = step.seal_number
        elif step.kind in {"acknowledged", "received", "opened", "stored"}:
            number = step.seal_number or applied
            if step.seal_condition in _SEAL_WORDS:
                yield "fail", "Seal", f"Seal {number or 'without a number'} {_SEAL_WORDS[step.seal_condition]} on {_day(step.at)}."
            if step.kind == "received" and step.seal_number and applied and step.seal_number != applied:
                yield "fail", "Seal", f"Seal {step.seal_number} was found on {_day(step.at)} where {applied} had been put."


def _mass_gaps(chain: Sequence[Step]) -> Iterator[_Found]:
    """Masses that differ between what was sent and what was found, and what splits lost."""
    known: Decimal | None = None
    for step in chain:
        if step.kind == "received" and step.mass_g is not None and known:
            change = step.mass_g - known
            if abs(change) > MASS_TOLERANCE_SHARE * known:
                share = f"{change / known * 100:+.1f} %"
                yield "fail", "Mass", f"{known} g when last weighed, {step.mass_g} g on receipt on {_day(step.at)} ({share})."
        if step.kind == "split" and step.detail.get("loss_g") and known:
            loss = Decimal(step.detail["loss_g"])
            if abs(loss) > MASS_TOLERANCE_SHARE * known:
                yield "warn", "Loss in splitting", f"{loss} g of {known} g were lost on {_day(step.at)}{_why(step.remark)}."
        if step.kind == "consumed" and step.detail.get("remaining_g"):
            known = Decimal(step.detail["remaining_g"])
        elif step.kind in {"collected", "received", "split", "composited"} and step.mass_g is not None:
            known = step.mass_g


def _discrepancies(chain: Sequence[Step]) -> Iterator[_Found]:
    """Discrepancies with their decisions, those without one first."""
    waiting: dict[str, list[Step]] = {}
    for step in reversed([step for step in chain if step.kind == "settled"]):
        waiting.setdefault(step.detail.get("kind", ""), []).append(step)
    words = {"accept": "accepted", "refuse": "the sample was refused", "lost": "the sample was declared lost"}
    for step in chain:
        if step.kind != "discrepancy":
            continue
        kind = step.detail.get("kind", "")
        what, decided = kind.replace("_", " ") or "something differed", waiting.get(kind)
        # The first of a kind by the first decision on it, and so on: what is found again later is open again.
        end = decided.pop() if decided and decided[-1].seq > step.seq else None
        if end is None:
            yield "fail", "Open discrepancy", f"Found on {_day(step.at)}: {what}. Nobody has decided yet; the sample is blocked."
        else:
            decision = words.get(end.detail.get("decision", ""), "settled")
            yield (
                "none",
                "Settled discrepancy",
                f"Found on {_day(step.at)}: {what}. Settled on {_day(end.at)}: {decision}{_why(end.remark)}.",
            )


def _holds(chain: Sequence[Step]) -> Iterator[_Found]:
    """Holds that lie over the sample still."""
    open_holds: dict[str, Step] = {}
    for step in chain:
        kind = step.detail.get("hold", "") or step.detail.get("kind", "")
        if step.kind == "hold":
            open_holds[kind] = step
        elif step.kind == "release":
            open_holds.pop(kind, None)
    for kind, step in open_holds.items():
        yield "warn", "On hold", f"On hold ({kind.replace('_', ' ') or 'no kind stated'}) since {_day(step.at)}{_why(step.remark)}."


def _time_gaps(chain: Sequence[Step]) -> Iterator[_Found]:
    """Time that runs backwards, and records made long after."""
    for before, after in pairwise(chain):
        if after.at < before.at:
            yield "fail", "Time runs backwards", f"{after.kind} on {_day(after.at)} is recorded after {before.kind} on {_day(before.at)}."
    for step in chain:
        if step.recorded - step.at > RECORDED_LATE:
            late = span_words(step.recorded - step.at)
            yield "none", "Recorded later", f"What happened on {_day(step.at)} ({step.kind}) was recorded {late} later."


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%b %Y %H:%M}"


def _why(remark: str) -> str:
    text = " ".join(remark.split()).rstrip(".")
    return f" ({text[:160]})" if text else ""


def span_words(span: timedelta) -> str:
    """`3 days 4 hours`, `5 hours`, `20 minutes`."""
    minutes = max(int(span.total_seconds()) // 60, 0)
    days, hours = minutes // 1440, minutes % 1440 // 60
    if days:
        return _count(days, "day") + (f" {_count(hours, 'hour')}" if hours and days < 14 else "")
    return _count(hours, "hour") if hours else _count(minutes, "minute")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
