"""The Quality page: its figures, its empty states, who sees it, and what it asks the database."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotations.models import AgreementFigure
from annotations.quality.figures import plan_agreement
from reviewapp.jobs.models import Intent
from reviewapp.jobs.run import run_intent
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
    assert "no labels of this question yet" in page


def test_where_people_disagree_leads_to_the_items(cast, project, api_of, browser_of):
    """Four items by three people; zoe and yan differ on i0 and i1 (both ways), xan agrees with yan."""
    lea = api_of(cast.lea)
    lea.post("/projects/helpdesk/items", {"items": [item(f"i{k}", system_version=f"v{k % 2}") for k in range(4)]})
    said = {"zoe": ["pass", "fail", "pass", "pass"], "yan": ["fail", "pass"] * 2, "xan": ["fail", "pass"] * 2}
    said["yan"][2] = said["xan"][2] = "pass"
    labels = [
        {"external_id": f"i{k}", "reviewer": name, "answers": {"verdict": answer, "note": name}}
        for name, answers in said.items()
        for k, answer in enumerate(answers)
    ]
    lea.post("/projects/helpdesk/labels/import", ndjson(*labels), content_type="application/x-ndjson")
    vic = browser_of(cast.vic)
    page = read(vic, "?segment=system_version&weighted=true")
    for words in (
        "weighted to production",
        "Confused most",
        "Items people disagree on most",
        "By segment",
        "xan and yan",
    ):
        assert words in page
    assert "a=pass&amp;b=fail" in page
    assert "first=yan&amp;second=zoe" in page

    def listed(query):
        text = vic.get(f"{PAGE}/disagreements?{query}").content.decode()
        return [name for name in ("i0", "i1", "i2", "i3") if f">{name}</a>" in text]

    assert listed("question=verdict") == ["i0", "i1"]
    assert listed("question=verdict&a=pass&b=fail") == ["i0", "i1"]
    assert listed("question=verdict&first=yan&second=zoe") == ["i0", "i1"]
    assert listed("question=verdict&first=xan&second=yan") == []
    assert listed("question=note&a=zoe&b=%22yan") == []
    assert vic.get(f"{PAGE}/disagreements?question=nope").status_code == 404
    assert browser_of(cast.rui).get(f"{PAGE}/disagreements").status_code == 403
    assert browser_of(cast.stan).get(f"{PAGE}/disagreements").status_code == 404


def test_with_many_labels_it_shows_what_is_kept_and_computes_the_rest_in_the_background(
    cast, project, api_of, browser_of, monkeypatch
):
    lea, vic = api_of(cast.lea), browser_of(cast.vic)
    give(lea, 4)
    monkeypatch.setattr("annotations.quality.figures.FEW_LABELS", 5)
    assert "being computed in the background" in read(vic)
    assert lea.get("/projects/helpdesk/agreement")["n_labels"] == 8  # a program waits for it
    assert count_due() == 1
    kept = read(vic)
    assert "Krippendorff" in kept
    assert lea.get("/projects/helpdesk/agreement")["n_labels"] == 8
    again = [{"external_id": "i0", "reviewer": "xan", "answers": {"verdict": "pass"}}]
    lea.post("/projects/helpdesk/labels/import", again)  # asks for the figures itself
    assert count_due() >= 1
    assert lea.get("/projects/helpdesk/agreement")["n_labels"] == 9
    assert plan_agreement(timezone.now()) == 0
    AgreementFigure.objects.update(last_label=1)
    assert plan_agreement(timezone.now()) == AgreementFigure.objects.count()
    assert lea.get("/projects/helpdesk/agreement?weighted=true")["weighted"] is True
    monkeypatch.setattr("annotations.quality.agreement.MAX_CATEGORIES", 1)
    count_due()
    assert "different answers" in read(vic)
    AgreementFigure.objects.update(asked_at=timezone.now() - timedelta(days=8))
    plan_agreement(timezone.now())
    assert not AgreementFigure.objects.exists()


def count_due():
    """Compute the figures that are due, as a worker would; return how many."""
    Intent.objects.filter(kind="count_agreement").update(run_after=timezone.now() - timedelta(seconds=1))
    due = list(Intent.objects.filter(kind="count_agreement", done_at=None))
    for intent in due:
        run_intent(intent.pk)
    return len(due)


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
