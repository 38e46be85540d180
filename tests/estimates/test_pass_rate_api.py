"""The pass rate through the API, from items to the figure, against a computation of its own in this file."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from annotations.estimates import cached
from annotations.models import Label
from annotations.models.queue import Task
from reviewapp.http.lines import Line
from reviewapp.jobs.models import Intent
from reviewapp.stats.sampling.hash_numbers import hash_number
from sampling.ingest.add import add_items
from sampling.models import Draw, Item
from tests.conftest import NOW
from tests.sampling.lines import item, ndjson

URL = "/projects/helpdesk/pass-rate"
NDJSON = {"content_type": "application/x-ndjson"}


@pytest.fixture
def lea(cast, project, api_of):
    return api_of(cast.lea)


def send(client, items):
    client.post("/projects/helpdesk/items", ndjson(*items), **NDJSON)


def label(client, answers, reviewer="zoe"):
    lines = [
        {"external_id": name, "reviewer": reviewer, "answers": {"verdict": answer}} for name, answer in answers.items()
    ]
    assert client.post("/projects/helpdesk/labels/import", ndjson(*lines), **NDJSON)["rejected"] == 0


def judge(client, answers, version="1"):
    lines = [
        {"external_id": name, "judge": "j", "judge_version": version, "answers": answer and {"verdict": answer}}
        for name, answer in answers.items()
    ]
    assert client.post("/projects/helpdesk/verdicts/import", ndjson(*lines), **NDJSON)["rejected"] == 0


def test_everything_drawn_and_labelled_is_known_exactly_about_the_window_and_not_about_the_process(lea):
    send(lea, [item(f"i{n}") for n in range(10)])
    label(lea, {f"i{n}": "pass" if n < 7 else "fail" for n in range(10)})
    found = lea.get(URL)
    assert (found["estimate"]["value"], found["estimate"]["low"], found["estimate"]["high"]) == (0.7, 0.7, 0.7)
    assert (found["estimate"]["population"], found["judge"]) == ("window", None)
    assert found["design"] == {
        "n_traffic": 10,
        "n_drawn": 10,
        "n_labelled": 10,
        "n_unresolved": 0,
        "response_rate": 1,
        "weight_share_top5": 0.5,
        "covered_share": 1,
        "uncovered": [],
        "worst_case": None,
        "precision": 0.02,
        "more_labels": 0,
    }
    process = lea.get(f"{URL}?population=process")["estimate"]
    assert process["value"] == 0.7
    assert process["low"] < 0.5
    assert process["high"] > 0.85


def test_flagged_items_are_weighted_down_to_what_they_are_in_production(lea, project):
    """A hundred items, ten of them flagged and bad, drawn with 1; the rest with ½ and good. The labels alone pass less
    than two in three; weighted, π = 1 and ½, it is what this test sums up itself."""
    rule = {"name": "flagged", "when": {"metadata.flag": {"eq": True}}, "rate": 1}
    lea.put("/projects/helpdesk/plan", {"base_rate": 0.5, "rules": [rule]})
    names = [f"i{n}" for n in range(100)]
    bad = set(names[:10])
    send(lea, [item(name, metadata={"flag": name in bad}) for name in names])
    drawn = [name for name in names if hash_number(project.sampling_salt, name) < (1 if name in bad else 0.5)]
    label(lea, {name: "fail" if name in bad else "pass" for name in drawn})
    good = [name for name in drawn if name not in bad]
    found = lea.get(URL)
    assert found["design"]["n_drawn"] == len(drawn)
    assert found["unweighted"]["value"] == pytest.approx(len(good) / len(drawn))
    assert found["labels_only"]["value"] == pytest.approx(2 * len(good) / (2 * len(good) + 10))
    assert found["estimate"]["value"] == pytest.approx(found["labels_only"]["value"])
    assert found["unweighted"]["warnings"]


def test_verdicts_on_all_traffic_are_corrected_cell_by_cell(lea, project):
    """Judge: 60 pass, 30 fail, 10 unparsed. Everything is drawn; of each cell half is labelled, and labels say 90 %,
    20 % and 40 %: θ = .6 · .9 + .3 · .2 + .1 · .4 = .64."""
    names = [f"i{n}" for n in range(100)]
    cells = {name: "pass" if n < 60 else "fail" if n < 90 else None for n, name in enumerate(names)}
    send(lea, [item(name) for name in names])
    judge(lea, cells)
    labels = {}
    for cell, n_labels, n_pass in (("pass", 30, 27), ("fail", 15, 3), (None, 5, 2)):
        chosen = [name for name in names if cells[name] == cell][:n_labels]
        labels |= {name: "pass" if n < n_pass else "fail" for n, name in enumerate(chosen)}
    label(lea, labels)
    found = lea.get(URL)
    assert (found["judge"], found["judge_version"]) == ("j", "1")
    assert found["estimate"]["value"] == pytest.approx(0.64)
    assert found["estimate"]["low"] < 0.64 < found["estimate"]["high"]
    assert found["judge_only"]["value"] == pytest.approx(60 / 90)
    design = found["design"]
    assert (design["response_rate"], design["covered_share"]) == (0.5, 1)
    assert design["worst_case"]["all_fail"]["value"] == pytest.approx(32 / 100)
    assert design["worst_case"]["all_pass"]["value"] == pytest.approx(82 / 100)


def test_a_judge_that_looked_at_drawn_items_only_is_not_used(lea):
    lea.put("/projects/helpdesk/plan", {"base_rate": 0.3, "rules": []})
    send(lea, [item(f"i{n}") for n in range(200)])
    drawn = list(Draw.objects.filter(selected=True).values_list("item__external_id", flat=True))
    judge(lea, dict.fromkeys(drawn, "pass"))
    label(lea, {name: "pass" if n % 2 else "fail" for n, name in enumerate(drawn)})
    found = lea.get(URL)
    assert any("depend on the review draw" in warning for warning in found["estimate"]["warnings"])
    assert found["estimate"]["value"] == pytest.approx(found["labels_only"]["value"])
    judge(lea, {f"i{n}": "pass" for n in range(200)}, version="2")
    assert not any("depend" in warning for warning in lea.get(f"{URL}?judge=j")["estimate"]["warnings"])
    older = lea.get(f"{URL}?judge=j&judge_version=1")
    assert any("depend" in warning for warning in older["estimate"]["warnings"])


def test_what_has_no_probability_never_enters(lea):
    lea.put("/projects/helpdesk/plan", {"base_rate": 0, "rules": []})
    send(lea, [item("chosen"), item("imported")])
    lea.post("/projects/helpdesk/tasks", {"external_ids": ["chosen"], "reason": "odd"}, status=201)
    label(lea, {"chosen": "fail", "imported": "fail"})
    assert Label.objects.count() == 2
    found = lea.get(URL)
    assert (found["estimate"]["value"], found["estimate"]["undefined"]) == (None, "no_labels")
    assert (found["design"]["n_drawn"], found["design"]["n_traffic"]) == (0, 2)


def test_an_unresolved_item_is_bounded_both_ways(lea):
    send(lea, [item("a"), item("b")])
    label(lea, {"a": "pass", "b": "pass"})
    label(lea, {"a": "fail"}, reviewer="yan")
    design = lea.get(URL)["design"]
    assert (design["n_labelled"], design["n_unresolved"]) == (1, 1)
    assert (design["worst_case"]["all_fail"]["value"], design["worst_case"]["all_pass"]["value"]) == (0.5, 1)


def test_an_upstream_sampler_multiplies_the_weight_and_an_unknown_one_is_said(lea):
    send(lea, [item("a", sampling_probability=0.25), item("b")])
    label(lea, {"a": "pass", "b": "fail"})
    assert lea.get(URL)["labels_only"]["value"] == pytest.approx(4 / 5)
    unknown = Item(id=1, project_id=Item.objects.first().project_id, external_id="c", input="Hi", received_at=NOW)
    unknown.save(force_insert=True)
    found = lea.get(URL)
    assert found["labels_only"]["value"] == pytest.approx(1 / 2)
    assert any("traffic received" in warning for warning in found["estimate"]["warnings"])


def test_segments_days_windows_and_filters(lea):
    send(lea, [item(f"a{n}", system_version="v1") for n in range(4)])
    send(lea, [item(f"b{n}", system_version="v2") for n in range(6)])
    label(lea, {f"a{n}": "fail" if n else "pass" for n in range(4)})
    label(lea, {f"b{n}": "pass" if n else "fail" for n in range(6)})
    found = lea.get(f"{URL}?segment=system_version")
    assert [(each["value"], each["n_traffic"]) for each in found["segments"]] == [("v2", 6), ("v1", 4)]
    assert found["segments"][1]["estimate"]["value"] == pytest.approx(0.25)
    (day,) = found["series"]
    assert (day["n_traffic"], day["n_labelled"], day["so_far"]["value"]) == (10, 10, pytest.approx(0.6))
    assert day["so_far"]["method"] == "asymptotic_confidence_sequence"
    only = lea.get(URL + '?where={"system_version":{"eq":"v1"}}')
    assert only["estimate"]["value"] == pytest.approx(0.25)
    assert lea.get(f"{URL}?from=2099-01-01T00:00:00Z")["estimate"]["undefined"] == "no_items"


def test_two_versions_are_compared_with_an_interval_and_a_sentence(lea):
    send(lea, [item(f"a{n}", system_version="v1") for n in range(60)])
    send(lea, [item(f"b{n}", system_version="v2") for n in range(60)])
    label(lea, {f"a{n}": "pass" if n < 20 else "fail" for n in range(60)})
    label(lea, {f"b{n}": "pass" if n < 50 else "fail" for n in range(60)})
    found = lea.get(f"{URL}?compare=system_version:v2,v1")["comparison"]
    assert found["difference"]["value"] == pytest.approx(0.5)
    assert found["difference"]["low"] > 0.3
    assert found["difference"]["population"] == "process"
    assert found["sentence"].startswith("v2 passes more often than v1: by 50.0 points")
    assert lea.get(f"{URL}?compare=system_version", status=422)["error"]["fields"][0]["path"] == "compare"


def test_sessions_are_the_units_of_the_process(lea):
    send(lea, [item(f"s{n}-{m}", session_ref=f"s{n}") for n in range(12) for m in range(5)])
    label(lea, {f"s{n}-{m}": "pass" if n % 2 else "fail" for n in range(12) for m in range(5)})
    clustered = lea.get(f"{URL}?population=process")["estimate"]
    assert clustered["value"] == pytest.approx(0.5)
    assert clustered["high"] - clustered["low"] > 0.4  # as of 12 answers, not of 60
    send(lea, [item(f"s{n}-open", session_ref=f"s{n}") for n in range(12)])
    worst = lea.get(f"{URL}?population=process")["design"]["worst_case"]["all_fail"]
    assert worst["value"] == pytest.approx(30 / 72)
    assert worst["high"] - worst["low"] > 0.4


def test_a_question_without_a_pass_and_an_unknown_judge_are_refused(lea):
    assert lea.get(f"{URL}?question=note", status=422)["error"]["fields"][0]["path"] == "question"
    assert lea.get(f"{URL}?judge=nobody", status=422)["error"]["fields"][0]["path"] == "judge"
    assert lea.get(f"{URL}?judge_version=1", status=422)["error"]["fields"][0]["path"] == "judge"


def test_what_no_label_speaks_of_is_named_and_left_out(lea, project):
    """Version 1 gives nobody but 12 flagged of 30 a chance. Then 40 items a day on two days, all drawn, and
    one day answered. The estimate speaks of 12 + 40 of 110 items, the worst case of all 92 that had a chance."""
    rule = {"name": "flagged", "when": {"metadata.flag": {"eq": True}}, "rate": 1}
    lea.put("/projects/helpdesk/plan", {"base_rate": 0, "rules": [rule]})
    send(lea, [item(f"n{k}", metadata={"flag": k < 12}) for k in range(30)])
    lea.put("/projects/helpdesk/plan", {"base_rate": 1, "rules": []})
    send(lea, [item(f"a{k}") for k in range(40)])
    lines = [Line(k, item(f"b{k}")) for k in range(40)]
    add_items(project=project, lines=lines, actor=None, now=NOW - timedelta(days=3))
    label(lea, {f"n{k}": "fail" for k in range(12)} | {f"a{k}": "pass" for k in range(40)})
    found = lea.get(URL)
    design = found["design"]
    assert (design["n_traffic"], design["n_drawn"], design["n_labelled"]) == (110, 92, 52)
    assert design["covered_share"] == pytest.approx(52 / 110)
    assert design["uncovered"] == ["unscored of 2026-11-18 12:00", "no chance under plan version 1: 18 items"]
    assert found["estimate"]["value"] == pytest.approx(40 / 52)
    assert design["worst_case"]["all_fail"]["value"] == pytest.approx(40 / 92)
    assert design["worst_case"]["all_pass"]["value"] == pytest.approx(80 / 92)


def test_a_judge_that_was_asked_about_answered_items_only_is_not_used(lea):
    send(lea, [item(f"i{n}") for n in range(80)])
    label(lea, {f"i{n}": "pass" if n % 4 else "fail" for n in range(40)})
    judge(lea, {f"i{n}": "pass" for n in range(40)})
    found = lea.get(URL)
    assert any("depend on the review draw" in warning for warning in found["estimate"]["warnings"])
    assert found["estimate"]["value"] == pytest.approx(0.75)


def test_an_item_given_up_and_sent_by_hand_counts_as_unanswered_and_an_open_case_as_unresolved(lea):
    send(lea, [item(f"i{n}") for n in range(4)])
    retired = Task.objects.filter(item__external_id="i0")
    retired.update(closed_reason="horizon")
    lea.post("/projects/helpdesk/tasks", {"external_ids": ["i0"], "reason": "odd"}, status=201)
    (claimed,) = lea.post("/projects/helpdesk/tasks/claim", {"count": 1})["tasks"]
    note = {"lease": claimed["lease"]["token"], "note": "which policy?"}
    lea.post(f"/tasks/{claimed['id']}/escalate", note, status=200)
    escalated = claimed["item"]["external_id"]
    assert escalated != "i0"
    label(lea, {name: "fail" if name == "i0" else "pass" for name in ("i0", "i1", "i2", "i3") if name != escalated})
    found = lea.get(URL)
    assert (found["design"]["n_labelled"], found["design"]["n_unresolved"]) == (2, 1)
    assert found["estimate"]["value"] == 1


def test_ratings_without_a_pass_have_a_mean_and_choices_without_one_have_shares(lea):
    """Ratings 1 to 5, half of 80 items labelled: mean of the labels, tuned by the judge's numbers on all of them."""
    questions = [
        {"key": "stars", "kind": "rating", "title": "Stars", "min": 1, "max": 5},
        {
            "key": "topic",
            "kind": "choice",
            "title": "Topic",
            "options": [{"value": value, "label": value} for value in ("a", "b", "c")],
        },
    ]
    lea.put("/projects/helpdesk/rubric", {"questions": questions})
    send(lea, [item(f"i{n}", system_version="v1" if n % 2 else "v2") for n in range(80)])
    stars, topics = (lambda n: 1 + (n * 7) % 5), (lambda n: "aab"[n % 3])
    lines = [
        {"external_id": f"i{n}", "reviewer": "zoe", "answers": {"stars": stars(n), "topic": topics(n)}}
        for n in range(40)
    ]
    assert lea.post("/projects/helpdesk/labels/import", ndjson(*lines), **NDJSON)["accepted"] == 40
    found = lea.get(f"{URL}?question=stars&segment=system_version&compare=system_version:v2,v1")
    mean = sum(stars(n) for n in range(40)) / 40
    assert (found["figure"], found["scale"]) == ("mean", [1, 5])
    assert (found["estimate"]["value"], found["estimate"]["method"]) == (pytest.approx(mean), "hajek_t")
    assert found["estimate"]["low"] < mean < found["estimate"]["high"]
    assert found["unweighted"]["value"] == pytest.approx(mean)
    assert found["segments"][0]["estimate"]["undefined"] == "below_min_n"  # 20 labels
    assert found["comparison"]["sentence"] == "There is not enough evidence to compare v2 with v1."
    judged = [
        {"external_id": f"i{n}", "judge": "j", "judge_version": "1", "answers": {"stars": max(1, stars(n) - n % 2)}}
        for n in range(80)
    ]
    lea.post("/projects/helpdesk/verdicts/import", ndjson(*judged), **NDJSON)
    tuned = lea.get(f"{URL}?question=stars")
    assert (tuned["estimate"]["method"], tuned["judge"]) == ("tuned_difference_t", "j")
    width, alone = (each["high"] - each["low"] for each in (tuned["estimate"], tuned["labels_only"]))
    assert width < alone / 2
    shares = lea.get(f"{URL}?question=topic")
    assert shares["estimate"]["undefined"] == "not_pass_fail"
    values = {each["value"]: each["estimate"]["value"] for each in shares["shares"]}
    assert values == {"a": pytest.approx(27 / 40), "b": pytest.approx(13 / 40), "c": 0}
    # A judge says c of ten items that nobody labelled: a third of that for each, so that all add up to everything.
    lines = [
        {"external_id": f"i{n}", "judge": "t", "judge_version": "1", "answers": {"topic": "c" if n >= 70 else "a"}}
        for n in range(80)
    ]
    lea.post("/projects/helpdesk/verdicts/import", ndjson(*lines), **NDJSON)
    judged = {each["value"]: each["estimate"]["value"] for each in lea.get(f"{URL}?question=topic&judge=t")["shares"]}
    assert judged["c"] == pytest.approx(10 / 80 / 3)
    assert sum(judged.values()) == pytest.approx(1)
    assert lea.get(f"{URL}?question=topic&compare=system_version:v2,v1", status=422)["error"]["code"] == "not_pass_fail"


def test_of_very_much_traffic_the_last_figures_are_shown_while_the_next_are_computed(
    lea, cast, browser_of, monkeypatch
):
    monkeypatch.setattr(cached, "MUCH", 5)
    monkeypatch.setattr(cached, "VERY_MUCH", 20)
    with time_machine.travel("2026-03-02T09:00:00Z", tick=False) as clock:
        send(lea, [item(f"i{n}") for n in range(10)])
        label(lea, {"i0": "fail"})
        assert lea.get(URL)["design"]["n_labelled"] == 1
        send(lea, [item(f"i{n}") for n in range(10, 30)])
        label(lea, {"i1": "pass"})
        assert lea.get(URL)["design"]["n_labelled"] == 1  # for a minute
        assert lea.get(f"{URL}?by=week")["design"]["n_labelled"] == 2
        clock.shift(40)
        label(lea, {"i2": "pass"})
        assert lea.get(f"{URL}?by=week")["design"]["n_labelled"] == 2
        assert not Intent.objects.filter(kind=cached.KIND).exists()
        clock.shift(40)
        found = [lea.get(f"{URL}?by=week") for _ in range(2)]
        assert [(each["as_of"], each["design"]["n_labelled"]) for each in found] == [
            ("2026-03-02T09:00:00+00:00", 2)
        ] * 2
        (intent,) = Intent.objects.filter(kind=cached.KIND)
        cached.compute_pass_rate(intent.payload, timezone.now())
        newest = lea.get(f"{URL}?by=week")
        assert (newest["as_of"], newest["design"]["n_labelled"]) == ("2026-03-02T09:01:20+00:00", 3)
        page = browser_of(cast.lea)
        assert "being computed" not in page.get("/p/helpdesk/estimates").content.decode()
        clock.shift(70)
        assert "being computed" in page.get("/p/helpdesk/estimates").content.decode()
        cached.compute_pass_rate({"key": "nobody-asked"}, timezone.now())
