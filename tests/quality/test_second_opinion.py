"""The second opinion over the API and on its page: the data of 1979, and what it says beside the majority."""

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reviewapp.stats.aggregation.dawid_skene import dawid_skene
from reviewapp.stats.labels import long_labels
from tests.quality.test_agreement_api import give
from tests.stats.reference import vector

URL, PAGE = "/projects/helpdesk/second-opinion", "/p/helpdesk/quality/second-opinion"
CODES = [{"value": str(code), "label": str(code)} for code in range(1, 5)]


@pytest.fixture
def lea(cast, project, api_of):
    client = api_of(cast.lea)
    question = {"key": "code", "kind": "choice", "title": "Code", "options": CODES}
    why = {"key": "why", "kind": "text", "title": "Why", "required": False}
    client.put("/projects/helpdesk/rubric", {"questions": [question, why]})
    return client


def test_the_data_of_1979(lea, cast, browser_of):
    """45 patients; the first observer's three readings come as three people, since here nobody labels twice."""
    case = vector("dawid_skene_1979_variant_A")
    patients = case["inputs"]["labels_by_patient_then_observer"]
    table = [[code for codes in patient for code in codes] for patient in patients]
    people = ["1a", "1b", "1c", "2", "3", "4", "5"]
    rows = {f"p{n:02}": dict(zip(people, map(str, codes), strict=True)) for n, codes in enumerate(table, start=1)}
    give(lea, rows, key="code")

    votes = [(n, rater, code - 1) for n, codes in enumerate(table) for rater, code in enumerate(codes)]
    direct = dawid_skene(long_labels(*zip(*votes, strict=True), n_items=45, n_raters=7, n_categories=4))
    resolved = lea.get("/projects/helpdesk/resolutions?method=dawid_skene&limit=100")["results"]
    assert {row["how"] for row in resolved} == {"dawid_skene"}
    posterior = np.array([[row["posterior"]["code"][str(code)] for code in range(1, 5)] for row in resolved])
    assert posterior == pytest.approx(direct.posterior)
    # Smoothing keeps 2, 12, 36 and 38 with what most say, and 3 has two of its readings by people of their own.
    map_labels = case["expected"]["map_labels"]
    differing = [n for n, row in enumerate(resolved, start=1) if int(row["answers"]["code"]) != map_labels[n - 1]]
    assert differing == [2, 3, 12, 36, 38]

    found = lea.get(URL)
    assert (found["question"], found["n_items"], found["n_labels"], found["n_reviewers"]) == ("code", 45, 315, 7)
    assert (found["converged"], found["warnings"]) == (True, ["fewer_than_150_items"])
    by_name = {each["reviewer"]: each for each in found["reviewers"]}
    confusion = [[list(row.values()) for row in by_name[name]["confusion"].values()] for name in people]
    assert np.array(confusion) == pytest.approx(direct.confusion)
    assert sum(by_name["3"]["evidence"].values()) == pytest.approx(45)
    assert [each["of_items"] for each in found["shares"]] == pytest.approx(direct.posterior.mean(axis=0))
    page = browser_of(cast.lea).get(PAGE).content.decode()
    assert "fewer than 150 items" in page
    assert all(f">{name} <" in page for name in people)


def test_where_it_differs_from_most_people_comes_first(lea, cast, browser_of, api_of):
    """Ann and Bob are always right. Cem, Dee and Eve say 2 wherever 1 is true half of the time: three against two."""
    rows = {}
    for n in range(40):
        truth, noisy = str(1 + n % 2), "2" if n % 4 < 2 else "1"
        rows[f"i{n:02}"] = {"ann": truth, "bob": truth, "cem": noisy, "dee": "2" if n % 3 else truth, "eve": noisy}
    rows["tie"] = {"ann": "1", "cem": "2"}
    give(lea, rows, key="code")
    found = lea.get(URL)
    assert (found["n_ties"], found["n_items"]) == (1, 41)
    first = found["contested"][0]
    assert found["n_differing"] > 0
    assert first["majority"] not in {None, first["dawid_skene"]}
    assert first["dawid_skene"] == rows[first["external_id"]]["ann"]
    assert sum(first["posterior"].values()) == pytest.approx(1)
    tie = next(each for each in found["contested"] if each["external_id"] == "tie")
    assert (tie["majority"], tie["dawid_skene"]) == (None, "1")
    csv = lea.get("/projects/helpdesk/resolutions?method=dawid_skene&format=csv", raw=True).decode()
    assert "posterior" in csv.splitlines()[0]

    client, asked = browser_of(cast.lea), []
    for n in (1, 60):
        give(lea, {f"n{n}-{k}": {"ann": "1", "cem": "2", f"r{k}": "1"} for k in range(n)}, key="code")
        with CaptureQueriesContext(connection) as queries:
            assert client.get(PAGE).status_code == 200
        asked.append(len(queries))
    assert asked[0] == asked[1] <= 20
    assert browser_of(cast.rui).get(PAGE).status_code == 403


def test_what_cannot_be_fitted_says_why(lea, cast, browser_of, monkeypatch):
    assert (lea.get(URL)["n_labels"], lea.get(URL)["warnings"]) == (0, ["no_labels"])
    client = browser_of(cast.lea)
    assert "no labels of this question yet" in client.get(PAGE).content.decode()
    assert lea.get(f"{URL}?question=why", status=422)["error"]["fields"][0]["path"] == "question"
    assert "answers that can be counted" in client.get(f"{PAGE}?question=why").content.decode()
    give(lea, {"a": {"ann": "1", "bob": "1"}}, key="code")
    monkeypatch.setattr("annotations.views.second_opinion.AT_ONCE", 1)
    assert "Fit it now" in client.get(PAGE).content.decode()
    assert "Look at these again" in client.get(f"{PAGE}?fit=1").content.decode()
