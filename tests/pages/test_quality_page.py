"""The Quality page: its figures, its empty states, who sees it, and what it asks the database."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.sampling.lines import item, ndjson

PAGE = "/p/helpdesk/quality"


def give(client, n, **fields):
    client.post("/projects/helpdesk/items", {"items": [item(f"i{k}", **fields) for k in range(n)]})
    labels = [
        {"external_id": f"i{k}", "reviewer": name, "answers": {"verdict": "pass" if k % 4 else "fail"}}
        for k in range(n)
        for name in ("zoe", "yan")
    ]
    client.post("/projects/helpdesk/labels/import", ndjson(*labels), content_type="application/x-ndjson")


def read(client, query=""):
    response = client.get(PAGE + query)
    assert response.status_code == 200
    return response.content.decode()


def test_it_shows_the_rate_what_others_would_say_and_the_agreement(cast, project, api_of, browser_of):
    give(api_of(cast.lea), 8, system_version="v1")
    page = read(browser_of(cast.vic), "?segment=system_version")
    assert "<strong>75.0 %</strong> of the answers in the traffic seen pass" in page
    for words in (
        "Labels only",
        "Judge only",
        "no verdicts",
        "Unweighted",
        "Krippendorff",
        "1.00",
        "By system_version",
    ):
        assert words in page
    assert "of the system pass (95 % interval" in read(browser_of(cast.vic), "?population=process")


def test_without_labels_it_says_what_is_missing(cast, project, browser_of):
    page = read(browser_of(cast.vic))
    assert "No figure yet:</strong> no items in this window" in page
    assert "Agreement needs items that two people labelled" in page


def test_a_question_without_a_pass_has_agreement_and_a_reason(cast, project, browser_of):
    page = read(browser_of(cast.vic), "?question=note")
    assert "does not say which answers pass" in page
    assert "Krippendorff" in page


@pytest.mark.parametrize(("name", "status"), [("rui", 403), ("stan", 404), ("pat", 200), ("ada", 200), ("olga", 200)])
def test_who_sees_it(cast, project, browser_of, name, status):
    assert browser_of(getattr(cast, name)).get(PAGE).status_code == status


def test_it_asks_the_database_the_same_at_any_size(cast, project, api_of, browser_of):
    client = browser_of(cast.vic)
    counts = []
    for n in (3, 300):
        give(api_of(cast.lea), n)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            read(client)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 25
