"""The audit over the API: what it lists, how it narrows and pages, and who reads it."""

import pytest

from tests.sampling.lines import item

URL = "/projects/helpdesk/audit"


@pytest.fixture
def lea(cast, project, api_of):
    client = api_of(cast.lea)
    client.post("/projects/helpdesk/items", {"items": [item("a"), item("b")]})
    client.put("/projects/helpdesk/plan", {"base_rate": 0.5, "rules": []})
    client.post("/projects/helpdesk/members", {"username": "nina", "role": "viewer"}, status=201)
    return client


def actions(page):
    return [event["action"] for event in page["results"]]


def test_it_lists_what_was_done_newest_first(lea):
    page = lea.get(URL)
    assert actions(page)[:3] == ["member.added", "plan.published", "items.added"]
    added = page["results"][2]
    assert (added["actor"], added["detail"]["accepted"]) == ("lea", 2)
    assert added["token_id"] is not None


def test_it_narrows_by_action_person_object_and_time(lea):
    assert actions(lea.get(f"{URL}?action=plan.published")) == ["plan.published"]
    assert set(actions(lea.get(f"{URL}?action=items."))) == {"items.added"}
    assert actions(lea.get(f"{URL}?actor=nobody")) == []
    assert "plan.published" in actions(lea.get(f"{URL}?object_kind=plan&object_id=1&actor=lea"))
    assert actions(lea.get(f"{URL}?from=2099-01-01T00:00:00Z")) == actions(lea.get(f"{URL}?from=2099-01-01")) == []
    assert len(actions(lea.get(f"{URL}?to=2099-01-01T00:00:00Z"))) >= 3


def test_it_pages_without_repeating(lea):
    first = lea.get(f"{URL}?limit=2")
    second = lea.get(f"{URL}?limit=2&cursor={first['next']}")
    ids = [event["id"] for event in first["results"] + second["results"]]
    assert ids == sorted(set(ids), reverse=True)
    assert lea.get(f"{URL}?actor=lea&cursor={first['next']}", status=400)["error"]["code"] == "bad_cursor"


@pytest.mark.parametrize(("name", "status"), [("rui", 403), ("vic", 403), ("pat", 200), ("olga", 200)])
def test_who_reads_it(lea, cast, api_of, name, status):
    api_of(getattr(cast, name)).get(URL, status=status)
