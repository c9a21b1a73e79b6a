"""The readings of an export against what the method measures: analytes, units, ranges.

Pure; says what a person should see, changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar

from assays.chemistry.units import convert

from .oxides import find_oxide_factors
from .parsers.model import ABOVE, CONCENTRATIONS, LOSS, MASS_FRACTION, NOT_UNDERSTOOD, OVER, ParsedExport, ParsedReading
from .parsers.nomenclature import find_mass_or_line, find_oxide_element, read_unit

_Key = TypeVar("_Key", bound=Hashable)
# Analyte, isotope or line, gas mode, quantity, whether it is an internal standard, unit.
_Channel = tuple[str, str | None, str | None, str, bool, str | None]


@dataclass(frozen=True, slots=True)
class AnalyteExpectation:
    """What a method version measures of one element. `isotope` and `gas_mode` say which channel counts; empty is any.

    `upper` is the end of the working range in the method's unit.
    """

    symbol: str
    isotope: str = ""
    gas_mode: str = ""
    upper: Decimal | None = None


@dataclass(frozen=True, slots=True)
class MethodExpectation:
    """What a method version expects of an export: contents in `unit` of these analytes, of a solution or, where `solid`, of a solid; of an
    `ignited` one the loss on ignition counts too."""

    unit: str
    analytes: tuple[AnalyteExpectation, ...]
    solid: bool = False
    ignited: bool = False


@dataclass(frozen=True, slots=True)
class ReadingWarning:
    """One thing to know about the readings with these indexes in `ParsedExport.readings` (none where something is missing).

    `is_information` marks what needs nobody's decision: readings beyond the method are kept and not used.
    """

    code: str
    message: str
    reading_indexes: tuple[int, ...] = ()
    is_information: bool = False


def check_readings(export: ParsedExport, method: MethodExpectation, rows: Collection[int] | None = None) -> tuple[ReadingWarning, ...]:
    """Compare the readings of the given rows (all, when none are given) with the method. Equal findings are one warning.

    Codes: `oxide` (that cannot stand for its element), `internal_standard_is_analyte`, `unit_differs`, `unit_converted` (a person confirms
    the factor), `several_channels`, `reading_twice`, `over_range`, `value_unread`, `value_impossible`,
    `analyte_missing`; for information `oxide_converted`, `analyte_not_in_method` and `other_channel`.
    """
    return tuple(_Checker(export, method, rows).check())


def counts_for(reading: ParsedReading, analyte: AnalyteExpectation) -> bool:
    """Whether a reading of the element, or of an oxide that stands for it, is of the channel the method names: a concentration, and not of
    an internal standard."""
    return (
        reading.quantity in CONCENTRATIONS
        and not reading.internal_standard
        and (not analyte.isotope or find_mass_or_line(reading.isotope_or_line) in {None, find_mass_or_line(analyte.isotope)})
        and (not analyte.gas_mode or reading.gas_mode in {None, analyte.gas_mode})
    )


@lru_cache(maxsize=256)
def _find_factor(written: str, unit: str) -> Decimal | None:
    """What one of the unit as written is in the other, or none where they measure different things: `ppb` in a solution is `ug/L`, in a
    solid `ug/kg`."""
    known = read_unit(written)
    try:
        return convert(Decimal(1), known, unit) if known is not None else None
    except ValueError:
        return None


def _count(reading: ParsedReading) -> tuple[int, int | None]:
    """Which measurement of its channel a reading is."""
    return reading.row_index, reading.replicate


_LARGE = Decimal(10**6)
_MOST_CONTENT = Decimal(10**9)
"""In µg/L a kilogram in a litre, in mg/kg a thousand times the whole: more than there can be, however it was meant."""


def _is_large(reading: ParsedReading) -> bool:
    return reading.value is not None and not -_LARGE < reading.value < _LARGE


class _Checker:
    """The readings of an export by analyte, looked at from several sides."""

    def __init__(self, export: ParsedExport, method: MethodExpectation, rows: Collection[int] | None) -> None:
        self.readings, self.unit, self.solid, self.ignited = export.readings, method.unit, method.solid, method.ignited
        self.expected = {analyte.symbol: analyte for analyte in method.analytes}
        self.channels = self._sort_channels(rows)
        self.counting: dict[str, list[int]] = {symbol: [] for symbol in self.expected}
        self.other: dict[str, list[int]] = {symbol: [] for symbol in self.expected}
        concentrations = [indexes for indexes in self.channels.values() if self._is_concentration(self.readings[indexes[0]])]
        self.oxides = find_oxide_factors({self.readings[indexes[0]].analyte for indexes in concentrations}, self.expected.keys())
        for indexes in concentrations:
            reading = self.readings[indexes[0]]
            analyte = self.expected.get(self._name_element(reading))
            if analyte:
                (self.counting if counts_for(reading, analyte) else self.other)[analyte.symbol] += indexes
        for found in (*self.counting.values(), *self.other.values()):
            found.sort()

    def _sort_channels(self, rows: Collection[int] | None) -> dict[_Channel, list[int]]:
        """The indexes of the readings by what was measured and how. A file says so in a few ways and a hundred thousand times: what is to
        be said about it is asked of one reading of each."""
        channels: defaultdict[_Channel, list[int]] = defaultdict(list)
        for index, one in enumerate(self.readings):
            if rows is None or one.row_index in rows:
                channels[one.analyte, one.isotope_or_line, one.gas_mode, one.quantity, one.internal_standard, one.unit].append(index)
        return channels

    @staticmethod
    def _is_concentration(reading: ParsedReading) -> bool:
        return reading.quantity in CONCENTRATIONS and not reading.internal_standard

    def _name_element(self, reading: ParsedReading) -> str:
        """The element a reading counts for: its own, or that of an oxide which stands for it."""
        oxide = self.oxides.get(reading.analyte)
        return oxide.symbol if oxide else reading.analyte

    def check(self) -> Iterator[ReadingWarning]:
        yield from self._check_names()
        yield from self._check_units()
        yield from self._check_channels()
        yield from self._check_twice()
        for symbol, indexes in self.counting.items():
            for index in indexes:
                reading = self.readings[index]
                if reading.qualifier or self.expected[symbol].upper is not None or _is_large(reading):
                    yield from self._check_value(index)
        missing = [symbol for symbol, indexes in self.counting.items() if not indexes]
        if missing:
            message = f"The method measures {', '.join(missing)}, of which the file holds no concentration."
            yield ReadingWarning("analyte_missing", message)

    def _group(self, indexes: Iterable[int], key: Callable[[ParsedReading], _Key]) -> dict[_Key, tuple[int, ...]]:
        groups: defaultdict[_Key, list[int]] = defaultdict(list)
        for index in indexes:
            groups[key(self.readings[index])].append(index)
        return {name: tuple(found) for name, found in groups.items()}

    def _name_groups(self, *, standards: bool) -> dict[str, tuple[int, ...]]:
        """The readings of internal standards, or of all else, by their analyte in the order they first appear."""
        groups: defaultdict[str, list[int]] = defaultdict(list)
        for channel, indexes in self.channels.items():
            if channel[4] == standards:
                groups[channel[0]] += indexes
        return {name: tuple(sorted(found)) for name, found in groups.items()}

    def _check_names(self) -> Iterator[ReadingWarning]:
        for symbol, indexes in self._name_groups(standards=True).items():
            if symbol in self.expected:
                message = f"{symbol} serves as internal standard, but the method reports it. Measure with another internal standard."
                yield ReadingWarning("internal_standard_is_analyte", message, indexes)
        for name, indexes in self._name_groups(standards=False).items():
            element = find_oxide_element(name)
            if name in self.oxides:
                message = f"{name} is read as {element}: its contents are divided by {self.oxides[name].factor:.6f}."
                yield ReadingWarning("oxide_converted", message, indexes, is_information=True)
            elif element in self.expected and not self._has_element(element):
                message = f"{name} is one of several oxides of {element}, or its factor is not known. Have the instrument report {element}."
                yield ReadingWarning("oxide", message, indexes)
            elif name not in self.expected and not (self.ignited and self.readings[indexes[0]].quantity == LOSS):
                message = f"{name} is not measured by this method; it is kept and not used."
                yield ReadingWarning("analyte_not_in_method", message, indexes, is_information=True)

    def _has_element(self, symbol: str) -> bool:
        """Whether the element itself was read, in whatever channel."""
        return bool(self.counting[symbol] or self.other[symbol])

    def _check_units(self) -> Iterator[ReadingWarning]:
        counting = [index for indexes in self.counting.values() for index in indexes]
        solids = [] if self.solid else [index for index in counting if self.readings[index].quantity == MASS_FRACTION]
        for written, indexes in self._group(solids, lambda reading: reading.unit or "").items():
            message = f"Contents of the solid are in {written}, the method works in {self.unit} of solutions. "
            yield ReadingWarning("unit_differs", message + "Choose a run of a method that measures solids.", indexes)
        others = set(counting).difference(solids) if solids else counting
        for written, indexes in self._group(sorted(others), lambda reading: reading.unit or "").items():
            factor = _find_factor(written, self.unit)
            if factor is not None and factor != 1:
                message = f"Concentrations are in {written}, the method works in {self.unit}: 1 {written} is {factor:f} {self.unit}."
                yield ReadingWarning("unit_converted", message, indexes)
            elif factor is None:
                said = f"in {written}, the method works in {self.unit}. Export them in {self.unit}." if written else ""
                message = f"Concentrations are {said or f'without a unit. Say it, or export them in {self.unit}.'}"
                yield ReadingWarning("unit_differs", message, indexes)

    def _check_channels(self) -> Iterator[ReadingWarning]:
        for symbol, indexes in self.counting.items():
            channels = self._group(indexes, lambda reading: (reading.isotope_or_line, reading.gas_mode))
            if len(channels) > 1:
                names = ", ".join(f"{isotope or 'no mass'} [{gas or 'no gas mode'}]" for isotope, gas in channels)
                message = f"{symbol} was measured in several ways ({names}) and the method does not say which one counts. Choose one."
                yield ReadingWarning("several_channels", message, tuple(indexes))
            if self.other[symbol]:
                message = f"{symbol} was also measured at another mass or in another gas mode than the method's; it is kept and not used."
                yield ReadingWarning("other_channel", message, tuple(self.other[symbol]), is_information=True)

    def _check_twice(self) -> Iterator[ReadingWarning]:
        of_channel: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
        for channel, indexes in self.channels.items():
            of_channel[channel[:5]] += indexes
        twice = [
            found for indexes in of_channel.values() if not self._differ(indexes) for found in self._group(sorted(indexes), _count).values()
        ]
        for equal in sorted(twice):
            if len(equal) > 1:
                first = self.readings[equal[0]]
                message = f"{first.analyte} of {first.sample!r} came {len(equal)} times. Number the replicates, or send it once."
                yield ReadingWarning("reading_twice", message, equal)

    def _differ(self, indexes: Sequence[int]) -> bool:
        """Whether the readings of one channel are all of different rows or replicates."""
        readings = self.readings
        return len({(readings[index].row_index, readings[index].replicate) for index in indexes}) == len(indexes)

    def _content(self, reading: ParsedReading, oxide_factor: float) -> Decimal | None:
        """What is read of the element in the method's unit, or none where there is no number or the units measure different things."""
        factor = _find_factor(reading.unit or "", self.unit)
        if reading.value is None or factor is None:
            return None
        return reading.value * factor / Decimal(str(oxide_factor))

    def _check_value(self, index: int) -> Iterator[ReadingWarning]:
        reading = self.readings[index]
        oxide = self.oxides.get(reading.analyte)
        upper = self.expected[self._name_element(reading)].upper
        content = self._content(reading, oxide.factor if oxide else 1.0)
        what = f"{reading.analyte} of {reading.sample!r}"
        if reading.qualifier == NOT_UNDERSTOOD:
            message = f"{what} reads {reading.raw[:40]!r}, which is no number and no known word."
            yield ReadingWarning("value_unread", message, (index,))
        elif content is not None and abs(content) > _MOST_CONTENT:
            message = f"{what} reads {reading.raw[:40]} {reading.unit}, which is more than there can be. Correct it at the instrument."
            yield ReadingWarning("value_impossible", message, (index,))
        elif reading.qualifier in {OVER, ABOVE}:
            message = f"{what} is over the instrument's range ({reading.raw[:40]}). Dilute and measure again."
            yield ReadingWarning("over_range", message, (index,))
        elif upper is not None and content is not None and content > upper:
            written = "" if _find_factor(reading.unit or "", self.unit) == 1 else f" {reading.unit}"
            message = f"{what} is {reading.raw[:40]}{written}, over the method's {upper} {self.unit}. Dilute and measure again."
            yield ReadingWarning("over_range", message, (index,))
