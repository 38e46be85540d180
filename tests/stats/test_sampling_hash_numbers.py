"""Permanent random numbers against the reference vector."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewapp.stats.sampling.hash_numbers import hash_integer, hash_number, hash_numbers
from reviewapp.stats.sampling.inclusion import union_independent, union_shared_number
from tests.stats.reference import vector

FIXTURE = vector("hash_poisson_sampling")
RANGE = FIXTURE["inputs"]["range_test"]
IDS = [f"rec-{i:06d}" for i in range(10_000)]
CASES = list(zip(FIXTURE["inputs"]["cases"], FIXTURE["expected"]["cases"], strict=True))


@pytest.mark.parametrize(("given_case", "expected"), CASES, ids=lambda case: case.get("record_id", ""))
def test_reference_numbers(given_case, expected):
    assert str(hash_integer(**given_case)) == expected["u64"]
    assert hash_number(**given_case) == expected["u"]
    assert hash_numbers(given_case["salt"], [given_case["record_id"]]).tolist() == [expected["u"]]


def test_reference_draws():
    a, b = hash_numbers(RANGE["salt_a"], IDS), hash_numbers(RANGE["salt_b"], IDS)
    drawn = (a < 0.05).nonzero()[0]
    assert drawn.size == FIXTURE["expected"]["count_u_below_0_05_policy_a"]
    assert drawn[:5].tolist() == FIXTURE["expected"]["first_selected_indices"]
    assert ((a < 0.02) | (b < 0.10)).sum() == FIXTURE["expected"]["count_union_a_0_02_or_b_0_10"]


@given(
    st.text(st.characters(exclude_characters="\x1f", codec="utf-8")), st.lists(st.text(st.characters(codec="utf-8")))
)
def test_many_equal_one_by_one(salt, ids):
    numbers = hash_numbers(salt, ids)
    assert numbers.tolist() == [hash_number(salt, record_id) for record_id in ids]
    assert ((numbers >= 0) & (numbers < 1)).all()


def test_a_salt_with_the_separator_is_refused():
    with pytest.raises(ValueError, match="separator"):
        hash_number("a\x1fb", "c")


def test_reference_unions():
    union = vector("inclusion_probability_union")
    tolerance = union["tolerance"]
    independent, same, always = (
        union["inputs"][key] for key in ("independent_policies", "same_salt_policies", "always_included")
    )
    assert union_independent(independent) == pytest.approx(union["expected"]["independent"], abs=tolerance)
    assert union_shared_number(same) == union["expected"]["same_salt"]
    assert union_independent(always) == union_shared_number(always) == union["expected"]["always"]


def test_unions_of_many_records_and_of_no_rules():
    rules = [[0.1, 0.2], [0.5, 0.0]]
    assert union_shared_number(rules).tolist() == [0.2, 0.5]
    assert union_independent(rules) == pytest.approx([0.28, 0.5])
    assert union_shared_number([[], []]).tolist() == union_independent([[], []]).tolist() == [0, 0]


@pytest.mark.parametrize("union", [union_shared_number, union_independent])
@pytest.mark.parametrize("wrong", [[0.1, float("nan")], [1.1], [-0.1], 0.5])
def test_what_is_no_probability_has_no_union(union, wrong):
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        union(wrong)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_independent_rules_reach_at_least_as_many_records_as_nested_ones(rules):
    assert union_independent(rules) >= union_shared_number(rules) - 1e-12
