"""The pages of datasets: what each role sees, the live preview, and how many queries that takes."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotations.models import DatasetVersion
from tests.datasets.world import URL, bring, conversations, freeze

AT = "/p/helpdesk/datasets"


@pytest.fixture
def lea(cast, project, api_of):
    return api_of(cast.lea)


def queries(browser, address):
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert browser.get(address).status_code == 200
    return len(seen)


def test_a_lead_builds_a_recipe_sees_what_it_chooses_and_freezes_it(lea, cast, browser_of):
    browser = browser_of(cast.lea)
    assert b"No datasets yet" in browser.get(AT).content
    assert browser.post(AT, {"name": "a/b"}).status_code == 422
    assert browser.post(AT, {"name": "evals"})["Location"] == f"{AT}/evals"
    assert b"Freeze the first version" in browser.get(f"{AT}/evals").content
    bring(lea, conversations(7, metadata={"intent": "late"}), {f"q-{k:03}": ["pass"] for k in range(7)})
    recipe = {
        "resolution": "majority",
        "splits": "dev 30, test 70%",
        "stratify_by": "metadata.intent",
        "dedupe": "near",
    }
    shown = browser.post(f"{AT}/evals/preview", {**recipe, "near": "80", "limit": "4"}).content.decode()
    assert "2 of 2 expected answers have fewer than 5 rows: pass, fail." in shown
    assert "3: beyond the limit" in shown
    assert b"such as train 60" in browser.post(f"{AT}/evals/preview", {"splits": "dev"}).content
    refused = browser.post(f"{AT}/evals/freeze", {**recipe, "splits": "dev 50"})
    assert (refused.status_code, b"add up to 0.5" in refused.content) == (422, True)
    plain = browser.post(f"{AT}/evals/freeze", {**recipe, "what": "preview"})
    assert (plain.status_code, DatasetVersion.objects.count(), b"Labelled items found" in plain.content) == (
        200,
        0,
        True,
    )
    frozen = browser.post(f"{AT}/evals/freeze", {**recipe, "near": "80", "tags": "gold", "note": "First"})
    assert frozen["Location"] == f"{AT}/evals/versions/1"
    version = DatasetVersion.objects.get()
    assert (version.n_rows, version.tags, version.recipe["splits"]) == (7, ["gold"], [["dev", 0.3], ["test", 0.7]])
    page = browser.get(f"{AT}/evals?like=1").content.decode()
    assert 'value="dev 30, test 70"' in page
    freeze(lea, splits={"dev": 1.0})
    shown = browser.get(f"{AT}/evals/versions/2?split=dev&after=0").content.decode()
    assert "q-003" in shown
    assert '<a href="/p/helpdesk/items/q-003">' in shown
    assert browser.get(f"{AT}/evals/versions/2/card").content.startswith(b"# evals, version 2")
    assert b"the recipe: another split" in browser.get(f"{AT}/evals/diff?from=1&to=2").content


def test_others_read_and_reviewers_do_not(lea, cast, browser_of):
    lea.post(f"{URL}/datasets", {"name": "evals"}, status=201)
    bring(lea, conversations(1), {"q-000": ["pass"]})
    freeze(lea)
    viewer, reviewer = browser_of(cast.vic), browser_of(cast.rui)
    for address in (AT, f"{AT}/evals", f"{AT}/evals/versions/1"):
        content = viewer.get(address).content
        assert b"Freeze" not in content.replace(b"Frozen", b"")
        assert reviewer.get(address).status_code == 403
        assert browser_of(cast.stan).get(address).status_code == 404
    assert viewer.post(f"{AT}/evals/freeze").status_code == 403


def test_pages_take_as_many_queries_for_many_rows_as_for_few(lea, cast, browser_of):
    browser = browser_of(cast.lea)
    lea.post(f"{URL}/datasets", {"name": "evals"}, status=201)
    bring(lea, conversations(300), {f"q-{k:03}": ["pass"] for k in range(300)})
    freeze(lea, limit=3)
    addresses = [AT, f"{AT}/evals", f"{AT}/evals/versions/1", f"{AT}/evals/diff?from=1&to=1"]
    few = [queries(browser, address) for address in addresses]
    freeze(lea)
    addresses[2:] = [f"{AT}/evals/versions/2", f"{AT}/evals/diff?from=1&to=2"]
    assert [queries(browser, address) for address in addresses] == few
    assert max(few) <= 20
