"""Feedback over HTTP: kept, seen, found, and read by the plan."""

import pytest
from django.db import IntegrityError, transaction

from annotations.models import Task
from reviewapp.audit.models import AuditEvent
from sampling.models import Draw, Feedback
from tests.sampling.lines import item, ndjson

URL = "/projects/helpdesk/feedback"
NDJSON = {"content_type": "application/x-ndjson"}


@pytest.fixture
def lea(cast, api_of):
    client = api_of(cast.lea)
    rule = {"name": "complaint", "when": {"feedback": {"lt": 0}}, "rate": 1}
    client.put("/projects/helpdesk/plan", {"base_rate": 0, "rules": [rule]})
    client.post("/projects/helpdesk/items", ndjson(item("a/1", feedback=1), item("b")), **NDJSON)
    return client


def test_feedback_is_the_items_fact_and_draws_it(lea):
    kept = lea.post(URL, {"external_id": "a/1", "value": -1, "comment": " Wrong parcel. "}, status=201)
    assert (kept["external_id"], kept["value"], kept["comment"]) == ("a/1", -1, "Wrong parcel.")
    shown = lea.get("/projects/helpdesk/items/a%2F1")
    assert shown["feedback"] == -1
    assert [(row["value"], row["comment"]) for row in shown["feedbacks"]] == [(-1, "Wrong parcel.")]
    assert [(draw["probability"], draw["selected"]) for draw in shown["draws"]] == [(0, False), (1, True)]
    assert shown["draws"][0]["u"] == shown["draws"][1]["u"]
    found = lea.get('/projects/helpdesk/items?where={"feedback": {"lt": 0}}')["results"]
    assert [(row["external_id"], row["feedback"]) for row in found] == [("a/1", -1)]
    assert Task.objects.count() == 1


def test_the_newest_feedback_counts_and_the_older_is_kept(lea):
    for value in (-1, 1, 0):
        lea.post(URL, {"external_id": "b", "value": value}, status=201)
    shown = lea.get("/projects/helpdesk/items/b")
    assert (shown["feedback"], [row["value"] for row in shown["feedbacks"]]) == (0, [-1, 1, 0])
    assert Draw.objects.filter(item__external_id="b").count() == 2


def test_the_same_once_more_changes_nothing(lea):
    first = lea.post(URL, {"external_id": "b", "value": 1}, status=201)
    assert lea.post(URL, {"external_id": "b", "value": 1}, status=201)["at"] == first["at"]
    assert Feedback.objects.count() == AuditEvent.objects.filter(action="feedback.added").count() == 1


def test_the_record_of_it_holds_no_word_of_the_comment(lea):
    lea.post(URL, {"external_id": "b", "value": -1, "comment": "Secret words"}, status=201)
    event = AuditEvent.objects.get(action="feedback.added")
    assert event.detail == {"value": -1}


def test_feedback_never_changes(lea):
    lea.post(URL, {"external_id": "b", "value": 1}, status=201)
    with pytest.raises(IntegrityError), transaction.atomic():
        Feedback.objects.update(value=-1)


@pytest.mark.parametrize(
    ("body", "status", "path"),
    [
        ({"external_id": "nowhere", "value": 1}, 404, "external_id"),
        ({"external_id": "a\0", "value": 1}, 404, "external_id"),
        ({"external_id": "b", "value": 2}, 422, "value"),
        ({"external_id": "b", "value": True}, 422, "value"),
        ({"external_id": "b"}, 422, "value"),
        ({"external_id": "b", "value": 1, "comment": "x" * 10_001}, 422, "comment"),
        ({"external_id": "b", "value": 1, "comment": "a\0b"}, 422, "comment"),
        ({"external_id": "b", "value": 1, "colour": "red"}, 422, "colour"),
    ],
)
def test_what_cannot_be_is_refused_at_its_place(lea, body, status, path):
    (field,) = lea.post(URL, body, status=status)["error"]["fields"]
    assert field["path"] == path
    assert not Feedback.objects.exists()
