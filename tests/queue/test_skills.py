"""Skills: who is asked what, in the order of rank, and an honest word where nothing is left for somebody."""

import pytest
from django.utils import timezone

from annotations.models import Task
from annotations.models.queue import Lane
from annotations.queue import skills
from annotations.queue.invariants import list_violations
from annotations.queue.reviewing import is_reviewing
from annotations.queue.skills import follow_mappings
from annotations.queue.sweep import raise_watermarks
from tests.queue.items import add_items, age_cursors
from tests.queue.services import access_of, claim

ASKED = [
    {"fact": "metadata.language", "value": "de", "skill": "German"},
    {"fact": "system", "value": "legal", "skill": "law"},
]


@pytest.fixture
def lea(cast, project, api_of):
    """Lea's program; items in German ask for it, and those of the legal system for law."""
    client = api_of(cast.lea)
    told = client.patch("/projects/helpdesk", {"skills_asked": ASKED})
    assert [each["skill"] for each in told["skills_asked"]] == ["german", "law"]
    member = {"username": "rui", "role": "reviewer", "skills": ["German", "german", "french"]}
    assert client.post("/projects/helpdesk/members", member, status=201)["skills"] == ["french", "german"]
    return client


def names(claimed):
    return [task.item["external_id"] for task in claimed.tasks]


def send(client, *lines):
    client.post("/projects/helpdesk/items", {"items": [{"input": "q", "output": "a", **line} for line in lines]})


def test_only_who_carries_the_skill_is_asked_and_by_rank(project, cast, lea):
    languages = ["de", "en", "de", "fr", "de"]
    send(lea, *({"external_id": f"i{n}", "metadata": {"language": each}} for n, each in enumerate(languages)))
    send(lea, {"external_id": "legal", "system": "legal", "metadata": {"language": "en"}})
    by_rank = list(Task.objects.order_by("rank").values_list("item__external_id", flat=True))
    german = {"i0", "i2", "i4"}
    assert names(claim(cast.rui, 10)) == [name for name in by_rank if name != "legal"]
    lea.post("/projects/helpdesk/members", {"username": "rui", "role": "reviewer", "skills": []}, status=201)
    Task.objects.update(need=2)
    assert names(claim(cast.bea, 10)) == [name for name in by_rank if name not in german and name != "legal"]
    empty = claim(cast.bea)
    assert (empty.why, empty.skills) == ("needs_other_skills", ("german", "law"))
    lawyer = {"username": "ada", "role": "adjudicator", "skills": ["law"]}
    assert lea.post("/projects/helpdesk/members", lawyer, status=201)["skills"] == ["law"]
    assert "legal" in names(claim(cast.ada, 10))


def test_a_mapping_that_changes_holds_for_what_is_open_and_marks_stay_true(project, cast, api_of):
    add_items(project, [0.1], metadata={"language": "de"})
    add_items(project, [0.2, 0.3], prefix="other")
    lea = api_of(cast.lea)
    lea.patch("/projects/helpdesk", {"skills_asked": ASKED[:1]})
    assert follow_mappings(timezone.now()) == 3
    assert follow_mappings(timezone.now()) == 0
    raise_watermarks(timezone.now())
    assert names(claim(cast.bea)) == ["other-0"]
    age_cursors()
    lea.post("/projects/helpdesk/members", {"username": "bea", "role": "reviewer", "skills": ["german"]}, status=201)
    assert names(claim(cast.bea)) == ["item-0"]  # ranked before the cursor, and hers by now
    lea.patch("/projects/helpdesk", {"skills_asked": []})
    assert follow_mappings(timezone.now()) == 3
    assert set(Task.objects.values_list("lane", flat=True)) == {Lane.ESTIMATION}
    raise_watermarks(timezone.now())
    assert list_violations(project.pk) == []


def test_a_mapping_is_followed_in_batches_however_many_tasks_are_open(project, cast, api_of, monkeypatch):
    monkeypatch.setattr(skills, "BATCH", 1)
    monkeypatch.setattr(skills, "MOST_BATCHES", 2)
    add_items(project, [0.1, 0.2, 0.3], metadata={"language": "de"})
    api_of(cast.lea).patch("/projects/helpdesk", {"skills_asked": ASKED[:1]})
    assert [follow_mappings(timezone.now()) for _ in range(3)] == [2, 1, 0]


def test_what_others_said_is_hidden_only_in_a_blind_project(project, cast):
    add_items(project, [0.1])
    (task,) = claim(cast.rui).tasks
    item_id = Task.objects.get(pk=task.id).item_id
    assert is_reviewing(access_of(cast.rui), item_id)
    assert not is_reviewing(access_of(cast.bea), item_id)
    project.blind = False
    project.save()
    assert not is_reviewing(access_of(cast.rui), item_id)


def test_what_is_sent_by_hand_asks_too_and_what_makes_no_sense_is_refused(project, cast, lea):
    send(lea, {"external_id": "a", "metadata": {"language": "en"}})
    lea.put("/projects/helpdesk/plan", {"base_rate": 0, "rules": []})
    send(lea, {"external_id": "b", "metadata": {"language": "de"}})
    lea.post("/projects/helpdesk/tasks", {"external_ids": ["b"], "reason": "odd"}, status=201)
    assert names(claim(cast.bea, 5)) == ["a"]
    assert names(claim(cast.rui, 5)) == ["b"]
    assert claim(cast.ada).why == "leased_by_others"
    asked = {"fact": "metadata.language", "value": "de", "skill": "german"}
    for wrong in ([{**asked, "fact": ""}], "german", [{**asked, "skill": "two words"}]):
        assert lea.patch("/projects/helpdesk", {"skills_asked": wrong}, status=422)
    bad = {"username": "rui", "role": "reviewer", "skills": ["two words"]}
    assert lea.post("/projects/helpdesk/members", bad, status=422)["error"]["fields"][0]["path"] == "skills"
    many = {**bad, "skills": [f"s{n}" for n in range(21)]}
    assert lea.post("/projects/helpdesk/members", many, status=422)
