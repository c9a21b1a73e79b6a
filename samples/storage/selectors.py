"""Where samples lie: the tree with what is taken and free, a box as it looks, who moved what, what was read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from lims.core.codes import normalise
from lims.core.errors import NotFound
from lims.core.roles import LABORATORY_ROLES, Role
from lims.core.scope import fetch_visible
from samples.models import Sample
from samples.storage.conditions import Range
from samples.storage.models import ConditionReading, Location, Movement, Placement

Badge = tuple[str, str]


def find_location(code: str, viewer: Any) -> Location:
    """A place within the viewer's scope, by its code; raises `NotFound`."""
    rows = Location.objects.select_related("kind", "organisation", "parent")
    return fetch_visible(Location, viewer, queryset=rows, code=normalise(code))


def ancestors_of(location: Location) -> list[Location]:
    """The places around it, from the site inwards, without itself."""
    found: list[Location] = []
    parent = location.parent
    while parent is not None:
        found.insert(0, parent)
        parent = parent.parent
    return found


def inside(location: Location) -> QuerySet[Location]:
    """Everything within a place, itself included."""
    rows = Location.objects.filter(organisation=location.organisation_id)
    return rows.filter(Q(pk=location.pk) | Q(path__startswith=f"{location.path} / "))


@dataclass(frozen=True)
class Conditions:
    """What holds at a place, from itself or from the places around it."""

    temperature: Range
    humidity: Range
    radiation_controlled: bool
    locked: bool
    roles: list[list[str]]

    def admits(self, role: str) -> bool:
        """Whether a role may put in and take out here."""
        return all(role in one for one in self.roles)

    @property
    def narrowest(self) -> list[str]:
        """The roles that pass everywhere on the way; empty where nothing is said."""
        return [str(Role(role).label) for role in Role if self.roles and self.admits(role)]


def conditions_of(location: Location) -> Conditions:
    """The range of the nearest place that has one; controlled, locked and reserved as soon as one place on the way is."""
    way = [location, *reversed(ancestors_of(location))]
    return Conditions(
        temperature=_nearest([one.temperature for one in way]),
        humidity=_nearest([one.humidity for one in way]),
        radiation_controlled=any(one.radiation_controlled for one in way),
        locked=any(one.locked for one in way),
        roles=[one.roles for one in way if one.roles],
    )


def _nearest(ranges: list[Range]) -> Range:
    return next((one for one in ranges if one.low is not None or one.high is not None), ranges[0])


# --- The tree ---------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Branch:
    """A place in the tree with how many positions are inside it and how many of them are taken."""

    location: Location
    level: int
    positions: int
    taken: int

    @property
    def free(self) -> int:
        return self.positions - self.taken

    @property
    def badge(self) -> Badge:
        """How full it is, in a word."""
        if not self.positions:
            return "none", _("no positions")
        if not self.free:
            return "warn", _("full")
        return "pass", _("%(count)d free") % {"count": self.free}


def read_tree(viewer: Any, *, below: Location | None = None, organisation: str = "") -> list[Branch]:
    """The viewer's places down to the boxes, each after the one around it; positions are counted, not listed."""
    rows = Location.objects.visible_to(viewer)
    if organisation:
        rows = rows.filter(organisation__code=organisation)
    if below is not None:
        rows = rows.filter(pk__in=inside(below).exclude(pk=below.pk))
    places = list(rows.filter(kind__holds_samples=False).select_related("kind", "organisation").order_by("organisation__name", "path"))
    # One count for each parent of positions; what is farther out adds up.
    counts = rows.filter(kind__holds_samples=True, active=True).values("parent").annotate(n=Count("pk"), taken=Count("placement"))
    own = {row["parent"]: (row["n"], row["taken"]) for row in counts}
    totals: dict[Any, list[int]] = {place.pk: [0, 0] for place in places}
    parents = {place.pk: place.parent_id for place in places}
    for start, (positions, taken) in own.items():
        key: Any = start
        while key in totals:
            totals[key][0] += positions
            totals[key][1] += taken
            key = parents[key]
    outermost = min((place.path.count(" / ") for place in places), default=0)
    return [Branch(place, place.path.count(" / ") - outermost, *totals[place.pk]) for place in places]


# --- A box ------------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """One position of a box: its name, its state as colour, shape and word, and the sample in it as the viewer knows it."""

    name: str
    code: str
    tone: str
    word: str
    sample: str = ""
    href: str = ""


def read_box(location: Location, viewer: Any) -> list[list[Cell]]:
    """The positions of a grid, row by row; empty for a place without one."""
    if not location.rows or not location.columns:
        return []
    positions = location.children.filter(row__isnull=False).order_by("row", "column")
    lying = {one.location_id: one.sample for one in Placement.objects.filter(location__parent=location).select_related("sample")}
    seen = set(Sample.objects.visible_to(viewer).filter(placement__location__parent=location).values_list("pk", flat=True))
    rows: list[list[Cell]] = [[] for _row in range(location.rows)]
    for position in positions:
        sample = lying.get(position.pk)
        rows[(position.row or 1) - 1].append(_cell(position, sample, sample is not None and sample.pk in seen, viewer))
    return rows


def _cell(position: Location, sample: Sample | None, seen: bool, viewer: Any) -> Cell:
    if sample is None:
        tone, word = ("none", _("free")) if position.active else ("warn", _("out of use"))
        return Cell(position.name, position.code, tone, word, href=reverse("storage:location", args=[position.code]))
    tone, word = _state_of(sample)
    shown = sample.code_for(viewer) if seen else ""
    return Cell(position.name, position.code, tone, word, shown, reverse("samples:sample", args=[shown]) if shown else "")


def _state_of(sample: Sample) -> Badge:
    if sample.on_hold:
        return "fail", _("on hold")
    if sample.has_open_discrepancy:
        return "warn", _("discrepancy")
    return "pass", _("taken")


# --- Where is it ------------------------------------------------------------------------------------------------------------------------


def select_placements(viewer: Any) -> QuerySet[Placement]:
    """Samples that lie in a position the viewer may see, and that are the viewer's to see."""
    rows = Placement.objects.select_related("sample", "location", "location__parent", "placed_by")
    return rows.filter(location__in=Location.objects.visible_to(viewer), sample__in=Sample.objects.visible_to(viewer))


def search_placements(rows: QuerySet[Placement], text: str, viewer: Any) -> QuerySet[Placement]:
    """By the beginning of a code of sample or position, or a part of the way to it."""
    code = normalise(text)
    found = Q(sample__blind_code__startswith=code) | Q(location__code__startswith=code) | Q(location__path__icontains=text.strip())
    if viewer.role not in LABORATORY_ROLES or viewer.role == Role.RECEPTIONIST:
        found |= Q(sample__code__startswith=code)
    return rows.filter(found)


def placement_data(one: Placement, viewer: Any) -> dict[str, Any]:
    """One row of the list, for files."""
    return {
        "sample": one.sample.code_for(viewer),
        "state": one.sample.state,
        "on_hold": one.sample.on_hold,
        "position": one.location.code,
        "path": one.location.path,
        "mass_g": str(one.sample.mass_g),
        "placed_by": one.placed_by.full_name,
        "placed_at": one.placed_at.isoformat(),
    }


def position_of(sample: Sample) -> Placement | None:
    """Where the sample lies now, if in a position."""
    return Placement.objects.select_related("location", "placed_by").filter(sample=sample).first()


@dataclass(frozen=True)
class Moved:
    """A movement as a page shows it; `undo` is the address where it is taken back with a reason, where that is possible still."""

    movement: Movement
    sample: str
    word: str
    undo: str = ""


def recent_movements(viewer: Any, *, limit: int = 10) -> list[Moved]:
    """What the viewer put in, moved and took out last, newest first; the last movement of a sample can be taken back."""
    later = Movement.objects.filter(sample=OuterRef("sample"), pk__gt=OuterRef("pk"))
    rows = Movement.objects.filter(by=viewer).select_related("sample", "source", "target").annotate(superseded=Exists(later))
    return [_moved(one, viewer) for one in rows.order_by("-pk")[:limit]]


def _moved(one: Any, viewer: Any) -> Moved:
    code = one.sample.code_for(viewer)
    word = _("moved") if one.source and one.target else _("put in") if one.target else _("taken out")
    if one.superseded or one.sample.holder_id != viewer.organisation_id:
        return Moved(one, code, word)
    address = reverse("storage:scan")
    back = f"{address}?sample={code}&position={one.source.code}" if one.source else f"{reverse('storage:scan-out')}?sample={code}"
    return Moved(one, code, word, back)


def movements_at(location: Location, viewer: Any, *, limit: int = 20) -> list[Moved]:
    """What was put in and taken out at a place and inside it, newest first, of the samples the viewer may see."""
    places = inside(location).values("pk")
    rows = Movement.objects.filter(Q(source__in=places) | Q(target__in=places)).select_related("sample", "source", "target", "by")
    rows = rows.filter(sample__in=Sample.objects.visible_to(viewer)).order_by("-pk")[:limit]
    return [
        Moved(one, one.sample.code_for(viewer), _("moved") if one.source and one.target else _("put in") if one.target else _("taken out"))
        for one in rows
    ]


# --- Readings ---------------------------------------------------------------------------------------------------------------------------


def readings_of(location: Location, *, limit: int = 50) -> list[ConditionReading]:
    """The latest readings at a place itself, newest first."""
    return list(location.readings.select_related("read_by").order_by("-read_at", "-pk")[:limit])


def open_excursions(viewer: Any) -> list[ConditionReading]:
    """The places of the viewer whose latest reading lies outside the range."""
    newer = ConditionReading.objects.filter(location=OuterRef("location"), read_at__gt=OuterRef("read_at"))
    rows = ConditionReading.objects.filter(location__in=Location.objects.visible_to(viewer)).exclude(excursion="")
    return list(rows.filter(~Exists(newer)).select_related("location").order_by("-read_at"))


def scanned_position(text: str, viewer: Any) -> Location:
    """The position whose label was scanned; raises `NotFound` with a sentence that names it."""
    try:
        return find_location(text, viewer)
    except NotFound as error:
        sentence = f"There is no place “{text}” of your organisation. Scan the label on the position again, or look its code up."
        raise NotFound("unknown_position", sentence) from error
