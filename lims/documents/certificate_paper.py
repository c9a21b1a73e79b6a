"""From the content of a certificate to its paper: words, groups and footnotes arranged for the template, then the PDF."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from lims.documents.certificate import CertificateContent, DerivedResult, ElementResult, Item, Quantity, ResultTable
from lims.documents.qr import draw_qr
from lims.documents.render import render_pdf
from lims.documents.wording import format_date, format_formula, format_moment, format_qualifier, format_span, join_words

DETAILED_UP_TO = 2
"""Up to this many result tables each analyte has its own line with oxide and limit; more are set side by side."""
COLUMNS_ABREAST = 5
_ABSENT = "–"
HEADLINES = ("Dy2O3", "Tb4O7", "TREO", "HREO", "MREO")
"""What is shown first and large, where the content derives it."""


def render_certificate(content: CertificateContent, *, pattern_svg: str | None = None, snapshot_sha256: str = "") -> bytes:
    """The certificate as PDF/A-2a and PDF/UA-1; the same content and drawing give the same bytes.

    `pattern_svg` is the drawing of `content.patterns`. `snapshot_sha256` is the hash of the snapshot as it was kept, by default that of the
    content: give it when a snapshot is drawn that an earlier version of the program froze. Raises as `render_pdf` does.
    """
    svgs = {"qr": draw_qr(content.verify_url)}
    if pattern_svg:
        svgs["pattern"] = pattern_svg
    data = arrange_certificate(content) | {"has_pattern": pattern_svg is not None, "sha256": snapshot_sha256 or content.sha256()}
    return render_pdf("certificate", data, timestamp=content.issued_at, svgs=svgs)


@dataclass
class Footnotes:
    """Sentences under a table, each with one letter however often it is cited."""

    sentences: list[str] = field(default_factory=list)

    def cite(self, *sentences: str) -> str:
        """The letters that stand for the sentences, empty ones left out."""
        wanted = [sentence for sentence in sentences if sentence]
        self.sentences += [sentence for sentence in dict.fromkeys(wanted) if sentence not in self.sentences]
        return ",".join(_letter(self.sentences.index(sentence)) for sentence in wanted)

    def listed(self) -> list[dict[str, str]]:
        """Letter and sentence, in order of first citation."""
        return [{"mark": _letter(i), "text": sentence} for i, sentence in enumerate(self.sentences)]


def arrange_certificate(content: CertificateContent) -> dict[str, Any]:
    """What the template prints, word for word, grouped as it prints it."""
    detailed = len(content.tables) <= DETAILED_UP_TO
    methods = {method.code: method for method in content.methods}
    footnotes = Footnotes()
    return {
        "title": "Amendment to certificate of analysis" if content.amendment else "Certificate of analysis",
        "number": content.number,
        "issued": format_moment(content.issued_at),
        "issued_on": format_date(content.issued_at),
        "synthetic": content.synthetic,
        "laboratory": _lines(content.laboratory),
        "customer": _lines(content.customer),
        "methods": [
            {"code": method.code, "version": method.version, "name": method.name, "description": method.description}
            for method in content.methods
        ],
        "customer_mark": "" if content.sampled_by_laboratory else "†",
        **_arrange_items(content),
        "sampling": _group_sampling(content.items),
        "grades": _arrange_grades(content.tables),
        "details": [_arrange_detail(table, methods[table.method_code].name, footnotes) for table in content.tables if detailed],
        "matrices": [] if detailed else _arrange_matrices(content.tables, {m.code: m.name for m in content.methods}, footnotes),
        "footnotes": footnotes.listed(),
        "definitions": [] if detailed else _list_definitions(content.tables),
        "normalisation": content.normalisation,
        "pattern_items": [pattern.item_code for pattern in content.patterns],
        "decision_rule": content.decision_rule,
        "deviations": list(content.deviations),
        "remarks": list(content.remarks),
        "external_providers": sorted({r.external_provider for table in content.tables for r in table.results if r.external_provider}),
        "statements": _state_limits(content),
        "signatures": [
            {
                "name": signature.name,
                "position": signature.position,
                "meaning": signature.meaning,
                "time": format_moment(signature.signed_at),
                "sha256": signature.content_sha256,
            }
            for signature in content.signatures
        ],
        "amendment": _arrange_amendment(content),
        "verify_url": content.verify_url,
    }


def _lines(party: Any) -> dict[str, Any]:
    return {name: list(value) if isinstance(value := getattr(party, name), tuple) else value for name in party.__dataclass_fields__}


def _arrange_items(content: CertificateContent) -> dict[str, Any]:
    """The items as columns of a table, and apart from it what is the same for all of several."""
    mark = "" if content.sampled_by_laboratory else "†"
    rows = [_arrange_item(item, content.tables) for item in content.items]
    captions = {
        "code": "Laboratory's code",
        "customer_code": "Customer's code †",
        "description": f"Description{mark}",
        "condition": "Condition on receipt",
        "received": "Received",
        "sampled": f"Sampled{mark}",
        "tested": "Tested",
    }
    shared = [key for key in captions if len(rows) > 1 and len({row[key] for row in rows}) == 1]
    known = [key for key in shared if rows[0][key] != _ABSENT]
    return {
        "items": rows,
        "item_columns": [{"key": key, "caption": caption} for key, caption in captions.items() if key not in shared],
        "item_shared": [{"caption": captions[key], "value": rows[0][key]} for key in known],
    }


def _arrange_item(item: Item, tables: Sequence[ResultTable]) -> dict[str, str]:
    days = [day for table in tables if table.item_code == item.code for day in (table.tested_from, table.tested_to)]
    return {
        "code": item.code,
        "customer_code": item.customer_code or _ABSENT,
        "description": item.description,
        "condition": item.condition,
        "received": format_date(item.received_on),
        "sampled": format_date(item.sampled_on) if item.sampled_on else "not stated",
        "tested": format_span(min(days), max(days)) if days else _ABSENT,
    }


def _group_sampling(items: Sequence[Item]) -> list[dict[str, str]]:
    """Each distinct sampling text with the items it holds for; no codes where it holds for all."""
    texts: dict[str, list[str]] = {}
    for item in items:
        texts.setdefault(item.sampling or "Sampling plan and method not stated to the laboratory.", []).append(item.code)
    if len(texts) == 1:
        return [{"items": "", "text": next(iter(texts))}]
    return [{"items": ", ".join(codes), "text": text} for text, codes in texts.items()]


def _arrange_grades(tables: Sequence[ResultTable]) -> dict[str, Any]:
    """The headline quantities: one row per result table, one column per quantity that any of them derives."""
    repeated = len({(table.item_code, table.quantity) for table in tables}) < len(tables)
    symbols = [symbol for symbol in HEADLINES if any(d.symbol == symbol for table in tables for d in table.derived)]
    footnotes = Footnotes()
    rows = []
    for table in tables:
        derived = {d.symbol: _arrange_derived(d) for d in table.derived}
        cells = [
            derived[symbol] | {"marks": footnotes.cite(_explain(derived[symbol]))} if symbol in derived else None for symbol in symbols
        ]
        by = f" by {table.method_code}" if repeated else ""  # two methods for one quantity of one item
        rows.append(
            {
                "item": table.item_code,
                "quantity": _capital(table.quantity) + by,
                "unit": table.unit,
                "basis": _word_basis(table),
                "cells": cells,
            }
        )
    return {
        "symbols": symbols,
        "labels": [format_formula(symbol) for symbol in symbols],
        "rows": rows if symbols else [],
        "coverage_factor": _common(table.coverage_factor for table in tables),
        "heading": _common(f"{table.unit}, {_word_basis(table)}" for table in tables),
        "quantities_differ": repeated or len({table.quantity for table in tables}) > 1,
        "footnotes": footnotes.listed(),
    }


def _common(texts: Iterable[str]) -> str:
    """The text when all agree, else all of them."""
    return " / ".join(dict.fromkeys(texts))


def _from_to(numbers: Iterable[str]) -> str:
    """The number when all agree, else the smallest and the largest of them: limits follow the portion that was weighed."""
    ordered = sorted(set(numbers), key=float)
    return f"{ordered[0]}\u00a0–\u00a0{ordered[-1]}" if len(ordered) > 1 else "".join(ordered)


def _arrange_derived(derived: DerivedResult) -> dict[str, str]:
    shown = {
        "symbol": format_formula(derived.symbol),
        "key": derived.symbol,
        "definition": _word_definition(derived),
        "state": derived.state,
        "uncertainty": "",
        "note": _note_members(derived),
    }
    if derived.state == "incomplete" or (derived.state == "bounded" and derived.over_range):
        return shown | {"value": f"≥\u00a0{derived.lower}" if derived.lower else "–"}
    if derived.state == "bounded":
        return shown | {"value": f"{derived.lower or '0'}\u00a0–\u00a0{derived.upper}"}
    assert derived.result is not None  # noqa: S101  # the content refuses a complete sum without a result
    return shown | {"value": _format_quantity(derived.result), "uncertainty": derived.result.uncertainty}


def _note_members(derived: DerivedResult) -> str:
    """Which members are not simply numbers: `Lu not measured; Tm below LOQ, counted as bounds`."""
    bounds = ", counted as bounds" if derived.result is None else ""
    words = {" not measured": derived.missing, f" below LOQ{bounds}": derived.censored, " above the working range": derived.over_range}
    return "; ".join(join_words([format_formula(name) for name in names]) + said for said, names in words.items() if names)


def _word_basis(table: ResultTable) -> str:
    return table.basis if "basis" in table.basis else f"{table.basis} basis".replace("_", " ")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _explain(derived: dict[str, str]) -> str:
    """The footnote of a derived quantity that is not simply a number."""
    if derived["state"] == "incomplete":
        return f"▲ Incomplete: {derived['note']}. The members measured give the value."
    return f"{'▲ Bounds: ' if derived['state'] == 'bounded' else ''}{derived['note']}." if derived["note"] else ""


def _format_quantity(quantity: Quantity) -> str:
    return f"{format_qualifier(quantity.qualifier)}{quantity.value}"


def _cite_result(result: ElementResult, footnotes: Footnotes) -> str:
    provider = f"Provided by an external provider: {result.external_provider}." if result.external_provider else ""
    scope = "" if result.accredited else "Not within the laboratory's scope of accreditation."
    return footnotes.cite(provider, scope, result.note)


def _arrange_detail(table: ResultTable, method_name: str, footnotes: Footnotes) -> dict[str, Any]:
    rows = []
    for result in table.results:
        oxide = result.oxide_result
        rows.append(
            {
                "element": result.element,
                "value": _format_quantity(result.result),
                "uncertainty": result.result.uncertainty,
                "loq": result.loq,
                "oxide": format_formula(result.oxide),
                "oxide_value": _format_quantity(oxide) if oxide else "",
                "oxide_uncertainty": oxide.uncertainty if oxide else "",
                "marks": _cite_result(result, footnotes),
            }
        )
    return {
        "item": table.item_code,
        "quantity": _capital(table.quantity),
        "method": table.method_code,
        "method_name": method_name,
        "unit": table.unit,
        "basis": _word_basis(table),
        "coverage_factor": table.coverage_factor,
        "rows": rows,
        "with_oxides": any(result.oxide for result in table.results),
        "derived": [_arrange_derived(derived) for derived in table.derived],
    }


def _arrange_matrices(tables: Sequence[ResultTable], method_names: dict[str, str], footnotes: Footnotes) -> list[dict[str, Any]]:
    """Elements down, items across, a few abreast; tables share a block only when method, quantity, unit, basis and k are the same."""

    def kind(table: ResultTable) -> tuple[str, str, str, str, str]:
        return table.method_code, _capital(table.quantity), table.unit, _word_basis(table), table.coverage_factor

    blocks = []
    for (method, quantity, unit, basis, factor), members in groupby(sorted(tables, key=kind), key=kind):
        group = list(members)
        for start in range(0, len(group), COLUMNS_ABREAST):
            block = group[start : start + COLUMNS_ABREAST]
            blocks.append(
                {
                    "method": method,
                    "method_name": method_names[method],
                    "quantity": quantity,
                    "unit": unit,
                    "basis": basis,
                    "coverage_factor": factor,
                    "items": [table.item_code for table in block],
                    "rows": _arrange_matrix_rows(block, footnotes),
                }
            )
    return blocks


def _arrange_matrix_rows(block: Sequence[ResultTable], footnotes: Footnotes) -> list[dict[str, Any]]:
    elements = dict.fromkeys(result.element for table in block for result in table.results)
    by_item = [{result.element: result for result in table.results} for table in block]
    return [
        {
            "element": element,
            "loq": _from_to(results[element].loq for results in by_item if element in results and results[element].loq),
            "cells": [_arrange_cell(results.get(element), footnotes) for results in by_item],
        }
        for element in elements
    ]


def _arrange_cell(result: ElementResult | None, footnotes: Footnotes) -> dict[str, str]:
    if result is None:
        return {"value": "–", "uncertainty": "", "marks": ""}
    marks = _cite_result(result, footnotes)
    return {"value": _format_quantity(result.result), "uncertainty": result.result.uncertainty, "marks": marks}


def _list_definitions(tables: Sequence[ResultTable]) -> list[dict[str, str]]:
    known = dict.fromkeys((format_formula(derived.symbol), _word_definition(derived)) for table in tables for derived in table.derived)
    return [{"symbol": symbol, "text": text} for symbol, text in known]


def _word_definition(derived: DerivedResult) -> str:
    """The definition without the name it may begin with, which stands beside it."""
    return format_formula(derived.definition.removeprefix(f"{derived.symbol} = "))


def _state_limits(content: CertificateContent) -> list[str]:
    """The statements that ISO/IEC 17025 asks for (7.8.2.1 l and note 2, 7.8.2.2)."""
    sentences = ["The results relate only to the items tested."]
    if not content.sampled_by_laboratory:
        sentences.append("The laboratory did not take the samples: the results apply to the samples as received.")
    return [
        *sentences,
        "Data marked † were supplied by the customer; the laboratory is not responsible for them.",
        "This certificate shall not be reproduced except in full without the written approval of the laboratory.",
        "U is the expanded uncertainty; the coverage factor k is given with each table and k = 2 corresponds to about 95 % coverage. "
        "A result below the limit of quantification (LOQ) is reported as < LOQ and never as zero.",
    ]


def _arrange_amendment(content: CertificateContent) -> dict[str, Any] | None:
    amendment = content.amendment
    if amendment is None:
        return None
    return {
        "of_number": amendment.of_number,
        "of_issued": format_date(amendment.of_issued_at),
        "reason": amendment.reason,
        "changes": [{"what": change.what, "before": change.before, "after": change.after} for change in amendment.changes],
    }


def _letter(index: int) -> str:
    """a … z, then aa, ab …"""
    return ("" if index < 26 else _letter(index // 26 - 1)) + chr(ord("a") + index % 26)
