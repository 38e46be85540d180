"""The Estimates page and the labels behind it: figures, empty states, who sees it, what it asks the database."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.sampling.lines import item, ndjson

PAGE = "/p/helpdesk/estimates"
NDJSON = {"content_type": "application/x-ndjson"}


def give(client, n, *, part=slice(None)):
    names = [f"i{k}" for k in range(n)]
    versions = ["v1", "v2"]
    client.post(
        "/projects/helpdesk/items",
        {"items": [item(name, system_version=versions[k % 2]) for k, name in enumerate(names)]},
    )
    labels = [
        {"external_id": name, "reviewer": "zoe", "answers": {"verdict": "pass" if int(name[1:]) % 4 else "fail"}}
        for name in names[part]
    ]
    if labels:
        client.post("/projects/helpdesk/labels/import", ndjson(*labels), **NDJSON)


def read(client, query="", page=PAGE, status=200):
    response = client.get(page + query)
    assert response.status_code == status
    return response.content.decode()


def test_it_says_the_rate_in_words_and_every_figure_opens(cast, project, api_of, browser_of):
    lea, vic = api_of(cast.lea), browser_of(cast.vic)
    give(lea, 80, part=slice(60))
    verdicts = [
        {"external_id": f"i{k}", "judge": "j", "judge_version": "1", "answers": {"verdict": "pass"}} for k in range(80)
    ]
    lea.post("/projects/helpdesk/verdicts/import", ndjson(*verdicts), **NDJSON)
    page = read(vic)
    assert "<strong>75.0 %</strong> of the answers in the traffic seen pass; with 95 % confidence between" in page
    for words in (
        "more labels like these until ±2 points",
        "labels, helped by j 1",
        "Labels only",
        "Judge only",
        "Unweighted",
        "All open ones fail",
        "v2 passes more often than v1: by 50.0 points",
        "By system_version",
        "Day by day",
        "<polyline",
        "75 %",
    ):
        assert words in page
    assert "Week by week" in read(vic, "?by=week&population=process")
    assert "of the system&#x27;s answers pass" in read(vic, "?population=process")
    assert "v1 passes less often than v2" in read(vic, "?a=v1&b=v2")
    behind = read(vic, "?which=answered&part=v1", page=f"{PAGE}/labels")
    assert "30 items" in behind
    assert "zoe: fail" in behind
    assert "1.33" in behind  # every answered item stands for one and a third
    assert "20 items" in read(vic, "?which=open", page=f"{PAGE}/labels")


def test_a_filter_and_days_narrow_it_and_mistakes_are_named(cast, project, api_of, browser_of):
    vic = browser_of(cast.vic)
    give(api_of(cast.lea), 8)
    assert "<strong>50.0 %</strong>" in read(vic, '?where={"system_version":{"eq":"v1"}}&from=2026-01-01&to=2099-12-31')
    assert "No figure yet:</strong> no items in this window" in read(vic, "?to=2020-01-01")
    assert "There is no fact" in read(vic, "?segment=nonsense", status=422)
    assert "Not JSON" in read(vic, "?where={", status=422)
    for wrong in ("from=yesterday", "to=9999-12-31"):  # there is no day after it
        assert "is no day such as" in read(vic, f"?{wrong}", status=422)
    assert "no judge" in read(vic, "?judge=nobody", status=422)
    assert "Not JSON" in read(vic, "?where={", page=f"{PAGE}/labels", status=422)
    assert "By system_version" not in read(vic, "?segment=nothing")


def test_without_labels_it_says_what_to_do(cast, project, api_of, browser_of):
    page = read(browser_of(cast.lea))
    assert "No figure yet:</strong> no items in this window" in page
    give(api_of(cast.lea), 3, part=slice(0))
    page = read(browser_of(cast.lea))
    assert "no labels of drawn items yet" in page
    assert '<a href="/p/helpdesk/review">Review</a>' in page
    assert "does not say which answers pass" in read(browser_of(cast.lea), "?question=note", status=422)


@pytest.mark.parametrize(("name", "status"), [("rui", 403), ("stan", 404), ("pat", 200), ("ada", 200), ("olga", 200)])
def test_who_sees_it(cast, project, browser_of, name, status):
    client = browser_of(getattr(cast, name))
    assert client.get(PAGE).status_code == status
    assert client.get(f"{PAGE}/labels").status_code == status


def test_it_asks_the_database_the_same_at_any_size(cast, project, api_of, browser_of):
    client = browser_of(cast.vic)
    counts = []
    for n in (3, 300):
        give(api_of(cast.lea), n)
        for page in (PAGE, f"{PAGE}/labels"):
            with CaptureQueriesContext(connection) as asked:
                read(client, page=page)
            counts.append(len(asked))
    assert counts[:2] == counts[2:]
    assert max(counts) <= 16
