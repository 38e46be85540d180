"""Who was right where the AI and people differ: found blind, and both error rates corrected by it."""

from collections import Counter

import pytest
from django.utils import timezone

from annotations.models import ShadowRuling
from annotations.quality.asked import Window, get_question
from annotations.shadow.pairs import read_question_pairs
from annotations.shadow.rules import find_rule
from annotations.shadow.rulings import list_cases, rule_on
from reviewapp.stats.pass_rate.sample import labelled_sample
from reviewapp.stats.signoff.paired import PairedCounts, tango, weighted_non_inferiority
from sampling.models import Item
from tests.queue.services import access_of
from tests.sampling.lines import item
from tests.shadow.world import URL, send


def test_who_was_right_is_found_blind_and_corrects_both_error_rates(lea, decided, cast, browser_of):
    ada = browser_of(cast.ada)
    pairs = {row["external_id"]: (human, ai) for row, human, ai in decided}
    differing = {name for name, (human, ai) in pairs.items() if human != ai}
    before = lea.get(URL)["who_was_right"]
    assert (before["n_disagreements"], before["n_ruled"], before["difference"]) == (len(differing), 0, None)
    assert before["ai_error"]["method"] == "bounds_of_open_cases"
    assert (before["ai_error"]["low"], before["ai_error"]["high"]) == (0, pytest.approx(len(differing) / 120))
    first_is_ai, choices, seen = [], Counter(), []
    page = ada.get("/p/helpdesk/shadow/who").content.decode()
    assert "The output is not shown" in page
    assert "None: the input itself is judged" not in page
    order = ("first", "second", "both_defensible", "both_wrong", "first", "second")
    expected = Counter()
    while 'name="item"' in page:
        item_id = page.split('name="item" value="')[1].split('"')[0]
        assert 'class="tag">AI' not in page
        choice = order[len(seen) % len(order)]
        answer = ada.post("/p/helpdesk/shadow/who", {"item": item_id, "choice": choice, "note": "so"})
        ruling = ShadowRuling.objects.get(item_id=item_id, superseded_by=None)
        human, ai = pairs[ruling.item.external_id]
        assert (ruling.sides[ruling.ai_side], ruling.sides[1 - ruling.ai_side]) == (ai, human)
        if choice in {"first", "second"}:
            right_is_ai = ("first", "second").index(choice) == ruling.ai_side
            expected["human_error" if right_is_ai else "ai_error"] += 1
        else:
            expected[choice] += 1
        first_is_ai.append(ruling.ai_side == 0)
        choices[choice] += 1
        seen.append(item_id)
        page = ada.get(answer["Location"]).content.decode()
    assert len(seen) == len(differing) == len(set(seen))
    assert 0 < sum(first_is_ai) < len(first_is_ai)
    after = lea.get(URL)["who_was_right"]
    assert {name: n for name, n in after["counts"].items() if n} == expected
    table = PairedCounts(
        120 - len(differing) + expected["both_defensible"],
        expected["human_error"],
        expected["ai_error"],
        expected["both_wrong"],
    )
    assert after["difference"]["value"] == pytest.approx(tango(table).value)
    assert after["ai_error"]["value"] == pytest.approx((expected["ai_error"] + expected["both_wrong"]) / 120)
    # An answer that changes opens its case again, and the last finding can be taken back.
    changed = ShadowRuling.objects.order_by("pk").first().item.external_id
    send(lea, "decisions?feed=desk", [{"external_id": changed, "decision": "never heard of"}])
    assert lea.get(URL)["who_was_right"]["n_ruled"] == len(differing) - 1
    last = ShadowRuling.objects.filter(superseded_by=None).order_by("-pk").first()
    assert "Undo" in ada.get(f"/p/helpdesk/shadow/who?last={last.pk}").content.decode()
    ada.post("/p/helpdesk/shadow/who/undo", {"ruling": str(last.pk)})
    ada.post("/p/helpdesk/shadow/who/undo", {"ruling": "x"})
    assert lea.get(URL)["who_was_right"]["n_ruled"] == len(differing) - 2
    assert ada.post("/p/helpdesk/shadow/who", {"item": last.item_id, "choice": "maybe"}).status_code == 422
    assert ada.post("/p/helpdesk/shadow/who", {"item": "1", "choice": "first"}).status_code == 302
    # What is found is about the two answers that were shown.
    shown = ada.get("/p/helpdesk/shadow/who").content.decode()
    form = {name: shown.split(f'name="{name}" value="')[1].split('"')[0] for name in ("item", "sides")}
    here = Item.objects.get(pk=form["item"]).external_id
    send(lea, "decisions?feed=desk", [{"external_id": here, "decision": "something else again"}])
    gone = ada.post("/p/helpdesk/shadow/who", {**form, "choice": "first"}, follow=True).content.decode()
    assert "one of the two answers has changed" in gone
    assert not ShadowRuling.objects.filter(item_id=form["item"], sides__contains="something else again").exists()
    long = {"item": last.item_id, "choice": "first", "note": "x" * 10_001}
    assert ada.post("/p/helpdesk/shadow/who", long).status_code == 422
    assert browser_of(cast.rui).get("/p/helpdesk/shadow/who").status_code == 403


def test_error_rates_are_weighted_and_by_session_like_the_agreement(lea, cast, project):
    """Flagged items are drawn four times as often, and people fail half of them, with right; sessions are of two."""
    rule = {"name": "flagged", "when": {"metadata.flag": {"eq": True}}, "rate": 1}
    lea.put("/projects/helpdesk/plan", {"base_rate": 0.25, "rules": [rule]})
    rows = [item(f"i{k}", decision="pass", session_ref=f"s{k // 2}", metadata={"flag": k < 20}) for k in range(100)]
    send(lea, "items", rows)
    drawn = {
        f"i{k}": draw["probability"]
        for k in range(100)
        if (draw := lea.get(f"/projects/helpdesk/items/i{k}")["draws"][-1])["selected"]
    }
    wrong = {f"i{k}" for k in range(10)}
    said = [{"external_id": name, "answers": {"verdict": "fail" if name in wrong else "pass"}} for name in drawn]
    send(lea, "labels/import", [{**each, "reviewer": "zoe"} for each in said])
    asked = f"{URL}?question=verdict"
    open_ = lea.get(asked)["who_was_right"]["ai_error"]
    whole = sum(1 / p for p in drawn.values())
    assert (open_["low"], open_["high"]) == (0, pytest.approx(10 / whole))
    shadow = find_rule(project.pk)
    pairs = read_question_pairs(Window(project.pk), get_question(project.pk, None), shadow)
    for case in list_cases(pairs, shadow, salt=project.sampling_salt):
        choice = "second" if case.ai_side == 0 else "first"
        rule_on(access_of(cast.ada), pairs=pairs, case=case, choice=choice, note="", now=timezone.now())
    found = lea.get(asked)
    told, agreement = found["who_was_right"], found["agreement"]
    assert (told["ai_error"]["value"], told["human_error"]["value"]) == (pytest.approx(10 / whole), 0)
    assert told["ai_error"]["low"] == pytest.approx(1 - agreement["high"])
    assert told["ai_error"]["high"] == pytest.approx(1 - agreement["low"])
    expected = weighted_non_inferiority(
        labelled_sample(
            [-float(name in wrong) for name in drawn],
            list(drawn.values()),
            cluster=[f"s{int(name[1:]) // 2}" for name in drawn],
        ),
        shadow.spec.margin,
    ).difference
    assert told["difference"]["value"] == pytest.approx(-10 / whole)
    assert [told["difference"][end] for end in ("low", "high")] == pytest.approx([expected.low, expected.high])
