"""The reviewers' report: its figures computed by hand, who sees what, and its signals on simulated crowds."""

import json
from datetime import timedelta
from urllib.parse import quote

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotations.models import Gold, Label, RubricVersion
from annotations.reviewers.read import NOTHING, Work
from annotations.reviewers.report import Rates, raise_signals
from reviewapp.stats.proportions import wilson
from reviewapp.stats.reviewer_signals import run_probability
from tests.conftest import NOW, RUBRIC
from tests.golds.test_judging import answer, make_golds
from tests.queue.items import store_items
from tests.stats.reference import vector

API, PAGE = "/projects/helpdesk/reviewers", "/p/helpdesk/quality/reviewers"


def label(project, person, items, verdicts, *, seconds=10, days_ago=1):
    rubric = RubricVersion.objects.get(project=project)
    Label.objects.bulk_create(
        Label(
            project=project,
            item=item,
            reviewer=person,
            reviewer_name=person.username,
            rubric=rubric,
            answers={"verdict": verdict},
            duration_ms=seconds and seconds * 1000,
            created_at=timezone.now() - timedelta(days=days_ago),
        )
        for item, verdict in zip(items, verdicts, strict=True)
    )


def test_the_figures_are_those_of_the_labels(cast, project, api_of, browser_of):
    items = store_items(project, 40)
    truth = ["fail" if n % 4 == 0 else "pass" for n in range(40)]
    label(project, cast.bea, items, truth)
    label(project, cast.ada, items, truth, days_ago=9, seconds=None)
    label(project, cast.lea, items, truth, seconds=12)
    label(project, cast.olga, items, truth, seconds=4000)
    label(project, cast.rui, items, ["pass"] * 40, seconds=2)
    make_golds(cast, project, 2)
    answer(project, cast.rui, "fail", project_golds(project)[:1], days_ago=1)
    answer(project, cast.rui, "pass", project_golds(project)[1:], days_ago=1)

    found = api_of(cast.lea).get(API)
    rows = {row["reviewer"]: row for row in found["results"]}
    assert (found["question"], found["is_complete"], set(rows)) == (
        "verdict",
        True,
        {"ada", "bea", "lea", "olga", "rui"},
    )
    rui, olga = rows["rui"], rows["olga"]
    assert (rui["n_labels"], rui["n_timed"], rui["median_seconds"]) == (42, 42, 2.0)
    assert rui["active_seconds"] == 40 * 2 + 2 * 8
    assert (rows["ada"]["n_timed"], rows["ada"]["median_seconds"]) == (0, None)  # nobody knows how long these took
    assert olga["active_seconds"] == 40 * 1200  # cut at the lease: nobody looked at it all the while
    # 30 of 40 as the others, and one of two golds: their right answers are of record, too.
    assert (rui["agreement"]["n"], rui["agreement"]["value"]) == (42, pytest.approx(31 / 42))
    limits = wilson(31, 42, 0.95)
    assert (rui["agreement"]["low"], rui["agreement"]["high"]) == pytest.approx((limits.low, limits.high))
    assert rui["by_class"]["fail"]["value"] == pytest.approx(1 / 12)
    assert rui["by_class"]["pass"]["value"] == 1
    assert rui["informedness"]["value"] == pytest.approx(1 / 12)
    # One of two golds, with Beta(8, 2): (8 + 1) / (10 + 2).
    assert (rui["n_golds"], rui["n_golds_right"]) == (2, 1)
    assert rui["gold_accuracy"]["value"] == pytest.approx(9 / 12)
    assert rows["bea"]["gold_accuracy"] is None
    assert [week["n_labels"] for week in rows["ada"]["weeks"]] == [40]
    # Others say fail a quarter of the time; for half of that a run of 40 has 0.875^40 = 0.0048: no signal yet.
    assert {signal["kind"] for signal in rui["signals"]} == {"quick", "tells_nothing_apart"}
    assert all(not rows[name]["signals"] for name in ("ada", "bea", "lea", "olga"))

    one = quote(json.dumps({"external_id": {"eq": items[0].external_id}}))
    chosen = api_of(cast.lea).get(f"{API}?where={one}")["results"]
    assert {row["reviewer"]: row["n_labels"] for row in chosen} == dict.fromkeys(
        ("ada", "bea", "lea", "olga", "rui"), 1
    )
    api_of(cast.rui, "label").get(f"{API}?where={one}", status=403)

    page = browser_of(cast.vic).get(PAGE).content.decode()
    assert "95% of 42 labels took less than a third" in page
    assert "Tells little apart" in page


def test_shrunk_accuracies_are_those_of_the_reference(cast, project, api_of):
    """Eight people, each right on so many of their golds: the prior is fitted to all eight."""
    case = vector("gold_shrinkage")
    make_golds(cast, project, max(case["inputs"]["golds"]))
    golds = project_golds(project)
    people = [cast.olga, cast.lea, cast.rui, cast.bea, cast.ada, cast.pat, cast.ann, cast.vic]
    for person, right, of in zip(people, case["inputs"]["correct"], case["inputs"]["golds"], strict=True):
        answer(project, person, "fail", golds[:right], days_ago=1)
        answer(project, person, "pass", golds[right:of], days_ago=1)
    rows = {row["reviewer"]: row["gold_accuracy"] for row in api_of(cast.lea).get(API)["results"]}
    found = [rows[person.username] for person in people]
    assert [each["value"] for each in found] == pytest.approx(case["expected"]["posterior_mean"], abs=1e-4)
    assert [each["low"] for each in found] == pytest.approx(case["expected"]["posterior_5pct"], abs=1e-4)


def project_golds(project):
    return list(Gold.objects.filter(project=project).order_by("pk"))


def test_a_reviewer_sees_their_own_row_as_it_was_at_midnight(cast, project, api_of, browser_of):
    items = store_items(project, 6)
    label(project, cast.bea, items, ["pass"] * 6)
    label(project, cast.rui, items[:4], ["pass"] * 4)
    label(project, cast.rui, items[4:], ["fail"] * 2, days_ago=0)
    (row,) = api_of(cast.rui, "label").get(API)["results"]
    assert (row["reviewer"], row["n_labels"], row["agreement"]["value"]) == ("rui", 4, 1)
    page = browser_of(cast.rui).get(PAGE).content.decode()
    assert "Your work" in page
    assert "bea" not in page
    assert "how they were" in browser_of(cast.rui).get("/p/helpdesk/").content.decode()
    assert api_of(cast.lea).get(API + "?question=note")["results"][0]["informedness"] is None
    api_of(cast.lea).get(API + "?question=nothing", status=422)
    assert browser_of(cast.stan).get(PAGE).status_code == 404
    client, counts = browser_of(cast.lea), []
    for n in (3, 100):
        label(project, cast.ada, store_items(project, n, prefix=f"n{n}"), ["pass"] * n)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(PAGE).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 20


def test_a_run_has_the_probability_that_counting_gives():
    # Of the 8 ways of three fair coins, HHH, HHT and THH hold two heads in a row.
    assert run_probability(2, 3, 0.5) == pytest.approx(3 / 8)
    assert run_probability(3, 3, 0.9) == pytest.approx(0.9**3)
    assert run_probability(4, 3, 0.9) == 0


def simulate(seed, odd, *, people=6, items=400, overlap=2):
    """A crowd as arrays: 85 % pass; people 82 to 95 % right, each with their own strictness and pace.

    `odd` is who the last person is: nobody special, a spammer (guesses, 1 to 3 s) or a clicker (always passes).
    """
    draw = np.random.default_rng(seed)
    truth = (draw.random(items) < 0.15).astype(int)  # 0 pass, 1 fail
    right = draw.uniform(0.82, 0.95, people)
    pace = np.exp(draw.normal(3.0, 0.35, people))
    rows = []
    for item in range(items):
        for person in draw.choice(people, overlap, replace=False):
            said = truth[item] if draw.random() < right[person] else 1 - truth[item]
            took = pace[person] * np.exp(draw.normal(0, 0.6))
            if person == people - 1 and odd == "spammer":
                said, took = draw.integers(2), draw.uniform(1, 3)
            if person == people - 1 and odd == "clicker":
                said, took = 0, draw.uniform(4, 12)
            rows.append((item, person, said, took))
    item, person, said, took = (np.array(column) for column in zip(*rows, strict=True))
    other = np.full(len(rows), NOTHING)
    order = np.argsort(item, kind="stable").reshape(-1, 2)
    other[order[:, 0]], other[order[:, 1]] = said[order[:, 1]], said[order[:, 0]]
    return Work(
        people=[f"p{n}" for n in range(people)],
        values=["pass", "fail"],
        person=person,
        at=[NOW] * len(rows),
        seconds=took.astype(float),
        is_gold=np.zeros(len(rows), dtype=bool),
        is_import=np.zeros(len(rows), dtype=bool),
        category=said.astype(np.int64),
        truth=other.astype(np.int64),
        is_complete=True,
    )


def flags(work):
    rates = [Rates(work, index, RUBRIC["questions"][0]) for index in range(len(work.people))]
    return [{signal.kind for signal in raise_signals(work, index, rates)} for index in range(len(work.people))]


def measure(odd, seeds):
    """Return the share of odd people flagged at all, and of honest ones, by kind."""
    hits, false, honest = 0, dict.fromkeys(("quick", "same_answer", "tells_nothing_apart", "any"), 0), 0
    by_kind = dict.fromkeys(("quick", "same_answer", "tells_nothing_apart"), 0)
    for seed in range(seeds):
        found = flags(simulate(seed, odd))
        ordinary = found if odd == "nobody" else found[:-1]
        honest += len(ordinary)
        for kinds in ordinary:
            false["any"] += bool(kinds)
            for kind in kinds:
                false[kind] += 1
        hits += bool(found[-1])
        for kind in found[-1]:
            by_kind[kind] += 1
    return (
        hits / seeds,
        {kind: n / seeds for kind, n in by_kind.items()},
        {kind: n / honest for kind, n in false.items()},
    )


@pytest.mark.parametrize("odd", ["spammer", "clicker"])
def test_signals_find_the_odd_one_in_a_small_crowd(odd):
    hit, _, false = measure(odd, 6)
    assert hit == 1
    assert false["any"] <= 0.1


def test_signals_leave_honest_crowds_alone():
    _, _, false = measure("nobody", 6)
    assert false["any"] <= 0.06


@pytest.mark.slow
def test_signals_over_many_seeds():
    found = {odd: measure(odd, 100) for odd in ("nobody", "spammer", "clicker")}
    assert found["spammer"][0] >= 0.98, found
    assert found["clicker"][0] >= 0.98, found
    assert all(false["any"] <= 0.02 for _, _, false in found.values()), found
