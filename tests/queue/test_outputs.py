"""Outputs of evaluations among the items: the same rules, and no trace of them in what is about production."""

from importlib import import_module

import orjson
import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from annotations.evaluations.erase import erase_outputs
from annotations.evaluations.grades import ask_people, progress_of
from annotations.evaluations.read import get_evaluation
from annotations.models import (
    Evaluation,
    EvaluationGrade,
    EvaluationTask,
    EvaluationTurn,
    Guard,
    Label,
    Lease,
    QueueCounter,
    Task,
)
from annotations.models.queue import GuardState, Stage
from annotations.queue.counters import count_queue
from annotations.queue.invariants import list_violations
from annotations.queue.sweep import free_expired_leases
from reviewapp.audit.models import AuditEvent
from sampling.models import Item
from tests.evaluations.world import URL, bring, evaluate, outputs
from tests.queue.items import add_items, end_leases
from tests.queue.services import access_of
from tests.queue.test_claim_cost import buffers_of_claim

CLAIM = f"{URL}/tasks/claim"


@pytest.fixture
def lea(cast, project, api_of):
    return api_of(cast.lea)


@pytest.fixture
def run(lea, project):
    """A run over 30 rows, of which people grade 3, whose system nobody is told; and nine items that wait."""
    bring(lea)
    close_review()
    add_items(project, [number / 9 for number in range(9)])
    made = evaluate(lea, outputs(wrong=(0,)), system_version="secret-system", people={"sample": 3})
    return Evaluation.objects.get(pk=made["id"])


def close_review():
    """Let nobody be asked about the items that wait."""
    Task.objects.filter(stage=Stage.REVIEW).update(closed_reason="horizon")
    QueueCounter.objects.update(open=0)


def body(task, nth, answer="pass", **more):
    answers = {"passes": answer} if task.get("kind") else {"intent": "late"}
    return {"lease": task["lease"]["token"], "answers": answers, "submit_id": f"s-{nth}", **more}


def test_every_fourth_task_is_an_output_and_nothing_of_production_knows_it(lea, run, cast, project, api_of, browser_of):
    rui = api_of(cast.rui, "label", "read")
    before = {path: lea.get(f"{URL}/{path}") for path in ("pass-rate?question=intent", "agreement?question=intent")}
    counters, exported = count_queue(project.pk), lea.get(f"{URL}/labels?limit=100")
    assert (counters.open, counters.leased) == (9, 0)
    assert b"3 outputs of evaluations wait among your items" in browser_of(cast.rui).get("/p/helpdesk/").content
    claimed = rui.post(CLAIM, {"count": 8})
    assert [task.get("kind") for task in claimed["tasks"]] == [*[None] * 3, "evaluation"] * 2
    assert claimed["queue"] == {"open": 3 + 1, "leased": 6 + 2, "done": 30, "next_free_at": None}
    output = claimed["tasks"][3]
    assert set(output["item"]) == {"external_id", "input", "context", "output", "steps", "occurred_at"}
    assert [each["key"] for each in output["rubric"]["questions"]] == ["passes"]
    assert "is not shown" in output["rubric"]["questions"][0]["help"]
    assert "secret-system" not in orjson.dumps(claimed).decode()
    at = f"/tasks/{output['id']}"
    lease = {"lease": output["lease"]["token"]}
    # A draft, a heartbeat, answers that are none, no adjudicator; then the grade, which is told like a label.
    rui.call("put", f"{at}/draft", {**lease, "answers": {"passes": "fail"}, "comment": "so"})
    rui.post(f"{at}/renew", lease)
    page = browser_of(cast.rui).get("/p/helpdesk/review").content.decode()
    assert output["item"]["external_id"] in page  # unfinished work is offered on another machine
    assert rui.post(f"{at}/escalate", {**lease, "note": "?"}, status=409)["error"]["code"] == "not_escalatable"
    assert rui.post(f"{at}/label", {**body(output, 0), "answers": {}}, status=422)
    wrong_lease = {**body(output, 0), "lease": claimed["tasks"][7]["lease"]["token"]}
    assert rui.post(f"{at}/label", wrong_lease, status=409)["error"]["code"] == "lease_lost"
    sent = body(output, 1, "fail", comment="Wrong.", duration_ms=4000, next=1)
    told = rui.post(f"{at}/label", sent, status=201)
    assert (told["label"]["source"], told["label"]["answers"]) == ("evaluation", {"passes": "fail"})
    assert len(told["tasks"]) == 1
    assert rui.post(f"{at}/label", sent, status=201) == told
    again = rui.post(f"{at}/label", {**sent, "submit_id": "other"}, status=409)
    assert again["error"]["code"] == "already_labelled"
    assert lea.get(f"/evaluations/{run.pk}")["scores"]["people.pass_rate"]["value"] == 0
    # Taken back: the answers are there again, the submit never counts, and another one does.
    back = rui.post("/labels/undo", {"submit_id": "s-1"})
    assert back["draft"] == {"answers": {"passes": "fail"}, "comment": "Wrong."}
    assert rui.post("/labels/undo", {"submit_id": "s-1"}, status=409)["error"]["code"] == "already_undone"
    assert rui.post(f"{at}/label", {**sent, **body(back, 1)}, status=409)["error"]["code"] == "submit_voided"
    assert lea.get(f"/evaluations/{run.pk}")["scores"]["people.pass_rate"]["undefined"] == "not_measured"
    rui.post(f"{at}/label", body(back, 2), status=201)
    # Looked at again among one's past labels, and changed with a reason.
    desk = browser_of(cast.rui)
    (past,) = [one for one in desk.get("/p/helpdesk/review/history").json()["labels"] if isinstance(one["id"], str)]
    shown = desk.get(f"/p/helpdesk/review/history/{past['id']}").json()
    assert (shown["label"]["answers"], shown["item"]["external_id"]) == ({"passes": "pass"}, past["external_id"])
    assert "Output to review" in shown["view"]
    change = {"answers": {"passes": "fail"}, "reason": "Misread.", "submit_id": "s-r"}
    revised = rui.post(f"/labels/{past['id']}/revise", change, status=201)
    assert rui.post(f"/labels/{past['id']}/revise", change, status=201) == revised
    ended = rui.post(f"/labels/{past['id']}/revise", {**change, "submit_id": "s-x"}, status=409)
    assert ended["error"]["code"] == "label_ended"
    assert rui.post(f"/labels/g{revised['id']}/revise", {**change, "reason": " "}, status=422)
    assert rui.post("/labels/undo", {"submit_id": "s-r"}, status=409)["error"]["code"] == "not_undoable"
    shown = desk.get(f"/p/helpdesk/review/history/g{revised['id']}").json()
    assert (shown["former"]["answers"], shown["label"]["reason"]) == ({"passes": "pass"}, "Misread.")
    assert browser_of(cast.bea).get(f"/p/helpdesk/review/history/g{revised['id']}").status_code == 404
    api_of(cast.bea, "label").post(f"/labels/g{revised['id']}/revise", change, status=404)
    other = claimed["tasks"][7]
    rui.post(f"/tasks/{other['id']}/skip", {"lease": other["lease"]["token"], "reason": "cannot_judge"})
    # Skipped is asked of others; the rest of the sample goes to whoever comes once nothing else is left.
    bea = api_of(cast.bea, "label", "read")
    kinds = [task.get("kind") for task in bea.post(CLAIM, {"count": 50})["tasks"]]
    assert kinds.count("evaluation") == 2
    rate = lea.get(f"/evaluations/{run.pk}")["scores"]["people.pass_rate"]
    assert (rate["value"], rate["n"]) == (0, 1)
    people = browser_of(cast.lea).get(f"/p/helpdesk/evaluations/{run.pk}").context["people"]
    assert people == (3, 1, 1, 2, 1)
    told_people = lea.get(f"/evaluations/{run.pk}")["people"]
    assert told_people == {"total": 3, "graded": 1, "finished": 1, "at_hand": 2, "people": 1}
    # What is about production is as it was, but for the seats of items.
    assert lea.get(f"{URL}/labels?limit=100") == exported
    assert not Label.objects.filter(task__stage=Stage.EVALUATION).exists()
    assert count_queue(project.pk)[:2] == (0, 9)
    for path, told in before.items():
        assert {**lea.get(f"{URL}/{path}"), "as_of": told.get("as_of")} == {"as_of": None, **told}
    assert list_violations(project.pk) == []
    assert AuditEvent.objects.filter(action__startswith="evaluation.grade").count() == 4


def test_leases_end_seats_are_sold_once_and_late_grades_are_kept_apart(lea, run, cast, project, api_of):
    rui, bea = api_of(cast.rui, "label", "read"), api_of(cast.bea, "label", "read")
    close_review()
    tasks = rui.post(CLAIM, {"count": 3})["tasks"]
    assert [task["kind"] for task in tasks] == ["evaluation"] * 3
    none = bea.post(CLAIM, {})
    assert (none["why"], none["tasks"], none["queue"]["next_free_at"] is not None) == ("leased_by_others", [], True)
    end_leases()
    free_expired_leases(timezone.now())
    # Left work is its reviewer's first, while a seat is free; Bea takes one of them.
    (taken,) = bea.post(CLAIM, {})["tasks"]
    bea.post(f"/tasks/{taken['id']}/label", body(taken, "b", "fail"), status=201)
    mine = next(task for task in tasks if task["id"] == taken["id"])
    late = rui.post(f"/tasks/{mine['id']}/label", body(mine, "late"), status=409)
    assert late["error"]["code"] == "lease_lost"
    assert EvaluationGrade.objects.get(reviewer=cast.rui).surplus
    assert rui.post("/labels/undo", {"submit_id": "s-late"}, status=409)["error"]["code"] == "not_undoable"
    assert lea.get(f"/evaluations/{run.pk}")["scores"]["people.pass_rate"]["n"] == 1
    left = rui.post(CLAIM, {"count": 5})["tasks"]
    assert {task["id"] for task in left} == {task["id"] for task in tasks} - {taken["id"]}
    # An erased person's outputs go, also from the desk they are on; nothing is asked of them any more.
    gone = Item.objects.get(external_id=left[0]["item"]["external_id"])
    erase_outputs(project.pk, [gone.pk], timezone.now())
    assert rui.post(f"/tasks/{left[0]['id']}/label", body(left[0], "e"), status=409)["error"]["code"] == "lease_lost"
    assert list_violations(project.pk) == []
    # The sample grows with its expected answers hidden as before; and what nobody could grade goes to nobody.
    ask_people(access_of(cast.lea), run, sample=5, show_expected=False, now=timezone.now())
    assert progress_of(run).total == 5
    assert len(bea.post(CLAIM, {"count": 9})["tasks"]) == 3


def test_expected_answers_are_shown_where_the_run_says_so_and_as_many_grade_each(lea, cast, project, api_of):
    bring(lea, 3)
    evaluate(lea, outputs(3), people={"sample": 3, "show_expected": True, "overlap": 2})
    close_review()
    rui, bea = api_of(cast.rui, "label"), api_of(cast.bea, "label")
    headers = {"HTTP_ITEM_VIEW": "html"}
    (first,) = rui.post(CLAIM, {}, **headers)["tasks"]
    assert first["item"]["expected"] == first["item"]["output"]
    assert "Expected answer" in first["view"]
    rui.post(f"/tasks/{first['id']}/label", body(first, 1), status=201)
    (same,) = bea.post(CLAIM, {})["tasks"]
    assert same["id"] == first["id"]
    bea.post(f"/tasks/{same['id']}/label", body(same, 2, "fail"), status=201)
    run = Evaluation.objects.get()
    found = lea.get(f"/evaluations/{run.pk}")["scores"]["people.pass_rate"]
    assert (found["value"], found["n"]) == (0.5, 1)
    ids = {task["id"] for task in rui.post(CLAIM, {"count": 9})["tasks"]}
    assert first["id"] not in ids
    assert len(ids) == 2
    assert EvaluationTurn.objects.get(reviewer=cast.rui).others == 0
    # A sample of before outputs were in the queue gets its tasks, with the grades that it has.
    EvaluationTask.objects.all().delete()
    Lease.objects.all().delete()
    Guard.objects.all().delete()
    EvaluationGrade.objects.update(task=None)
    import_module("annotations.migrations.0034_samples_in_the_queue").open_samples(apps, None)
    seats = EvaluationTask.objects.order_by("task__rank").values_list("task__need", "task__n_labels")
    assert seats.first() == (2, 2)
    assert Guard.objects.filter(state=GuardState.LABELLED).count() == 2
    assert get_evaluation(project, run.pk).tasks.count() == 3


def test_a_claim_does_not_walk_over_outputs_that_its_reviewer_has_graded(cast, project):
    add_items(project, [number / 50 for number in range(50)])
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO annotations_task (project_id, stage, lane, rank, need, n_leases, n_labels, reason, created_at)
            SELECT %s, 4, 2, n, 2, 0, 1, '', now() FROM generate_series(1, 3000) n
            """,
            [project.pk],
        )
        cursor.execute(
            """
            INSERT INTO annotations_guard (reviewer_id, task_id, project_id, state, token, rubric_id, reason, at)
            SELECT %s, id, project_id, 2, gen_random_uuid(), 1, '', now() FROM annotations_task WHERE stage = 4
            """,
            [cast.rui.pk],
        )
        cursor.execute("ANALYZE annotations_task, annotations_guard")
    behind = {"rank": 3000, "task_id": 2**62, "since": timezone.now()}
    turn = EvaluationTurn.objects.create(reviewer=cast.rui, project=project, others=3, **behind)
    with_cursor = buffers_of_claim(project, cast.rui)
    EvaluationTurn.objects.filter(pk=turn.pk).update(since="2020-01-01T00:00Z")
    assert with_cursor < 300
    assert buffers_of_claim(project, cast.rui) > 3000
