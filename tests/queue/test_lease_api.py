"""Leases over the API: renewed, given back, run out, taken by others, skipped."""

import pytest
from django.utils import timezone

from annotations.models import Label, Lease
from tests.queue.desk import PASS, claim, claim_one, submission, submit
from tests.queue.items import add_items, end_leases

pytestmark = pytest.mark.usefixtures("sound")


@pytest.mark.parametrize("token", ["", "nonsense", "34f33e1e-14bf-4262-bf32-5081d9541699"])
@pytest.mark.parametrize(
    ("method", "action", "more"),
    [
        ("post", "label", {"answers": PASS, "submit_id": "s"}),
        ("post", "renew", {}),
        ("post", "release", {}),
        ("post", "skip", {"reason": "unclear"}),
        ("post", "escalate", {"note": "unclear"}),
        ("put", "draft", {"answers": {}}),
    ],
)
def test_a_wrong_token_is_a_lost_lease_everywhere(project, rui, token, method, action, more):
    add_items(project, [0.1])
    task = claim_one(rui)
    refusal = getattr(rui, method)(f"/tasks/{task['id']}/{action}", {"lease": token, **more}, status=409)
    assert refusal["error"]["code"] == "lease_lost"


def test_another_reviewers_token_is_a_lost_lease(project, rui, bea):
    add_items(project, [0.1])
    task = claim_one(rui)
    assert submit(bea, task, status=409)["error"]["code"] == "lease_lost"


def test_labelling_twice_is_refused(project, rui):
    add_items(project, [0.1], need=2)
    task = claim_one(rui)
    submit(rui, task)
    assert submit(rui, task, status=409)["error"]["code"] == "already_labelled"


def test_a_lease_past_its_time_still_counts_while_nobody_took_the_seat(project, rui):
    add_items(project, [0.1])
    task = claim_one(rui)
    end_leases()
    assert submit(rui, task)["label"]["surplus"] is False


def test_a_swept_lease_whose_seat_is_free_is_accepted(project, rui):
    from annotations.queue.sweep import free_expired_leases

    add_items(project, [0.1])
    task = claim_one(rui)
    end_leases()
    assert free_expired_leases(timezone.now()) == 1
    assert submit(rui, task)["label"]["surplus"] is False


def test_a_taken_seat_keeps_the_late_answers_as_surplus(project, rui, bea):
    add_items(project, [0.1])
    late = claim_one(rui)
    end_leases()
    submit(bea, claim_one(bea), {"verdict": "fail"})
    body = submission(late)
    for _ in range(2):  # said again, answered again, stored once
        refusal = rui.post(f"/tasks/{late['id']}/label", body, status=409)
        assert refusal["error"]["code"] == "lease_lost"
    surplus = Label.objects.get(reviewer__username="rui")
    assert (surplus.surplus, surplus.answers) == (True, PASS)
    assert claim(rui)["why"] == "all_done"


def test_expired_work_is_offered_again_to_its_reviewer_with_the_draft(project, rui):
    add_items(project, [0.1, 0.2], need=2)
    task = claim_one(rui)
    rui.put(
        f"/tasks/{task['id']}/draft",
        {"lease": task["lease"]["token"], "answers": {"note": "half done"}, "comment": "c"},
    )
    end_leases()
    from annotations.queue.sweep import free_expired_leases

    free_expired_leases(timezone.now())
    again = claim_one(rui)
    assert again["id"] == task["id"]
    assert again["lease"]["token"] != task["lease"]["token"]
    assert again["draft"] == {"answers": {"note": "half done"}, "comment": "c"}


def test_a_prefetched_task_given_back_leaves_no_trace(project, rui):
    add_items(project, [0.1, 0.2])
    _, ahead = claim(rui, 2)["tasks"]
    rui.post(f"/tasks/{ahead['id']}/release", {"lease": ahead["lease"]["token"]})
    assert claim_one(rui)["id"] == ahead["id"]


def test_a_shown_task_given_back_comes_again_to_its_reviewer_first(project, rui):
    add_items(project, [0.1, 0.2])
    task = claim_one(rui)
    rui.post(f"/tasks/{task['id']}/release", {"lease": task["lease"]["token"]})
    assert claim_one(rui)["id"] == task["id"]


def test_renewing_marks_a_prefetched_task_as_shown_and_lengthens_its_lease(project, rui):
    add_items(project, [0.1, 0.2])
    first, ahead = claim(rui, 2)["tasks"]
    assert ahead["lease"]["expires_at"] < first["lease"]["expires_at"]
    renewed = rui.post(f"/tasks/{ahead['id']}/renew", {"lease": ahead["lease"]["token"]})
    assert renewed["expires_at"] >= first["lease"]["expires_at"]
    assert Lease.objects.get(task_id=ahead["id"]).shown_at is not None


def test_a_swept_lease_is_regained_by_renewing_while_the_seat_is_free(project, rui, bea):
    from annotations.queue.sweep import free_expired_leases

    add_items(project, [0.1])
    task = claim_one(rui)
    end_leases()
    free_expired_leases(timezone.now())
    rui.post(f"/tasks/{task['id']}/renew", {"lease": task["lease"]["token"]})
    assert claim(bea)["why"] == "leased_by_others"


def test_a_swept_lease_whose_seat_is_taken_is_not_regained(project, rui, bea):
    add_items(project, [0.1])
    task = claim_one(rui)
    end_leases()
    claim_one(bea)
    refusal = rui.post(f"/tasks/{task['id']}/renew", {"lease": task["lease"]["token"]}, status=409)
    assert refusal["error"]["code"] == "lease_lost"


def test_a_skipped_task_goes_to_others_and_never_comes_back(project, rui, bea):
    add_items(project, [0.1])
    task = claim_one(rui)
    rui.post(f"/tasks/{task['id']}/skip", {"lease": task["lease"]["token"], "reason": "not my language"})
    assert claim(rui)["why"] == "seen_by_you"
    assert claim_one(bea)["id"] == task["id"]
    assert submit(rui, task, status=409)["error"]["code"] == "lease_lost"


def test_expired_work_can_be_skipped(project, rui):
    from annotations.queue.sweep import free_expired_leases

    add_items(project, [0.1])
    task = claim_one(rui)
    end_leases()
    free_expired_leases(timezone.now())
    rui.post(f"/tasks/{task['id']}/skip", {"lease": task["lease"]["token"], "reason": "unclear"})
    assert claim(rui)["why"] == "seen_by_you"


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1001])
def test_a_skip_says_why_in_a_few_words(project, rui, reason):
    add_items(project, [0.1])
    task = claim_one(rui)
    refusal = rui.post(f"/tasks/{task['id']}/skip", {"lease": task["lease"]["token"], "reason": reason}, status=422)
    assert refusal["error"]["fields"][0]["path"] == "reason"
