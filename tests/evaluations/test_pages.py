"""The pages of evaluations: started by a lead, read by others, graded by reviewers who are told nothing."""

import orjson
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotations.given_up import end_given_up
from annotations.models import Evaluation
from annotations.rollouts.evaluated import measure_evaluation
from reviewapp.jobs.models import Intent
from tests.conftest import NOW
from tests.evaluations.world import URL, bring, evaluate, outputs

AT = "/p/helpdesk/evaluations"


@pytest.fixture
def lea(cast, project, api_of):
    return api_of(cast.lea)


def file_of(sent):
    return SimpleUploadedFile("out.jsonl", b"\n".join(orjson.dumps(each) for each in sent))


def queries(browser, address):
    with CaptureQueriesContext(connection) as seen:
        assert browser.get(address).status_code == 200
    return len(seen)


def test_a_lead_evaluates_compares_and_reads_what_went_wrong(lea, cast, project, browser_of):
    browser = browser_of(cast.lea)
    assert b"There is no frozen dataset yet" in browser.get(AT).content
    bring(lea)
    assert b"No evaluations yet" in browser.get(AT).content
    form = {"dataset": "evals@1", "system_version": "v0", "match": "normalised"}
    first = browser.post(f"{AT}/start", {**form, "file": file_of(outputs(wrong=(0, 3)))})
    base = Evaluation.objects.get()
    assert first["Location"] == f"{AT}/{base.pk}"
    refused = browser.post(f"{AT}/start", {**form, "system_version": "v1", "file": SimpleUploadedFile("o", b"{}\n{")})
    assert (refused.status_code, b"line 1.external_id" in refused.content, b'value="v1"' in refused.content) == (
        422,
        True,
        True,
    )
    assert browser.post(f"{AT}/start", form).status_code == 422
    assert browser.post(f"{AT}/start", {**form, "url": "http://127.0.0.1/"}).status_code == 422
    sent = outputs(29, wrong=(0, 1, 5, 7), latency_ms=100, cost_usd=0.002)
    sent[28] = {"external_id": "q-028", "error": "timed out"}
    browser.post(f"{AT}/start", {**form, "system_version": "v1", "baseline": base.pk, "file": file_of(sent)})
    run = Evaluation.objects.latest("pk")
    page = browser.get(f"{AT}/{run.pk}").content.decode()
    for words in (
        "1 of 30 rows has no output",
        "timed out",
        "Answered",
        "metadata.channel",
        "McNemar",
        "q-005",
        "lost",
    ):
        assert words in page, words
    assert "No difference is shown" in page
    ranked = browser.get(AT).content.decode()
    assert ranked.index(f"{AT}/{base.pk}") < ranked.index(f"{AT}/{run.pk}")  # 28 of 30 before 24 of 28
    timed = browser.get(f"{AT}?sort=time&versions=all&over={run.version_id}").content.decode()
    assert "Over time" in timed
    assert b"another dataset" not in browser.get(f"{AT}/{base.pk}?baseline={run.pk}").content
    assert b"no such evaluation" in browser.get(f"{AT}/{base.pk}?baseline=999999").content
    assert browser.get(f"{AT}/{run.pk}?after=20").status_code == 200
    # A gate of a rollout reads the same scores.
    measured = measure_evaluation(project, "v1", metric="accuracy", dataset="evals")
    assert (measured.value, measured.n) == (pytest.approx(24 / 28), 28)
    assert "did not measure" in measure_evaluation(project, "v1", metric="numeric_match", dataset=None).reason
    assert "was not evaluated over other" in measure_evaluation(project, "v1", metric="f1", dataset="other").reason


def test_a_sample_only_grows_and_stays_as_it_was_begun(lea, cast, browser_of):
    bring(lea)
    run = evaluate(lea, outputs(wrong=(0,)), people={"sample": 2})
    at = f"{AT}/{run['id']}"
    lead, rui = browser_of(cast.lea), browser_of(cast.rui)
    drawn = Evaluation.objects.get().sample["external_ids"]
    lead.post(f"{at}/people", {"sample": "5"})
    assert Evaluation.objects.get().sample["external_ids"][:2] == drawn
    assert b"only grows" in lead.post(f"{at}/people", {"sample": "1"}, follow=True).content
    refused = lead.post(f"{at}/people", {"sample": "9", "show_expected": "on"}, follow=True).content
    assert b"stays as it was begun" in refused
    assert b"by 1 to 50 people" in lead.post(f"{at}/people", {"sample": "9", "overlap": "99"}, follow=True).content
    assert rui.get(at).status_code == 403
    assert rui.post(f"{at}/people", {"sample": "9"}).status_code == 403
    for part in ("", "/progress"):
        assert browser_of(cast.stan).get(at + part).status_code == 404


def test_a_run_that_goes_on_shows_how_far_it_is_and_is_stopped(lea, cast, browser_of, settings):
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    bring(lea, 3)
    run = evaluate(lea, endpoint={"url": "http://127.0.0.1:9/answer"})
    browser = browser_of(cast.lea)
    at = f"{AT}/{run['id']}"
    assert b"0 of 3" in browser.get(at).content
    assert b"0 of 3 rows" in browser.get(f"{at}/progress").content
    browser.post(f"{at}/stop")
    assert b"It was stopped after 0 of 3" in browser.get(at).content
    assert b"has ended" in browser.post(f"{at}/stop", follow=True).content
    # One whose job broke off at every attempt ends with the reason, and its version is free again.
    run = evaluate(lea, endpoint={"url": "http://127.0.0.1:9/answer"})
    Intent.objects.filter(kind="run_evaluation", dedupe_key=run["id"]).update(
        failed_at=NOW, last_error="ValueError: oh"
    )
    assert (end_given_up(NOW), end_given_up(NOW)) == (1, 0)
    assert b"given up: ValueError: o" in browser.get(f"{AT}/{run['id']}").content
    assert lea.get(f"{URL}/datasets/evals/versions/1")["locks"] == []


def test_pages_take_as_many_queries_for_many_rows_as_for_few(lea, cast, browser_of):
    browser = browser_of(cast.lea)
    bring(lea, 60)
    first = evaluate(lea, outputs(3), system_version="a")
    few = evaluate(lea, outputs(3, wrong=(0,)), system_version="b", baseline=first["id"])
    least = queries(browser, AT), queries(browser, f"{AT}/{few['id']}")
    for name in "cdefgh":
        many = evaluate(lea, outputs(60, wrong=tuple(range(0, 60, 2))), system_version=name, baseline=first["id"])
    assert (queries(browser, AT), queries(browser, f"{AT}/{many['id']}")) == least
    assert max(least) <= 24
    assert lea.get(f"{URL}/evaluations")["results"][0]["id"] == many["id"]
