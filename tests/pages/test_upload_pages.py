"""The upload pages: who may, what one sees on the way from a file to its items, and what is refused."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reviewapp.http import uploads as uploading
from sampling.models import Item, Upload
from tests.sampling.uploads.files import CSV, work

PAGES = ("uploads", "uploads/1", "uploads/1/progress", "uploads/1/refused")
FORMS = ("uploads", "uploads/1", "uploads/1/preview", "uploads/1/end")
MAPPED = {"column": ["id", "question", "answer"], "field": ["external_id", "input", "output"]}


@pytest.fixture
def lea(project, cast, browser_of):
    return browser_of(cast.lea)


def send(browser, content=CSV, name="a.csv", **more):
    fields = {"file": SimpleUploadedFile(name, content)} if content is not None else {}
    return browser.post("/p/helpdesk/uploads", {**fields, **more}, follow=True)


@pytest.mark.parametrize("name", ["rui", "ada", "pat", "vic", "stan"])
def test_only_those_who_may_send_items_upload(project, cast, browser_of, name):
    browser = browser_of(getattr(cast, name))
    expected = 404 if name == "stan" else 403
    assert {browser.get(f"/p/helpdesk/{page}").status_code for page in PAGES} == {expected}
    assert {browser.post(f"/p/helpdesk/{form}", {}).status_code for form in FORMS} == {expected}


def test_an_upload_of_another_project_or_none_is_not_there(lea):
    assert {lea.get(f"/p/helpdesk/{page}").status_code for page in PAGES[1:]} == {404}


def test_from_a_file_to_its_items(lea):
    page = send(lea)
    assert page.redirect_chain[0][0].endswith(f"/uploads/{Upload.objects.get().pk}")
    text = page.content.decode()
    assert "separated by semicolons" in text
    assert '<option value="external_id" selected>' in text
    assert '<option value="metadata.score" selected>' in text
    address = page.redirect_chain[0][0]
    preview = lea.post(f"{address}/preview", MAPPED).content.decode()
    assert "2 of the first 4 rows would be refused" in preview
    assert "<html" not in preview
    started = lea.post(address, MAPPED, follow=True).content.decode()
    assert f'data-poll="{address}/progress"' in started
    assert "data-poll-end" not in lea.get(f"{address}/progress").content.decode()
    work()
    done = lea.get(f"{address}/progress").content.decode()
    assert "data-poll-end" in done
    assert "The row has 2 cells and the header 5." in done
    assert "Download all 2" in done
    assert Item.objects.count() == 2
    refused = lea.get(f"{address}/refused")
    assert refused["Content-Disposition"].startswith("attachment")
    assert b"3;Hi" in b"".join(refused.streaming_content)
    forgotten = lea.post(f"{address}/end", {}, follow=True)
    assert b"is forgotten" in forgotten.content
    assert "Download" not in lea.get(address).content.decode()
    assert lea.get(f"{address}/refused").status_code == 409


def test_columns_that_do_not_do_are_told_and_the_choice_stays(lea):
    send(lea)
    address = f"/p/helpdesk/uploads/{Upload.objects.get().pk}"
    page = lea.post(address, {"column": ["id", "question"], "field": ["metadata.id", "input"]})
    assert page.status_code == 422
    assert b"<code>external_id</code>" in page.content
    assert b'<option value="metadata.id" selected>' in page.content


def test_an_import_is_stopped_and_cannot_be_discarded_before(lea):
    send(lea)
    address = f"/p/helpdesk/uploads/{Upload.objects.get().pk}"
    lea.post(address, MAPPED)
    assert b"being imported. Stop that first" in lea.post(f"{address}/end", {}, follow=True).content
    assert b"Stopped" in lea.post(f"{address}/end", {"what": "stop"}, follow=True).content


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (None, 422, b"Choose a file"),
        (b"a,a\n1,2", 422, b"2 columns"),
        (b"", 422, b"empty"),
        ("id;frage;größe\n1;a;b".encode("cp1252"), 422, b"not UTF-8"),
    ],
)
def test_what_is_no_file_of_items_is_refused_on_the_page(lea, content, status, said):
    page = send(lea, content)
    assert page.status_code == status
    assert said in page.content


def test_a_file_over_the_limit_is_cut_off_and_refused_with_the_way_out(lea, monkeypatch):
    monkeypatch.setattr(uploading, "MAX_SENT_BYTES", 1000)
    page = send(lea, b"x" * 200_000)
    assert page.status_code == 413
    assert b"manage.py ingest" in page.content
    assert not Upload.objects.exists()


def test_the_list_shows_how_far_files_are_and_needs_no_more_for_many(lea):
    counts = []
    for many in (1, 15):
        for _ in range(many):
            send(lea)
        with CaptureQueriesContext(connection) as queries:
            page = lea.get("/p/helpdesk/uploads").content.decode()
        counts.append(len(queries))
    assert page.count("to be mapped") == 16
    assert counts[0] == counts[1] <= 8
