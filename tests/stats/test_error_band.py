"""A band around an error rate: by hand, refused, and how often it is left by chance."""

import numpy as np
import pytest

from reviewapp.stats.proportions import wilson
from reviewapp.stats.sequential.beta_binomial import e_value_above
from reviewapp.stats.sequential.error_band import THRESHOLD, joint_e_value, watch_errors


def test_the_first_stretch_sets_the_edge_and_the_rest_is_held_against_it():
    """3 of the first 30 wrong: the edge is Wilson's upper limit; 4 of 10 after it."""
    band = watch_errors("a", [1] * 3 + [0] * 27 + [1] * 4 + [0] * 6, first=30)
    edge = wilson(3, 30, 0.8).high
    assert (band.errors_first, band.edge, band.n_since, band.errors_since) == (3, pytest.approx(edge), 10, 4)
    assert band.e_value == pytest.approx(e_value_above(4, 6, edge))
    assert joint_e_value([band, watch_errors("b", [0], first=30)]) == pytest.approx((band.e_value + 1) / 2)
    assert watch_errors("c", [0] * 5_000, first=4_000).edge == 0.02


def test_a_band_needs_its_first_stretch_and_sound_values():
    assert watch_errors("a", [0, 1], first=3).edge is None
    assert joint_e_value([]) == 1
    for wrong in ([2], [[0]]):
        with pytest.raises(ValueError, match="vector of 0 and 1"):
            watch_errors("a", wrong, first=1)
    with pytest.raises(ValueError, match="holds something"):
        watch_errors("a", [0], first=0)


@pytest.mark.slow
def test_a_judge_that_stays_as_it_is_is_seldom_flagged_and_one_that_moves_is_found():
    """1,000 judges that err on 10 % of both, looked at after every twentieth of 400 labels; then 30 %."""
    rng = np.random.default_rng(8)

    def ever(rate):
        flagged, when = 0, []
        for _ in range(1000):
            errors = [np.concatenate([rng.random(30) < 0.1, rng.random(200) < rate]).astype(int) for _ in range(2)]
            for n in range(40, 231, 10):
                if joint_e_value([watch_errors("", each[:n], first=30) for each in errors]) >= THRESHOLD:
                    flagged += 1
                    when.append(2 * (n - 30))
                    break
        return flagged / 1000, float(np.median(when)) if when else 0.0

    same, moved = ever(0.1), ever(0.3)
    print("flagged though the same", same, "flagged after it moved", moved)  # noqa: T201
    assert same[0] <= 0.05
    assert moved[0] >= 0.8
