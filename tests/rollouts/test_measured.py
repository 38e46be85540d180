"""What gates measure of all items and of judges: the same numbers as elsewhere, by session, at the right ranks."""

import pytest

from reviewapp.stats.grouped import mean_amount, mean_rate
from reviewapp.stats.proportions import wilson
from sampling.ingest.facts import NewFact, record_fact
from sampling.models import Item
from tests.rollouts.world import gate, make, send
from tests.sampling.lines import item

P = "/projects/helpdesk"


def gates_of(*metrics):
    return {"internal_beta": [{"name": each, "metric": each, "at_least": 0, "bound": "value"} for each in metrics]}


def test_a_gate_on_a_judge_says_what_its_calibration_says(lea):
    of = ("gwet_ac", "cohen_kappa", "mcc", "balanced_accuracy", "tpr")
    made = make(lea, gates_of(*(f"judge.j.{name}" for name in (*of, "raw_pass_rate", "unparsed_rate"))))
    send(lea, "items", [item(f"i{n}") for n in range(40)])
    labels = [{"external_id": f"i{n}", "answers": {"verdict": "pass" if n % 5 else "fail"}} for n in range(30)]
    send(lea, "labels/import", [{**each, "reviewer": "zoe"} for each in labels])
    verdicts = [None if n < 4 else {"verdict": "pass" if n % 4 else "fail"} for n in range(40)]
    rows = [{"external_id": f"i{n}", "answers": each} for n, each in enumerate(verdicts)]
    send(lea, "verdicts/import", [{**row, "judge": "j", "judge_version": "1"} for row in rows])
    said, found = lea.get(f"{P}/judges/j/versions/1/calibration"), lea.get(f"/rollouts/{made['id']}")
    for name in of:
        measured = gate(found, f"judge.j.{name}")
        assert [measured[end] for end in ("value", "low", "high")] == [
            said[name][end] for end in ("value", "low", "high")
        ]
    raw, unparsed = (gate(found, f"judge.j.{name}") for name in ("raw_pass_rate", "unparsed_rate"))
    assert (raw["value"], raw["n"]) == (pytest.approx(27 / 36), 36)
    assert (unparsed["value"], unparsed["n"], unparsed["high"]) == (0.1, 40, pytest.approx(wilson(4, 40).high))


def test_figures_of_all_items_count_sessions_and_take_the_ranks_that_enclose_a_percentile(lea):
    """41 items: those of two of seven sessions of five fail and are dear; six more are by themselves."""
    names = ("error_rate", "cost_per_item_usd", "latency_p50_ms", "feedback_negative_rate")
    made = make(lea, gates_of(*names))
    session = [f"s{n % 7}" if n < 35 else None for n in range(41)]
    wrong = [name in {"s0", "s1"} for name in session]
    cost = [1.0 + n / 100 + 2 * bad for n, bad in enumerate(wrong)]
    step = {"name": "x", "kind": "tool", "error": "no"}
    rows = [
        item(f"i{n}", system_version="2.0", latency_ms=n + 1.0, cost_usd=cost[n], steps=[step] if wrong[n] else [])
        for n in range(41)
    ]
    send(lea, "items", [{**row, "session_ref": name} for row, name in zip(rows, session, strict=True)])
    for n in (40, 39):
        lea.post(f"{P}/feedback", {"external_id": f"i{n}", "value": -1 if n == 40 else 1}, status=201)
    found = lea.get(f"/rollouts/{made['id']}")
    for name, expected in (
        ("error_rate", mean_rate([float(bad) for bad in wrong], session)),
        ("cost_per_item_usd", mean_amount(cost, session)),
        ("feedback_negative_rate", mean_rate([1.0, 0.0])),
    ):
        measured = gate(found, name)
        assert [measured[end] for end in ("value", "low", "high")] == pytest.approx(
            [expected.value, expected.low, expected.high]
        ), name
    assert gate(found, "error_rate")["high"] > wilson(10, 41).high
    # The ranks are 14 and 28: 14/41 · 41 is above 14 in floating point.
    assert [gate(found, "latency_p50_ms")[end] for end in ("value", "low", "high")] == [21, 14, 28]


def test_what_a_check_found_later_goes_before_what_it_found_on_arrival_here_too(lea):
    lea.patch(P, {"checks": [{"name": "valid_json", "kind": "json"}]})
    made = make(lea, gates_of("check_failure_rate"))
    send(lea, "items", [item(name, output="{", system_version="2.0") for name in "ab"])
    stored = Item.objects.get(external_id="a")
    record_fact(NewFact(stored.pk, "checks.valid_json", "pass"), now=stored.received_at)
    measured = gate(lea.get(f"/rollouts/{made['id']}"), "check_failure_rate")
    assert measured["value"] == lea.get(f"{P}/operations")["total"]["check_failure_rate"] == 0.5


def test_of_erased_items_nobody_says_that_they_had_no_error(lea, cast, api_of):
    made = make(lea, gates_of("error_rate"))
    step = {"name": "x", "kind": "tool", "error": "no"}
    rows = [item(f"i{n}", system_version="2.0", user_ref=f"u{n % 2}", steps=[step] if n < 4 else []) for n in range(6)]
    send(lea, "items", rows)
    before = gate(lea.get(f"/rollouts/{made['id']}"), "error_rate")
    api_of(cast.olga).post(f"{P}/erase", {"user_ref": "u1"})
    after = gate(lea.get(f"/rollouts/{made['id']}"), "error_rate")
    assert (before["n"], after["n"]) == (6, 3)
    assert before["value"] == after["value"] == pytest.approx(2 / 3)
