"""Exports: exact field names in every format, the same bytes every time, on record, and in the background."""

import csv
import hashlib
import io
from datetime import timedelta
from zipfile import ZipFile

import orjson
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from annotations.api.datasets import Format
from annotations.datasets import read as reading
from annotations.datasets.export import jobs
from annotations.datasets.export.formats import FORMATS
from annotations.datasets.export.jobs import PART, forget_expired, make_export, read_range
from annotations.models import DatasetExport, DatasetExportPart
from reviewapp.audit.models import AuditEvent
from tests.datasets.world import URL, bring, export, freeze
from tests.sampling.lines import item

CHAT = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Where is it?"}]
REVIEW = {
    "external_id": "a",
    "split": "dev",
    "output": "On its way.",
    "context": ["One.", {"text": "Two."}],
    "answers": {"verdict": "pass"},
    "n_labels": 1,
    "weight": 1.0,
}
METADATA = {"intent": "track", "review": REVIEW}
INPUTS = {"input": CHAT, "context": ["One.", {"text": "Two."}]}
EXPECTED = {
    "openai_evals": {"input": CHAT, "ideal": "pass", "metadata": METADATA},
    "promptfoo": {
        "description": "a",
        "vars": {"input": "Be kind.\n\nWhere is it?", "context": '[\n  "One.",\n  {\n    "text": "Two."\n  }\n]'},
        "assert": [{"type": "equals", "value": "pass"}],
        "metadata": METADATA,
    },
    "inspect": {"id": "a", "input": CHAT, "target": "pass", "metadata": METADATA},
    "deepeval": {
        "name": "a",
        "input": "Be kind.\n\nWhere is it?",
        "actual_output": "On its way.",
        "expected_output": "pass",
        "context": None,
        "retrieval_context": ["One.", "Two."],
        "additional_metadata": METADATA,
    },
    "ragas": {
        "user_input": "Be kind.\n\nWhere is it?",
        "response": "On its way.",
        "reference": "pass",
        "retrieved_contexts": ["One.", "Two."],
    },
    "langfuse": {
        "datasetName": "evals",
        "id": "evals/a",
        "input": CHAT,
        "expectedOutput": "pass",
        "metadata": METADATA,
        "status": "ACTIVE",
    },
    "mlflow": {
        "inputs": INPUTS,
        "outputs": "On its way.",
        "expectations": {"expected_response": "pass"},
        "tags": {"dataset": "evals", "external_id": "a", "split": "dev"},
    },
    "langsmith": {
        "id": "5",
        "inputs": INPUTS,
        "outputs": {"expected": "pass"},
        "metadata": METADATA,
        "split": "dev",
    },
    "braintrust": {"id": "a", "input": CHAT, "expected": "pass", "metadata": METADATA, "tags": ["dev"]},
    "phoenix": {"input": INPUTS, "output": {"expected": "pass"}, "metadata": METADATA, "splits": "dev"},
}


@pytest.fixture
def lea(cast, project, api_of):
    client = api_of(cast.lea)
    client.post(f"{URL}/datasets", {"name": "evals"}, status=201)
    one = item("a", input=CHAT, context=["One.", {"text": "Two."}], metadata={"intent": "track"})
    bring(client, [one, item("b", input="=SUM(A1)", output=None)], {"a": ["pass"], "b": ["fail"]})
    freeze(client, splits={"dev": 1.0})
    return client


def test_every_tool_finds_its_own_field_names(lea):
    assert Format.__args__ == FORMATS
    for kind, expected in EXPECTED.items():
        found = orjson.loads(export(lea, format=kind).splitlines()[0])
        if kind == "langsmith":
            found["id"] = found["id"][14]  # a UUID of version 5
        assert found == expected, kind


def test_inspect_reads_every_chat(lea):
    said = [{"role": "developer", "content": "Be kind."}, CHAT[1]]
    bring(
        lea,
        [item("c", input=said), item("d", input=[{"role": "bot", "content": "Hi"}])],
        {"c": ["pass"], "d": ["fail"]},
    )
    freeze(lea)
    rows = {row["id"]: row["input"] for row in map(orjson.loads, export(lea, version=2, format="inspect").splitlines())}
    assert rows["c"] == CHAT  # it knows no developer, whom models take for the system
    assert rows["d"] == "Hi"


def test_openai_evals_speaks_of_tools_as_the_api_does(lea):
    call = {"id": "c1", "name": "find", "arguments": {"order": 7}}
    theirs = {"id": "c1", "type": "function", "function": {"name": "find", "arguments": '{"order":7}'}}
    answer = {"role": "tool", "content": "in transit", "tool_call_id": "c1"}
    asked = {"role": "assistant", "content": "", "tool_calls": [call], "reasoning": "It moves."}
    said = [CHAT[1], asked, answer, {**CHAT[0], "tool_calls": [theirs]}]
    bring(lea, [item("c", input=said)], {"c": ["pass"]})
    freeze(lea)
    rows = [orjson.loads(line) for line in export(lea, version=2, format="openai_evals").splitlines()]
    (found,) = [row["input"] for row in rows if row["metadata"]["review"]["external_id"] == "c"]
    assert found == [CHAT[1], {"role": "assistant", "content": "", "tool_calls": [theirs]}, *said[2:]]


def test_tables_hold_the_canonical_columns_and_a_spreadsheet_computes_nothing(lea):
    table = pq.read_table(io.BytesIO(export(lea, format="parquet")))
    rows = list(csv.DictReader(io.StringIO(export(lea, format="csv").decode(), newline="")))
    first = orjson.loads(export(lea).splitlines()[0])
    assert table.column_names == list(rows[0]) == sorted(first, key=table.column_names.index)
    assert [orjson.loads(said) for said in table["input"].to_pylist()] == [CHAT, "=SUM(A1)"]
    assert (table["expected"].to_pylist(), table["weight"].to_pylist()) == (["pass", "fail"], [1.0, 1.0])
    assert (rows[1]["input"], rows[1]["output"], rows[0]["expected"]) == ("'=SUM(A1)", "", "pass")


def test_every_format_has_the_same_bytes_every_time(lea, cast, tmp_path):
    for kind in FORMATS:
        data = export(lea, format=kind)
        assert data == export(lea, format=kind), kind
        out = tmp_path / kind
        call_command("export_dataset", "helpdesk", "evals@1", format=kind, out=str(out), stdout=io.StringIO())
        assert out.read_bytes() == data
    with ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["README.md", "data/dev-00000-of-00001.parquet"]
        card = archive.read("README.md").decode()
        assert pq.read_table(io.BytesIO(archive.read(archive.namelist()[1]))).num_rows == 2
    assert "path: data/dev-00000-of-00001.parquet" in card
    assert "2 rows behind which 2 labels by people stand" in card
    with pytest.raises(CommandError, match="no dataset of this name"):
        call_command("export_dataset", "helpdesk", "nothing", out=str(tmp_path / "x"))
    assert not (tmp_path / "x").exists()
    assert AuditEvent.objects.filter(action="dataset.exported", detail__complete=True).count() == 3 * len(FORMATS)


def test_what_stands_behind_rows_comes_along_on_request(lea):
    row = orjson.loads(export(lea, provenance="true").splitlines()[0])
    assert (row["expected"], row["people"], row["origin"], row["soft_labels"]) == (
        "pass",
        ["zoe"],
        "sampled",
        {"verdict": {"pass": 1.0}},
    )
    refused = lea.get(f"{URL}/datasets/evals/versions/1/export?provenance=true&format=csv", status=422)
    assert refused["error"]["fields"][0]["path"] == "provenance"


def test_a_case_written_by_hand_stands_beside_the_sample(lea, cast, browser_of):
    browser = browser_of(cast.lea)
    case = {
        "external_id": "edge-1",
        "input": "Write to anna@example.org",
        "expected": "fail",
        "note": "Seen at a rival's",
    }
    address = "/p/helpdesk/datasets/evals/cases"
    assert browser.post(address, case).status_code == 302
    assert browser.post(address, case).status_code == 409
    assert browser.post(address, {**case, "external_id": "a"}).status_code == 409
    assert browser.post(address, {"external_id": "edge-2", "input": "", "expected": ""}).status_code == 422
    assert freeze(lea)["rows"] == 3
    rows = {row["external_id"]: row for row in map(orjson.loads, export(lea, version=2).splitlines())}
    assert (rows["edge-1"]["input"], rows["edge-1"]["weight"]) == ("Write to [EMAIL_1]", None)
    assert freeze(lea, cases=False)["rows"] == 2
    diff = lea.get(f"{URL}/datasets/evals/diff?from=2&to=3")
    assert [(row["external_id"], row["why"]) for row in diff["removed"]] == [("edge-1", "withdrawn")]


def test_differences_come_with_their_reasons(lea):
    bring(lea, [item("c", input="Third")], {"c": ["pass"], "a": ["pass", "pass", "fail"]})
    lea.post("/items/b/resolve", {"project": "helpdesk", "answers": {"verdict": "pass"}})
    freeze(lea, splits={"dev": 1.0}, resolution="majority")
    diff = lea.get(f"{URL}/datasets/evals/diff?from=1&to=2")
    assert diff["added"] == [{"external_id": "c", "why": "new: not found or not labelled before"}]
    assert [(row["external_id"], row["before"], row["after"], row["why"]) for row in diff["changed"]] == [
        ("a", "pass", "pass", "2 new labels"),
        ("b", "fail", "pass", "adjudicated since"),
    ]
    assert (diff["counts"], diff["recipe"]) == ({"added": 1, "removed": 0, "changed": 2, "same": 0}, ["resolution"])
    freeze(lea, splits={"dev": 1.0}, resolution="majority", min_labels=2)
    back = lea.get(f"{URL}/datasets/evals/diff?from=2&to=3")
    assert {row["external_id"]: row["why"] for row in back["removed"]} == dict.fromkeys("bc", "too few labels")


def test_an_export_in_the_background_is_its_owners_and_goes_on_where_it_stopped(lea, cast, browser_of):
    browser, address = browser_of(cast.lea), "/p/helpdesk/datasets/evals/versions/1/exports"
    assert browser.post(address, {"format": "csv", "split": "dev"}).status_code == 302
    asked = DatasetExport.objects.get()
    file = f"{address}/{asked.pk}/file"
    assert browser.get(file).status_code == 409
    make_export({"export_id": asked.pk}, timezone.now())
    made = DatasetExport.objects.get()
    whole = browser.get(file)
    data = b"".join(whole.streaming_content)
    assert (made.state, made.done, made.size, made.sha256) == ("done", 2, len(data), hashlib.sha256(data).hexdigest())
    assert data == export(lea, format="csv", split="dev")
    part = browser.get(file, headers={"range": "bytes=10-19"})
    assert (part.status_code, b"".join(part.streaming_content)) == (206, data[10:20])
    assert part["Content-Range"] == f"bytes 10-19/{len(data)}"
    rest = browser.get(file, headers={"range": f"bytes={len(data) - 5}-", "if-range": whole["ETag"]})
    assert b"".join(rest.streaming_content) == data[-5:]
    assert browser.get(file, headers={"range": "bytes=5-", "if-range": '"other"'}).status_code == 200
    assert browser.get(file, headers={"range": f"bytes={len(data)}-"}).status_code == 416
    assert browser_of(cast.olga).get(file).status_code == 404
    assert b"Ready" in browser.get(f"{address}/{asked.pk}").content
    assert (b"".join(read_range(made, 0, made.size)), PART) == (data, 1024 * 1024)
    assert forget_expired(timezone.now()) == 0
    assert forget_expired(timezone.now() + timedelta(days=4)) == 1
    assert browser.get(file).status_code == 404


@pytest.mark.parametrize("kind", ["jsonl", "csv", "inspect", "huggingface"])
def test_a_file_goes_on_where_its_worker_died_with_the_same_bytes(lea, project, browser_of, cast, monkeypatch, kind):
    bring(lea, [item(f"n-{k}", input="x" * k) for k in range(9)], {f"n-{k}": ["pass"] for k in range(9)})
    assert freeze(lea)["rows"] == 11
    monkeypatch.setattr(reading, "LINES", 2)
    monkeypatch.setattr(jobs, "PART", 100)
    monkeypatch.setattr(jobs, "KEEP_EVERY", 300)
    monkeypatch.setattr(jobs, "SLICE", 8)
    undisturbed = export(lea, version=2, format=kind)
    assert (
        browser_of(cast.lea).post("/p/helpdesk/datasets/evals/versions/2/exports", {"format": kind}).status_code == 302
    )
    asked = DatasetExport.objects.get()
    read, tries = jobs.stream_lines, []

    def dying(*args, **more):
        tries.append(more.get("after"))
        for nth, batch in enumerate(read(*args, **more)):
            if len(tries) == 1 and nth == 3:
                raise ConnectionError("the worker is gone")
            yield batch

    monkeypatch.setattr(jobs, "stream_lines", dying)
    monkeypatch.setattr("annotations.datasets.export.formats.stream_lines", dying)
    with pytest.raises(ConnectionError):
        make_export({"export_id": asked.pk}, timezone.now())
    asked.refresh_from_db()
    lines = kind != "huggingface"
    assert (asked.state, asked.position > 0, asked.size > 0) == ("waiting", lines, lines)
    for _ in range(4):  # slice by slice, each asked for by the one before
        make_export({"export_id": asked.pk}, timezone.now())
    made = DatasetExport.objects.get()
    data = b"".join(read_range(made, 0, made.size))
    assert data == undisturbed
    assert (made.state, made.sha256, made.done) == ("done", hashlib.sha256(data).hexdigest(), 11)
    assert tries[1] == (asked.position if lines else None)
    assert set(DatasetExportPart.objects.values_list("nth", flat=True)) == set(range(-(-made.size // 100)))
    assert AuditEvent.objects.filter(action="dataset.exported", detail__complete=True, detail__rows=11).count() >= 1


def test_a_person_who_is_erased_is_not_in_the_file_that_is_being_made(lea, project, browser_of, cast, monkeypatch):
    bring(lea, [item("gone", input="My secret", user_ref="u-9")], {"gone": ["pass"]})
    freeze(lea)
    monkeypatch.setattr(reading, "LINES", 1)
    monkeypatch.setattr(jobs, "KEEP_EVERY", 1)
    browser_of(cast.lea).post("/p/helpdesk/datasets/evals/versions/2/exports", {"format": "jsonl"})
    read, erased = jobs.stream_lines, []

    def erasing(*args, **more):
        for nth, batch in enumerate(read(*args, **more)):
            if nth == 2 and not erased:
                erased.append(lea.post(f"{URL}/erase", {"user_ref": "u-9"}))
            yield batch

    monkeypatch.setattr(jobs, "stream_lines", erasing)
    make_export({"export_id": DatasetExport.objects.get().pk}, timezone.now())
    made = DatasetExport.objects.get()
    data = b"".join(read_range(made, 0, made.size))
    assert (made.beginnings, made.done, len(erased)) == (1, 3, 1)
    assert b"My secret" not in data
    assert data == export(lea, version=2)
