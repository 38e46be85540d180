"""What follows from answers to golds: feedback, scores, golds that are wrong, pauses; over the API and on the pages."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotations.golds.edit import add_gold
from annotations.golds.score_job import score_golds
from annotations.models import Gold, GoldPause, Label, RubricVersion, Task
from annotations.models.queue import Stage
from annotations.queue.invariants import list_violations
from reviewapp.audit.models import AuditEvent
from reviewapp.jobs.models import Intent
from reviewapp.stats.golds import gold_accuracy
from tests.queue.items import add_items, store_items
from tests.queue.services import access_of

GOLDS, PAGE = "/projects/helpdesk/golds", "/p/helpdesk/quality/golds"
CLAIM = "/projects/helpdesk/tasks/claim"


def make_golds(cast, project, n, prefix="gold"):
    ada, right = access_of(cast.ada), {"verdict": "fail"}
    for item in store_items(project, n, prefix=prefix):
        add_gold(ada, external_id=item.external_id, answers=right, note="§ 4", now=timezone.now())


def answer(project, person, verdict, golds, *, days_ago=0):
    """Store a person's answers to golds, as the queue would have."""
    rubric = RubricVersion.objects.get(project=project)
    Label.objects.bulk_create(
        Label(
            project=project,
            item_id=gold.item_id,
            reviewer=person,
            reviewer_name=person.username,
            rubric=rubric,
            answers={"verdict": verdict},
            source="gold",
            duration_ms=8000,
            created_at=timezone.now() - timedelta(days=days_ago),
        )
        for gold in golds
    )


def test_making_one_asks_for_an_answer_of_record_and_for_the_labels_that_were_planned(cast, project, api_of):
    lea, bea = api_of(cast.lea), api_of(cast.bea, "label")
    add_items(project, [0.1, 0.2], need=2)
    told = lea.post(GOLDS, {"external_id": "item-0"}, status=409)
    assert told["error"]["code"] == "not_adjudicated"
    lea.post(GOLDS, {"external_id": "nothing"}, status=404)
    lea.post(GOLDS, {"external_id": "item-0", "answers": {"verdict": "perhaps"}}, status=422)
    (task,) = bea.post(CLAIM, {})["tasks"]
    first = task["item"]["external_id"]
    assert (
        lea.post(GOLDS, {"external_id": first, "answers": {"verdict": "pass"}}, status=409)["error"]["code"]
        == "in_review"
    )
    body = {"lease": task["lease"]["token"], "answers": {"verdict": "pass"}, "submit_id": "one"}
    bea.post(f"/tasks/{task['id']}/label", body, status=201)
    told = lea.post(GOLDS, {"external_id": first, "answers": {"verdict": "pass"}}, status=409)
    assert "1 of 2 labels" in told["error"]["message"]
    # The other was asked of nobody yet: decided along with it, it is a gold, and its seats are gone.
    made = lea.post(GOLDS, {"external_id": "item-1", "answers": {"verdict": "fail"}, "note": "§ 4"}, status=201)
    assert (made["external_id"], made["live"]) == ("item-1", True)
    assert lea.post(GOLDS, {"external_id": "item-1"}, status=201)["added_at"] == made["added_at"]
    assert Task.objects.get(item__external_id="item-1", stage=Stage.REVIEW).closed_reason == "gold"
    assert list_violations(project.pk) == []
    sent = lea.post("/projects/helpdesk/tasks", {"external_ids": ["item-1"], "reason": "odd"}, status=201)
    assert (sent["created"], sent["existing"]) == (0, 1)
    assert list(AuditEvent.objects.filter(object_kind="gold").values_list("action", "actor_name")) == [
        ("gold.added", "lea")
    ]


def test_feedback_after_each_ends_undo_and_by_day_comes_after_midnight(cast, project, api_of, browser_of):
    lea, rui = api_of(cast.lea), api_of(cast.rui, "label")
    lea.call("patch", "/projects/helpdesk", {"gold_rate": 0.5, "gold_feedback": "after_each"})
    lea.call("patch", "/projects/helpdesk", {"gold_rate": 0.6}, status=422)
    make_golds(cast, project, 3)
    add_items(project, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    told, nth = {}, 0
    while tasks := rui.post(CLAIM, {})["tasks"]:
        nth += 1
        verdict = "pass" if nth % 2 else "fail"
        body = {"lease": tasks[0]["lease"]["token"], "answers": {"verdict": verdict}, "submit_id": f"s{nth}"}
        stored = rui.post(f"/tasks/{tasks[0]['id']}/label", body, status=201)
        assert ("feedback" in stored) == tasks[0]["item"]["external_id"].startswith("gold")
        if "feedback" in stored:
            told[f"s{nth}"] = stored["feedback"]
            assert stored["feedback"]["correct"] == (verdict == "fail")
            assert (stored["feedback"]["expected"], stored["feedback"]["note"]) == ("Fail", "§ 4")
    assert told
    assert rui.post("/labels/undo", {"submit_id": next(iter(told))}, status=409)["error"]["code"] == "not_undoable"
    # By day: nothing at once, the day after on one's own page.
    lea.call("patch", "/projects/helpdesk", {"gold_feedback": "daily"})
    page = "/p/helpdesk/quality/reviewers"
    assert "Known items you met" not in browser_of(cast.rui).get(page).content.decode()
    make_golds(cast, project, 1, prefix="old")
    answer(project, cast.rui, "pass", Gold.objects.filter(item__external_id="old-0"), days_ago=1)
    shown = browser_of(cast.rui).get(page).content.decode()
    assert "Known items you met" in shown
    assert "§ 4" in shown
    assert Intent.objects.filter(kind="score_golds").count() == 1


@pytest.fixture
def crowd(cast, project):
    """Twelve golds: Bea and Lea and Olga are right on all but one, which they fail; Rui is wrong on all but that."""
    make_golds(cast, project, 12)
    golds = list(Gold.objects.order_by("pk"))
    for person in (cast.bea, cast.lea, cast.olga, cast.pat, cast.ann):
        answer(project, person, "fail", golds[1:], days_ago=1)
        answer(project, person, "pass", golds[:1], days_ago=1)
    answer(project, cast.rui, "pass", golds, days_ago=1)
    Gold.objects.update(counts_from=timezone.now() - timedelta(days=2))
    return golds


def test_wrong_golds_are_retired_and_people_only_paused_by_a_lead(cast, project, crowd, api_of, browser_of):
    lea, rui = api_of(cast.lea), api_of(cast.rui, "label")
    add_items(project, [0.1, 0.2])
    score_golds({"project_id": project.pk}, timezone.now())
    found = lea.get(GOLDS)
    (wrong,) = [row for row in found["results"] if not row["live"]]
    assert wrong["external_id"] == crowd[0].item.external_id
    assert "5 of 5 trusted people failed it" in wrong["retired_reason"]
    # Rui: 0 of the 11 others, shrunk towards the fixed prior Beta(8, 2).
    (asked,) = found["pauses"]
    expected = gold_accuracy([0], [11], minimum=0.7, prior=None)[0]
    assert (asked["reviewer"], asked["state"], asked["correct"], asked["golds"]) == ("rui", "asked", 0, 11)
    assert asked["probability"] == pytest.approx(expected.probability_below)
    # Asked is not paused, and asking again with the same evidence is not asking twice.
    score_golds({"project_id": project.pk}, timezone.now())
    assert GoldPause.objects.count() == 1
    (task,) = rui.post(CLAIM, {})["tasks"]
    decide = f"/projects/helpdesk/pauses/{asked['id']}"
    api_of(cast.ada).post(decide, {"decision": "confirm", "reason": "x"}, status=403)
    lea.post(decide, {"decision": "confirm", "reason": " "}, status=422)
    assert "Pause rui?" in browser_of(cast.ada).get(PAGE).content.decode()
    client = browser_of(cast.lea)
    client.post(f"{PAGE}/pauses/{asked['id']}", {"decision": "confirm", "reason": "Talk first."})
    lea.post(decide, {"decision": "confirm", "reason": "again"}, status=409)
    answer_now = rui.post(CLAIM, {})
    assert (answer_now["tasks"], answer_now["why"]) == ([], "paused")
    # What is at hand is finished, and nothing follows it.
    body = {"lease": task["lease"]["token"], "answers": {"verdict": "pass"}, "submit_id": "s", "next": 2}
    assert rui.post(f"/tasks/{task['id']}/label", body, status=201)["tasks"] == []
    lea.post(decide, {"decision": "lift", "reason": "We talked."})
    lea.post(decide, {"decision": "lift", "reason": "We talked."}, status=409)
    assert rui.post(CLAIM, {})["tasks"]
    score_golds({"project_id": project.pk}, timezone.now())
    assert GoldPause.objects.count() == 1  # no new golds since
    assert set(AuditEvent.objects.filter(object_kind="pause").values_list("action", "actor_name")) == {
        ("reviewer.pause_asked", ""),
        ("reviewer.paused", "lea"),
        ("reviewer.pause_lifted", "lea"),
    }
    # About oneself somebody else decides.
    own = GoldPause.objects.create(
        project=project, reviewer=cast.lea, asked_at=timezone.now(), correct=0, golds=9, minimum=0.7, probability=0.99
    )
    told = lea.post(f"/projects/helpdesk/pauses/{own.pk}", {"decision": "lift", "reason": "I am fine."}, status=403)
    assert told["error"]["code"] == "own_pause"


def test_the_page_retires_restores_adds_and_sets_in_as_many_queries_whatever_their_number(
    cast, project, crowd, browser_of
):
    ada, lea = browser_of(cast.ada), browser_of(cast.lea)
    with CaptureQueriesContext(connection) as few:
        page = ada.get(PAGE).content.decode()
    assert "12 live golds" in page
    assert "Thirty or more" in page
    name = crowd[3].item.external_id
    assert (
        ada.post(f"{PAGE}/retire", {"external_id": name, "reason": "The policy changed."}, follow=True).status_code
        == 200
    )
    assert "The policy changed." in ada.get(PAGE).content.decode()
    assert list_violations(project.pk) == []
    # Brought back, only what comes from now on speaks against it.
    score_golds({"project_id": project.pk}, timezone.now())
    ada.post(f"{PAGE}/restore", {"external_id": crowd[0].item.external_id})
    score_golds({"project_id": project.pk}, timezone.now())
    assert Gold.objects.get(pk=crowd[0].pk).retired_at is None
    ada.post(f"{PAGE}/restore", {"external_id": "nothing"})
    # Settings are the leads'.
    posted = {"gold_rate": "12,5", "gold_minimum": "80 %", "gold_feedback": "daily"}
    assert ada.post(f"{PAGE}/settings", posted).status_code == 403
    lea.post(f"{PAGE}/settings", posted)
    project.refresh_from_db()
    assert (project.gold_rate, project.gold_minimum, project.gold_feedback) == (0.125, 0.8, "daily")
    assert lea.post(f"{PAGE}/settings", {**posted, "gold_rate": "nan"}).status_code == 422
    refused = lea.post(f"{PAGE}/settings", {**posted, "gold_rate": "much"})
    assert (refused.status_code, "Write a number of percent." in refused.content.decode()) == (422, True)
    # One click on the item's page, and by hand.
    (item, other) = store_items(project, 2, prefix="new")
    ada.post(f"{PAGE}/add", {"external_id": other.external_id, "answers": '{"verdict": "pass"}', "note": "clear"})
    assert "Made a gold" in ada.get(f"/p/helpdesk/items/{other.external_id}").content.decode()
    wrong = ada.post(f"{PAGE}/add", {"external_id": item.external_id, "answers": "{"})
    assert (wrong.status_code, "Not JSON" in wrong.content.decode()) == (422, True)
    back = f"/p/helpdesk/items/{item.external_id}"
    assert "Make it a gold" not in ada.get(back).content.decode()
    told = ada.post(f"{PAGE}/add", {"external_id": item.external_id, "next": back}, follow=True)
    assert "Nobody has decided this item yet" in told.content.decode()
    make_golds(cast, project, 60, prefix="more")
    with CaptureQueriesContext(connection) as many:
        ada.get(PAGE)
    assert abs(len(many) - len(few)) <= 2
    assert len(few) <= 20
    for person, status in (("rui", 403), ("vic", 403), ("stan", 404)):
        assert browser_of(getattr(cast, person)).get(PAGE).status_code == status
