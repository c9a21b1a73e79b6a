"""The laboratory validated its calculations before it used them: the product's examples, and two of its own."""

from __future__ import annotations

import json

from assays.services.validating import run_examples_file, run_product_examples, sign_off_validation
from lims.demo.people import Cast

# By hand: 2 g of 10 g are water; 26.0 stands 1.75 standard deviations above 22.5.
_OWN = [
    {
        "id": "moisture by hand",
        "topic": "moisture",
        "inputs": {"m_wet_g": 10.0, "m_dry_g": 8.0, "C_as_received_mg_kg": 40.0},
        "expected": {"moisture_pct_wet_basis": 20.0, "C_dry_mg_kg": 50.0},
        "tolerance": "rel 1e-9",
        "source": "by hand, synthetic demonstration",
    },
    {
        "id": "z by hand",
        "topic": "crm_control",
        "inputs": {"x": 26.0, "mu": 22.5, "sd": 2.0},
        "expected": {"z": 1.75, "status": "pass"},
        "tolerance": "rel 1e-9",
        "source": "by hand, synthetic demonstration",
    },
]


def validate_calculations(cast: Cast) -> None:
    """One run of the product's examples, signed off; one of the laboratory's own file, which waits for its signature."""
    manager = cast.of("quality_manager", "BPL")
    run = run_product_examples(by=manager)
    sign_off_validation(run=run, conclusion="fit", password=cast.password, by=manager)
    run_examples_file(data=json.dumps(_OWN).encode(), file_name="own-examples.json", by=manager)
