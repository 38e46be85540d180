"""Decisions of the manual process: whichever comes first, late ones, repeated ones, and ones that contradict."""

import pytest

from annotations.models import Decision, DecisionFeed
from tests.sampling.lines import item

URL = "/projects/helpdesk/decisions"


@pytest.fixture
def lea(cast, project, api_of):
    return api_of(cast.lea)


def decision(value="refund", external_id="a", **fields):
    return {"external_id": external_id, "decision": value, **fields}


def test_a_decision_may_arrive_before_its_item(lea):
    assert lea.post(f"{URL}?feed=desk", decision(decider="kim", duration_ms=5000))["accepted"] == 1
    lea.post("/projects/helpdesk/items", {"items": [item("a")]})
    (told,) = lea.get("/projects/helpdesk/items/a")["decisions"]
    assert (told["feed"], told["decision"], told["decider"], told["assisted"]) == ("desk", "refund", "kim", False)


def test_repeated_ones_are_duplicates_and_contradictions_stay_visible(lea):
    lea.post(URL, [decision(), decision()])
    result = lea.post(URL, [decision(), decision("deny")])
    assert (result["accepted"], result["duplicates"]) == (1, 1)
    assert [(row.decision, row.superseded_by_id is None) for row in Decision.objects.order_by("id")] == [
        ("refund", False),
        ("deny", True),
    ]


def test_the_newest_by_the_time_it_was_decided_stands_whatever_the_order_of_arrival(lea):
    lea.post(URL, [decision("deny", decided_at="2026-03-02T00:00:00Z")])
    lea.post(URL, [decision("refund", decided_at="2026-03-01T00:00:00Z")])
    assert Decision.objects.get(superseded_by=None).decision == "deny"
    lea.post(URL, [decision({"refund": 5}, decided_at="2026-03-03T00:00:00Z")])
    assert Decision.objects.get(superseded_by=None).decision == {"refund": 5}
    assert Decision.objects.count() == 3


def test_feeds_are_apart(lea):
    lea.post(f"{URL}?feed=desk", [decision()])
    lea.post(f"{URL}?feed=night", [decision("deny")])
    assert Decision.objects.filter(superseded_by=None).count() == 2


@pytest.mark.parametrize("coverage", ["all", "unknown", {"probability": 0.1}])
def test_a_feed_says_how_the_process_chose(lea, coverage):
    url = "/projects/helpdesk/decision-feeds/desk"
    assert lea.put(url, {"coverage": coverage}) == {"name": "desk", "coverage": coverage}
    lea.put(url, {"coverage": "all"})
    assert DecisionFeed.objects.get().coverage == "all"


@pytest.mark.parametrize("coverage", ["some", {"probability": 0}, {"probability": 2}, None])
def test_other_coverages_are_refused(lea, coverage):
    refused = lea.put("/projects/helpdesk/decision-feeds/desk", {"coverage": coverage}, status=422)
    assert refused["error"]["fields"]


def test_bad_lines_and_names_are_told(lea):
    result = lea.post(URL, [decision(None), {"external_id": "a"}, decision()])
    assert [(e["line"], e["path"]) for e in result["errors"]] == [(1, "decision"), (2, "decision")]
    assert lea.post(f"{URL}?feed={'x' * 101}", [], status=422)["error"]["fields"][0]["path"] == "feed"
