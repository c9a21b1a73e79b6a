from __future__ import annotations

from assays.selectors.portion_words import explain_moisture

USED = {"wet_mass_g": "50.0500", "dry_mass_g": "42.1970"}


def test_a_moist_portion_is_told_by_the_masses_it_comes_from() -> None:
    assert explain_moisture(USED, 15.69) == "wet basis, from 50.0500 g wet and 42.1970 g dry"


def test_a_dried_portion_holds_no_moisture_whatever_its_sample_lost() -> None:
    told = explain_moisture(USED, 0.0)
    assert told == "dried before it was weighed; the moisture aliquot went from 50.0500 g wet to 42.1970 g dry"


def test_a_sample_that_lost_nothing_is_told_by_its_masses() -> None:
    assert explain_moisture({"wet_mass_g": "5.0000", "dry_mass_g": "5.0000"}, 0.0) == "wet basis, from 5.0000 g wet and 5.0000 g dry"
