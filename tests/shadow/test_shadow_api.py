"""Shadow mode through the API and its pages, against counts made in this file."""

from collections import Counter

import numpy as np
import orjson
import pytest
from django.db import connection

from annotations.models import ExtraLabel, Label, ShadowRule
from reviewapp.audit.models import AuditEvent
from reviewapp.stats.sequential.beta_binomial import confidence_sequence, e_value_above
from tests.sampling.lines import item
from tests.shadow.world import URL, WORDS, send


def test_the_matrix_the_agreement_and_its_evidence_are_those_of_a_direct_count(lea, decided):
    lea.put("/projects/helpdesk/decision-feeds/desk", {"coverage": "all"})
    found = lea.get(f"{URL}?system_version=2.0&segment=metadata.language")
    pairs = [(human, ai) for row, human, ai in decided if row["system_version"] == "2.0"]
    counts = Counter(pairs)
    labels = found["matrix"]["labels"]
    assert labels == sorted(WORDS)
    assert found["matrix"]["counts"] == [[counts[human, ai] for ai in labels] for human in labels]
    same = sum(human == ai for human, ai in pairs)
    assert (found["n_pairs"], found["decided_share"]) == (len(pairs), 1)
    assert found["agreement"]["value"] == pytest.approx(same / len(pairs))
    assert found["agreement"]["population"] == "process"
    sessions = {}  # of one or two: each is one observation
    for row, human, ai in decided:
        if row["system_version"] == "2.0":
            sessions.setdefault(row["session_ref"], []).append(human == ai)
    whole = sum(sum(each) / len(each) for each in sessions.values())
    counts = whole, len(sessions) - whole
    sequence = confidence_sequence(*counts)
    told = found["sequence"]
    assert (told["low"], told["high"]) == pytest.approx((sequence.low, sequence.high))
    assert told["e_value"] == pytest.approx(e_value_above(*counts, 0.9))
    assert (told["n"], told["bar"], told["state"]) == (len(pairs), 0.9, "open")
    assert found["cost"]["per_1000"] == pytest.approx(1000 * (1 - same / len(pairs)))
    assert found["n_disagreements"] == len(found["disagreements"]) == len(pairs) - same
    assert sum(day["n"] for day in found["series"]) == len(pairs)
    assert found["series"][-1]["so_far"]["low"] == pytest.approx(sequence.low)
    by_language = {each["value"]: each["n"] for each in found["segments"]}
    assert by_language == Counter(row["metadata"]["language"] for row, *_ in decided if row["system_version"] == "2.0")
    assert (found["median_human_ms"], found["source"]["coverage"]) == (60_000, "all")
    assert found["ceiling"]["difference"]["undefined"] == "no_pairs"
    # The most confident first: shares, errors and limits only ever speak of what lies above the threshold.
    risk = found["risk_coverage"]
    sure = sorted((row["confidence"], human != ai) for row, human, ai in decided if row["system_version"] == "2.0")
    for point in risk:
        above = [wrong for confidence, wrong in sure if confidence >= point["confidence"]]
        assert (point["n"], point["error"]) == (len(above), pytest.approx(np.mean(above)))
        assert point["at_most"] > point["error"]
    assert lea.get(URL)["n_pairs"] == 120


def test_what_does_not_count_is_counted_apart(lea, decided):
    # What was masked is no longer told apart: these two are both [EMAIL_1].
    send(lea, "items", [item("bare"), item("late", decision="ask"), item("who", decision="anna@example.org")])
    send(
        lea,
        "decisions?feed=desk",
        [
            {"external_id": "nowhere", "decision": "ask"},
            {"external_id": "bare", "decision": "ask"},
            {"external_id": "late", "decision": "ask", "assisted": True},
            {"external_id": "i0", "decision": "something else"},
            {"external_id": "who", "decision": "bert@example.org"},
        ],
    )
    found = lea.get(URL)
    assert found["left_out"] == {
        "assisted": 1,
        "waiting_for_item": 1,
        "without_ai_decision": 1,
        "chosen_by_hand": 0,
        "open": 0,
        "masked": 1,
        "contradicted": 1,
    }
    assert found["n_pairs"] == 120
    assert "nobody knows how the manual process chose" in found["agreement"]["warnings"][0]
    assert found["decided_share"] == pytest.approx(120 / 122)


def test_sources_are_never_pooled(lea, cast, api_of, decided, project):
    send(lea, "decisions?feed=other", [{"external_id": "i1", "decision": "refund"}])
    assert lea.get(URL)["source"]["name"] == "desk"
    other = lea.get(f"{URL}?feed=other")
    assert (other["n_pairs"], other["source"]["name"]) == (1, "other")
    assert {each["name"] for each in other["sources"]} == {"desk", "other", "verdict"}
    assert lea.get(f"{URL}?feed=none", status=422)["error"]["fields"][0]["path"] == "feed"
    assert lea.get(f"{URL}?feed=desk&question=verdict", status=422)
    assert lea.get(f"{URL}?question=none", status=422)["error"]["fields"][0]["path"] == "question"
    lea.patch("/projects/helpdesk", {"blind": False})
    assert lea.get(f"{URL}?question=verdict", status=409)["error"]["code"] == "not_blind"


def test_blind_labels_are_a_source_with_their_probabilities_and_a_ceiling(lea):
    lea.put(
        "/projects/helpdesk/plan",
        {"base_rate": 0.5, "rules": [{"name": "sure", "when": {"confidence": {"gte": 0.5}}, "rate": 1}], "overlap": 2},
    )
    send(
        lea,
        "items",
        [item(f"q{n}", decision="pass" if n % 5 else "fail", confidence=(n % 10) / 10) for n in range(100)],
    )
    draws = {n: lea.get(f"/projects/helpdesk/items/q{n}")["draws"][-1] for n in range(100)}
    drawn = [n for n, draw in draws.items() if draw["selected"]]
    send(
        lea,
        "labels/import",
        [
            {"external_id": f"q{n}", "reviewer": who, "answers": {"verdict": "fail" if n % 7 == 0 else "pass"}}
            for n in drawn
            for who in ("ann", "bob")
        ],
    )
    found = lea.get(URL)
    assert found["source"] == {"kind": "question", "name": "verdict", "coverage": "drawn"}
    same = {n: (n % 5 == 0) == (n % 7 == 0) for n in drawn}
    weight = {n: 1 / draws[n]["probability"] for n in drawn}
    expected = sum(weight[n] * same[n] for n in drawn) / sum(weight.values())
    assert found["agreement"]["value"] == pytest.approx(expected)
    # The evidence comes from those that the lowest rate would have drawn, too: they all had the same chance.
    uniform = [n for n in drawn if draws[n]["u"] < 0.5]
    assert found["sequence"]["n"] == len(uniform)
    assert found["sequence"]["value"] == pytest.approx(sum(same[n] for n in uniform) / len(uniform))
    assert found["ceiling"]["human_human"]["value"] == 1
    assert found["ceiling"]["ai_human"]["value"] == pytest.approx(sum(same.values()) / len(same))
    assert found["cost"]["human_per_1000"] == 0


def test_who_saw_the_ai_s_decision_and_who_was_asked_because_others_differ_say_nothing_of_people(lea, cast, api_of):
    send(lea, "items", [item("seen", decision="pass")])
    lea.patch("/projects/helpdesk", {"blind": False})
    rui = api_of(cast.rui, "label")
    (task,) = rui.post("/projects/helpdesk/tasks/claim", {})["tasks"]
    assert task["item"]["decision"] == "pass"
    done = {"lease": task["lease"]["token"], "answers": {"verdict": "pass"}, "submit_id": "1"}
    rui.post(f"/tasks/{task['id']}/label", done, status=201)
    lea.patch("/projects/helpdesk", {"blind": True})
    send(lea, "items", [item(f"i{n}", decision="pass") for n in range(10)])
    said = [
        ("zoe", range(10), "pass"),
        ("kim", range(5), "fail"),
        ("kim", range(5, 10), "pass"),
        ("lou", range(5), "pass"),
    ]
    for who, numbers, answer in said:
        rows = [{"external_id": f"i{n}", "reviewer": who, "answers": {"verdict": answer}} for n in numbers]
        send(lea, "labels/import", rows)
    for label in Label.objects.filter(reviewer_name="lou"):
        ExtraLabel.objects.create(label=label)
    found = lea.get(f"{URL}?question=verdict")
    assert (found["n_pairs"], found["left_out"]["assisted"], found["agreement"]["value"]) == (10, 1, 1)
    assert found["ceiling"]["human_human"]["value"] == 0.5


def test_what_people_differ_on_certifies_nothing_before_it_is_settled(lea):
    lea.patch("/projects/helpdesk", {"overlap": 2})
    send(lea, "items", [item(f"i{n}", decision="pass") for n in range(90)])
    for who, fails in (("zoe", 0), ("kim", 10)):
        said = ["fail" if n < fails else "pass" for n in range(90)]
        rows = [{"external_id": f"i{n}", "answers": {"verdict": each}} for n, each in enumerate(said)]
        send(lea, "labels/import", [{**row, "reviewer": who} for row in rows])
    found = lea.get(f"{URL}?question=verdict")
    told = found["sequence"]
    assert (found["left_out"]["open"], told["n"], told["value"], told["state"]) == (10, 80, 1, "open")
    assert told["low"] == pytest.approx(confidence_sequence(80, 10).low)
    assert told["high"] == confidence_sequence(90, 0).high
    assert told["e_value"] == pytest.approx(e_value_above(80, 10, 0.9))


def test_behind_an_unknown_sampler_the_figures_speak_of_what_was_received(lea, decided):
    before = lea.get(URL)
    with connection.cursor() as cursor:  # as traces come in
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE sampling_item SET sampling_probability = NULL WHERE external_id = 'i0'")
        cursor.execute("SET session_replication_role = origin")
    found = lea.get(URL)
    said = "upstream sampling unknown for 1 items: the estimate speaks of the traffic received"
    assert said in found["agreement"].pop("warnings")
    assert found["agreement"].items() <= before["agreement"].items()
    assert (found["sequence"], found["cost"]) == (before["sequence"], before["cost"])


def test_a_rule_is_set_on_the_page_in_versions_and_moves_the_figures(lea, lea_page, decided, cast, browser_of):
    rule = {"ai": "decision", "mapping": {"ask": "deny"}, "costs": [{"human": "refund", "ai": "deny", "cost": 5}]}
    for _ in range(2):
        answer = lea_page.post("/p/helpdesk/shadow/rule", {"rule": orjson.dumps(rule).decode()}, follow=True)
        assert "Version 1 of the rule is in force" in answer.content.decode()
    assert ShadowRule.objects.count() == 1
    assert AuditEvent.objects.filter(action="shadow_rule.changed").count() == 1
    found = lea.get(URL)
    mapped = [(human, "deny" if ai == "ask" else ai) for _, human, ai in decided]
    cost = sum(5 if pair == ("refund", "deny") else pair[0] != pair[1] for pair in mapped)
    assert found["rule_version"] == 1
    assert found["cost"]["per_1000"] == pytest.approx(1000 * cost / 120)
    assert found["disagreements"][0]["cost"] == 5
    for wrong, said in (
        ("{", "is not JSON"),
        ('{"ai": "nowhere"}', "write decision, output"),
        ('{"equality": "fields"}', "name the fields"),
        ('{"bar": 2}', "shadow.bar"),
    ):
        answer = lea_page.post("/p/helpdesk/shadow/rule", {"rule": wrong}, follow=True)
        assert said in answer.content.decode()
    assert browser_of(cast.vic).post("/p/helpdesk/shadow/rule", {"rule": "{}"}).status_code == 403


def test_the_ai_s_decision_may_be_a_field_of_its_output_or_a_verdict(lea, lea_page):
    send(lea, "items", [item("a", output={"answer": {"action": "refund"}}), item("b", output="text")])
    send(lea, "decisions", [{"external_id": name, "decision": "refund"} for name in "ab"])
    lea_page.post("/p/helpdesk/shadow/rule", {"rule": '{"ai": "output.answer.action"}'})
    found = lea.get(URL)
    assert (found["n_pairs"], found["agreement"]["value"], found["left_out"]["without_ai_decision"]) == (1, 1, 1)
    send(
        lea,
        "verdicts/import",
        [{"external_id": "b", "judge": "j", "judge_version": "1", "answers": {"verdict": "pass"}}],
    )
    lea_page.post("/p/helpdesk/shadow/rule", {"rule": '{"ai": "verdict.j.verdict", "mapping": {"pass": "refund"}}'})
    found = lea.get(URL)
    assert (found["n_pairs"], found["agreement"]["value"]) == (1, 1)
    lea_page.post("/p/helpdesk/shadow/rule", {"rule": '{"ai": "output"}'})
    assert lea.get(URL)["matrix"]["labels"] == ["refund", "text", '{"answer":{"action":"refund"}}']


def test_the_page_shows_the_figures_and_leads_from_each_cell_to_its_items(
    lea, lea_page, decided, cast, browser_of, django_assert_max_num_queries
):
    empty = lea_page.get("/p/helpdesk/shadow?system_version=9").content.decode()
    assert "No pairs yet" in empty
    with django_assert_max_num_queries(24):
        text = lea_page.get("/p/helpdesk/shadow?segment=metadata.language").content.decode()
    same = sum(human == ai for _, human, ai in decided)
    assert f"<strong>{same / 120 * 100:.1f} %</strong>" in text
    assert "metadata.language" in text
    assert "What could it decide alone?" in text
    (human, ai), n = Counter((human, ai) for _, human, ai in decided if human != ai).most_common(1)[0]
    cell = lea_page.get(f"/p/helpdesk/shadow?human={human}&ai={ai}").content.decode()
    assert cell.count('class="note mono"') == n
    assert browser_of(cast.vic).get("/p/helpdesk/shadow").status_code == 200
    assert browser_of(cast.rui).get("/p/helpdesk/shadow").status_code == 403
    assert lea_page.get("/p/helpdesk/shadow?source=feed:none").status_code == 422


def test_what_peoples_own_mistakes_cost_is_read_where_two_of_ours_decided_the_same(lea, cast, browser_of):
    send(lea, "items", [item(f"m{n}", decision="pass") for n in range(20)])
    send(lea, "decisions?feed=desk", [{"external_id": f"m{n}", "decision": "pass" if n else "fail"} for n in range(20)])
    lea.put("/projects/helpdesk/decision-feeds/desk", {"coverage": "all"})
    page = "/p/helpdesk/shadow?source=feed:desk"
    assert "no item was decided by two of them" in browser_of(cast.vic).get(page).content.decode()
    for who in ("zoe", "kim"):
        said = [("fail" if (who, n) == ("kim", 3) else "pass") for n in range(8)]
        rows = [{"external_id": f"m{n}", "reviewer": who, "answers": {"verdict": each}} for n, each in enumerate(said)]
        send(lea, "labels/import", rows)
    found = lea.get("/projects/helpdesk/shadow?feed=desk")
    assert (found["cost"]["per_1000"], found["cost"]["human_per_1000"]) == (pytest.approx(50), pytest.approx(125))
    assert found["ceiling"]["human_human"]["high"] == 1
    assert "(our reviewers; this source has one decision an item)" in browser_of(cast.vic).get(page).content.decode()
    # Where our question is about something else, it says nothing of either.
    send(lea, "items", [item("n0", system_version="9", decision="refund")])
    send(lea, "decisions?feed=desk", [{"external_id": "n0", "decision": "refund"}])
    for who in ("zoe", "kim"):
        send(lea, "labels/import", [{"external_id": "n0", "reviewer": who, "answers": {"verdict": "pass"}}])
    other = lea.get("/projects/helpdesk/shadow?feed=desk&system_version=9")
    assert (other["cost"]["human_per_1000"], other["ceiling"]["ai_human"]["value"]) == (None, None)
    refused = browser_of(cast.olga).post("/p/helpdesk/shadow/rule", {"rule": '{"bar": 7}'}, follow=True)
    assert ">{&quot;bar&quot;: 7}</textarea>" in refused.content.decode()
    browser_of(cast.olga).post("/p/helpdesk/shadow/rule", {"rule": '{"show_output": true}'})
    case = browser_of(cast.ada).get("/p/helpdesk/shadow/who?source=feed:desk").content.decode()
    assert 'data-target="output"' in case
    assert "The output is not shown" not in case
