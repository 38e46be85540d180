"""Error analysis through the API: from notes to a codebook to prevalence, against a computation of its own here."""

import pytest

from annotations.models import Guard, ModeAssignment, ModeWording, Task
from annotations.models.queue import GuardState
from reviewapp.audit.models import AuditEvent
from reviewapp.stats.sampling.hash_numbers import hash_number
from sampling.draws.numbers import draw_numbers
from tests.conftest import NOW
from tests.sampling.lines import item, ndjson

MODES, NOTES = "/projects/helpdesk/failure-modes", "/projects/helpdesk/failure-notes"
NDJSON = {"content_type": "application/x-ndjson"}
RUDE = "The tone is rude towards the customer"
POLICY = "Invented refund policy, no such rule exists"


@pytest.fixture
def lea(cast, project, api_of):
    return api_of(cast.lea)


def send(client, names, **fields):
    client.post("/projects/helpdesk/items", ndjson(*(item(name, **fields) for name in names)), **NDJSON)


def label(client, answers, reviewer="zoe"):
    lines = [{"external_id": name, "reviewer": reviewer, "answers": given} for name, given in answers.items()]
    assert client.post("/projects/helpdesk/labels/import", ndjson(*lines), **NDJSON)["rejected"] == 0


def by_value(found):
    return {each["mode"]["value"] if each["mode"] else None: each for each in found["modes"]}


def test_notes_are_read_in_an_order_drawn_by_chance_and_suggested_in_groups(lea, project):
    names = [f"i{n}" for n in range(10)]
    send(lea, names)
    notes = [RUDE, POLICY]
    label(lea, {name: {"verdict": "fail", "note": f"{notes[n % 2]} {n}"} for n, name in enumerate(names[:8])})
    label(lea, {name: {"verdict": "pass"} for name in names[8:]})
    numbers = draw_numbers(salt=project.sampling_salt, purpose="reading", external_ids=names[:8])
    expected = [name for _, name in sorted(zip(numbers, names[:8], strict=True))]
    first = lea.get(f"{NOTES}?limit=5")
    rest = lea.get(f"{NOTES}?limit=5&cursor={first['next']}")
    assert [each["external_id"] for each in first["results"] + rest["results"]] == expected
    assert (first["n"], first["n_read"], rest["next"]) == (8, 0, None)
    note = first["results"][0]["notes"][0]
    assert (note["reviewer"], note["question"]) == ("zoe", "Note")
    groups = lea.get(f"{NOTES}/groups")["groups"]
    assert [(each["n"], each["n_read"]) for each in groups] == [(4, 0), (4, 0)]
    rude = next(each for each in groups if "rude" in each["name"])
    assert set(rude["external_ids"]) == {"i0", "i2", "i4", "i6"}
    assert groups == lea.get(f"{NOTES}/groups")["groups"]
    chosen = lea.get(f"{NOTES}?group={rude['name']}")["results"]
    assert {each["external_id"] for each in chosen} == {"i0", "i2", "i4", "i6"}
    assert [each["external_id"] for each in lea.get(f"{NOTES}?words=refund rule 3")["results"]] == ["i3"]
    lea.get(f"{NOTES}?group=nonsense", status=422)


def test_a_codebook_is_made_reworded_merged_and_taken_apart_and_keeps_its_trail(lea, project):
    send(lea, ["a", "b", "c"])
    label(lea, {name: {"verdict": "fail", "note": "bad"} for name in "abc"})
    tone = lea.post(MODES, {"name": " Rude   tone "}, status=201)
    assert (tone["value"], tone["name"], tone["hotkey"]) == ("rude_tone", "Rude tone", "1")
    cold = lea.post(MODES, {"name": "Kälte", "hotkey": "c"}, status=201)
    assert (cold["value"], cold["hotkey"]) == ("kalte", "c")
    assert lea.post(MODES, {"name": "rude tone"}, status=409)["error"]["code"] == "name_taken"
    assert lea.post(MODES, {"name": "Other", "hotkey": "c"}, status=409)["error"]["code"] == "key_taken"
    assert lea.post(MODES, {"name": "x", "hotkey": "j"}, status=422)["error"]["fields"][0]["path"] == "hotkey"
    assert lea.post(MODES, {"name": "  "}, status=422)["error"]["fields"][0]["path"] == "name"
    lea.patch(f"{MODES}/kalte", {"name": "Cold", "hotkey": None})
    lea.patch(f"{MODES}/kalte", {"name": "Cold"})  # says nothing new
    assert ModeWording.objects.filter(mode__value="kalte").count() == 2

    assert lea.post(f"{MODES}/assign", {"external_ids": ["a", "b"], "modes": ["kalte"]})["items"] == [
        {"external_id": "a", "modes": ["kalte"]},
        {"external_id": "b", "modes": ["kalte"]},
    ]
    lea.post(f"{MODES}/assign", {"external_ids": ["a"], "add": "rude_tone"})
    lea.post(f"{MODES}/assign", {"external_ids": ["c"], "modes": []})
    facts = {"where": '{"hint.failure_modes": {"contains": "kalte"}}'}
    assert {row["external_id"] for row in lea.get("/projects/helpdesk/items", data=facts)["results"]} == {"a", "b"}
    lea.post(f"{MODES}/kalte/merge", {"into": "kalte"}, status=409)
    merged = lea.post(f"{MODES}/kalte/merge", {"into": "rude_tone"})
    assert merged["merged"] == [{"value": "kalte", "name": "Cold"}]
    assert lea.get("/projects/helpdesk/items", data=facts)["results"] == []
    assert lea.get(f"{NOTES}?mode=kalte")["results"] == lea.get(f"{NOTES}?mode=rude_tone")["results"]
    assert by_value(lea.get(MODES))["rude_tone"]["n_read"] == 2
    # Item a showed both: that is one, and taking it away ends both rows.
    lea.post(f"{MODES}/assign", {"external_ids": ["a"], "modes": None})
    assert {each["external_id"]: each["modes"] for each in lea.get(NOTES)["results"]} == {
        "a": None,
        "b": ["rude_tone"],
        "c": [],
    }
    assert lea.post(f"{MODES}/kalte/merge", {"into": None})["name"] == "Cold"
    assert lea.post(f"{MODES}/kalte/merge", {"into": None}, status=409)["error"]["code"] == "not_merged"
    assert {row["external_id"] for row in lea.get("/projects/helpdesk/items", data=facts)["results"]} == {"b"}
    rows = ModeAssignment.objects.order_by("pk").values_list(
        "item__external_id", "mode__value", "withdrawn_by__username"
    )
    assert list(rows) == [
        ("a", "kalte", "lea"),
        ("b", "kalte", None),
        ("a", "rude_tone", "lea"),
        ("c", None, None),
    ]
    told = AuditEvent.objects.filter(action__startswith="failure_mode").order_by("pk").values_list("action", flat=True)
    assert list(told) == [
        "failure_mode.made",
        "failure_mode.made",
        "failure_mode.reworded",
        *["failure_modes.assigned"] * 3,
        "failure_mode.merged",
        "failure_modes.assigned",
        "failure_mode.split",
    ]
    for body in ({"external_ids": ["a"]}, {"external_ids": ["a"], "modes": [], "add": "kalte"}):
        lea.post(f"{MODES}/assign", body, status=422)
    refused = lea.post(f"{MODES}/assign", {"external_ids": ["a", "zz"], "modes": []}, status=422)
    assert refused["error"]["fields"][0]["path"] == "external_ids.1"
    lea.post(f"{MODES}/assign", {"external_ids": ["a"], "modes": ["nope"]}, status=404)


def test_whoever_is_reviewing_an_item_reads_no_notes_of_it(lea, cast, project):
    send(lea, ["a", "b"])
    label(lea, {name: {"verdict": "fail", "note": "bad"} for name in "ab"})
    task = Task.objects.filter(item__external_id="a").first()
    Guard.objects.create(
        reviewer=cast.lea,
        task=task,
        project=project,
        state=GuardState.LEFT,
        token="00000000-0000-4000-8000-000000000000",
        rubric_id=1,
        at=NOW,
    )
    assert [each["external_id"] for each in lea.get(NOTES)["results"]] == ["b"]


def test_prevalence_weighs_what_was_read_by_the_draw_the_response_and_the_reading(lea, project):
    """Flagged items are drawn with 1, others with ½. Of the drawn, three in four are labelled; flagged ones fail, half
    of the fails are read. A passing item shows nothing; a fail that nobody read is not known."""
    rule = {"name": "flagged", "when": {"metadata.flag": {"eq": True}}, "rate": 1}
    lea.put("/projects/helpdesk/plan", {"base_rate": 0.5, "rules": [rule]})
    names = [f"i{n}" for n in range(120)]
    flagged = set(names[:30])
    send(lea, names[:30], metadata={"flag": True})
    send(lea, names[30:])
    drawn = [name for name in names if hash_number(project.sampling_salt, name) < (1 if name in flagged else 0.5)]
    labelled = [name for place, name in enumerate(drawn) if place % 4]
    fails = [name for place, name in enumerate(labelled) if name in flagged or place % 5 == 0]
    label(lea, {name: {"verdict": "fail", "note": RUDE} if name in fails else {"verdict": "pass"} for name in labelled})
    lea.post(MODES, {"name": "Tone"}, status=201)
    assert by_value(lea.get(MODES))["tone"]["prevalence"]["undefined"] == "no_labels"
    read = fails[::2]
    shows = set(read[: len(read) // 2])
    lea.post(f"{MODES}/assign", {"external_ids": sorted(shows), "modes": ["tone"]})
    lea.post(f"{MODES}/assign", {"external_ids": sorted(set(read) - shows), "modes": []})

    def weight(name):
        response = len(labelled) / len(drawn)
        known = len(read) / len(fails) if name in fails else 1
        return 1 / ((1 if name in flagged else 0.5) * response * known)

    known = [name for name in labelled if name not in fails or name in read]
    found = lea.get(MODES)
    tone = by_value(found)["tone"]
    assert (found["source"], found["n_fails"], found["n_fails_known"]) == ("reading", len(fails), len(read))
    expected = sum(map(weight, shows)) / sum(map(weight, known))
    assert tone["prevalence"]["value"] == pytest.approx(expected)
    assert tone["prevalence"]["low"] < expected < tone["prevalence"]["high"]
    assert tone["of_failures"]["value"] == pytest.approx(sum(map(weight, shows)) / sum(map(weight, read)))
    assert (tone["n_read"], tone["n_shown"], len(tone["examples"])) == (len(shows), len(shows), 5)


def test_modes_become_a_question_whose_answers_give_the_prevalence(lea, cast, api_of, project):
    assert lea.post(f"{MODES}/publish", {}, status=409)["error"]["code"] == "no_modes"
    lea.post(MODES, {"name": "Tone"}, status=201)
    lea.post(MODES, {"name": "Facts"}, status=201)
    lea.post(MODES, {"name": "Manners", "hotkey": "z"}, status=201)
    assert lea.post(f"{MODES}/publish", {"follows": 7}, status=409)["error"]["code"] == "rubric_moved_on"
    assert lea.post(f"{MODES}/publish", {}, status=201) == {"version": 2}
    assert lea.post(f"{MODES}/publish", {}, status=409)["error"]["code"] == "nothing_new"
    questions = lea.get("/projects/helpdesk/rubric")["questions"]
    assert [each["key"] for each in questions] == ["verdict", "failure_modes", "note"]
    asked = questions[1]
    assert asked["show_if"] == {"question": "verdict", "in": ["fail"]}
    assert [(each["value"], each.get("hotkey")) for each in asked["options"]] == [
        ("tone", "1"),
        ("facts", "2"),
        ("manners", None),  # z is a key of the review page
        ("other", None),
    ]
    names = [f"i{n}" for n in range(40)]
    send(lea, names)
    given = {
        name: {"verdict": "fail", "failure_modes": ["tone", "other"] if n % 2 else ["manners"]}
        if n < 12
        else {"verdict": "pass"}
        for n, name in enumerate(names)
    }
    label(lea, given)
    # A second person: agrees on half of the first four, and names another mode on one that is then tied.
    label(lea, {"i0": given["i0"], "i1": {"verdict": "fail", "failure_modes": ["facts"]}}, reviewer="yan")
    lea.post(f"{MODES}/manners/merge", {"into": "tone"})
    found = lea.get(MODES)
    modes = by_value(found)
    assert (found["source"], found["n_fails"], set(modes)) == ("question", 12, {"tone", "facts", None})
    # i1 is tied on tone, on facts and on something else: it is not known there, and 39 items are.
    assert modes["tone"]["prevalence"]["value"] == pytest.approx(11 / 39)
    assert modes["facts"]["prevalence"]["value"] == 0
    assert modes[None]["prevalence"]["value"] == pytest.approx(5 / 39)
    assert modes["tone"]["of_failures"]["value"] == 1
    ada = api_of(cast.ada)
    decided = {"project": "helpdesk", "answers": {"verdict": "fail", "failure_modes": ["facts"]}}
    ada.post("/items/i1/resolve", decided)
    assert by_value(lea.get(MODES))["facts"]["prevalence"]["value"] == pytest.approx(1 / 40)
    assert lea.get(f"{MODES}?source=reading")["source"] == "reading"


def test_where_nothing_passes_or_fails_an_item_without_notes_shows_nothing(lea, project):
    note = {"key": "note", "kind": "text", "title": "Note", "required": False}
    kind = {"key": "kind", "kind": "choice", "title": "Kind", "options": [{"value": v, "label": v} for v in "ab"]}
    lea.put("/projects/helpdesk/rubric", {"questions": [kind, note]})
    send(lea, [f"i{n}" for n in range(10)])
    label(lea, {f"i{n}": {"kind": "a", **({"note": "bad"} if n < 4 else {})} for n in range(10)})
    lea.post(MODES, {"name": "Tone"}, status=201)
    lea.post(f"{MODES}/assign", {"external_ids": ["i0", "i1"], "modes": ["tone"]})
    lea.post(f"{MODES}/assign", {"external_ids": ["i2", "i3"], "modes": []})
    found = lea.get(MODES)
    assert by_value(found)["tone"]["prevalence"]["value"] == pytest.approx(0.2)
    lea.post(f"{MODES}/publish", {}, status=201)
    asked = next(each for each in lea.get("/projects/helpdesk/rubric")["questions"] if each["key"] == "failure_modes")
    assert (asked["min"], asked["required"], "show_if" in asked) == (0, False, False)
