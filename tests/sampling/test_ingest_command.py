"""`manage.py ingest`: files and standard input, mapped columns, the result, and the exit code."""

import gzip
import io
import json
import sys

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from sampling.models import Item
from tests.sampling.lines import item, ndjson


@pytest.fixture
def ingest(project, capsys):
    """`ingest(file, *options)`: the exit code, the result and what was said on stderr."""

    def run(file, *options):
        code = 0
        try:
            call_command("ingest", "helpdesk", str(file), *options)
        except SystemExit as stop:
            code = stop.code
        said = capsys.readouterr()
        return code, json.loads(said.out), said.err

    return run


@pytest.fixture
def file(tmp_path):
    """`file(name, content)`: a file of that content."""

    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


def test_a_file_is_taken_and_its_result_printed(ingest, file):
    code, result, said = ingest(file("a.jsonl", ndjson(item("a"), item("b"))))
    assert (code, said) == (0, "")
    assert result == {"accepted": 2, "duplicates": 0, "rejected": 0, "drawn": 2, "errors": []}


@pytest.mark.parametrize("name", ["a.jsonl.gz", "packed-without-saying-so.jsonl"])
def test_compression_is_seen_by_the_first_bytes(ingest, file, name):
    assert ingest(file(name, gzip.compress(ndjson(item("a")))))[1]["accepted"] == 1


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_standard_input_is_read(ingest, monkeypatch, pack):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(pack(ndjson(item("a"))))))
    assert ingest("-")[1]["accepted"] == 1


def test_an_empty_file_is_no_error(ingest, file):
    assert ingest(file("a.jsonl", b""))[:2] == (
        0, {"accepted": 0, "duplicates": 0, "rejected": 0, "drawn": 0, "errors": []},
    )  # fmt: skip


def test_a_refused_line_makes_the_exit_code_1_and_keeps_the_good_ones(ingest, file):
    code, result, _ = ingest(file("a.jsonl", ndjson(item("a"), b"{", item("b"))))
    assert (code, result["accepted"], result["rejected"]) == (1, 2, 1)
    (error,) = result["errors"]
    assert (error["line"], error["code"], error["path"]) == (2, "not_json", "")


SOURCE = {
    "id": 7,
    "input": "Where is my parcel?",
    "answer": {"text": "On its way."},
    "gold": "pass",
    "metadata": {"lang": "en"},
    "task": "binary",
    "a.b": 1,
}
MAP = ("--map", "external_id=id", "--map", "output=answer.text", "--map", "metadata.gold=gold", "--map=metadata.ab=a.b")


def test_mapped_columns_become_fields_and_the_others_are_ignored_with_a_note(ingest, file):
    code, result, said = ingest(file("a.jsonl", ndjson(SOURCE, {**SOURCE, "id": 8, "set": "x"})), *MAP)
    assert (code, result["accepted"]) == (0, 2)
    stored = Item.objects.get(external_id="7")
    assert (stored.input, stored.output) == ("Where is my parcel?", "On its way.")
    assert stored.metadata == {"lang": "en", "gold": "pass", "ab": 1}
    assert "task (2), set (1)" in said
    assert "gold" not in said


def test_without_a_map_unknown_columns_are_refused(ingest, file):
    code, result, said = ingest(file("a.jsonl", ndjson({**item("a"), "task": "binary"})))
    assert "--map external_id=id" in said
    assert (code, result["errors"][0]["code"], result["errors"][0]["path"]) == (1, "unknown_field", "task")


def test_a_map_does_not_hide_what_is_wrong_with_a_line(ingest, file):
    lines = (
        b"{",
        b"[1]",
        b"[" * 65 + b"]" * 65,
        {"input": "x", "output": "y"},
        {**SOURCE, "answer": "flat", "metadata": 3},
    )
    code, result, _ = ingest(file("a.jsonl", ndjson(*lines)), *MAP)
    assert code == 1
    assert [(error["line"], error["code"], error["path"]) for error in result["errors"]] == [
        (1, "not_json", ""),
        (2, "invalid_value", ""),
        (3, "too_deep", ""),
        (4, "missing_field", "external_id"),
        (5, "missing_field", "output"),
    ]


@pytest.mark.parametrize("pair", ["external_id", "colour=id", "metadata.=id", "external_id="])
def test_a_map_that_cannot_be_understood_is_refused(ingest, file, pair):
    with pytest.raises(CommandError, match="--map"):
        ingest(file("a.jsonl", b""), "--map", pair)


def test_a_file_that_is_not_there_is_one_clear_sentence(ingest):
    with pytest.raises(CommandError, match=r"nowhere\.jsonl cannot be read: No such file"):
        ingest("nowhere.jsonl")


def test_a_broken_archive_is_one_clear_sentence(ingest, file):
    with pytest.raises(CommandError, match="broke off"):
        ingest(file("a.jsonl.gz", gzip.compress(ndjson(item("a")))[:-10]))


def test_an_unknown_project_is_one_clear_sentence(project, file):
    with pytest.raises(CommandError, match="no project 'nothing'"):
        call_command("ingest", "nothing", str(file("a.jsonl", b"")))
