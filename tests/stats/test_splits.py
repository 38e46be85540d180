"""Splits by hash."""

import numpy as np
import pytest

from reviewapp.stats.sampling.hash_numbers import hash_number
from reviewapp.stats.sampling.splits import hash_split

SHARES = {"train": 0.2, "dev": 0.3, "test": 0.5}


def test_a_group_falls_where_its_number_does():
    for group in (f"conversation-{i}" for i in range(200)):
        number = hash_number("salt", group)
        expected = "train" if number < 0.2 else "dev" if number < 0.5 else "test"
        assert hash_split("salt", group, SHARES) == expected


def test_splits_have_their_shares():
    found = [hash_split("salt", str(i), SHARES) for i in range(20_000)]
    for name, share in SHARES.items():
        # Four standard errors.
        assert np.mean([each == name for each in found]) == pytest.approx(share, abs=4 * (0.25 / 20_000) ** 0.5)


def test_shares_that_add_up_but_for_rounding_leave_nobody_out():
    assert {hash_split("salt", str(i), dict.fromkeys("abcdefghij", 0.1)) for i in range(500)} == set("abcdefghij")


@pytest.mark.parametrize("shares", [{}, {"a": 0.5}, {"a": 1.5, "b": -0.5}, {"a": float("nan"), "b": 1.0}])
def test_shares_that_do_not_divide_the_whole_are_refused(shares):
    with pytest.raises(ValueError, match="add up to 1"):
        hash_split("salt", "x", shares)
