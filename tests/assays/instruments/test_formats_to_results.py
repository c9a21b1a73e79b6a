"""One export of each shape, from the upload to the result: which quantity is reduced, in which unit, with which dilution."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from assays.instruments.models import Reading, Upload
from assays.instruments.recording import confirm_upload, record_upload
from assays.models import ResultVersion, Run
from lims.core.errors import Blocked, DomainError, Invalid
from tests.assays.instruments.parsers.files import number, pack, workbook_parts
from tests.factories.bench import make_planned_run
from tests.factories.browsing import sign_in, text_of
from tests.factories.measurement import make_headings, make_rows, upload_run
from tests.factories.people import Cast

pytestmark = pytest.mark.django_db

Contents = list[tuple[str, dict[str, Decimal], Decimal]]
"""Each tube with the concentrations in the original solution, ug/L, and the dilution it is measured at."""


def contents_of(run: Run) -> Contents:
    return [
        (row.sample, {symbol: Decimal(str(one.concentration)) for symbol, one in row.values.items()}, Decimal(str(row.total_dilution)))
        for row in make_rows(run)
    ]


def write_qtegra(tubes: Contents, masses: dict[str, int]) -> bytes:
    """Four header rows; nothing says a dilution, so the contents are those of the solution as it was measured."""
    quantities = ["Raw.Average", "ExtCal.Average", "ExtCal.RSD"]
    symbols = list(tubes[0][1])
    lines = [[what for what in quantities for _ in symbols], ["0"] * 3 * len(symbols)]
    lines += [[f"{masses[symbol]}{symbol} (KED)" for symbol in symbols] * 3]
    lines += [["Y (cps)"] * len(symbols) + ["Y (ppb)"] * len(symbols) + ["Y (%)"] * len(symbols)]
    head = [";;" + ";".join(line) for line in lines]
    body = [
        f"{place};{label};"
        + ";".join([*("4e5" for _ in values), *(f"{value / dilution:f}" for value in values.values()), *("1.2" for _ in values)])
        for place, (label, values, dilution) in enumerate(tubes, 1)
    ]
    return "\r\n".join([*head, *body, ""]).encode()


def write_icp_expert(tubes: Contents, masses: dict[str, int]) -> bytes:
    """One line an analyte; the corrected concentration has the dilution in it, the solution's has not and is not taken."""
    lines = ["Solution Label,Type,Element,Flags,Soln Conc,Units,Corr Con,Units,Int,DF,NumReps,Replicates,,,"]
    for label, values, dilution in tubes:
        for symbol, value in values.items():
            line = f"{label},Samp,{symbol},,{value / dilution + 1},Âµg/L,{value},Âµg/L,4012,{dilution},2,4010,,4014,"
            lines.append(line)
    return "\r\n".join([*lines, ""]).encode()


def write_winlab32(tubes: Contents, masses: dict[str, int]) -> bytes:
    """The mean beside replicates that differ from it: the mean counts."""
    lines = ["Sample ID,Analyte Name,Int (Corr),Conc (Calib),Calib Units,Repl No1,Conc (Calib)1,Repl No2,Conc (Calib)2"]
    for label, values, dilution in tubes:
        for symbol, value in values.items():
            lines.append(f"{label},{symbol} {masses[symbol]},377.8,{value / dilution},ug/L,1,{value},2,{value}")
    return "\r\n".join([*lines, ""]).encode()


def write_shimadzu(tubes: Contents, masses: dict[str, int]) -> bytes:
    lines = []
    for label, values, dilution in tubes:
        for symbol, value in values.items():
            mean = f"{value / dilution:f}"
            cells = ["M", "", label, "9/23/2026 11:54:59 AM", "", "", symbol, "QUANT", f"{masses[symbol]}", "1", "ppb", mean, mean]
            lines.append("\t".join([*cells, *[""] * 8, mean, "0.01", "0.1", *[""] * 20]))
    return "\r\n".join([*lines, ""]).encode()


def write_syngistix(tubes: Contents, masses: dict[str, int]) -> bytes:
    """Two sheets of one acquisition; the sample's concentration is in mg/L."""
    symbols = list(tubes[0][1])
    titles = [" ", "Sample Id", "R", "Acquisition Time", "A/S Loc", "QC Status", "Dataset File", "Method File"]
    rows = [
        [number("1"), label, None, f"2026-03-01T10:{place:02}:00", number(str(place)), None, "D", "M"]
        for place, (label, _, _) in enumerate(tubes)
    ]
    sample = [
        [*row, *(number(f"{value / dilution / 1000:f}") for value in values.values())]
        for row, (_, values, dilution) in zip(rows, tubes, strict=True)
    ]
    calib = [[*row, *(number("7") for _ in symbols)] for row in rows]
    return pack(
        workbook_parts(
            {
                "Conc. in Calib Units": [[*titles, *(f"{symbol} {masses[symbol]}\n(µg/L)" for symbol in symbols)], *calib],
                "Conc. in Sample Units": [[*titles, *(f"{symbol} {masses[symbol]}\n(mg/L)" for symbol in symbols)], *sample],
            }
        )
    )


@pytest.mark.parametrize(
    ("write", "codes"),
    [
        (write_qtegra, set()),
        (write_icp_expert, set()),
        (write_winlab32, set()),
        (write_shimadzu, set()),
        (write_syngistix, {"unit_converted"}),
    ],
)
def test_an_export_of_every_shape_becomes_the_right_results(
    cast: Cast, planned: Run, write: Callable[[Contents, dict[str, int]], bytes], codes: set[str]
) -> None:
    masses = {heading.symbol: heading.mass for heading in make_headings(planned)}
    stored = upload_run(cast, planned, write(contents_of(planned), masses), file_name="export")
    upload = stored.upload
    assert {note["code"] for note in upload.notes if not note["information"]} == codes, upload.notes
    if codes:
        assert upload.state == "waiting"
        record_upload(upload=upload, by=cast.analyst, reason="looked at: mg/L is converted")
    else:
        assert upload.state == "recorded", upload.error
    # As in test_export_to_release: 35.1 ug/L less the blank's 0.018, x 0.1 L / 0.1 g / 0.8 dry.
    for symbol, expected in {"Dy": Decimal("43.8525"), "Tb": Decimal("7.14625")}.items():
        version = ResultVersion.objects.get(reduction__run=planned, position__number=3, result__analyte__symbol=symbol)
        assert version.value == expected
        assert version.unit == "mg/kg"


def test_ppm_of_a_spectrometer_of_x_rays_is_not_taken_for_a_concentration_of_a_solution(cast: Cast, planned: Run) -> None:
    lines = ["Reading No,Time,Type,Units,SAMPLE,Dy,Dy Error,Tb,Tb Error"]
    lines += [f"{place},01.03.26 10:15,Mining,ppm,{label},35.1,0.2,5.7,0.1" for place, (label, _, _) in enumerate(contents_of(planned), 1)]
    upload = upload_run(cast, planned, "\r\n".join([*lines, ""]).encode(), file_name="export.csv").upload
    assert upload.state == "waiting"
    assert "unit_differs" in {note["code"] for note in upload.notes}
    assert Reading.objects.filter(row__upload=upload, quantity="mass_fraction", unit="ppm").exists()
    assert not ResultVersion.objects.exists()


def test_unit_a_file_does_not_give_is_asked_for_once(cast: Cast, planned: Run) -> None:
    masses = {heading.symbol: heading.mass for heading in make_headings(planned)}
    data = write_winlab32(contents_of(planned), masses).replace(b",Calib Units", b"").replace(b",ug/L", b"")
    upload = upload_run(cast, planned, data, file_name="export.csv").upload
    assert upload.state == "waiting"
    for unit, code in {"": "unit_differs", "furlong": "unknown_unit", "mg/kg": "unit_differs"}.items():
        with pytest.raises((Blocked, DomainError, Invalid)) as refusal:
            confirm_upload(upload=upload, by=cast.analyst, unit=unit)
        assert refusal.value.code == code
        upload.refresh_from_db()
        assert (upload.state, upload.stated_unit) == ("waiting", "")
    analyst = sign_in(cast.analyst)
    assert "The unit of the concentrations" in text_of(analyst.get(f"/uploads/{upload.pk}/"))
    assert analyst.post(f"/uploads/{upload.pk}/confirm/", {"unit": "ug/L"}).status_code == 302
    version = ResultVersion.objects.get(reduction__run=planned, position__number=3, result__analyte__symbol="Dy")
    assert (version.value, version.unit) == (Decimal("43.8525"), "mg/kg")
    assert set(Reading.objects.filter(row__upload=upload, quantity="measured_concentration").values_list("unit", flat=True)) == {""}


def test_the_instruments_unit_serves_where_the_file_states_none_and_a_person_may_say_another(cast: Cast) -> None:
    def bring(run: Run, *, states_unit: bool = False) -> Upload:
        run.instrument.refresh_from_db()
        data = write_winlab32(contents_of(run), {heading.symbol: heading.mass for heading in make_headings(run)})
        return upload_run(cast, run, data if states_unit else data.replace(b",Calib Units", b"").replace(b",ug/L", b"")).upload

    def result_of(run: Run) -> Decimal:
        version = ResultVersion.objects.get(reduction__run=run, position__number=3, result__analyte__symbol="Dy")
        trail = analyst.get(f"/runs/{run.code}/results/{version.pk}/trail/").json()
        assert [Decimal(str(one["output"])) for one in trail["steps"] if one["step"] == "dry_1"] == [version.value]
        return version.value

    first, second, third = (make_planned_run(cast) for _ in range(3))
    manager, analyst, address = sign_in(cast.quality_manager), sign_in(cast.analyst), f"/instruments/{first.instrument.code}/"
    for wrong in ({"default_unit": "ug/L", "reason": " "}, {"default_unit": "cps", "reason": "new"}):
        assert manager.post(f"{address}unit/", wrong).status_code == 422
    manager.post(f"{address}unit/", {"default_unit": "ug/L", "reason": "as its method is set up"})
    assert "as its method is set up" in text_of(analyst.get(address))

    upload = bring(first)
    assert (upload.state, upload.stated_unit, upload.unit_of_instrument) == ("recorded", "ug/L", True)
    assert result_of(first) == Decimal("43.8525")
    assert "unit from the instrument's settings" in text_of(analyst.get(f"/uploads/{upload.pk}/"))
    assert set(Reading.objects.filter(row__upload=upload, quantity="measured_concentration").values_list("unit", flat=True)) == {""}

    manager.post(f"{address}unit/", {"default_unit": "mg/L", "reason": "the software was changed"})
    assert (bring(second, states_unit=True).stated_unit, result_of(second)) == ("", Decimal("43.8525"))
    upload = bring(third)
    page = text_of(analyst.get(f"/uploads/{upload.pk}/"))
    assert (upload.state, "Say another one here if this file is in another" in page) == ("waiting", True)
    analyst.post(f"/uploads/{upload.pk}/confirm/", {"unit": "ug/L"})
    upload.refresh_from_db()
    assert (upload.state, upload.stated_unit, upload.unit_of_instrument) == ("recorded", "ug/L", False)
    assert "unit_of_instrument" not in {note["code"] for note in upload.notes}
    assert result_of(third) == Decimal("43.8525")
