"""When two decisions are the same, and what it costs where they are not."""

import pytest

from annotations.shadow.rules import Rule, RuleSpec, as_number


@pytest.mark.parametrize(
    ("spec", "human", "ai", "same"),
    [
        ({}, "Refund", "refund", False),
        ({"equality": "normalised"}, " Refund. ", "ｒefund", True),
        ({"equality": "number", "tolerance": 0.5}, "1,200.50 €", 1201, True),
        ({"equality": "number", "tolerance": 0.4}, 1200.5, 1201, False),
        ({"equality": "set"}, ["b", "A"], ["a", "B", "a"], True),
        ({"equality": "fields", "fields": ["x"]}, {"x": 1, "y": 2}, {"x": 1, "y": 3}, True),
        ({"equality": "fields", "fields": ["x", "y"]}, {"x": 1, "y": 2}, {"x": 1}, False),
        ({"mapping": {"approve": "yes"}}, "yes", "approve", True),
        ({"equality": "normalised", "mapping": {"Approve": "Yes"}}, "YES", "approve.", True),
        ({"equality": "number", "mapping": {"1.0": "2"}}, 2, 1, True),
        ({}, {"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
    ],
)
def test_when_two_decisions_are_equal(spec, human, ai, same):
    rule = Rule.of(1, RuleSpec.model_validate(spec))
    assert rule.same(rule.name(human), rule.name_of_ai(ai)) is same


def test_a_cost_is_of_the_decisions_as_the_rule_names_them():
    spec = {"equality": "normalised", "costs": [{"human": "Yes", "ai": "No", "cost": 7}]}
    rule = Rule.of(1, RuleSpec.model_validate(spec))
    assert [rule.cost(rule.name(human), rule.name("no")) for human in ("YES.", "no", "ask")] == [7, 0, 1]


def test_numbers_are_read_and_nothing_else_is():
    assert [as_number(value) for value in (1, "2.5", "$1,000", True, None, "x", float("inf"), [])] == [
        *(1, 2.5, 1000),
        *[None] * 5,
    ]
