import numpy as np
import pytest

from molxai.benchmarks.estimates import (
    RESAMPLES,
    draws,
    interval,
    pair_draws,
    quotient,
    root_mean_square,
)


def test_the_first_draw_is_the_data():
    drawn = draws(7, 0)
    assert drawn.shape == (RESAMPLES + 1, 7)
    assert (drawn[0] == 1).all() and (drawn.sum(1) == 7).all()
    assert (draws(7, 0) == drawn).all() and (draws(7, 1) != drawn).any()


def test_errors_and_their_intervals_are_those_of_a_plain_bootstrap():
    errors = np.random.default_rng(0).standard_normal((3, 40)) * 2
    value, low, high = interval(root_mean_square(errors, draws(40, 0)))
    expected = [np.sqrt(np.mean(row**2)) for row in errors]
    assert value == pytest.approx(np.mean(expected))
    random = np.random.default_rng(1)
    samples = []
    for _ in range(4000):
        rows = errors[:, random.integers(0, 40, 40)]
        samples.append(np.mean(np.sqrt((rows**2).mean(1))))
    assert (low, high) == pytest.approx(np.quantile(samples, [0.025, 0.975]), abs=0.05)


def test_pairs_are_drawn_with_their_molecules():
    ends = np.array([[9, 4], [4, 6], [6, 9]])
    drawn = pair_draws(ends, 5)
    molecules = draws(3, 5)  # 4, 6, 9
    expected = [molecules[:, 2] * molecules[:, 0], molecules[:, 0] * molecules[:, 1]]
    assert (drawn[:, :2] == np.stack(expected, 1)).all()
    assert (drawn[0] == 1).all()


def test_one_molecule_in_all_pairs_makes_intervals_wide():
    hits = np.array([1.0, 0.0] * 20)
    star = np.array([(0, place + 1) for place in range(40)])
    apart = np.array([(2 * place, 2 * place + 1) for place in range(40)])
    widths = []
    for ends in (star, apart):
        drawn = pair_draws(ends, 0)
        value, low, high = interval(quotient(drawn @ hits, drawn.sum(1)))
        assert value == 0.5 and low < 0.5 < high
        widths.append(high - low)
    assert widths[1] > 0.25  # a plain bootstrap of 40 pairs has .31
