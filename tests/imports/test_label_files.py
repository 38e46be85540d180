"""Files of labels of other shapes: Label Studio's export, tables, flat JSON; through the command, to what is stored."""

import csv
import io
import json

import pytest
from django.core.management import CommandError, call_command

from annotations.imports.files import open_labels, row_of
from annotations.imports.guess import guess_label_fields
from annotations.imports.suggest import suggest_questions
from annotations.models import Label
from annotations.rubrics.publish import parse_rubric
from sampling.ingest.files import FileKind
from sampling.models import Draw, Item
from tests.sampling.lines import item

QUESTIONS = [
    {
        "key": "verdict",
        "kind": "choice",
        "title": "Is it right?",
        "options": [{"value": "pass", "label": "Good answer"}, {"value": "fail", "label": "Bad answer"}],
        "positive": ["pass"],
    },
    {"key": "stars", "kind": "rating", "title": "Stars", "min": 1, "max": 5, "required": False},
    {
        "key": "topics",
        "kind": "multi_choice",
        "title": "Topics",
        "options": [{"value": "price", "label": "Price"}, {"value": "time", "label": "Time"}],
        "required": False,
    },
    {
        "key": "claims",
        "kind": "spans",
        "title": "Claims",
        "target": "output",
        "tags": [{"value": "WRONG", "label": "Wrong"}],
        "required": False,
    },
    {"key": "why", "kind": "text", "title": "Why", "required": False},
]
# Two code units before "Gold": the offsets of a browser are one ahead of code points.
ANSWER = "🙂 Gold is blue."


def result(name, kind, value):
    return {"from_name": name, "to_name": "answer", "type": kind, "value": value}


def annotation(who, verdict="Good answer", *results, **more):
    about = {"completed_by": who, "created_at": "2026-02-03T04:05:06Z", "lead_time": 1.5, "was_cancelled": False}
    return {**about, "result": [result("verdict", "choices", {"choices": [verdict]}), *results], **more}


MARKED = result("claims", "labels", {"start": 3, "end": 7, "text": "Gold", "labels": ["WRONG"]})
LABEL_STUDIO = [
    {
        "id": 11,
        "data": {"question": "What colour is gold?", "answer": ANSWER},
        "annotations": [
            annotation(
                {"id": 1, "email": "zoe@example.org"},
                "Good answer",
                MARKED,
                result("stars", "rating", {"rating": 4}),
                result("topics", "taxonomy", {"taxonomy": [["Price"], ["Time"]]}),
                result("why", "textarea", {"text": ["so", "it is"]}),
                result("box", "rectanglelabels", {"x": 1}),
            ),
            annotation(2, "Bad answer"),
            annotation(3, was_cancelled=True),
        ],
        "predictions": [{"result": []}],
    },
    {"id": 12, "data": {"external_id": "known", "answer": ANSWER}, "annotations": [annotation(2, "Awful")]},
    {"id": 13, "data": {"question": "?", "answer": "!"}, "annotations": []},
]


@pytest.fixture
def lea(cast, project, api_of):
    client = api_of(cast.lea)
    client.put("/projects/helpdesk/rubric", {"questions": QUESTIONS})
    client.post("/projects/helpdesk/items", {"items": [item("known"), item("7")]})
    return client


def run(tmp_path, capsys, content, *arguments, name="labels.json", status=0):
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else json.dumps(content, indent=1).encode())
    if status:
        with pytest.raises(SystemExit):
            call_command("import_labels", "helpdesk", str(file), *arguments)
    else:
        call_command("import_labels", "helpdesk", str(file), *arguments)
    told = capsys.readouterr()
    return json.loads(told.out), told.err


def test_label_studio_becomes_items_and_labels(lea, tmp_path, capsys):
    told, said = run(tmp_path, capsys, LABEL_STUDIO, "--reviewer", "zoe@example.org=zoe", status=1)
    assert (told["accepted"], told["rejected"]) == (2, 1)
    assert [(error["line"], error["path"]) for error in told["errors"]] == [(2, "answers.verdict")]
    assert "cancelled annotations (1)" in said
    assert "results of type rectanglelabels (1)" in said
    made = Item.objects.get(external_id="11")
    assert (made.input, made.output, made.sampling_probability) == ("What colour is gold?", ANSWER, None)
    first, second = Label.objects.filter(item=made).order_by("pk")
    assert (first.reviewer_name, first.duration_ms, str(first.created_at)[:19]) == ("zoe", 1500, "2026-02-03 04:05:06")
    assert first.answers == {
        "verdict": "pass",
        "stars": 4,
        "topics": ["price", "time"],
        "claims": [{"start": 2, "end": 6, "tag": "WRONG"}],
        "why": "so\nit is",
    }
    assert (second.reviewer_name, second.answers) == ("2", {"verdict": "fail", "claims": []})
    again, _ = run(tmp_path, capsys, LABEL_STUDIO, "--reviewer", "zoe@example.org=zoe", status=1)
    assert again["duplicates"] == 2
    assert Draw.objects.filter(item=made, selected=True).exists()  # the default plan draws everything


def test_a_span_that_is_not_where_its_text_stands_is_refused(lea, tmp_path, capsys):
    moved = {**MARKED, "value": {**MARKED["value"], "text": "Lead"}}
    task = {**LABEL_STUDIO[0], "annotations": [annotation(1, "Good answer", moved)]}
    broken = [
        {**task, "meta": ["x"]},
        {**task, "annotations": [annotation(1) | {"result": ["x"]}]},
        {**task, "annotations": [annotation(1, "Good answer", {**MARKED, "type": ["labels"]})]},
        {**task, "annotations": [annotation(1, "Good answer", result("claims", "labels", {"labels": 1}))]},
    ]
    told, _ = run(tmp_path, capsys, [task, *broken], status=1)
    *others, moved = sorted(told["errors"], key=lambda error: -error["line"])
    assert moved["path"] == "answers.claims.0"
    assert [(error["line"], error["code"]) for error in others] == [(n, "not_a_task") for n in (5, 4, 3, 2)]


def test_csv_with_a_map(lea, tmp_path, capsys):
    rows = "Ticket;Rater;Is it right?;tags;stars;seconds\n7;Zoe B;GOOD ANSWER;Price, time;4;2.5\n7;yan;nope;;;\n"
    told, said = run(
        tmp_path,
        capsys,
        rows.encode(),
        *("--map", "external_id=Ticket", "--map", "answers.topics=tags", "--reviewer", "Zoe B=zoe"),
        name="labels.csv",
        status=1,
    )
    assert (told["accepted"], [error["line"] for error in told["errors"]]) == (1, [3])
    assert "answers.verdict from Is it right?" in said
    (row,) = Label.objects.all()
    assert (row.reviewer_name, row.duration_ms) == ("zoe", 2500)
    assert row.answers == {"verdict": "pass", "stars": 4, "topics": ["price", "time"]}
    assert (
        run(tmp_path, capsys, rows.encode(), "--map", "external_id=Ticket", name="a.csv", status=1)[0]["accepted"] == 1
    )
    for arguments, words in (
        (["--map", "external_id=Nope"], "no column 'Nope'"),
        (["--map", "colour=Ticket"], "no field 'colour'"),
        (["--map", "comment"], "FIELD=COLUMN"),
        (["--map", "comment=Ticket"], "which item"),
        (["--map", "answers.x=tags", "--map", "external_id=Ticket"], "no such question"),
    ):
        with pytest.raises(CommandError, match=words):
            run(tmp_path, capsys, rows.encode(), *arguments, name="labels.csv")


def test_flat_json_names_one_person_and_makes_items(lea, tmp_path, capsys):
    flat = [
        {
            "id": 21,
            "text": "Is gold blue?",
            "reply": ANSWER,
            "verdict": {"choices": ["fail"]},
            "claims": [{"start": 2, "end": 6, "text": "Gold", "labels": ["WRONG"]}],
        },
        {"id": "bad", "reply": ANSWER, "verdict": "pass"},
    ]
    maps = ("--map", "item.input=text", "--map", "item.output=reply", "--reviewer", "zoe")
    told, _ = run(tmp_path, capsys, flat, *maps, status=1)
    assert (told["accepted"], told["drawn"]) == (1, 1)
    assert told["errors"][0]["path"] == "input"
    assert Label.objects.get().answers["claims"] == [{"start": 2, "end": 6, "tag": "WRONG"}]


FLAT = {
    "id": 21,
    "annotator": 3,
    "verdict": "fail",
    "stars": [{"rating": 4}],
    "topics": {"choices": ["Price", "Time"]},
    "why": {"text": ["so", "it is"]},
}


def test_flat_exports_of_label_studio_wrap_what_is_no_single_choice(lea, tmp_path, capsys):
    lea.post("/projects/helpdesk/items", {"items": [item("21"), item("22"), item("23")]})
    taxonomy = {"id": 22, "annotator": 3, "verdict": "fail", "topics": [{"taxonomy": [["Time"]]}]}
    assert run(tmp_path, capsys, [FLAT, taxonomy])[0]["accepted"] == 2
    answers = {"verdict": "fail", "stars": 4, "topics": ["price", "time"], "why": "so\nit is"}
    assert [row.answers for row in Label.objects.order_by("pk")] == [answers, {"verdict": "fail", "topics": ["time"]}]
    cells = [value if isinstance(value, str | int) else json.dumps(value) for value in {**FLAT, "id": 23}.values()]
    table = io.StringIO()
    csv.writer(table, quoting=csv.QUOTE_NONNUMERIC).writerows([list(FLAT), cells])
    assert run(tmp_path, capsys, table.getvalue().encode(), name="a.csv")[0]["accepted"] == 1
    assert Label.objects.latest("pk").answers == answers


def test_a_span_over_lines_is_found_however_label_studio_writes_its_line_breaks(lea, tmp_path, capsys):
    said = "🙂 Gold\nis  blue."
    spans = [
        {"start": 3, "end": 17, "text": quote, "labels": ["WRONG"]}
        for quote in (r"Gold\nis blue.", "Goldis blue.", said[2:], None)
    ]
    tasks = [
        {
            "id": n,
            "data": {"reply": said},
            "annotations": [annotation(1, "Bad answer", result("claims", "labels", span))],
        }
        for n, span in enumerate(spans)
    ]
    flat = [{"id": n + 50, "reply": said, "annotator": 1, "verdict": "fail", "claims": [spans[n]]} for n in range(4)]
    maps = ("--map", "item.input=reply", "--map", "item.output=reply")
    data = tuple(text.replace("=reply", "=data.reply") for text in maps)
    assert run(tmp_path, capsys, tasks, *data)[0]["accepted"] == 4
    assert run(tmp_path, capsys, flat, *maps)[0]["accepted"] == 4
    found = [label.answers["claims"] for label in Label.objects.order_by("pk")]
    assert found == [[{"start": 2, "end": 16, "tag": "WRONG"}]] * 8


def test_what_was_answered_late_in_a_file_is_read_too(lea, tmp_path, capsys):
    tasks = [{"id": n, "data": {"external_id": "7"}, "annotations": [annotation(n)]} for n in range(201)]
    tasks[-1]["annotations"] = [annotation(7, "Bad answer", result("why", "textarea", {"text": ["blue"]}))]
    assert run(tmp_path, capsys, tasks)[0]["accepted"] == 201
    assert Label.objects.latest("pk").answers["why"] == "blue"


def test_our_own_csv_of_labels_comes_back_as_it_was(lea, api_of, cast, tmp_path, capsys):
    lea.post("/projects/helpdesk/items", {"items": [item("-9")]})
    sent = {"verdict": "pass", "stars": 2, "topics": ["price", "time"], "why": "=1+1 it is, 'so' to say"}
    row = {"external_id": "-9", "reviewer": "@zoe", "answers": sent, "comment": "+ well", "duration_ms": 7}
    lea.post("/projects/helpdesk/labels/import", [row])
    exported = lea.get("/projects/helpdesk/labels?format=csv")
    assert b"'=1+1" in exported
    assert run(tmp_path, capsys, exported, name="labels.csv")[0]["duplicates"] == 1
    theirs = exported.replace(b"superseded_by", b"other")  # not ours: a ' may be meant
    told, _ = run(tmp_path, capsys, theirs, name="labels.csv", status=1)
    assert told["errors"][0]["path"] == "external_id"


def test_a_rubric_is_suggested_from_what_is_there(tmp_path):
    def suggest(content, name, *, questions=()):
        path = tmp_path / name
        path.write_bytes(content)
        with path.open("rb") as file:
            kind = FileKind.CSV if name.endswith("csv") else FileKind.JSON_LINES
            source = open_labels(file, kind=kind, progress=lambda _: None)
            rows = [row_of(line) for line in source.lines]
        columns = list(dict.fromkeys(key for row in rows for key in row))
        controls = source.label_studio.kinds if source.label_studio else {}
        fields = guess_label_fields(columns, questions, source.shape)
        found = suggest_questions(rows, fields, shape=source.shape, controls=controls, questions=questions)
        if found:
            parse_rubric({"questions": found})
        return found

    found = {each["key"]: each for each in suggest(json.dumps(LABEL_STUDIO).encode(), "a.json")}
    assert {key: each["kind"] for key, each in found.items()} == {
        "verdict": "choice",
        "stars": "rating",
        "topics": "multi_choice",
        "claims": "spans",
        "why": "text",
    }
    assert [option["value"] for option in found["verdict"]["options"]] == ["Awful", "Bad answer", "Good answer"]
    assert (found["claims"]["target"], found["claims"]["tags"][0]["value"]) == ("output", "WRONG")
    found = {each["key"]: each["kind"] for each in suggest(json.dumps([FLAT] * 9).encode(), "flat.json")}
    assert found == {"verdict": "choice", "stars": "rating", "topics": "multi_choice", "why": "choice"}
    rows = b"id,reviewer,Verdict,1st score,labels,Remark\n" + b"".join(
        b'%d,zoe,%s,%d,%s,"text %d, unlike any other of its kind"\n'
        % (n, b"pass" if n % 3 else b"fail", n % 4 + 1, b"a;b" if n % 2 else b"a", n)
        for n in range(12)
    )
    found = suggest(rows, "a.csv")
    assert [(each["key"], each["kind"]) for each in found] == [
        ("verdict", "choice"),
        ("q_1st_score", "rating"),
        ("labels", "multi_choice"),
        ("remark", "text"),
    ]
    assert found[0]["positive"] == ["pass"]
    assert (found[1]["min"], found[1]["max"]) == (1, 5)
    assert [each["key"] for each in suggest(rows, "a.csv", questions=found[:2])] == ["labels", "remark"]
