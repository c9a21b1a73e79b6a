"""An invented X-ray spectrometer: the carbonate once more, fused to beads and measured undissolved, from its file to quality control."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from assays.chemistry.elements import ANALYTES
from assays.instruments.ingest import store_upload
from assays.instruments.models import Instrument
from assays.instruments.recording import confirm_upload
from assays.models import Aliquot, CertifiedValue, Run
from assays.services.planning import plan_run
from lims.core import clock
from lims.demo.geology import PROFILES
from lims.demo.instrument import certified_values
from lims.demo.journeys import Journey, Story

METHOD, SPECTROMETER = "FUS-XRF", "BPL-XRF1"
_IN_PPM = frozenset({"Th"})


def write_bead_results(tubes: Iterable[tuple[str, Mapping[str, float]]], *, measured_at: datetime, loss: str = "0.000") -> bytes:
    """Results of fused beads as the spectrometer's software writes them: of each label what it holds in mg/kg of the element, as oxides in
    percent, thorium in ppm; `loss` is the column of the loss on ignition."""
    rows = list(tubes)
    symbols = list(dict.fromkeys(symbol for _label, contents in rows for symbol in contents))
    names = [symbol if symbol in _IN_PPM else ANALYTES[symbol].oxide for symbol in symbols]
    lines = ["\t" * 8 + "\t\t".join(names) + "\t"]
    lines.append("\t".join(["Nr", "Ident", "Seq", "Time", "Pos", "Ini wgt", "Fin wgt", "L.O.I.", *["C", "Unit"] * len(symbols)]))
    for number, (label, contents) in enumerate(rows, 1):
        cells: list[str] = []
        for symbol in symbols:
            content = contents.get(symbol, 0.0)
            cells += [f"{content:.2f}", "ppm"] if symbol in _IN_PPM else [f"{content * ANALYTES[symbol].factor / 10_000:.6f}", "%"]
        when = f"{measured_at + timedelta(minutes=12 * number):%d-%b-%Y %H:%M:%S}"
        lines.append("\t".join([str(number), label, "1 of 1", when, str(number), "0.700", "7.700", loss, *cells]))
    return "\r\n".join([*lines, ""]).encode()


def measure_beads(story: Story, journey: Journey, aliquots: list[Aliquot], treo_percent: float, day: float) -> Run:
    """Plan the tray, measure it, and let the analyst take the file: it is in percent, the method in mg/kg. It waits for its review."""
    analyst = story.cast.of("analyst", journey.laboratory)
    spectrometer = Instrument.objects.create(
        code=SPECTROMETER,
        name="Wavelength-dispersive XRF (demonstration)",
        laboratory=analyst.organisation,
        technique="XRF",
        serial=f"DEMO-{SPECTROMETER}",
        calibration_due=clock.today() + timedelta(days=200),
    )
    with story.on_day(journey, day):
        run = plan_run(instrument=spectrometer, method_version=aliquots[0].test.method_version, aliquots=aliquots, by=analyst)
    with story.on_day(journey, day + 0.3) as moment:
        data = write_bead_results(_read_tubes(run, treo_percent, story.rng), measured_at=moment)
        upload = store_upload(instrument=spectrometer, file_name=f"{run.code}.txt", data=data, run=run, by=analyst).upload
        confirm_upload(upload=upload, by=analyst)
    run.refresh_from_db()
    return run


def _read_tubes(run: Run, treo_percent: float, rng: random.Random) -> Iterable[tuple[str, Mapping[str, float]]]:
    """What each bead shows of its portion as prepared, mg/kg."""
    certified = certified_values(run)
    symbols = list(run.method_version.analytes.values_list("analyte__symbol", flat=True))
    shares = PROFILES["heavy_clay"]
    for tube in run.positions.select_related("aliquot__preparation", "material").order_by("number"):
        if tube.aliquot is not None:
            wet = 1 - tube.aliquot.preparation.portion_moisture_percent / 100
            whole = treo_percent * 10_000 / sum(shares.values()) * wet
            held = {symbol: whole * share / ANALYTES[symbol].factor for symbol, share in shares.items()}
        else:
            # By X-rays first; what is certified by other techniques alone is in the powder all the same.
            values = CertifiedValue.objects.filter(material=tube.material_id, unit="mg/kg").select_related("analyte")
            held = {one.analyte.symbol: float(one.value) for one in values}
            held |= {symbol: float(value.value) for (material, symbol), value in certified.items() if material == tube.material_id}
        yield tube.label, {symbol: held.get(symbol, 1.0) * rng.gauss(1, 0.006) for symbol in symbols}
