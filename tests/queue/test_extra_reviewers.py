"""One more reviewer where the planned ones disagree: asked for at once, not longer than needed, out of agreement."""

import pytest
from django.utils import timezone

from annotations.labels.revise import revise_label
from annotations.labels.undo import undo_submit
from annotations.models import ExtraLabel, Label, Task
from annotations.queue.counters import count_queue
from annotations.queue.invariants import list_violations
from tests.queue.items import add_items
from tests.queue.services import access_of, claim_one, submit

FAIL = {"verdict": "fail"}


@pytest.fixture
def twice(project):
    """One item that needs two labels, in a project that asks a third person where they differ."""
    project.extra_reviewers = 1
    project.save()
    add_items(project, [0.1], need=2)


def seats(project):
    assert list_violations(project.pk) == []
    task = Task.objects.get()
    return task.need, task.extra, count_queue(project.pk).open


def test_who_is_called_in_settles_the_resolution_and_stays_out_of_agreement(project, cast, twice, api_of):
    submit(cast.rui, claim_one(cast.rui))
    assert seats(project) == (2, 0, 1)
    submit(cast.bea, claim_one(cast.bea), answers=FAIL)
    assert seats(project) == (3, 1, 1)
    submit(cast.ada, claim_one(cast.ada), answers=FAIL)
    assert seats(project) == (3, 1, 0)
    assert ExtraLabel.objects.get().label.reviewer == cast.ada
    lea = api_of(cast.lea)
    (row,) = lea.get("/projects/helpdesk/resolutions?method=majority")["results"]
    assert (row["answers"], row["how"], row["n_labels"]) == (FAIL, "majority", 3)
    agreement = lea.get("/projects/helpdesk/agreement")
    assert (agreement["n_labels"], agreement["percent"]["value"]) == (2, 0)
    assert [row["reviewer"] for row in agreement["reviewers"]] == ["bea", "rui"]


def test_an_undo_or_a_revision_that_ends_the_disagreement_takes_the_seat_back(project, cast, twice):
    submit(cast.rui, claim_one(cast.rui))
    bea = access_of(cast.bea)
    submit(cast.bea, claim_one(cast.bea), answers=FAIL, submit_id="s")
    task = undo_submit(actor=bea.actor, submit_id="s", now=timezone.now()).task
    assert seats(project) == (2, 0, 0)
    submit(cast.bea, task, answers=FAIL)
    assert seats(project) == (3, 1, 1)
    label = Label.objects.get(reviewer=cast.bea, withdrawn_at=None)
    again = revise_label(
        access=bea, label_id=label.pk, answers={"verdict": "pass"}, reason="looked again", now=timezone.now()
    )
    assert seats(project) == (2, 0, 0)
    revise_label(access=bea, label_id=again.pk, answers=FAIL, reason="no", now=timezone.now())
    assert seats(project) == (3, 1, 1)
    assert not ExtraLabel.objects.exists()


def test_agreement_asks_nobody_and_the_maximum_is_kept(project, cast, twice, api_of):
    submit(cast.rui, claim_one(cast.rui))
    submit(cast.bea, claim_one(cast.bea), answers={"verdict": "pass", "note": "A remark is no disagreement."})
    assert seats(project) == (2, 0, 0)
    lea = api_of(cast.lea)
    refused = lea.patch("/projects/helpdesk", {"extra_reviewers": 11}, status=422)
    assert refused["error"]["fields"][0]["path"] == "extra_reviewers"
    assert lea.patch("/projects/helpdesk", {"extra_reviewers": 0})["extra_reviewers"] == 0
    add_items(project, [0.2], need=2, prefix="other")
    for person, answers in ((cast.rui, FAIL), (cast.bea, {"verdict": "pass"})):
        submit(person, claim_one(person), answers=answers)
    assert set(Task.objects.values_list("need", "extra")) == {(2, 0)}
