"""Verdicts of judges that ran elsewhere: stored, superseded, turned into facts, and read with the item."""

import pytest

from annotations.models import Judge, JudgeVersion, Verdict
from reviewapp.audit.models import AuditEvent
from sampling.models import Draw, ItemFact
from tests.sampling.lines import item

URL = "/projects/helpdesk/verdicts/import"


def verdict(external_id="a", answer="pass", version="1", **fields):
    answers = None if answer is None else {"verdict": answer}
    return {"external_id": external_id, "judge": "strict", "judge_version": version, "answers": answers, **fields}


@pytest.fixture
def lea(cast, project, api_of):
    client = api_of(cast.lea)
    rule = {"name": "judge fails", "when": {"verdict.strict.verdict": {"eq": "fail"}}, "rate": 1}
    client.put("/projects/helpdesk/plan", {"base_rate": 0, "rules": [rule]})
    client.post("/projects/helpdesk/items", {"items": [item("a"), item("b")]})
    return client


def test_a_verdict_is_stored_with_its_judge_and_told_with_the_item(lea, project):
    sent = [verdict(score=0.9, rationale="Kind.", raw={"text": "pass"}), verdict("b", None, raw="hm?")]
    assert lea.post(URL, sent)["accepted"] == 2
    assert [(judge.name, judge.kind) for judge in Judge.objects.all()] == [("strict", "imported")]
    assert JudgeVersion.objects.get().version == "1"
    (told,) = lea.get("/projects/helpdesk/items/a")["verdicts"]
    assert told["answers"] == {"verdict": "pass"}
    assert (told["judge"], told["judge_version"], told["score"], told["rationale"]) == ("strict", "1", 0.9, "Kind.")
    assert lea.get("/projects/helpdesk/items/b")["verdicts"][0]["answers"] is None
    assert AuditEvent.objects.get(action="verdicts.imported").detail["unparsed"] == 1


def test_the_same_again_is_a_duplicate_and_another_supersedes(lea):
    lea.post(URL, [verdict(), verdict()])
    result = lea.post(URL, [verdict(), verdict(answer="fail"), verdict(version="2")])
    assert (result["accepted"], result["duplicates"]) == (2, 1)
    standing = Verdict.objects.filter(superseded_by=None).order_by("judge_version__version")
    assert [row.answers["verdict"] for row in standing] == ["fail", "pass"]
    assert Verdict.objects.count() == 3


def test_what_it_says_is_a_fact_by_which_a_plan_draws_in_time(lea):
    result = lea.post(URL, [verdict(answer="fail"), verdict("b")])
    assert result["drawn"] == 1
    assert ItemFact.objects.get(item__external_id="b").value == "pass"
    draw = Draw.objects.filter(item__external_id="a").latest("id")
    assert (draw.probability, draw.selected, draw.reasons) == (1, True, ["judge fails"])
    found = lea.get('/projects/helpdesk/items?where={"verdict.strict.verdict":{"eq":"pass"}}')["results"]
    assert [row["external_id"] for row in found] == ["b"]


def test_an_unparsed_verdict_takes_its_fact_back(lea):
    lea.post(URL, [verdict()])
    lea.post(URL, [verdict(answer=None)])
    assert ItemFact.objects.get(item__external_id="a").value is None


def test_bad_lines_are_told(lea):
    sent = [verdict("nowhere"), verdict(answer="maybe"), {**verdict(), "judge": "a.b"}, {"external_id": "a"}, verdict()]
    result = lea.post(URL, {"verdicts": sent})
    assert (result["accepted"], result["rejected"]) == (1, 4)
    assert {(e["line"], e["code"]) for e in result["errors"]} == {
        (1, "unknown_item"),
        (2, "answers_invalid"),
        (3, "invalid_value"),
        (4, "missing_field"),
    }
