"""The probability in a trace state. Expected values are those of the OpenTelemetry specification's own table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampling.ingest.otlp.tracestate import upstream_probability
from sampling.models import Item
from tests.sampling.otlp.requests import TRACE, span

RANDOM = 0x02


def probability(trace_state, *, trace_id=TRACE, flags=0):
    return upstream_probability(trace_state, trace_id=trace_id, flags=flags)


@pytest.mark.parametrize(
    ("trace_state", "expected"),
    [
        ("ot=th:0", 1),
        ("ot=th:8", 0.5),
        ("ot=th:c", 0.25),
        ("ot=th:C", 0.25),
        ("ot=th:aaab", 0.3333282470703125),
        ("ot=th:e666", 0.100006103515625),
        ("ot=th:fd70a4", 0.009999990463256836),
        ("ot=th:ffffffffffffff", 2**-56),
        ("vendor=x:1, ot=p:3;th:8;k:v ,other=th:c", 0.5),
    ],
)
def test_a_threshold_is_the_share_that_was_rejected(trace_state, expected):
    assert probability(trace_state) == expected


@pytest.mark.parametrize(
    "trace_state",
    ["", "ot=", "ot=th", "ot=th:", "ot=th:xyz", "ot=th:123456789abcdef", "vendor=th:8", "th:8", "ot=rv:8", "ot=th: 8"],
)
def test_without_a_readable_threshold_the_probability_is_unknown(trace_state):
    assert probability(trace_state) is None


def test_a_threshold_that_the_span_s_randomness_does_not_reach_is_not_what_kept_it():
    assert probability("ot=th:8;rv:80000000000000") == 0.5
    assert probability("ot=th:8;rv:7fffffffffffff") is None
    low, high = "0" * 18 + "7fffffffffffff", "f" * 18 + "80000000000000"
    assert probability("ot=th:8", trace_id=low) == 0.5  # nobody said that the id is random
    assert probability("ot=th:8", trace_id=low, flags=RANDOM) is None
    assert probability("ot=th:8", trace_id=high, flags=RANDOM) == 0.5
    assert probability("ot=th:8;rv:7fffffffffffff", trace_id=high, flags=RANDOM) is None  # the explicit one decides
    assert probability("ot=th:8;rv:7f", trace_id=high, flags=RANDOM) == 0.5  # none at all


@given(st.integers(0, 2**56 - 1))
def test_every_threshold_makes_a_probability(threshold):
    encoded = f"{threshold:014x}".rstrip("0") or "0"
    assert probability(f"ot=th:{encoded}") == (2**56 - threshold) / 2**56


def test_the_probability_is_kept_and_without_one_it_is_unknown(exporter, api_of, cast):
    exporter.send(span(number=1, trace_state="ot=th:c"), span(number=2))
    assert list(Item.objects.order_by("pk").values_list("sampling_probability", flat=True)) == [0.25, None]
    found = api_of(cast.lea, "read").get(f"/projects/helpdesk/items/{TRACE}-0000000000000002")
    assert found["sampling_probability"] is None
