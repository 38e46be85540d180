"""The Operations page: figures, drawings, splits and what moved, for those who may see items."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.operations.test_operations_api import NDJSON, made
from tests.sampling.lines import item, ndjson

URL = "/p/helpdesk/operations"


@pytest.fixture
def lea(cast, project, browser_of):
    project.masking = "off"
    project.save()
    return browser_of(cast.lea)


def send(api, items):
    assert api.post("/projects/helpdesk/items", ndjson(*items), **NDJSON)["rejected"] == 0


def recent(items):
    """The same items, moved from November 2026 to the two weeks that end now."""
    now = timezone.now()
    for number, each in enumerate(items):
        at = now - timezone.timedelta(days=14) + timezone.timedelta(days=14 * number / len(items), seconds=5)
        each["occurred_at"] = at.isoformat()
    return items


def test_the_page_says_what_all_items_came_to(cast, project, lea, api_of):
    empty = lea.get(URL).content.decode()
    assert "Nothing has come in yet" in empty
    assert "Operations</a>" in empty
    api = api_of(cast.lea)
    send(api, recent(made(400)))
    page = lea.get(f"{URL}?days=7").content.decode()
    text = re.sub(r"<[^>]*>", " ", page)
    assert page.count('class="chart"') == 5
    assert "style=" not in page
    assert re.search(r"Model\s", text)
    assert "The error rate rose from" in text
    assert "The median latency rose from" in text
    rows = lea.get(f"{URL}?days=28&by=model").content.decode()
    assert "Model large is new" not in rows  # both weeks are in these days, and nothing is before them
    assert ">small<" in rows.replace("\n", "")
    one = lea.get(f"{URL}?days=28&by=model&value=small").content.decode()
    assert "Only items with model" in one
    assert ">200<" in one
    assert "not given" in lea.get(f"{URL}?by=prompt_version").content.decode()
    assert lea.get(f"{URL}?days=all&by=nonsense").status_code == 200
    lea.post(f"{URL}/count")
    assert lea.get(URL).content.decode().count('class="chart"') == 5


def test_old_items_are_pointed_to(cast, project, lea, api_of):
    send(api_of(cast.lea), [item("a", occurred_at="2026-01-05T10:00:00Z")])
    assert "the newest item is of 5 Jan 2026" in lea.get(URL).content.decode()
    assert '<h2 id="all-title">5 Jan to' in lea.get(f"{URL}?days=all").content.decode()


def test_roles_and_statements(cast, project, lea, api_of, browser_of):
    assert browser_of(cast.rui).get(URL).status_code == 403
    assert browser_of(cast.stan).get(URL).status_code == 404
    viewer = browser_of(cast.vic)
    assert b"Count all items anew" not in viewer.get(URL).content
    assert viewer.post(f"{URL}/count").status_code == 403
    counts = []
    for n in (3, 300):
        send(api_of(cast.lea), recent([dict(each, external_id=f"{n}-{each['external_id']}") for each in made(n)]))
        with CaptureQueriesContext(connection) as queries:
            assert viewer.get(URL).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12
