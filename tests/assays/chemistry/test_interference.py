import pytest

from assays.chemistry.interference import compute_apparent_factor, correct_concentration, correct_signal


def test_oxide_is_taken_off_by_ratio_and_abundance():
    corrected = correct_signal(1000, 5000, 0.01, parent_abundance=0.12, measured_abundance=0.24)
    assert (corrected.interference, corrected.corrected, corrected.percent) == pytest.approx((25, 975, 2.5))
    assert not corrected.flagged


def test_parent_measured_directly_needs_no_abundance():
    assert correct_signal(1000, 5000, 0.01).interference == pytest.approx(50)


def test_large_correction_is_flagged():
    assert correct_signal(1000, 5100, 0.01).flagged
    assert not correct_signal(1000, 5000, 0.01).flagged


def test_signal_of_nothing_is_refused():
    with pytest.raises(ValueError, match="positive signal"):
        correct_signal(0, 1, 0.01)


def test_apparent_content_of_a_pure_solution_is_taken_off():
    factor = compute_apparent_factor(2.0, 1000)
    assert correct_concentration(1.5, 250, factor) == pytest.approx(1.0)
