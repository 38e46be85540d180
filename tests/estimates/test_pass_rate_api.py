"""The pass rate through the API, from items to the figure, against a computation of its own in this file."""

import pytest

from annotations.models import Label
from reviewapp.stats.sampling.hash_numbers import hash_number
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


def test_a_question_without_a_pass_and_an_unknown_judge_are_refused(lea):
    assert lea.get(f"{URL}?question=note", status=422)["error"]["fields"][0]["path"] == "question"
    assert lea.get(f"{URL}?judge=nobody", status=422)["error"]["fields"][0]["path"] == "judge"
    assert lea.get(f"{URL}?judge_version=1", status=422)["error"]["fields"][0]["path"] == "judge"
