"""CSV and Parquet by the command: typed as the fields want them, in flat memory, bad rows named by their line."""

import gzip
import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pyarrow import parquet as pq

from reviewapp.http.errors import MalformedError, TooLargeError
from sampling.ingest import csv_file, parquet_file
from sampling.ingest.files import FileKind, kind_of, read_file
from sampling.models import Item


@pytest.fixture
def ingest(project, capsys, tmp_path):
    """`ingest(name, content, *options)`: the exit code, the result and what was said on stderr."""

    def run(name, content, *options):
        file = tmp_path / name
        if isinstance(content, pa.Table):
            pq.write_table(content, file)
        else:
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        code = 0
        try:
            call_command("ingest", "helpdesk", str(file), *options)
        except SystemExit as stop:
            code = stop.code
        said = capsys.readouterr()
        return code, json.loads(said.out), said.err

    return run


TYPED = """external_id,input,output,context,occurred_at,decision,confidence,input_tokens,feedback,steps,metadata,metadata.tier,metadata.n,model
007,"{""q"": 1}","[{""role"": ""assistant"", ""content"": ""Hi""}]","[""a"", ""b""]",2026-11-20 10:00:00,true,0.50,12.0,-1,"[{""name"": ""s"", ""kind"": ""tool""}]","{""a"": 1}",gold,12.5,123
b,[1] is a footnote,"{not JSON","plain",,refund,,,,,,,007,
"""  # noqa: E501


def test_cells_become_what_their_fields_want(ingest):
    assert ingest("a.csv", TYPED)[:2] == (
        0, {"accepted": 2, "duplicates": 0, "rejected": 0, "drawn": 2, "errors": []},
    )  # fmt: skip
    a, b = Item.objects.get(external_id="007"), Item.objects.get(external_id="b")
    assert (a.input, a.output, a.context) == ({"q": 1}, [{"role": "assistant", "content": "Hi"}], ["a", "b"])
    assert (a.occurred_at, a.decision, a.confidence) == (datetime(2026, 11, 20, 10, tzinfo=UTC), True, 0.5)
    assert (a.input_tokens, a.feedback, a.steps, a.model) == (12, -1, [{"name": "s", "kind": "tool"}], "123")
    assert a.metadata == {"a": 1, "tier": "gold", "n": 12.5}
    assert (b.input, b.output, b.context) == ("[1] is a footnote", "{not JSON", "plain")
    assert (b.decision, b.confidence, b.metadata) == ("refund", None, {"n": "007"})


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_seen(ingest, delimiter, end):
    rows = [["external_id", "input", "output"], ["a", '"Hi, you; there | and\tthere"', "x"], ["b", "y", "z"]]
    assert ingest("a.csv", end.join(delimiter.join(row) for row in rows))[1]["accepted"] == 2
    assert Item.objects.get(external_id="a").input == "Hi, you; there | and\tthere"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_encodings_with_a_mark_and_compression_are_seen(ingest, encoding, pack):
    content = "external_id,input,output\nä,é \U0001f600,\n".encode(encoding)
    assert ingest("a.csv.gz", pack(content))[1]["accepted"] == 1
    assert (Item.objects.get().external_id, Item.objects.get().output) == ("ä", None)


@pytest.mark.parametrize("broken", ["\ud800", "\udc00b"])
def test_what_is_damaged_in_utf_16_is_refused_by_its_row(ingest, broken):
    content = f"external_id,input,output\na,x,y\nb,{broken},y\nc,x,y\n".encode("utf-16", "surrogatepass")
    code, result, _ = ingest("a.csv", content)
    assert (code, result["accepted"], [(error["line"], error["code"]) for error in result["errors"]]) == (
        1, 2, [(3, "invalid_text")],
    )  # fmt: skip
    code, result, _ = ingest("b.csv", content[:-1])
    assert (code, result["rejected"]) == (1, 2)


def test_rows_over_several_lines_are_numbered_by_where_they_begin(ingest):
    content = (
        b'external_id,input,output\na,"two\nlines",x\n\nb,only two cells\nc,ok,x,,\n'
        b'd,"broken"quote,x\ne,\xff,x\nf,x,y,z\ng,ok,x\nh,"never closed'
    )
    code, result, _ = ingest("a.csv", content)
    assert (code, result["accepted"], result["rejected"]) == (1, 3, 5)
    assert [(error["line"], error["code"]) for error in result["errors"]] == [
        (5, "wrong_cells"), (7, "not_csv"), (8, "invalid_text"), (9, "wrong_cells"), (11, "not_csv"),
    ]  # fmt: skip


def test_a_cell_or_a_row_that_is_too_long_spoils_no_other(ingest, monkeypatch):
    monkeypatch.setattr(csv_file, "MAX_LINE_BYTES", 100)
    before = csv_file.csv.field_size_limit(100)
    try:
        half = "x" * 60
        content = f'external_id,input,output\na,{half},{half}\nb,{half * 2},x\nc,x,x\nd,"{half * 2}\n'
        _, result, _ = ingest("a.csv", content)
    finally:
        csv_file.csv.field_size_limit(before)
    assert result["accepted"] == 1
    assert [(error["line"], error["code"]) for error in result["errors"]] == [
        (2, "line_too_large"), (3, "line_too_large"), (5, "line_too_large"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "The file is empty"),
        ("external_id,input,input\n", "2 columns are named 'input'"),
        ("external_id,,input\n", "A column has no name"),
        (",".join(f"c{n}" for n in range(1001)), "1,000 columns at most"),
        ('"external_id"x,input\n', "The first line is no CSV"),
        ("id,question,answer\n1,a,b\n", "no fields of an item: id, question, answer"),
        ("external_id,input,größe\n".encode("latin-1"), "The first line is not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_understood_is_refused_before_anything_is_stored(ingest, content, said):
    with pytest.raises(CommandError, match=said):
        ingest("a.csv", content)
    assert not Item.objects.exists()


def test_columns_of_a_table_are_mapped_and_the_others_ignored_with_a_note(ingest):
    content = "id,question,answer,score,noise\n1,Hi,Hello,3,x\n2,Hi,,,\n"
    options = ("--map=external_id=id", "--map=input=question", "--map=output=answer", "--map=metadata.score=score")
    code, result, said = ingest("a.csv", content, *options)
    assert (code, result["accepted"]) == (0, 2)
    assert Item.objects.get(external_id="1").metadata == {"score": 3}
    assert (Item.objects.get(external_id="2").output, Item.objects.get(external_id="2").metadata) == (None, {})
    assert "noise (1)" in said


def test_a_table_without_an_id_is_refused_row_by_row(ingest):
    code, result, said = ingest("a.csv", "input,output\nHi,Hello\n")
    assert (code, result["errors"][0]["path"]) == (1, "external_id")
    assert "--map external_id=id" in said


def parquet():
    return pa.table(
        {
            "id": pa.array([1, 2, 3]),
            "input": pa.array(["Hi", '{"q": 1}', "x"]),
            "output": pa.array([{"reply": "Hello"}, {"reply": None}, None]),
            "occurred_at": pa.array([datetime(2026, 11, 20, 10, tzinfo=UTC), None, None], pa.timestamp("us", "UTC")),
            "confidence": pa.array([0.5, float("nan"), None]),
            "input_tokens": pa.array([12.0, None, 3.0]),
            "cost_usd": pa.array([Decimal("0.10"), Decimal("2.00"), None]),
            "metadata.day": pa.array([date(2026, 11, 20), None, None]),
            "metadata.tags": pa.array([["a", "b"], [], None]),
            "metadata.map": pa.array([[("k", 1)], [], None], pa.map_(pa.string(), pa.int64())),
            "metadata.raw": pa.array([b"bytes", b"\xff", None]),
            "metadata.took": pa.array([timedelta(seconds=2), None, None]),
            "metadata.at": pa.array([time(10, 30), None, None]),
        }
    )


def test_parquet_keeps_its_types(ingest):
    code, result, _ = ingest("a.parquet", parquet(), "--map=external_id=id")
    assert (code, result["accepted"], result["rejected"]) == (1, 2, 1)
    assert (result["errors"][0]["line"], result["errors"][0]["code"]) == (2, "invalid_value")
    a, c = Item.objects.get(external_id="1"), Item.objects.get(external_id="3")
    assert (a.output, a.occurred_at) == ({"reply": "Hello"}, datetime(2026, 11, 20, 10, tzinfo=UTC))
    assert (a.confidence, a.input_tokens, a.cost_usd) == (0.5, 12, 0.1)
    assert a.metadata == {
        "day": "2026-11-20", "tags": ["a", "b"], "map": {"k": 1}, "raw": "bytes", "took": 2.0, "at": "10:30:00",
    }  # fmt: skip
    assert (c.output, c.input_tokens, c.metadata) == (None, 3, {})


def test_what_is_no_parquet_is_refused(ingest):
    with pytest.raises(CommandError, match="no Parquet"):
        ingest("a.parquet", b"PAR1 but not really")


def test_a_parquet_file_that_is_damaged_inside_says_behind_which_row(tmp_path):
    file = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": ["x" * 100] * 1000, "b": list(range(1000))}), file, row_group_size=500)
    data = bytearray(file.read_bytes())
    data[10:600] = b"\xff" * 590
    file.write_bytes(data)
    with file.open("rb") as opened, pytest.raises(MalformedError, match="breaks off behind row 0"):
        list(read_file(opened, kind=FileKind.PARQUET, progress=lambda size: None).lines)


def test_limits_hold_for_parquet(tmp_path, monkeypatch):
    file = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": ["x" * 1000] * 1000}), file)
    with file.open("rb") as opened, pytest.raises(TooLargeError):
        read_file(opened, kind=FileKind.PARQUET, limit=1000, progress=lambda size: None)
    monkeypatch.setattr(parquet_file, "MAX_LINE_BYTES", 100)
    with file.open("rb") as opened:
        told = []
        source = read_file(opened, kind=FileKind.PARQUET, size=5000, progress=told.append)
        assert {line.problem.code for line in source.lines} == {"line_too_large"}
        assert sum(told) == 5000
    monkeypatch.setattr(parquet_file, "MAX_BYTES_AT_ONCE", 10)
    with file.open("rb") as opened, pytest.raises(TooLargeError):
        list(read_file(opened, kind=FileKind.PARQUET, progress=lambda size: None).lines)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.csv", "csv"), ("a.CSV.gz", "csv"), ("b.tsv", "csv"), ("c.parquet", "parquet"), ("c.pq", "parquet"),
        ("d.jsonl", "jsonl"), ("d.jsonl.gz", "jsonl"), ("-", "jsonl"), ("e", "jsonl"), ("f.gz", "jsonl"),
    ],
)  # fmt: skip
def test_the_name_tells_the_kind(name, kind):
    assert kind_of(name) == kind
