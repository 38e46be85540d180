"""Items out over HTTP: pages, filters, single items with what is known of them, and who may see them."""

from urllib.parse import quote

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotations.projects import create_project
from reviewapp.accounts.projects import ProjectSpec
from tests.conftest import NOW
from tests.sampling.lines import item, ndjson

URL = "/projects/helpdesk/items"


@pytest.fixture
def vic(cast, api_of):
    return api_of(cast.vic, "read")


@pytest.fixture
def sent(cast, api_of):
    """`sent(item, …)`: Lea's program has sent the items."""
    client = api_of(cast.lea, "ingest")
    return lambda *items: client.post(URL, ndjson(*items), content_type="application/x-ndjson")


def ids(page):
    return [row["external_id"] for row in page["results"]]


def where(**condition):
    return f"where={quote(orjson.dumps(condition).decode())}"


def test_items_are_listed_newest_first_in_pages_that_meet_without_gap(vic, sent):
    sent(*(item(f"i{n}") for n in range(5)))
    first = vic.get(f"{URL}?limit=2")
    second = vic.get(f"{URL}?limit=2&cursor={first['next']}")
    last = vic.get(f"{URL}?limit=2&cursor={second['next']}")
    assert ids(first) + ids(second) + ids(last) == ["i4", "i3", "i2", "i1", "i0"]
    assert last["next"] is None


def test_a_filter_narrows_the_list_on_every_page(vic, sent):
    sent(*(item(f"i{n}", latency_ms=n) for n in range(6)))
    slow = where(latency_ms={"gte": 3})
    first = vic.get(f"{URL}?limit=2&{slow}")
    assert ids(first) == ["i5", "i4"]
    assert ids(vic.get(f"{URL}?limit=2&{slow}&cursor={first['next']}")) == ["i3"]


def test_a_cursor_of_another_list_is_refused(vic, sent):
    sent(item("a"), item("b"))
    cursor = vic.get(f"{URL}?limit=1")["next"]
    refused = vic.get(f"{URL}?cursor={cursor}&{where(latency_ms={'gt': 1})}", status=400)
    assert refused["error"]["code"] == "bad_cursor"


def test_a_filter_that_is_none_is_refused(vic):
    assert vic.get(f"{URL}?where=slow", status=400)["error"]["fields"][0]["path"] == "where"
    refused = vic.get(f"{URL}?{where(latency_ms={'gt': 'x'})}", status=422)["error"]
    assert (refused["code"], refused["fields"][0]["path"]) == ("filter_invalid", "where.latency_ms.gt")


@pytest.mark.parametrize("limit", [0, 501])
def test_a_page_has_1_to_500_rows(vic, limit):
    assert vic.get(f"{URL}?limit={limit}", status=422)["error"]["fields"][0]["path"] == "limit"


def test_an_item_carries_its_labels_and_draws(vic, sent, cast, api_of):
    sent(item("a"))
    rui = api_of(cast.rui, "label")
    (task,) = rui.post("/projects/helpdesk/tasks/claim", {})["tasks"]
    answers = {"lease": task["lease"]["token"], "answers": {"verdict": "pass"}, "submit_id": "s1"}
    rui.post(f"/tasks/{task['id']}/label", answers, status=201)
    found = vic.get(f"{URL}/a")
    (label,) = found["labels"]
    assert (label["reviewer"], label["answers"]) == ("rui", {"verdict": "pass"})
    (draw,) = found["draws"]
    assert draw.pop("at") == found["received_at"]
    assert 0 <= draw.pop("u") < 1
    assert draw == {"plan_version": 0, "probability": 1.0, "selected": True, "reasons": ["base"]}
    assert (found["verdicts"], found["decisions"]) == ([], [])


@pytest.mark.parametrize(
    "external_id",
    ["a/b", "/", "a//b/", "../x", "a b", "50%", "%2F", "é", "?q=1#x", "line\nend", "\\", "\U0001f600", "."],
)
def test_an_id_may_hold_any_characters(vic, sent, external_id):
    sent(item(external_id))
    assert vic.get(f"{URL}/{quote(external_id, safe='')}")["external_id"] == external_id


@pytest.mark.parametrize("external_id", ["b", "%00", "%ff"])
def test_an_item_that_is_not_there_is_not_found(vic, sent, external_id):
    sent(item("a"))
    assert vic.get(f"{URL}/{external_id}", status=404)["error"]["code"] == "not_found"


def test_items_of_another_project_are_not_found(vic, cast, api_of):
    create_project(owner=cast.lea, spec=ProjectSpec(slug="sales", name="S"), rubric=None, actor=None, now=NOW)
    api_of(cast.lea, "ingest", site=True).post("/projects/sales/items", {"items": [item("a")]})
    assert vic.get(URL) == {"results": [], "next": None}
    vic.get(f"{URL}/a", status=404)
    vic.get("/projects/sales/items/a", status=404)


@pytest.mark.parametrize("path", ["", "/a"])
def test_who_may_see_items(cast, api_of, sent, path):
    sent(item("a"))
    for person in (cast.olga, cast.lea, cast.ada, cast.pat, cast.vic):
        api_of(person, "read").get(URL + path)
    assert api_of(cast.rui).get(URL + path, status=403)["error"]["code"] == "forbidden"
    assert api_of(cast.lea, "ingest", "admin").get(URL + path, status=403)["error"]["code"] == "missing_scope"
    assert api_of(cast.stan).get(URL + path, status=404)["error"]["code"] == "not_found"


def test_a_page_takes_as_many_statements_for_300_items_as_for_3(vic, sent):
    counts = []
    vic.get(URL)  # a token's first use is noted
    for many in (3, 300):
        sent(*(item(f"i{n}") for n in range(many)))
        with CaptureQueriesContext(connection) as queries:
            assert len(vic.get(f"{URL}?limit=500")["results"]) == many
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 4
