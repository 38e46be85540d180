"""Citation checks: what an answer quotes and cites has to be in its sources."""

import pytest

from sampling.checks.compile import compile_check
from sampling.checks.publish import parse_check
from sampling.ingest.fields import ItemIn
from tests.sampling.lines import item

POLICY = (
    "Returns are accepted within 30 days of delivery — unopened, in the original box. Refunds take five working days."
)
DOCS = [
    {"id": "returns", "title": "Return policy", "content": POLICY},
    {"id": "fees", "content": "Shipping costs 4.90 euros."},
]


def find(output, *, context=None, steps=None, **more):
    check = compile_check(parse_check({"name": "c", "kind": "citation", **more}, path="check"))
    sent = item(output=output, **({"context": context} if context else {}), **({"steps": steps} if steps else {}))
    return check.find(vars(ItemIn.model_validate(sent)))


@pytest.mark.parametrize(
    "output",
    [
        "Our policy: “Returns are accepted within 30 days of delivery”.",
        'It says "returns are ACCEPTED   within 30 days".',
        "Es heißt „unopened, in the original box“.",
        "Il est écrit «Refunds take five working days».",
        "> Returns are accepted within **30 days** of delivery\n> - unopened\n\nSo yes.",
        "“Returns are accepted … in the original box”",
        "“Returns are accepted [...] five working days.”",
        "He said “fine” and “30 days”: both too short to look for. “original box. Refunds take”",
    ],
)
def test_quotations_that_are_in_the_context_pass(output):
    assert find(output, context=POLICY).outcome == "pass"


@pytest.mark.parametrize(
    "output",
    [
        "“Returns are accepted within 60 days of delivery”",
        "“Refunds take five working days … Returns are accepted within”",
        "> Returns are free of charge for everybody",
    ],
)
def test_quotations_that_are_not_fail_and_are_named(output):
    finding = find(output, context=POLICY)
    assert finding.outcome == "fail"
    assert finding.reason.endswith("is in no source.")


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("Within 30 days [1].", "pass"),
        ("Within 30 days [1, 2].", "pass"),
        ("See [1-2] and [returns] and [Return policy].", "pass"),
        ("Within 30 days [3].", "fail"),
        ("See [1-3].", "fail"),
        ("See [0].", "fail"),
        ("A [link](http://example.org) and [sic].", "not_applicable"),
        ("Nothing cited.", "not_applicable"),
    ],
)
def test_references_lead_to_sources(output, expected):
    assert find(output, context=DOCS).outcome == expected


@pytest.mark.parametrize("wrap", [lambda docs: docs, lambda docs: {"documents": docs}, lambda docs: {"results": docs}])
def test_what_was_retrieved_is_a_source_too(wrap):
    steps = [
        {"name": "search", "kind": "retrieval", "output": wrap(DOCS)},
        {"name": "calculator", "kind": "tool", "output": "the moon is made of cheese"},
    ]
    assert find("“Shipping costs 4.90 euros” [2]", steps=steps).outcome == "pass"
    assert find("“the moon is made of cheese”", steps=steps).outcome == "fail"


def test_without_any_source_nothing_can_be_said():
    assert find("“Returns are accepted within 30 days”").outcome == "not_applicable"
    empty = [{"name": "search", "kind": "retrieval", "output": []}]
    assert find("“Returns are accepted within 30 days”", steps=empty).outcome == "fail"


def test_a_number_of_citations_may_be_asked_for():
    assert find("Within 30 days.", context=DOCS, at_least=1).outcome == "fail"
    assert find("Within 30 days [1].", context=DOCS, at_least=1).outcome == "pass"


def test_short_quotations_may_be_looked_for_as_well():
    assert find("“60 days”", context=POLICY, min_words=1).outcome == "fail"


def test_a_list_of_citations_is_taken_each_as_a_whole():
    output = {"answer": "Yes.", "citations": [{"quote": "Refunds take five working days"}, "original box. Refunds"]}
    assert find(output, context=POLICY, target="output.citations").outcome == "pass"
    output["citations"].append({"quote": "Refunds take no time at all"})
    assert find(output, context=POLICY, target="output.citations").outcome == "fail"


def test_a_context_that_is_an_object_of_no_known_shape_is_one_source():
    context = {"policy": {"returns": "accepted within 30 days"}, "n": 3}
    assert find("“accepted within 30 days”", context=context).outcome == "pass"
    assert find("[2]", context=context).outcome == "fail"
