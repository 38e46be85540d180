"""Golds among the tasks: which ones, to whom, and that nothing gives them away."""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.utils import timezone

from annotations.golds.edit import add_gold
from annotations.models import Gold, GoldTurn, Label, RubricVersion, Task
from annotations.models.queue import Stage
from annotations.queue.invariants import list_violations
from annotations.queue.sweep import free_expired_leases
from sampling.draws.numbers import GOLDS, draw_numbers, purpose_salt
from tests.queue.items import add_items, end_leases, store_items
from tests.queue.services import access_of

CLAIM = "/projects/helpdesk/tasks/claim"
GOLD_ITEMS = 8


@pytest.fixture
def golds(project, cast):
    """Eight golds that Ada decided, behind a queue of 24 items; golds at 0.3, at 0.5 in the first 20 places."""
    project.gold_rate = 0.3
    project.save()
    for item in store_items(project, GOLD_ITEMS, prefix="gold"):
        add_gold(access_of(cast.ada), external_id=item.external_id, answers={"verdict": "fail"}, now=timezone.now())
    add_items(project, [number / 24 for number in range(24)], need=2)
    return [gold.item.external_id for gold in Gold.objects.select_related("item")]


def body(task, nth, **more):
    return {
        "lease": task["lease"]["token"],
        "answers": {"verdict": "pass"},
        "submit_id": f"submit-{nth}",
        "duration_ms": 9000,
        **more,
    }


def test_golds_come_by_their_hash_look_like_all_others_and_are_in_no_figure(project, cast, golds, api_of):
    rui, lea = api_of(cast.rui, "label", "read"), api_of(cast.lea)
    u = draw_numbers(salt="salt", purpose=GOLDS, external_ids=[f"{cast.rui.pk}:{n}" for n in range(1, 60)])
    expected = [number < (0.5 if n <= 20 else 0.3) for n, number in enumerate(u, 1)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT queue_gold_number(%s, %s)", [purpose_salt("salt", GOLDS), f"{cast.rui.pk}:1"])
        assert cursor.fetchone()[0] == u[0]

    seen, shapes, counts = [], set(), []
    while answer := rui.post(CLAIM, {}):
        if not answer["tasks"]:
            break
        (task,) = answer["tasks"]
        seen.append(task["item"]["external_id"])
        shapes.add((tuple(task), tuple(task["item"]), tuple(task["lease"])))
        counts.append([answer["queue"][name] for name in ("open", "leased", "done")])
        stored = rui.post(f"/tasks/{task['id']}/label", body(task, len(seen)), status=201)
        assert (stored["label"]["source"], "feedback" in stored) == ("queue", False)
    assert answer["why"] == "all_done" if not Task.objects.filter(is_open=True, stage=Stage.REVIEW) else "seen_by_you"
    assert answer["queue"]["done"] == len(seen) == 24 + len(set(seen) & set(golds))

    # Where the hash says so, as long as there are golds and ordinary work; never one twice.
    assert len(set(seen)) == len(seen)
    drawn = [name in golds for name in seen]
    last = max(n for n, is_gold in enumerate(drawn) if is_gold)
    assert drawn[: last + 1] == expected[: last + 1]
    assert 4 <= sum(drawn) <= GOLD_ITEMS
    assert len(shapes) == 1
    # Each task moved the counts alike.
    assert {tuple(b - a for a, b in zip(one, two, strict=True)) for one, two in pairwise(counts)} == {(-1, 0, 1)}
    # Only who sees all labels learns which they were; they are no label of the item and in no resolution.
    assert {row["source"] for row in rui.get("/projects/helpdesk/labels?limit=100")["results"]} == {"queue"}
    rows = lea.get("/projects/helpdesk/labels?limit=100")["results"]
    assert {row["external_id"] for row in rows if row["source"] == "gold"} == set(seen) & set(golds)
    found = {row["external_id"]: row for row in lea.get("/projects/helpdesk/resolutions?limit=100")["results"]}
    assert {(found[name]["answers"]["verdict"], found[name]["n_labels"]) for name in golds} == {("fail", 0)}
    agreement = lea.get("/projects/helpdesk/agreement")
    assert agreement["n_items"] == 24
    assert list_violations(project.pk) == []


def test_who_knows_the_answer_is_never_asked_and_without_ordinary_work_nobody_is(project, cast, golds, api_of):
    gold = Gold.objects.order_by("pk")[0]
    ada, bea = api_of(cast.ada, "label"), api_of(cast.bea, "label")
    taken = [task["item"]["external_id"] for task in ada.post(CLAIM, {"count": 40})["tasks"]]
    assert set(taken).isdisjoint(golds)
    Label.objects.create(
        project=project,
        item=gold.item,
        reviewer=cast.bea,
        reviewer_name="bea",
        rubric=RubricVersion.objects.get(project=project),
        answers={"verdict": "pass"},
        source="import",
        created_at=timezone.now(),
    )
    first = bea.post(CLAIM, {"count": 40})["tasks"]
    got = {task["item"]["external_id"] for task in first}
    assert gold.item.external_id not in got
    assert len(got & set(golds)) >= 4
    # Nothing ordinary is left for her: no gold comes alone, however often she asks.
    for _ in range(10):
        assert bea.post(CLAIM, {})["tasks"] == []
    # What she had begun comes back to her, golds too, with the draft; what she was not shown is not in her way.
    mine = next(task for task in first if task["item"]["external_id"] in golds)
    bea.put(f"/tasks/{mine['id']}/draft", {"lease": mine["lease"]["token"], "answers": {"verdict": "fail"}})
    end_leases()
    free_expired_leases(timezone.now())
    back = bea.post(CLAIM, {"count": 50})["tasks"]
    assert {task["item"]["external_id"] for task in back} == got
    assert next(task for task in back if task["id"] == mine["id"])["draft"]["answers"] == {"verdict": "fail"}
    # Skipped, handed on, taken back: a gold goes through them as any task does.
    a, b, c = [task for task in back if task["item"]["external_id"] in golds][:3]
    bea.post(f"/tasks/{a['id']}/skip", {"lease": a["lease"]["token"], "reason": "unclear"})
    bea.post(f"/tasks/{b['id']}/escalate", {"lease": b["lease"]["token"], "note": "which policy?"})
    bea.post(f"/tasks/{c['id']}/label", body(c, "undone"), status=201)
    again = bea.post("/labels/undo", {"submit_id": "submit-undone"})
    bea.post(f"/tasks/{c['id']}/renew", {"lease": again["lease"]["token"]})
    bea.post(f"/tasks/{c['id']}/release", {"lease": again["lease"]["token"]})
    assert list_violations(project.pk) == []
    assert GoldTurn.objects.get(reviewer=cast.bea).given == len(got) + 1  # her label from before counts, too


def test_without_a_rate_or_live_golds_nothing_is_served(project, cast, golds, api_of):
    project.gold_rate = 0
    project.save()
    rui = api_of(cast.rui, "label")
    answer = rui.post(CLAIM, {"count": 30})
    assert {task["item"]["external_id"] for task in answer["tasks"]}.isdisjoint(golds)
    assert (answer["queue"]["open"], answer["queue"]["leased"]) == (24, 24)
    assert Task.objects.filter(stage=Stage.GOLD, n_leases__gt=0).count() == 0
    assert timezone.now() - Gold.objects.latest("added_at").added_at < timedelta(minutes=1)


def test_work_that_was_left_and_ended_without_its_reviewer_keeps_no_gold_away(project, cast, golds, api_of):
    rui = api_of(cast.rui, "label")
    taken = [task["id"] for task in rui.post(CLAIM, {"count": 2})["tasks"]]
    end_leases()
    free_expired_leases(timezone.now())
    Task.objects.filter(pk__in=taken).update(closed_reason="horizon")
    given = rui.post(CLAIM, {"count": 20})["tasks"]
    assert Task.objects.filter(pk__in=[task["id"] for task in given], stage=Stage.GOLD).exists()


def test_who_is_on_record_from_elsewhere_finishes_no_gold_and_is_not_stuck_with_one(project, cast, golds, api_of):
    lea, rui = api_of(cast.lea), api_of(cast.rui, "label")

    def bring(task, verdict="pass"):
        label = {"external_id": task["item"]["external_id"], "reviewer": "rui", "answers": {"verdict": verdict}}
        assert lea.post("/projects/helpdesk/labels/import", [label])["accepted"] == 1

    mine = [task for task in rui.post(CLAIM, {"count": 30})["tasks"] if task["item"]["external_id"] in golds]
    held, left, done = mine[:3]
    bring(held)
    refused = rui.post(f"/tasks/{held['id']}/label", body(held, "held"), status=409)
    assert refused["error"]["code"] == "already_labelled"
    rui.post(f"/tasks/{done['id']}/label", body(done, "done"), status=201)
    bring(done, "fail")
    assert list_violations(project.pk) == []
    end_leases()
    free_expired_leases(timezone.now())
    bring(left)
    back = {task["id"] for task in rui.post(CLAIM, {"count": 30})["tasks"]}
    assert back
    assert back.isdisjoint({held["id"], left["id"], done["id"]})
    assert list_violations(project.pk) == []
