"""Gates: fixed beforehand, measured from what comes in, and honest about what they rest on."""

import pytest

from reviewapp.stats.sequential.beta_binomial import confidence_sequence
from tests.evaluations.world import bring, evaluate, outputs
from tests.rollouts.world import bring_in, confirm, gate, make, send
from tests.sampling.lines import item


def test_gates_are_fixed_before_there_is_data_and_say_what_they_rest_on(lea, cast, browser_of):
    made = make(lea)
    assert (made["stage"], made["percent"], made["next_stage"]) == ("shadow", 0, "internal_beta")
    assert {each["state"] for each in made["gates"]} == {"not_enough_data"}
    assert gate(made, "quality")["reason"] == "No drawn item of this version is labelled yet."
    bring_in(lea, n=19)
    assert gate(lea.get(f"/rollouts/{made['id']}"), "quality")["reason"].startswith("It rests on 19, and 20")
    bring_in(lea, n=21, fails=1, prefix="j")
    now = lea.get(f"/rollouts/{made['id']}")
    sequence = confidence_sequence(39, 1)
    quality = gate(now, "quality")
    assert (quality["value"], quality["n"], quality["state"]) == (pytest.approx(39 / 40), 40, "pass")
    assert (quality["low"], quality["high"]) == pytest.approx((sequence.low, sequence.high))
    assert gate(now, "ready")["state"] == "not_enough_data"
    assert now["gates_had_data"] is False
    confirm(browser_of(cast.lea), made["id"])
    assert gate(lea.get(f"/rollouts/{made['id']}"), "ready")["state"] == "pass"
    assert lea.post("/projects/helpdesk/rollouts", {"system_version": "2.0"}, status=409)["error"]["code"] == (
        "rollout_exists"
    )


def test_gates_written_after_there_were_results_say_so_or_count_later_items_only(lea):
    bring_in(lea)
    made = make(lea)
    assert made["gates_had_data"] is True
    assert "written after there were results" in gate(made, "quality")["reason"]
    send(lea, "items", [item("other", system_version="3.0")])
    send(lea, "labels/import", [{"external_id": "other", "reviewer": "zoe", "answers": {"verdict": "pass"}}])
    later = make(lea, system_version="3.0", later_items_only=True)
    assert later["counts_from"] is not None
    assert gate(later, "quality")["state"] == "not_enough_data"
    # A judge is described by all of its verdicts, also those on other versions.
    judge = {"internal_beta": [{"name": "j", "metric": "judge.j.tpr", "at_least": 0.5, "bound": "value"}]}
    assert make(lea, system_version="4.0", gates=judge)["gates_had_data"] is False
    verdict = {"external_id": "other", "judge": "j", "judge_version": "1", "answers": {"verdict": "pass"}}
    send(lea, "verdicts/import", [verdict])
    known = make(lea, system_version="5.0", gates=judge)
    assert (gate(known, "j")["state"], known["gates_had_data"]) == ("pass", True)


def test_every_metric_is_measured_or_says_why_not(lea, cast, browser_of):
    names = [
        *("pass_rate", "agreement", "certified_e_value", "non_inferiority", "reviewer_alpha", "check_failure_rate"),
        *("latency_p50_ms", "latency_p90_ms", "latency_p99_ms", "cost_per_item_usd", "error_rate", "drift_findings"),
        *("open_escalations", "feedback_negative_rate", "accuracy", "exact_match", "f1", "evaluation.accuracy"),
        "judge.j.tpr",
    ]
    gates = [{"name": name, "metric": name, "at_least": 0, "bound": "value"} for name in names]
    made = make(lea, gates={"internal_beta": gates})
    states = {each["name"]: each for each in made["gates"]}
    assert {name for name, each in states.items() if each["state"] == "pass"} == {"open_escalations"}
    assert all(each["reason"] for each in states.values())
    rows = [
        item(
            f"i{n}",
            system_version="2.0",
            decision="pass" if n % 4 else "fail",
            latency_ms=float(n + 1),
            cost_usd=0.5 if n % 2 else 1.5,
            feedback=-1 if n % 10 == 0 else 1,
            steps=[{"name": "x", "kind": "tool", "error": "no"}] if n < 5 else None,
        )
        for n in range(100)
    ]
    send(lea, "items", [{k: v for k, v in row.items() if v is not None} for row in rows])
    labels = [
        {"external_id": f"i{n}", "reviewer": who, "answers": {"verdict": "pass" if n % 5 else "fail"}}
        for n in range(100)
        for who in ("zoe", "kim")
    ]
    send(lea, "labels/import", labels)
    send(
        lea,
        "verdicts/import",
        [
            {
                "external_id": f"i{n}",
                "judge": "j",
                "judge_version": "1",
                "answers": {"verdict": "pass" if n % 5 else "fail"},
            }
            for n in range(100)
        ],
    )
    found = {each["name"]: each for each in lea.get(f"/rollouts/{made['id']}")["gates"]}
    same = sum((n % 4 == 0) == (n % 5 == 0) for n in range(100)) / 100
    assert found["agreement"]["value"] == pytest.approx(same)
    assert found["pass_rate"]["value"] == pytest.approx(0.8)
    assert found["reviewer_alpha"]["value"] == 1
    assert found["judge.j.tpr"]["value"] == 1
    assert (found["error_rate"]["value"], found["error_rate"]["n"]) == (0.05, 100)
    assert found["feedback_negative_rate"]["value"] == 0.1
    assert found["cost_per_item_usd"]["value"] == 1
    assert found["latency_p50_ms"]["value"] == 50
    assert found["latency_p50_ms"]["low"] < 50 < found["latency_p50_ms"]["high"]
    assert "upper limit" in found["latency_p99_ms"]["reason"]
    assert "disagreements wait" in found["non_inferiority"]["reason"]
    assert found["certified_e_value"]["n"] == 100
    assert "was not evaluated" in found["f1"]["reason"]


def test_evaluations_over_a_tagged_version_are_gates_too(lea):
    bring(lea)
    gates = [
        {"name": "by itself", "metric": "accuracy", "at_least": 0.9, "bound": "value", "min_n": 30},
        {"name": "tagged", "metric": "evaluation.accuracy", "at_least": 0.9, "bound": "value", "dataset_tag": "gold"},
        {"name": "other", "metric": "evaluation.accuracy", "at_least": 0.9, "dataset_tag": "none"},
        {"name": "not measured", "metric": "numeric_match", "at_least": 0.9},
        {"name": "judged", "metric": "judge.j.pass_rate", "at_least": 0.5},
    ]
    made = make(lea, gates={"internal_beta": gates})
    evaluate(lea, outputs(wrong=(4,)), system_version="2.0")
    found = lea.get(f"/rollouts/{made['id']}")
    assert gate(found, "by itself")["value"] == pytest.approx(29 / 30)
    assert "(evals, version 1)" in gate(found, "tagged")["reason"]
    assert (gate(found, "tagged")["state"], gate(found, "other")["state"]) == ("pass", "not_enough_data")
    assert "did not measure numeric_match" in gate(found, "not measured")["reason"]
    assert "no judge" in gate(found, "judged")["reason"]


def test_a_gate_says_how_many_of_its_cases_differ(lea):
    bring(lea)
    gates = [{"name": "cases", "metric": "accuracy", "at_least": 0.5, "bound": "value", "dataset_tag": "cases"}]
    made = make(lea, gates={"internal_beta": gates})
    told = "Please tell me where my parcel is; it should have been here on Monday, said on the phone {}."
    rows = [item(f"r-{k}", input=told.format(("Ada", "Bo")[k % 2])) for k in range(8)]
    send(lea, "items", rows)
    send(
        lea,
        "labels/import",
        [{"external_id": f"r-{k}", "reviewer": "zoe", "answers": {"intent": "late"}} for k in range(8)],
    )
    lea.post("/projects/helpdesk/datasets/evals/versions", {"tags": ["cases"]}, status=201)
    sent = [*outputs(), *({"external_id": f"r-{k}", "output": "late"} for k in range(8))]
    evaluate(lea, sent, system_version="2.0", version=2)
    found = gate(lea.get(f"/rollouts/{made['id']}"), "cases")
    assert (found["n"], found["state"]) == (38, "pass")
    assert found["reason"].endswith("Counting equal and nearly equal inputs once, its 38 cases are 31.")


def test_a_gate_for_every_segment_is_as_good_as_the_worst(lea):
    gates = [
        {
            "name": "each",
            "metric": "pass_rate",
            "at_least": 0.5,
            "bound": "value",
            "min_n": 10,
            "every_segment_of": "metadata.language",
        }
    ]
    made = make(lea, gates={"internal_beta": gates})
    assert "No item says what its metadata.language is" in made["gates"][0]["reason"]

    def add(language, n, fails):
        rows = [item(f"{language}{k}", system_version="2.0", metadata={"language": language}) for k in range(n)]
        send(lea, "items", rows)
        answers = [("fail" if k < fails else "pass") for k in range(n)]
        send(
            lea,
            "labels/import",
            [
                {"external_id": f"{language}{k}", "reviewer": "zoe", "answers": {"verdict": answer}}
                for k, answer in enumerate(answers)
            ],
        )
        return lea.get(f"/rollouts/{made['id']}")["gates"][0]

    assert add("de", 12, 2)["state"] == "pass"
    few = add("fr", 4, 0)
    assert (few["state"], few["reason"].startswith("metadata.language fr")) == ("not_enough_data", True)
    bad = add("it", 12, 9)
    assert (bad["state"], bad["value"]) == ("fail", pytest.approx(0.25))


def test_every_segment_of_a_fact_of_any_kind_is_looked_at_or_none(lea):
    told = {"feedback": 1, "confidence": 0.25, "metadata": {"tier": 3, "vip": True, "tags": ["a", "b"]}}
    send(lea, "items", [item(f"i{k}", system_version="2.0", **told) for k in range(20)])
    send(lea, "items", [item(f"c{k}", system_version="9", metadata={"customer": f"c{k}"}) for k in range(201)])

    def each(field):
        return {"name": field, "metric": "error_rate", "at_most": 0.5, "every_segment_of": field, "bound": "value"}

    fields = ("feedback", "confidence", "metadata.tier", "metadata.vip", "metadata.tags")
    made = make(lea, gates={"internal_beta": [each(field) for field in fields]})
    assert [(one["state"], one["n"]) for one in made["gates"]] == [("pass", 20)] * 5
    (many,) = make(lea, system_version="9", gates={"internal_beta": [each("metadata.customer")]})["gates"]
    assert (many["state"], "more than 200 values" in many["reason"]) == ("not_enough_data", True)


def test_limits_at_every_look_count_sessions_and_pass_over_what_had_no_chance(lea):
    rules = [{"name": "de", "when": {"metadata.language": {"eq": "de"}}, "rate": 1.0}]
    lea.put("/projects/helpdesk/plan", {"base_rate": 0, "rules": rules})
    quality = {"name": "quality", "metric": "pass_rate", "at_least": 0.7, "min_n": 20}
    certified = {"name": "certified", "metric": "certified_e_value", "at_least": 20}
    made = {version: make(lea, {"internal_beta": [quality, certified]}, system_version=version) for version in "12"}
    for version, sessions in (("1", 60), ("2", 2)):
        rows = [
            item(
                f"{version}-{k}",
                system_version=version,
                decision="pass",
                session_ref=f"{version} {k % sessions}",
                metadata={"language": "de" if k < 60 else "fr"},
            )
            for k in range(90)
        ]
        send(lea, "items", rows)
        said = {"reviewer": "zoe", "answers": {"verdict": "pass"}}
        send(lea, "labels/import", [{"external_id": f"{version}-{k}", **said} for k in range(60)])
    many, few = (lea.get(f"/rollouts/{made[version]['id']}") for version in "12")
    assert {each["state"] for each in many["gates"]} == {"pass"}
    assert gate(many, "quality")["low"] == pytest.approx(confidence_sequence(60, 0).low)
    assert gate(few, "quality")["low"] == pytest.approx(confidence_sequence(2, 0).low)
    assert [gate(few, name)["n"] for name in ("quality", "certified")] == [60, 60]
    assert {each["state"] for each in few["gates"]} == {"fail"}


def test_what_people_differ_on_passes_no_gate_before_it_is_settled(lea):
    rules = [{"name": "de", "when": {"metadata.language": {"eq": "de"}}, "rate": 1.0}]
    lea.put("/projects/helpdesk/plan", {"base_rate": 0.9, "rules": rules, "overlap": 2})
    made = {}
    for version, n in (("even", 60), ("banded", 160)):
        rate = {"name": "rate", "metric": "pass_rate", "at_least": 0.7}
        made[version] = make(lea, {"internal_beta": [rate]}, system_version=version)["id"]
        languages = ["de" if version == "even" or k % 2 else "fr" for k in range(n)]
        about = {"system_version": version}
        send(
            lea,
            "items",
            [item(f"{version}{k}", metadata={"language": each}, **about) for k, each in enumerate(languages)],
        )
        for who in ("zoe", "kim"):  # a tenth fails, and of every fourth they say different things
            said = ["fail" if k % 10 == 0 or (k % 4 == 1 and who == "kim") else "pass" for k in range(n)]
            lines = [{"external_id": f"{version}{k}", "answers": {"verdict": each}} for k, each in enumerate(said)]
            send(lea, "labels/import", [{**line, "reviewer": who} for line in lines])
    even, banded = (lea.get(f"/rollouts/{made[version]}")["gates"][0] for version in ("even", "banded"))
    assert even["value"] == pytest.approx(39 / 45)
    assert even["low"] == pytest.approx(confidence_sequence(39, 21).low)
    assert even["high"] == pytest.approx(confidence_sequence(54, 6).high)
    assert (even["state"], "15 drawn items are not settled" in even["reason"]) == ("fail", True)
    assert banded["value"] - banded["low"] > 0.25 * banded["value"]
    assert (banded["state"], "are not settled" in banded["reason"]) == ("fail", True)


def test_a_lane_without_any_label_leaves_no_evidence_at_every_look(lea):
    rules = [{"name": "de", "when": {"metadata.language": {"eq": "de"}}, "rate": 1.0, "urgent": True}]
    lea.put("/projects/helpdesk/plan", {"base_rate": 1.0, "rules": rules})
    languages = {f"i{k}": "de" if k < 60 else "fr" for k in range(120)}
    send(lea, "items", [item(each, decision="pass", metadata={"language": said}) for each, said in languages.items()])
    said = {"reviewer": "zoe", "answers": {"verdict": "fail"}}
    send(lea, "labels/import", [{"external_id": f"i{k}", **said} for k in range(60)])
    urgent_only = lea.get("/projects/helpdesk/shadow?question=verdict")
    assert (urgent_only["n_pairs"], urgent_only["sequence"]["n"]) == (60, 0)
    send(lea, "labels/import", [{"external_id": f"i{k}", **said} for k in range(60, 120)])
    assert lea.get("/projects/helpdesk/shadow?question=verdict")["sequence"]["n"] == 120


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"metric": "nothing", "at_least": 1}, "gates.internal_beta.0"),
        ({"metric": "pass_rate"}, "gates.internal_beta.0"),
        ({"metric": "pass_rate", "at_least": 1, "at_most": 1}, "gates.internal_beta.0"),
        ({"metric": "attestation", "at_least": 2}, "gates.internal_beta.0"),
        ({"metric": "f1", "at_least": 1, "every_segment_of": "model"}, "gates.internal_beta.0"),
        ({"metric": "f1", "at_least": 1, "where": {"x": 1}}, "gates.internal_beta.0.where"),
        ({"metric": "f1", "at_least": 1, "bound": "middle"}, "gates.internal_beta.0.bound"),
    ],
)
def test_gates_that_cannot_be_are_refused_at_their_place(lea, wrong, path):
    body = {"system_version": "2.0", "gates": {"internal_beta": [{"name": "a", **wrong}]}}
    refused = lea.post("/projects/helpdesk/rollouts", body, status=422)["error"]
    assert refused["fields"][0]["path"].startswith(path)


def test_names_are_given_once_and_stages_are_those_there_are(lea):
    twice = {"internal_beta": [{"name": "a", "metric": "f1", "at_least": 1}] * 2}
    for gates in (twice, {"beta": []}):
        lea.post("/projects/helpdesk/rollouts", {"system_version": "2.0", "gates": gates}, status=422)
    nameless = lea.post("/projects/helpdesk/rollouts", {"system_version": " "}, status=422)["error"]
    assert nameless["fields"][0]["path"] == "system_version"


def test_gates_are_revised_and_confirmed_over_the_api_too(lea, cast, api_of):
    made = make(lea)
    said = {"gate": "ready", "text": "Dashboards are up", "link": "https://status.example.org/"}
    told = api_of(cast.pat, "rollout").post(f"/rollouts/{made['id']}/attestations", said, status=201)
    assert (told["by"], told["text"]) == ("pat", "Dashboards are up")
    now = lea.get(f"/rollouts/{made['id']}")
    assert gate(now, "ready")["state"] == "pass"
    # A confirmation is one of a text: a gate with another one takes another one.
    for text, state in (("Monitoring is in place", "pass"), ("On call at night", "not_enough_data")):
        # Written like every other gate, or by its text alone: the same.
        alike = {"at_least": 1, "bound": "value", "min_n": 1} if state == "pass" else {}
        asked = {"general_availability": [{"name": "ready", "metric": "attestation", "text": text, **alike}]}
        now = lea.post(f"/rollouts/{made['id']}/gates", {"gates": asked}, status=201)
        assert gate(now, "ready")["state"] == state
    refused = lea.post(f"/rollouts/{made['id']}/attestations", {**said, "link": "javascript:x"}, status=422)
    assert refused["error"]["fields"][0]["path"] == "link"
    bring_in(lea)
    other = {"gates": {"internal_beta": [{"name": "new", "metric": "pass_rate", "at_least": 0.5}]}}
    assert "say why" in lea.post(f"/rollouts/{made['id']}/gates", other, status=422)["error"]["message"]
    revised = lea.post(f"/rollouts/{made['id']}/gates", {**other, "reason": "The bar was wrong"}, status=201)
    assert (revised["gates_version"], revised["gates_had_data"]) == (4, True)
    assert gate(revised, "new")["state"] == "not_enough_data"


def test_whatever_could_be_read_before_makes_gates_late(lea):
    bring(lea)
    evaluate(lea, outputs(), system_version="2.0")
    send(lea, "items", [item("x", system_version="3.0"), item("y", system_version="4.0")])
    accuracy = {"name": "a", "metric": "evaluation.accuracy", "at_least": 0.5, "bound": "value"}
    rate = {"name": "a", "metric": "error_rate", "at_most": 0.5, "bound": "value"}
    late = make(lea, gates={"internal_beta": [accuracy]}, later_items_only=True)
    assert late["gates_had_data"] is True
    assert "was not evaluated since 2" in gate(late, "a")["reason"]
    evaluate(lea, outputs(), system_version="2.0")
    assert gate(lea.get(f"/rollouts/{late['id']}"), "a")["value"] == 1
    assert make(lea, system_version="3.0", gates={"internal_beta": [rate]})["gates_had_data"] is True
    assert make(lea, system_version="4.0", gates={"internal_beta": [accuracy]})["gates_had_data"] is False
