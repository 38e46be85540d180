"""Permanent random numbers, and what a plan says of an item."""

import pytest

from reviewapp.accounts.projects import ProjectSpec, add_project
from reviewapp.http.errors import InvalidError
from sampling.draws.numbers import REVIEW, draw_numbers, purpose_salt
from sampling.draws.offer import compiled_plan
from sampling.plans.publish import parse_plan, publish_plan
from tests.conftest import NOW
from tests.stats.reference import vector

CASES = vector("hash_poisson_sampling")


@pytest.mark.parametrize(
    ("case", "expected"), list(zip(CASES["inputs"]["cases"], CASES["expected"]["cases"], strict=True)), ids=str
)
def test_numbers_are_those_of_the_reference(case, expected):
    (u,) = draw_numbers(salt=case["salt"], purpose=REVIEW, external_ids=[case["record_id"]])
    assert u == expected["u"]


def test_as_many_are_drawn_as_the_reference_says():
    ids = [f"rec-{number:06d}" for number in range(10_000)]
    numbers = draw_numbers(salt="policy-a/v1", purpose=REVIEW, external_ids=ids)
    assert sum(u < 0.05 for u in numbers) == CASES["expected"]["count_u_below_0_05_policy_a"]


def test_purposes_do_not_share_a_number():
    assert purpose_salt("salt", REVIEW) == "salt"
    # echo -n gold | openssl dgst -sha256 -hmac salt
    assert purpose_salt("salt", "gold") == "2fb19b857a0f2f7315e0d2a0f48e13654a6c14d0065fb08e29fc2c8788151fe6"
    review, gold = (
        draw_numbers(salt="salt", purpose=purpose, external_ids=[f"item-{n}" for n in range(1000)])
        for purpose in (REVIEW, "gold")
    )
    both = sum(a < 0.1 and b < 0.1 for a, b in zip(review, gold, strict=True))
    assert both < 30  # ten are expected of independent numbers, a hundred of shared ones


@pytest.mark.parametrize("salt", ["a\x1fb", "a\0", "\ud800"])
def test_a_salt_that_could_share_numbers_with_another_is_refused(cast, salt):
    spec = ProjectSpec(slug="sales", name="Sales", sampling_salt=salt)
    with pytest.raises(InvalidError) as refused:
        add_project(owner=cast.lea, spec=spec, actor=None, now=NOW)
    assert refused.value.fields[0].path == "sampling_salt"


def plan(project, **body):
    row = publish_plan(project=project, plan=parse_plan({"base_rate": 0, **body}), actor=None, now=NOW)
    return compiled_plan(row.pk)


SLOW = {"name": "slow", "when": {"latency_ms": {"gt": 2000}}, "rate": 0.5}
ANGRY = {"name": "angry", "when": {"feedback": {"eq": -1}}, "rate": 0.8, "overlap": 3}


def test_the_probability_is_the_largest_rate_that_applies(project):
    both = plan(project, base_rate=0.1, rules=[SLOW, ANGRY])
    assert both.offer({"latency_ms": 3000, "feedback": -1}, u=0.7).probability == 0.8
    assert both.offer({"latency_ms": 3000}, u=0.7).probability == 0.5
    assert both.offer({}, u=0.7).probability == 0.1


def test_an_item_is_drawn_exactly_when_its_number_is_below(project):
    slow = plan(project, rules=[SLOW])
    assert slow.offer({"latency_ms": 3000}, u=0.4999).selected
    assert not slow.offer({"latency_ms": 3000}, u=0.5).selected
    assert not slow.offer({}, u=0.0).selected


def test_reasons_name_every_matching_rule_and_the_base_rate_where_it_draws_alone(project):
    both = plan(project, base_rate=0.1, rules=[SLOW, ANGRY])
    assert both.offer({"latency_ms": 3000, "feedback": -1}, u=0.6).reasons == ["slow", "angry"]
    assert both.offer({"latency_ms": 3000}, u=0.05).reasons == ["slow", "base"]
    assert both.offer({}, u=0.2).reasons == []


def test_the_overlap_is_the_largest_of_the_matching_rules_else_the_plans(project):
    both = plan(project, base_rate=1, rules=[SLOW, {**SLOW, "name": "slow too", "overlap": 2}, ANGRY], overlap=5)
    assert both.offer({"latency_ms": 3000, "feedback": -1}, u=0).overlap == 3
    assert both.offer({"latency_ms": 3000}, u=0).overlap == 2
    assert both.offer({}, u=0).overlap == 5
    assert plan(project, base_rate=1).offer({}, u=0).overlap is None
