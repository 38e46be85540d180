"""Filters in words."""

import pytest

from sampling.plans.filters import parse_filter
from sampling.plans.filters_words import filter_words


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, []),
        ({"latency_ms": {"gt": 2000}}, ["latency_ms > 2000"]),
        ({"latency_ms": {"gte": 0.5, "lt": 3}}, ["latency_ms ≥ 0.5", "latency_ms < 3"]),
        ({"system": {"eq": "bot"}, "feedback": {"ne": 1}}, ["system is “bot”", "feedback is not 1"]),
        ({"all": [{"system": {"eq": "bot"}}, {"model": {"exists": True}}]}, ["system is “bot”", "model is known"]),
        ({"model": {"exists": False}}, ["model is missing"]),
        ({"metadata.vip": {"in": [True, "yes"]}}, ["metadata.vip is one of true, “yes”"]),
        ({"metadata.n": {"in": [1, 2, 3, 4, 5, 6]}}, ["metadata.n is one of 1, 2, 3, 4, 5 … (6 in all)"]),
        ({"input": {"contains": "x" * 70}}, [f"input contains “{'x' * 60}…”"]),
        ({"not": {"input": {"contains": "a"}}}, ["input does not contain “a”"]),
        ({"not": {"latency_ms": {"lt": 5}}}, ["not (latency_ms < 5)"]),
        (
            {"received_at": {"gte": "2026-11-01T00:00:00Z", "lt": "2026-11-02T10:00:05Z"}},
            ["received_at from 2026-11-01 00:00 UTC", "received_at before 2026-11-02 10:00:05 UTC"],
        ),
        (
            {"any": [{"feedback": {"lt": 0}}, {"system": {"eq": "a"}, "not": {"any": [{"model": {"eq": "b"}}] * 2}}]},
            ["feedback < 0 or (system is “a” and not (model is “b” or model is “b”))"],
        ),
    ],
)
def test_a_filter_reads_as_a_sentence(body, words):
    assert filter_words(parse_filter(body)) == words
