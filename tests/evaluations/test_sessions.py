"""Rows of one session are not independent: intervals, comparisons and gates count sessions; worked out beside."""

from math import sqrt

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from scipy.stats import norm, t

from reviewapp.stats.grouped import mean_amount, mean_rate, quantile, weighted_rate
from reviewapp.stats.proportions import wilson
from tests.evaluations.world import NDJSON, RUBRIC, URL, evaluate, intent_of, outputs
from tests.sampling.lines import item, ndjson

N, SESSIONS = 60, 12


def bring_sessions(client):
    """Twelve conversations of five queries each; three people label every query, and one errs in every sixth."""
    client.put(f"{URL}/rubric", RUBRIC)
    items = [item(f"q-{k:03}", input=f"Query {k} of parcel {k}", session_ref=f"s-{k // 5}") for k in range(N)]
    labels = [
        {"external_id": f"q-{k:03}", "reviewer": who, "answers": {"intent": given}}
        for k in range(N)
        for who, given in (("zoe", intent_of(k)), ("yan", intent_of(k) if k % 6 else "late"), ("xia", intent_of(k)))
    ]
    client.post(f"{URL}/items", ndjson(*items), **NDJSON)
    client.post(f"{URL}/labels/import", ndjson(*labels), **NDJSON)
    client.post(f"{URL}/datasets", {"name": "evals"}, status=201)
    return client.post(f"{URL}/datasets/evals/versions", {"resolution": "majority"}, status=201)


def by_session(values):
    """Return p, and how many independent rows the sessions are worth: by the textbook, step by step."""
    given = np.asarray(values, float).reshape(SESSIONS, 5)
    p = given.mean()
    variance = ((given - p).sum(axis=1) ** 2).sum() / N**2 * SESSIONS / (SESSIONS - 1)
    return p, min(p * (1 - p) / variance, N) * (norm.isf(0.025) / t.isf(0.025, SESSIONS - 1)) ** 2


def test_intervals_comparisons_and_gates_count_sessions(cast, project, api_of, browser_of, tmp_path):
    lea = api_of(cast.lea)
    bring_sessions(lea)
    told = lea.get(f"{URL}/datasets/evals/versions/1")["manifest"]["figures"]["agreement"]
    # Every sixth row has one label of three that says something else.
    assert (told["n_items"], told["mean"]) == (N, pytest.approx(1 - 10 / 180, abs=1e-6))
    assert told["low"] < told["mean"] < told["high"]
    assert told["krippendorff_alpha"]["low"] < told["krippendorff_alpha"]["value"] < told["krippendorff_alpha"]["high"]
    assert told["gwet_ac"]["value"] > told["krippendorff_alpha"]["low"]
    pages = "/p/helpdesk/datasets/evals/versions/1"
    assert "Krippendorff's alpha" in browser_of(cast.lea).get(f"{pages}/card").content.decode()
    assert "94 % (9" in browser_of(cast.lea).get(pages).content.decode()
    # Whole conversations go wrong: sessions 0, 1 and 2 in all five queries.
    wrong = tuple(range(15))
    first = evaluate(lea, outputs(N), system_version="v0")
    assert first["counts"]["groups"] == SESSIONS
    found = evaluate(lea, outputs(N, wrong=wrong), baseline=first["id"])
    assert "60 rows in 12 sessions" in found["warnings"][-1]
    p, size = by_session([k not in wrong for k in range(N)])
    limits = wilson(p * size, size)
    accuracy = found["scores"]["accuracy"]
    assert (accuracy["method"], accuracy["n"]) == ("wilson_by_group", N)
    assert (accuracy["value"], accuracy["low"], accuracy["high"]) == pytest.approx((0.75, limits.low, limits.high))
    assert accuracy["n_effective"] == pytest.approx(size)
    assert found["scores"]["f1"]["method"] == "macro_f1_delta_by_group"
    # Fifteen rows lost, and only three conversations: the test counts these.
    compared = found["regressions"]
    assert (compared["n"], compared["groups"], compared["losses"]) == (N, SESSIONS, 15)
    assert compared["mcnemar_mid_p"] == pytest.approx(0.125)
    assert compared["regressed"] is False
    assert compared["difference"]["high"] > -0.05
    # Ten rows lost in two conversations, one won in each of nine others: the test speaks for these, the rows do not.
    other = evaluate(lea, outputs(N, wrong=tuple(range(15, N, 5))), system_version="v1")
    mixed = evaluate(lea, outputs(N, wrong=tuple(range(10))), system_version="v2", baseline=other["id"])
    compared = mixed["regressions"]
    assert (compared["wins"], compared["losses"], compared["regressed"]) == (9, 10, False)
    assert compared["mcnemar_mid_p"] == pytest.approx(79 / 2048)
    assert (
        "No difference is shown" in browser_of(cast.lea).get(f"/p/helpdesk/evaluations/{mixed['id']}").content.decode()
    )
    # 60 rows that are worth fewer than 20 pass no gate; with the bound lowered the wide interval decides.
    assert size < 20
    path = tmp_path / "out.jsonl"
    path.write_bytes(ndjson(*outputs(N, wrong=wrong)))
    words = ["helpdesk", "evals", "--outputs", str(path), "--system-version", "v2", "--fail-under", "accuracy:low=0.4"]
    markdown = tmp_path / "summary.md"
    with pytest.raises((SystemExit, CommandError)) as refused:
        call_command("evaluate", *words, "--markdown", str(markdown))
    assert getattr(refused.value, "code", None) == 1
    assert "share groups and are worth" in markdown.read_text()
    call_command("evaluate", *words, "--min-rows", "5", "--baseline", "v0", "--markdown", str(markdown))
    assert "They are of 12 sessions" in markdown.read_text()


def test_means_by_group():
    values, groups = [1.0, 1.0, 3.0, 3.0, 5.0, 5.0], ["a", "a", "b", "b", "c", "c"]
    found = mean_amount(values, groups)
    # Three groups whose totals of residuals are -4, 0, 4.
    error = sqrt((16 + 16) / 36 * 3 / 2)
    assert (found.value, found.high) == pytest.approx((3, 3 + t.isf(0.025, 2) * error))
    assert (found.low, found.method) == (0, "student_t_by_group")
    one_group = mean_amount(values, ["a"] * 6)
    assert (one_group.low, one_group.high) == (None, None)
    assert mean_rate([1, 1, 1, 1], ["a", "a", "b", "b"]).n_effective == pytest.approx(1)
    assert mean_rate([1, 0, 1], [None, None, "a"]) == mean_rate([1, 0, 1])
    ranks = [float(k) for k in range(1, 101)]
    alone, together = quantile(ranks, 0.5), quantile(ranks, 0.5, [str(k // 20) for k in range(100)])
    assert together.low is None or together.low < alone.low
    assert (alone.value, together.value, together.method) == (50, 50, "order_statistics_by_group")
    weighted = weighted_rate([(1, 2), (0, 1), (1, 1), (None, 3)], ["a", "a", "b", "b"])
    assert (weighted.value, weighted.method, weighted.n) == (pytest.approx(0.75), "hajek_wilson_by_group", 3)


def test_a_judge_that_passes_every_output_is_right_about_all_of_them_and_no_more(cast, project, api_of):
    """Twelve rows in four sessions: 12 times their worth, over 12, is more than their worth in floating point."""
    lea = api_of(cast.lea)
    lea.post(f"{URL}/items", ndjson(*(item(f"i{k}", session_ref=f"s{k // 3}") for k in range(12))), **NDJSON)
    said = {"answers": {"verdict": "pass"}}
    labels = [{"external_id": f"i{k}", "reviewer": "zoe", **said} for k in range(12)]
    lea.post(f"{URL}/labels/import", ndjson(*labels), **NDJSON)
    one = {"external_id": "i0", "judge": "j", "judge_version": "1", **said}
    lea.post(f"{URL}/verdicts/import", ndjson(one), **NDJSON)
    lea.post(f"{URL}/datasets", {"name": "evals"}, status=201)
    lea.post(f"{URL}/datasets/evals/versions", {}, status=201)
    passes = {"output": "pass", "verdicts": {"j": {"verdict": "pass"}}}
    found = evaluate(lea, [{"external_id": f"i{k}", **passes} for k in range(12)])
    assert found["state"] == "done"
    raw = found["scores"]["judge.j.raw_pass_rate"]
    assert (raw["value"], raw["high"], raw["n"], raw["method"]) == (1, 1, 12, "judge_only_by_group")
    assert found["scores"]["judge.j.unparsed_rate"]["method"] == "wilson_by_group"
