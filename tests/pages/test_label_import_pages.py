"""The label import pages: who may, and the way from a file to its labels, with a rubric suggested on the way."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotations.models import Label
from reviewapp.jobs.models import Intent
from reviewapp.jobs.run import run_intent
from sampling.models import Item, Upload
from tests.imports.test_label_files import LABEL_STUDIO
from tests.sampling.lines import item, ndjson

PAGE = "/p/helpdesk/labels/import"
CSV = b"id,rater,verdict,tone\na,Zoe B,pass,4\na,yan,FAIL,2\nb,yan,maybe,3\nnowhere,yan,pass,3\n"
GETS = ("", "/1", "/1/progress", "/1/refused")
POSTS = ("", "/1", "/1/preview", "/1/end")


@pytest.fixture
def lea(project, cast, api_of, browser_of):
    api_of(cast.lea).post("/projects/helpdesk/items", {"items": [item("a"), item("b")]})
    return browser_of(cast.lea)


def send(browser, content=CSV, name="labels.csv"):
    fields = {"file": SimpleUploadedFile(name, content)} if content is not None else {}
    page = browser.post(PAGE, fields, follow=True)
    return page, page.redirect_chain[-1][0] if page.redirect_chain else ""


def work():
    """Do the imports that are due, as a worker would."""
    while intents := list(Intent.objects.filter(kind="import_label_upload", done_at=None, failed_at=None)):
        for intent in intents:
            run_intent(intent.pk)


@pytest.mark.parametrize("name", ["rui", "ada", "pat", "vic", "stan"])
def test_only_those_who_may_import_labels(project, cast, browser_of, name):
    browser = browser_of(getattr(cast, name))
    expected = 404 if name == "stan" else 403
    assert {browser.get(PAGE + page).status_code for page in GETS} == {expected}
    assert {browser.post(PAGE + form, {}).status_code for form in POSTS} == {expected}


def test_from_a_table_to_its_labels(lea):
    page, address = send(lea)
    text = page.content.decode()
    assert '<option value="answers.verdict" selected>' in text
    assert '<option value="reviewer" selected>' in text
    assert "2 of the first 4 rows would be refused" in text
    assert "no question for 1 column of answers" in text  # tone
    assert "Tone</strong> (rating, 1 to 5)" in text
    editor = lea.get(f"/p/helpdesk/settings/rubric?labels={Upload.objects.get().pk}").content.decode()
    assert "suggested by labels.csv" in editor
    assert "&quot;key&quot;: &quot;tone&quot;" in editor
    assert "&quot;key&quot;: &quot;verdict&quot;" in editor
    assert lea.get("/p/helpdesk/settings/rubric?labels=x").status_code == 404
    mapped = {
        "shape": "table",
        "column": ["id", "rater", "verdict", "tone"],
        "field": ["external_id", "reviewer", "answers.verdict", ""],
        "who": ["Zoe B", "yan"],
        "name": ["zoe", "yan"],
    }
    bad = lea.post(address, {**mapped, "field": ["", "", "", "answers.tone"]})
    assert bad.status_code == 422
    for words in ("which item each row is about", "no such question", "who answered"):
        assert words in bad.content.decode()
    assert lea.get(f"{address}/refused").status_code == 409
    preview = lea.post(f"{address}/preview", mapped).content.decode()
    assert '<dd dir="auto">zoe</dd>' in preview
    assert f'data-poll="{address}/progress"' in lea.post(address, mapped, follow=True).content.decode()
    work()
    done = lea.get(f"{address}/progress").content.decode()
    assert "data-poll-end" in done
    assert "Download all 2" in done
    stored = Label.objects.order_by("pk").values_list("item__external_id", "reviewer_name", "answers")
    assert list(stored) == [("a", "zoe", {"verdict": "pass"}), ("a", "yan", {"verdict": "fail"})]
    refused = b"".join(lea.get(f"{address}/refused").streaming_content).decode()
    assert "b,yan,maybe,3" in refused
    assert "There is no such item in this project." in refused
    assert b"is forgotten" in lea.post(f"{address}/end", {}, follow=True).content
    assert lea.get(f"{address}/refused").status_code == 409


def test_label_studio_into_a_project_and_our_own_records(lea):
    _, address = send(lea, json.dumps(LABEL_STUDIO).encode(), "export.json")
    page = lea.get(address).content.decode()
    assert "an export of Label Studio" in page
    assert "about items that are made first" in page
    columns = {
        "column": ["task.external_id", "annotation.completed_by", "result.verdict", "data.question", "data.answer"]
    }
    fields = ["external_id", "reviewer", "answers.verdict", "item.input", "item.output"]
    lea.post(address, {"shape": "label_studio", **columns, "field": fields, "who": ["2"], "name": ["bea"]})
    work()
    assert Upload.objects.get().rejected == 3  # their words are no options of this rubric
    assert Item.objects.filter(external_id="11").exists()
    assert b"Awful" in b"".join(lea.get(f"{address}/refused").streaming_content)
    ours = {"external_id": "a", "reviewer": "Bea B", "answers": {"verdict": "pass", "colour": "red"}}
    page, address = send(lea, ndjson({**ours, "answers": {"verdict": "pass"}}, ours), "ours.jsonl")
    assert "There is nothing to map" in page.content.decode()
    assert "1 of the first 2 rows would be refused" in page.content.decode()
    lea.post(address, {"shape": "ours", "who": ["Bea B"], "name": ["bea"]})
    assert b"Stop that first" in lea.post(f"{address}/end", {}, follow=True).content
    work()
    assert Label.objects.get().reviewer.username == "bea"
    _, address = send(lea)
    lea.post(
        address,
        {"shape": "table", "column": ["id", "verdict"], "field": ["external_id", "answers.verdict"], "reviewer": "zoe"},
    )
    assert b"Stopped" in lea.post(f"{address}/end", {"what": "stop"}, follow=True).content
    assert send(lea, b"")[0].status_code == 422
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            lea.get(PAGE)
        counts.append(len(queries))
        send(lea)
    assert counts[0] == counts[1] <= 9
