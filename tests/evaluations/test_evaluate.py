"""Evaluations of uploaded outputs through the API: scores, slices, failures, repeats, regressions, access, erasure."""

import pytest
from django.db import connection

from annotations.evaluations.read import latest_scores
from annotations.models import DatasetLock, EvaluationOutput
from reviewapp.stats.counted_rates import wilson_rate
from reviewapp.stats.signoff.paired import PairedCounts, mcnemar, tango
from tests.evaluations.world import NDJSON, URL, bring, evaluate, outputs
from tests.sampling.lines import ndjson


@pytest.fixture
def lea(cast, project, api_of):
    return api_of(cast.lea)


def test_outputs_are_scored_with_intervals_by_slice_and_compared_row_by_row(lea, cast, project, api_of, browser_of):
    bring(lea)
    first = evaluate(lea, outputs(wrong=(0, 3)), system_version="v0")
    # 24 right of the 28 that were answered; q-028 failed, q-029 is missing, q-999 is no row.
    sent = outputs(29, wrong=(0, 1, 5, 7), latency_ms=100, cost_usd=0.002)
    sent[2]["output"] = " Other."
    sent[28] = {"external_id": "q-028", "error": "timeout"}
    sent.append({"external_id": "q-999", "output": "late"})
    found = evaluate(lea, sent, baseline=first["id"])
    assert (found["state"], found["dataset"], found["version"]) == ("done", "evals", 1)
    assert found["counts"] == {
        "rows": 30,
        "answered": 28,
        "failed": 1,
        "missing": 1,
        "without_expected": 0,
        "outputs": 28,
        "repeats": 1,
        "groups": 28,
    }
    scores, wilson = found["scores"], wilson_rate(24, 28, method="wilson")
    assert (scores["accuracy"]["value"], scores["accuracy"]["low"], scores["accuracy"]["high"]) == pytest.approx(
        (24 / 28, wilson.low, wilson.high)
    )
    assert scores["exact_match"]["value"] == pytest.approx(23 / 28)  # " Other." is right, and not equal
    assert scores["error_rate"]["value"] == pytest.approx(1 / 29)
    assert scores["accuracy_weighted"]["value"] == pytest.approx(24 / 28)  # drawn with probability 1 each
    assert (scores["numeric_match"]["value"], scores["numeric_match"]["undefined"]) == (None, "not_measured")
    assert (scores["latency_p50_ms"]["value"], scores["latency_p99_ms"]["high"]) == (100, None)
    assert scores["cost_per_item_usd"]["value"] == pytest.approx(0.002)
    # refund expected 10 times: 0 wrong -> 9 right and answered refund 9 times. F1 = 18/19.
    classes = {each["value"]: each for each in found["classes"]}
    assert (classes["refund"]["support"], classes["refund"]["precision"]) == (10, 1.0)
    assert classes["refund"]["f1"] == pytest.approx(18 / 19)
    assert scores["f1"]["value"] == pytest.approx(sum(each["f1"] for each in classes.values()) / 3)
    channels = {each["value"]: each["accuracy"] for each in found["segments"] if each["fact"] == "metadata.channel"}
    assert (channels["mail"]["n"], channels["mail"]["value"]) == (14, pytest.approx(13 / 14))
    assert found["failures"] == [{"problem": "timeout", "n": 1}]
    assert len(found["warnings"]) == 3
    # Against v0 over the 28: it lost q-001, q-005, q-007 and won q-003.
    pairs = PairedCounts(both=23, first_only=1, second_only=3, neither=1)
    regressions = found["regressions"]
    assert (regressions["n"], regressions["wins"], regressions["losses"], regressions["ties"]) == (28, 1, 3, 24)
    assert regressions["mcnemar_mid_p"] == pytest.approx(mcnemar(pairs).mid_p)
    assert regressions["difference"]["low"] == pytest.approx(tango(pairs).low)
    assert [each["external_id"] for each in regressions["items"]] == ["q-001", "q-005", "q-007", "q-003"]
    assert regressions["regressed"] is False
    latest = latest_scores(project, "v1", dataset_tag="gold")
    assert (latest.evaluation_id, latest.coverage) == (found["id"], pytest.approx(28 / 30))
    assert latest.scores["accuracy"].n == 28
    assert latest_scores(project, "v1", dataset_tag="silver") is None
    assert not DatasetLock.objects.filter(released_at=None).exists()
    listed = lea.get(f"{URL}/evaluations?limit=1")
    assert (listed["results"][0]["id"], listed["next"] is not None) == (found["id"], True)
    # Others may read it, strangers and reviewers may not; ended is ended.
    path = f"/api/v1/evaluations/{found['id']}"
    assert [browser_of(who).get(path).status_code for who in (cast.vic, cast.rui, cast.stan)] == [200, 403, 404]
    assert api_of(cast.vic).post(f"/evaluations/{found['id']}/stop", status=403)
    assert lea.post(f"/evaluations/{found['id']}/stop", status=409)["error"]["code"] == "ended"
    lea.get(f"/evaluations/{10**30}", status=404)


def test_repeats_judges_and_checks_and_a_person_who_is_erased(lea, project):
    lea.patch(URL, {"checks": [{"name": "short", "kind": "length", "max": 5}]})
    bring(lea, user_ref="u-1")
    # Every row three times; q-000 is right twice of three: its mean is 2/3, all others 1.
    sent = outputs() * 3
    sent[0] = {"external_id": "q-000", "output": "other", "latency_ms": 5}
    found = evaluate(lea, sent, system_version="unsteady")
    scores = found["scores"]
    assert scores["accuracy"]["value"] == pytest.approx((29 + 2 / 3) / 30)
    assert (scores["accuracy"]["n"], scores["accuracy"]["method"]) == (30, "wilson_clustered")
    assert (found["unsteady"], scores["consistency"]["value"]) == (1, pytest.approx(29 / 30))
    # "refund" has six characters: the ten rows of it fail the check, a third of q-000's answers does not.
    assert scores["check_failure_rate"]["value"] == pytest.approx((9 + 2 / 3) / 30)
    assert scores["pass_rate"]["value"] == pytest.approx(20 / 30)
    assert (found["checks"][0]["name"], found["checks"][0]["failed"]) == ("short", 29)
    assert EvaluationOutput.objects.filter(status="answered").count() == 90
    lea.post(f"{URL}/erase", {"user_ref": "u-1"})
    assert not EvaluationOutput.objects.filter(erased_at=None).exists()
    assert not EvaluationOutput.objects.exclude(output=None).exists()
    again = lea.get(f"/evaluations/{found['id']}")
    assert again["scores"] == found["scores"]


def test_verdicts_of_a_judge_come_with_the_outputs_and_are_corrected(lea, project):
    bring(lea)
    positive = {"key": "ok", "kind": "choice", "title": "Fine?", "positive": ["yes"]}
    positive["options"] = [{"value": "yes", "label": "Yes"}, {"value": "no", "label": "No"}]
    lea.put(f"{URL}/rubric", {"questions": [positive]})
    # People: 20 yes, 10 no. The judge calls yes all but two of the 20, and one of the 10.
    people = ["yes"] * 20 + ["no"] * 10
    judged = ["yes"] * 18 + ["no"] * 2 + ["yes"] + ["no"] * 9
    named = [f"q-{k:03}" for k in range(30)]
    labels = [{"external_id": i, "reviewer": "zoe", "answers": {"ok": a}} for i, a in zip(named, people, strict=True)]
    lea.post(f"{URL}/labels/import", ndjson(*labels), **NDJSON)
    strict = {"judge": "strict", "judge_version": "1"}
    verdicts = [{"external_id": i, **strict, "answers": {"ok": a}} for i, a in zip(named, judged, strict=True)]
    lea.post(f"{URL}/verdicts/import", ndjson(*verdicts), **NDJSON)
    sent = outputs()
    for k, each in enumerate(sent):
        each["verdicts"] = {"strict": {"ok": "yes" if k < 21 else "no"} if k < 29 else None}
    found = evaluate(lea, sent)
    # 21 of 29 pass as judged; (f + TNR - 1) / (TPR + TNR - 1) = (21/29 + .9 - 1) / (.9 + .9 - 1)
    assert found["scores"]["judge.strict.raw_pass_rate"]["value"] == pytest.approx(21 / 29)
    assert found["scores"]["judge.strict.pass_rate"]["value"] == pytest.approx((21 / 29 - 0.1) / 0.8)
    assert found["scores"]["judge.strict.unparsed_rate"]["value"] == pytest.approx(1 / 30)
    assert (found["judge"]["strict"]["calibrated_on"], found["judge"]["strict"]["unparsed"]) == (30, 1)
    sent[0]["verdicts"] = {"nobody": {"ok": "yes"}}
    assert "no judge 'nobody'" in evaluate(lea, sent, status=422)["message"]


@pytest.mark.parametrize(
    ("sent", "body", "status", "path"),
    [
        ([{"external_id": "q-000"}], {}, 422, "outputs.0.output"),
        ([{"output": "late"}], {}, 422, "outputs.0.external_id"),
        ([{"external_id": "q-999", "output": "late"}], {}, 422, "outputs"),
        ([{"external_id": "q-000", "output": "late", "latency_ms": -1}], {}, 422, "outputs.0.latency_ms"),
        ([{"external_id": "q-000", "output": "a\0"}], {}, 422, "outputs.0.output"),
        ([{"external_id": "q-000\0", "output": "a"}], {}, 422, "outputs.0.external_id"),
        ([{"external_id": "q-000", "output": "late"}] * 21, {}, 422, "outputs"),
        (None, {}, 422, "outputs"),
        (outputs(1), {"baseline": 1}, 422, "baseline"),
        (outputs(1), {"system_version": " "}, 422, "system_version"),
        (outputs(1), {"version": "nothing"}, 404, None),
        (None, {"endpoint": {"url": "http://127.0.0.1:9/"}}, 422, None),
        (None, {"model": {"base_url": "x", "model": "m", "timeout_seconds": "inf"}}, 422, "model.timeout_seconds"),
        (None, {"endpoint": {"url": "https://a.example"}, "match": {"tolerance": "inf"}}, 422, "match.tolerance"),
        (None, {"endpoint": {"url": "https://a.example"}, "model": {"base_url": "x", "model": "m"}}, 422, "model"),
    ],
)
def test_what_cannot_run_is_refused_and_nothing_is_kept(lea, sent, body, status, path):
    bring(lea, 3)
    error = evaluate(lea, sent, status=status, **body)
    assert path is None or [field["path"] for field in error["fields"]] == [path]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM annotations_evaluation")
        assert cursor.fetchone() == (0,)
