"""The in-house material of the leach: no certified one exists, so its value comes from recorded runs."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal

from assays.models import Method
from assays.services.in_house import create_in_house_material, establish_values, record_run
from lims.core import clock
from lims.demo.geology import make_rock
from lims.demo.people import Cast

METHOD = "LCH-MS"
_RUNS = 12
_SPREAD = 0.04


def build_leach_material(cast: Cast, rng: random.Random) -> None:
    """A clay of the Bhopal laboratory, measured on twelve days before the story begins."""
    manager = cast.of("quality_manager", "BPL")
    method = Method.objects.get(code=METHOD)
    material = create_in_house_material(code="BPL-LEACH-1", matrix="ion-adsorption clay, synthetic demonstration", by=manager)
    rock = make_rock(rng, "heavy_clay", "clay", 1.0)
    analytes = [one.analyte for one in method.versions.order_by("-number")[0].analytes.select_related("analyte")]
    start = clock.today() - timedelta(days=3 * _RUNS)
    for run in range(_RUNS):
        contents = {analyte: Decimal(f"{rock.contents[analyte.symbol] * 0.6 * rng.gauss(1, _SPREAD):.5g}") for analyte in analytes}
        record_run(
            material=material, method_group=method.method_group, measured_on=start + timedelta(days=3 * run), contents=contents, by=manager
        )
    establish_values(material=material, method_group=method.method_group, by=manager)
