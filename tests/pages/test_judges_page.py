"""The Judges pages: what each says, who sees it, where its figures lead, and what it asks the database."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.judges.test_calibration_api import CELLS, bring
from tests.sampling.lines import ndjson

PAGE = "/p/helpdesk/judges"
REPORT = f"{PAGE}/strict/1"
NDJSON = {"content_type": "application/x-ndjson"}


def read(client, path, status=200):
    response = client.get(path)
    assert response.status_code == status
    return " ".join(response.content.decode().split())


def test_from_no_judge_to_a_report_whose_cells_open_their_items(cast, project, api_of, browser_of):
    lea, vic = api_of(cast.lea), browser_of(cast.vic)
    assert "A lead or the owner imports the verdicts" in read(vic, PAGE)
    assert "manage.py import_verdicts helpdesk" in read(browser_of(cast.lea), PAGE)
    bring(lea, CELLS, reviewers=("zoe", "yan"), system_version="v/1")
    odd = [
        {"external_id": f"pass-pass-{k}", "judge": "a/b", "judge_version": "v 1/2", "answers": {"verdict": "pass"}}
        for k in range(3)
    ]
    lea.post("/projects/helpdesk/verdicts/import", ndjson(*odd), **NDJSON)
    page = read(vic, PAGE)
    assert "strict recognises 86 % of the passes and 80 % of the fails of 95 labelled items" in page
    assert '<span class="tag judge-useful">worth using</span>' in page
    assert "a/b cannot be judged yet: the 3 labelled items are all passes or all fails." in page
    assert f'href="{PAGE}/a/b/v%201/2"' in page
    assert "cannot be judged yet" in read(vic, f"{PAGE}/a/b/v%201/2")
    report = read(vic, f"{REPORT}?segment=system_version&false_pass=10&false_fail=0")
    # Five false passes among 95 items, ten a piece.
    for words in (
        "Its passes are right",
        "Read <strong>post-stratified</strong>: 95 of the 95 labelled items were drawn from this traffic",
        "<strong>526.3 (",
        "People with each other",
        "It is not shown to agree with people as well as they do with each other",
        "By system_version",
        '<svg class="reliability"',
        "25 more labelled fails would make this firm",
        "Over time",
        'href="?segment=system_version&amp;false_pass=10&amp;false_fail=0&amp;cell=fp#items">5</a>',
    ):
        assert words in report, words
    cell = read(vic, f"{REPORT}?cell=fp")
    assert "People fail, the judge passes" in cell
    assert '<span class="note">score 0.90</span>' in cell
    assert '<a href="/p/helpdesk/items/fail-pass-4"' in cell
    assert "could not be read" in read(vic, f"{REPORT}?cell=unparsed&split=dev&false_pass=x")
    assert "This was a look at the test items" in read(vic, f"{REPORT}?split=test")
    assert "<dt>Looks at test</dt><dd>1</dd>" in read(vic, REPORT)
    assert "does not say which answers pass" in read(vic, f"{REPORT}?question=note", status=422)
    assert "does not say which answers pass" in read(vic, f"{PAGE}?question=note")


@pytest.mark.parametrize(("name", "status"), [("rui", 403), ("stan", 404), ("pat", 200), ("ada", 200)])
def test_reviewers_and_strangers_see_no_verdicts(cast, project, api_of, browser_of, name, status):
    lines = ndjson({"external_id": "i", "judge": "j", "judge_version": "1", "answers": None})
    lea = api_of(cast.lea)
    lea.post("/projects/helpdesk/items", {"items": [{"external_id": "i", "input": "a", "output": "b"}]})
    lea.post("/projects/helpdesk/verdicts/import", lines, **NDJSON)
    client = browser_of(getattr(cast, name))
    assert client.get(PAGE).status_code == status
    assert client.get(f"{PAGE}/j/1").status_code == status
    assert client.get(f"{PAGE}/j/2").status_code == (status if status != 200 else 404)


def test_more_items_ask_no_more_of_the_database(cast, project, api_of, browser_of):
    counts = []
    for n in (3, 300):
        bring(api_of(cast.lea), {("pass", "pass"): n, ("fail", "fail"): n})
        client = browser_of(cast.vic)
        client.get(PAGE)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            read(client, PAGE)
            read(client, REPORT)
        counts.append(len(asked))
    assert counts[1] <= counts[0] <= 45
