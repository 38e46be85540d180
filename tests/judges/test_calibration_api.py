"""Calibration of an imported judge through the API; expected values are worked out beside them."""

import pytest

from annotations.models import ExtraLabel, Label
from reviewapp.http.lines import Line
from sampling.ingest.add import add_items
from sampling.models import Draw
from tests.conftest import NOW
from tests.sampling.lines import item, ndjson

URL = "/projects/helpdesk/judges/strict/versions/1"
NDJSON = {"content_type": "application/x-ndjson"}


@pytest.fixture
def lea(cast, project, api_of):
    return api_of(cast.lea)


def bring(client, cells, reviewers=("zoe",), **fields):
    """Send items by (people's answer, verdict): how many; labels of every reviewer, verdicts with scores."""
    items, labels, verdicts = [], [], []
    for (answer, verdict), n in cells.items():
        for k in range(n):
            name = f"{answer}-{verdict}-{k}"
            items.append(item(name, **fields))
            labels += [{"external_id": name, "reviewer": who, "answers": {"verdict": answer}} for who in reviewers]
            answers = {"verdict": verdict} if verdict else None
            score = 0.9 if verdict == "pass" else 0.2
            verdicts.append(
                {"external_id": name, "judge": "strict", "judge_version": "1", "answers": answers, "score": score}
            )
    client.post("/projects/helpdesk/items", ndjson(*items), **NDJSON)
    client.post("/projects/helpdesk/labels/import", ndjson(*labels), **NDJSON)
    client.post("/projects/helpdesk/verdicts/import", ndjson(*verdicts), **NDJSON)


CELLS = {("pass", "pass"): 60, ("pass", "fail"): 10, ("fail", "pass"): 5, ("fail", "fail"): 20, ("fail", None): 5}


def test_rates_of_a_table_by_hand(lea):
    """TPR 60/70, TNR 20/25, PPV 60/65, NPV 20/30, accuracy 80/95. Kappa: p_o = 80/95, p_e = (70·65 + 25·30)/95²."""
    bring(lea, CELLS)
    found = lea.get(f"{URL}/calibration")
    confusion = found["confusion"]
    assert [confusion[key] for key in ("tp", "fn", "fp", "tn", "unparsed")] == [60, 10, 5, 20, 5]
    assert confusion["matrix"]["counts"] == [[60, 10], [5, 20]]
    expected = {"tpr": 60 / 70, "tnr": 0.8, "ppv": 60 / 65, "npv": 2 / 3, "accuracy": 80 / 95}
    for name, value in expected.items():
        assert found[name]["value"] == pytest.approx(value), name
        assert found[name]["low"] < value < found[name]["high"]
    chance = (70 * 65 + 25 * 30) / 95**2
    assert found["cohen_kappa"]["value"] == pytest.approx((80 / 95 - chance) / (1 - chance))
    assert (found["n"], found["weighted"], found["looks"]) == (95, True, 0)
    # Brier: .9 on 60 right and 5 wrong passes, .2 on 20 right and 10 wrong fails.
    assert found["brier"]["value"] == pytest.approx((60 * 0.01 + 5 * 0.81 + 20 * 0.04 + 10 * 0.64) / 95)
    assert len(found["reliability"]) == 2
    # All of the traffic is labelled: 70 of 100 pass, and that is what post-stratification says.
    assert found["corrected"]["post_stratified"]["value"] == pytest.approx(0.7)
    # Rogan-Gladen: (65/95 + .8 - 1)/(60/70 + .8 - 1).
    assert found["corrected"]["rogan_gladen"]["value"] == pytest.approx((65 / 95 - 0.2) / (60 / 70 - 0.2))
    assert found["corrected"]["ppi"]["value"] == pytest.approx(70 / 95)
    assert (found["corrected"]["applies"]["rate"], found["corrected"]["applies"]["design"]) == (
        "post_stratified",
        "sampled_from_window",
    )
    costly = lea.get(f"{URL}/calibration?cost_false_pass=10")
    assert costly["cost"]["per_item"]["value"] == pytest.approx((5 * 10 + 10) / 95)
    assert found["effective_labels"] == pytest.approx(95 / (1 - found["mcc"]["value"] ** 2))
    # Two scores only, which are off: .2 where 10 of 30 pass.
    assert found["recalibration"]["gain"]["method"] == "grouped_5_fold_log_loss_gain"
    assert found["calibration_error"]["value"] == pytest.approx(
        (65 * abs(60 / 65 - 0.9) + 30 * abs(10 / 30 - 0.2)) / 95
    )
    assert [(each["value"], each["n"]) for each in found["by_rubric_version"]] == [("1", 95)]
    assert [each["n"] for each in found["by_week"]] == [95]
    assert (found["ceiling"]["difference"]["undefined"], found["judgement"]["state"]) == ("no_pairs", "useful")
    assert found["sentence"].startswith("strict recognises 86 % of the passes and 80 % of the fails of 95")


def test_segments_and_filters(lea):
    bring(lea, CELLS, system_version="v1")
    found = lea.get(f"{URL}/calibration?segment=system_version")
    assert [(each["value"], each["n"]) for each in found["by_segment"]] == [("v1", 95)]
    none = lea.get(URL + '/calibration?where={"system_version":{"eq":"v2"}}')
    assert (none["n"], none["tpr"]["value"], none["tpr"]["undefined"]) == (0, None, "no_labels")
    assert none["sentence"].startswith("Nobody knows how good strict is")


def test_splits_part_the_items_and_looks_at_test_are_counted(lea):
    bring(lea, CELLS)
    parts = {split: lea.get(f"{URL}/calibration?split={split}")["n"] for split in ("train", "dev", "test")}
    assert sum(parts.values()) == 95
    assert all(parts.values())
    assert lea.get(f"{URL}/calibration?split=test")["looks"] == 2
    assert lea.get(f"{URL}/calibration")["looks"] == 2


def test_a_session_stays_on_one_side(lea):
    bring(lea, CELLS, session_ref="one")
    assert sorted(lea.get(f"{URL}/calibration?split={split}")["n"] for split in ("train", "dev", "test")) == [0, 0, 95]


def test_labels_beside_the_draw_make_it_unweighted_and_say_so(lea):
    lea.put("/projects/helpdesk/plan", {"base_rate": 0, "rules": []})
    bring(lea, CELLS)
    found = lea.get(f"{URL}/calibration")
    assert (found["weighted"], found["tpr"]["value"]) == (False, pytest.approx(60 / 70))
    assert any("drawn by chance" in warning for warning in found["warnings"])
    assert found["corrected"]["post_stratified"]["undefined"] == "no_labels"
    assert found["corrected"]["applies"]["rate"] == "rogan_gladen"
    assert "none of the labelled items was drawn" in found["corrected"]["applies"]["why"]


def test_a_judge_like_the_people_passes_the_alternative_test_and_a_contrary_one_does_not(lea):
    bring(lea, {("pass", "pass"): 30, ("fail", "fail"): 30}, reviewers=("ann", "bob", "cem"))
    found = lea.get(f"{URL}/alternative-test")
    assert (found["omega"], found["passed"], found["epsilon"]) == (1, True, 0.1)
    assert lea.get(f"{URL}/alternative-test?from=2099-01-01")["omega"] is None
    sizes = {span: len(lea.get(f"/projects/helpdesk/items?{span}=2099-01-01")["results"]) for span in ("from", "to")}
    assert sizes == {"from": 0, "to": 50}  # a page of those that arrived before
    assert [each["reviewer"] for each in found["annotators"]] == ["ann", "bob", "cem"]
    contrary = [
        {"external_id": f"{a}-{a}-{k}", "judge": "mad", "judge_version": "1", "answers": {"verdict": b}}
        for a, b in (("pass", "fail"), ("fail", "pass"))
        for k in range(30)
    ]
    lea.post("/projects/helpdesk/verdicts/import", ndjson(*contrary), **NDJSON)
    found = lea.get("/projects/helpdesk/judges/mad/versions/1/alternative-test?epsilon=0.2")
    assert (found["omega"], found["passed"], found["rho"]) == (0, False, 0)


def test_with_too_little_there_is_a_reason(lea):
    bring(lea, {("pass", "pass"): 3})
    found = lea.get(f"{URL}/alternative-test")
    assert (found["omega"], found["undefined"], found["passed"]) == (None, "below_min_n", False)
    assert "cannot be judged yet" in lea.get(f"{URL}/calibration")["sentence"]


def test_behind_an_unknown_sampler_it_speaks_of_what_was_received_and_stays_weighted(lea, project):
    """As traces come in. All pass; the judge fails the flagged ones, which are drawn four times as often."""
    rule = {"name": "flagged", "when": {"metadata.flag": {"eq": True}}, "rate": 1}
    lea.put("/projects/helpdesk/plan", {"base_rate": 0.25, "rules": [rule]})
    lines = [Line(k, item(f"i{k}", metadata={"flag": k < 20})) for k in range(100)]
    add_items(project=project, lines=lines, actor=None, now=NOW, sampling_probability=None)
    drawn = dict(Draw.objects.filter(selected=True).values_list("item__external_id", "probability"))
    said = [{"external_id": name, "reviewer": "zoe", "answers": {"verdict": "pass"}} for name in drawn]
    verdicts = [{"external_id": f"i{k}", "answers": {"verdict": "fail" if k < 20 else "pass"}} for k in range(100)]
    lea.post("/projects/helpdesk/labels/import", ndjson(*said), **NDJSON)
    named = {"judge": "strict", "judge_version": "1"}
    lea.post("/projects/helpdesk/verdicts/import", ndjson(*({**each, **named} for each in verdicts)), **NDJSON)
    found = lea.get(f"{URL}/calibration")
    right = sum(1 / p for p in drawn.values() if p < 1)
    assert found["weighted"]
    assert found["tpr"]["value"] == pytest.approx(right / (right + 20))
    assert found["corrected"]["ppi"]["value"] == 1
    assert (found["corrected"]["applies"]["rate"], found["corrected"]["applies"]["design"]) == (
        "post_stratified",
        "sampled_from_window",
    )
    assert any("traffic received" in warning for warning in found["warnings"])


def test_behind_a_known_sampler_every_correction_speaks_of_all_traffic(lea):
    """A judge without fault: 40 of the items received pass, of which a sampler kept a tenth, and 40 fail. So 400 of 440
    items pass."""
    bring(lea, {("pass", "pass"): 40}, sampling_probability=0.1)
    bring(lea, {("fail", "fail"): 40})
    found = lea.get(f"{URL}/calibration")["corrected"]
    for name in ("post_stratified", "rogan_gladen", "ppi", "judge_only", "labels_only"):
        assert found[name]["value"] == pytest.approx(10 / 11), name
        assert found[name]["low"] < 10 / 11 < found[name]["high"], name
    assert found["judge_only"]["n"] == 80


def test_the_ceiling_is_of_what_was_planned_and_of_answers_to_this_question(lea):
    """Two people differ on one item of twelve, and a third was asked for that reason. What was answered when the
    question was a rating is no answer to it."""
    stars = {"key": "verdict", "kind": "rating", "title": "Stars", "min": 1, "max": 5, "positive_from": 4}
    now = lea.get("/projects/helpdesk/rubric")["questions"]
    lea.put("/projects/helpdesk/rubric", {"questions": [stars]})
    bring(lea, {(5, 5): 5}, reviewers=("ann", "bob"))
    lea.put("/projects/helpdesk/rubric", {"questions": now})
    bring(lea, {("pass", "pass"): 12}, reviewers=("ann", "bob"))
    name = "pass-pass-0"
    lines = [("bob", "fail"), ("cem", "pass")]
    for who, answer in lines:
        said = {"external_id": name, "reviewer": who, "answers": {"verdict": answer}}
        lea.post("/projects/helpdesk/labels/import", ndjson(said), **NDJSON)
    ExtraLabel.objects.create(label=Label.objects.get(reviewer_name="cem"))
    ceiling = lea.get(f"{URL}/calibration")["ceiling"]
    people, judge = ceiling["human_human"], ceiling["judge_human"]
    assert people["value"] == pytest.approx(lea.get("/projects/helpdesk/agreement")["percent"]["value"])
    assert (people["n"], people["high"]) == (12, 1)
    assert (judge["value"], judge["n"], judge["high"]) == (pytest.approx(11.5 / 12), 12, 1)


def test_an_unknown_version_is_not_found(lea):
    assert lea.get(f"{URL}/calibration", status=404)["error"]["code"] == "not_found"


def test_a_judge_and_a_version_with_slashes_are_addressed_percent_encoded(lea):
    lea.post("/projects/helpdesk/items", ndjson(item("q-1")), **NDJSON)
    verdict = {"external_id": "q-1", "judge": "org/strict", "judge_version": "2026/1", "answers": {"verdict": "pass"}}
    lea.post("/projects/helpdesk/verdicts/import", ndjson(verdict), **NDJSON)
    address = "/projects/helpdesk/judges/org%2Fstrict/versions/2026%2F1"
    assert lea.get(f"{address}/calibration")["n"] == 0
    assert lea.get(f"{address}/alternative-test")["annotators"] == []
    assert lea.get(address)["version"] == "2026/1"
    assert lea.get("/projects/helpdesk/judges")["results"][0]["versions"] == ["2026/1"]
