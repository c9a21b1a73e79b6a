import pytest

from assays.chemistry.elements import ANALYTES, LANTHANIDES, RARE_EARTHS, compute_oxide_factor, find_analyte, parse_oxide
from assays.chemistry.oxides import find_factor, to_element, to_oxide

# Element-to-oxide factors as geochemists print them, to four decimals (James Cook University conversion tables).
PUBLISHED = {
    "La2O3": 1.1728, "CeO2": 1.2284, "Pr6O11": 1.2082, "Nd2O3": 1.1664, "Sm2O3": 1.1596, "Eu2O3": 1.1579, "Gd2O3": 1.1526,
    "Tb4O7": 1.1762, "Dy2O3": 1.1477, "Ho2O3": 1.1455, "Er2O3": 1.1435, "Tm2O3": 1.1421, "Yb2O3": 1.1387, "Lu2O3": 1.1372,
    "Y2O3": 1.2699, "Sc2O3": 1.5338, "ThO2": 1.1379, "U3O8": 1.1792,
}  # fmt: skip


@pytest.mark.parametrize("symbol", ANALYTES)
def test_factor_of_reporting_oxide_is_the_published_one(symbol):
    assert ANALYTES[symbol].factor == pytest.approx(PUBLISHED[ANALYTES[symbol].oxide], abs=6e-5)


def test_alternative_oxide_has_its_own_factor():
    assert find_factor("Tb", "Tb2O3") == pytest.approx(1.1510, abs=5e-5)
    assert find_factor("Tb") > find_factor("Tb", "Tb2O3")


def test_reporting_oxide_by_name_is_the_default():
    assert to_oxide("Dy", 100.0, "Dy2O3") == to_oxide("Dy", 100.0) == pytest.approx(114.7683, abs=1e-4)


@pytest.mark.parametrize("symbol", ANALYTES)
def test_oxide_and_back_is_the_same(symbol):
    assert to_element(symbol, to_oxide(symbol, 12.34)) == pytest.approx(12.34, rel=1e-15)


def test_oxide_of_another_element_is_refused():
    with pytest.raises(ValueError, match="Dy2O3 is not an oxide of Tb"):
        to_oxide("Tb", 1.0, "Dy2O3")


def test_unknown_element_is_refused_by_name():
    with pytest.raises(ValueError, match="'Pm' is not an analyte"):
        find_analyte("Pm")


@pytest.mark.parametrize("text", ["Dy", "O2", "2DyO3", "DY2O3", "Dy2O3.H2O", ""])
def test_text_that_is_no_oxide_is_refused(text):
    with pytest.raises(ValueError, match="not the formula of an oxide"):
        parse_oxide(text)


@pytest.mark.parametrize("formula", ["CeO2", "Dy2O3", "Pr6O11", "U3O8", "EuO"])
def test_formula_reads_and_writes_alike(formula):
    assert parse_oxide(formula).text == formula


def test_factor_without_atoms_is_refused():
    with pytest.raises(ValueError, match="at least one atom"):
        compute_oxide_factor(0, 3, 162.5)


def test_report_order_is_lanthanum_to_lutetium_then_the_others():
    assert sorted(ANALYTES.values(), key=lambda a: a.order)[-4:] == [ANALYTES[s] for s in ("Y", "Sc", "Th", "U")]
    weights = [ANALYTES[s].atomic_weight for s in LANTHANIDES]
    assert weights == sorted(weights)
    assert len(RARE_EARTHS) == 15
    assert "Sc" not in RARE_EARTHS
