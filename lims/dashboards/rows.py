"""The overview as plain rows: one source for the API, CSV and XLSX, so that all show the same numbers."""

from __future__ import annotations

from typing import Any

from lims.accounts.models import Organisation
from lims.dashboards.selectors import Figure, Filters, Overview, beside_of
from samples.selectors.mixing import mines_of

OXIDES = {"Dy": "Dy2O3", "Tb": "Tb4O7"}


def figure_row(figure: Figure | None) -> dict[str, Any] | None:
    """A median as the API shows it."""
    if figure is None:
        return None
    return {
        "median": figure.text,
        "uncertainty": figure.uncertainty or None,
        "k": "2" if figure.uncertainty else None,
        "unit": "mg/kg",
        "basis": "dry",
        "n": figure.n,
        "censored": figure.censored,
    }


def mine_rows(overview: Overview) -> list[dict[str, Any]]:
    """One row per mine; `beside_` is the other content: leachable beside a total, total beside leachable."""
    return [
        {
            "mine": row.mine.code,
            "name": row.mine.name,
            "belt": row.mine.belt,
            "samples": row.samples,
            **{OXIDES[symbol].lower(): figure_row(row.figures.get(symbol)) for symbol in OXIDES},
            **{f"beside_{OXIDES[symbol].lower()}": figure_row(row.beside.get(symbol)) for symbol in OXIDES},
        }
        for row in overview.mine_rows
    ]


def transit_rows(overview: Overview) -> list[dict[str, Any]]:
    """One row per consignment under way."""
    return [
        {
            "consignment": one.code,
            "holder": one.holder.name if one.holder else None,
            "since": one.since.isoformat(),
            "addressee": one.addressee.name if one.addressee else None,
            "last_seen": one.last_seen or None,
            "items": one.items,
            "dispatched_at": one.dispatched_at.isoformat() if one.dispatched_at else None,
            "expected_by": one.expected_by.isoformat() if one.expected_by else None,
            "overdue": one.overdue,
        }
        for one in overview.consignments
    ]


def hold_rows(overview: Overview) -> list[dict[str, Any]]:
    """One row per open hold."""
    return [
        {
            "sample": one.sample.code,
            "kind": one.kind,
            "reason": one.reason,
            "since": one.opened_at.isoformat(),
            "mine": ", ".join(mine.code for mine in mines_of(one.sample)),
        }
        for one in overview.holds
    ]


def turnaround_rows(overview: Overview) -> list[dict[str, Any]]:
    """One row per laboratory; days without the time the clock stood."""
    return [
        {
            "laboratory": row.laboratory.name,
            "median_days": f"{row.median:.1f}" if row.n else None,
            "p90_days": f"{row.p90:.1f}" if row.n else None,
            "complete": row.n,
            "open": row.open,
        }
        for row in overview.turnaround
    ]


def provenance_rows(overview: Overview) -> list[dict[str, Any]]:
    """One row per provenance record with most to do, as on the page."""
    return [
        {
            "record": one.record.code,
            "mine": one.record.mine.code,
            "consignment": one.record.consignment.code if one.record.consignment else None,
            "facts_met": one.met,
            "facts_required": one.asked,
            "missing": ", ".join(missing.code for missing in one.missing) or None,
            "open_flags": one.open_flags,
            "stopped": one.stops,
        }
        for one in overview.provenance.worst
    ]


def provenance_row(overview: Overview) -> dict[str, Any]:
    """How complete provenance is, over all records."""
    found = overview.provenance
    return {
        "records": found.records,
        "complete": found.complete,
        "lots_without_record": found.without,
        "open_flags": found.open_flags,
        "stopped": found.stopped,
    }


def filter_row(filters: Filters) -> dict[str, Any]:
    """What the numbers are of."""
    firm = Organisation.objects.filter(pk=filters.firm).values_list("name", flat=True).first() if filters.firm else None
    return {"days": filters.days, "belt": filters.belt or None, "firm": firm, "content": filters.extraction}


def overview_row(overview: Overview, filters: Filters) -> dict[str, Any]:
    """Everything on the page."""
    pit = overview.pit_to_certificate
    return {
        "as_of": overview.as_of.isoformat(),
        "filters": filter_row(filters),
        "beside": beside_of(filters.extraction),
        "collected": overview.collected,
        "mines": overview.mines,
        "on_the_way": overview.on_the_way,
        "on_hold": overview.held,
        **{OXIDES[symbol].lower(): figure_row(overview.oxides[symbol]) for symbol in OXIDES},
        "pit_to_certificate_days": {"median": f"{pit[0]:.1f}", "p90": f"{pit[1]:.1f}", "n": pit[2]} if pit else None,
        "by_mine": mine_rows(overview),
        "funnel": [{"step": row.key, "count": row.count} for row in overview.funnel],
        "in_transit": transit_rows(overview),
        "holds": hold_rows(overview),
        "turnaround": turnaround_rows(overview),
        "provenance": provenance_row(overview),
        "provenance_records": provenance_rows(overview),
    }
