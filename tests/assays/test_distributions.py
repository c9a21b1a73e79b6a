import pytest
from hypothesis import given
from hypothesis import strategies as st

from assays.distributions import student_t_cdf, student_t_quantile


# Tables of Student's t, e.g. NIST/SEMATECH e-Handbook 1.3.6.7.2.
@pytest.mark.parametrize(
    ("probability", "degrees", "expected"),
    [
        (0.975, 1, 12.7062),
        (0.99, 9, 2.8214),
        (0.995, 5, 4.0321),
        (0.9, 10, 1.3722),
        (0.95, 30, 1.6973),
        (0.99, 100, 2.3642),
        (0.999, 3, 10.2145),
    ],
)
def test_quantiles_are_those_of_the_tables(probability, degrees, expected):
    assert student_t_quantile(probability, degrees) == pytest.approx(expected, abs=5e-5)


def test_one_degree_of_freedom_is_cauchy():
    assert student_t_cdf(1.0, 1) == pytest.approx(0.75, abs=1e-14)
    assert student_t_quantile(0.75, 1) == pytest.approx(1.0, abs=1e-13)


@given(st.floats(0.0005, 0.9995), st.integers(1, 200))
def test_quantile_and_probability_are_inverse(probability, degrees):
    assert student_t_cdf(student_t_quantile(probability, degrees), degrees) == pytest.approx(probability, rel=1e-9)


@given(st.floats(0, 50), st.integers(1, 100))
def test_distribution_is_symmetric(t, degrees):
    assert student_t_cdf(t, degrees) + student_t_cdf(-t, degrees) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("probability", [0, 1, -0.1])
def test_probability_outside_zero_to_one_is_refused(probability):
    with pytest.raises(ValueError, match="between 0 and 1"):
        student_t_quantile(probability, 5)
