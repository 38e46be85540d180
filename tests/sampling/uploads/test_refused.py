"""Uploads that are refused: what cannot be read, what is too large, too many, and columns that make no item."""

import gzip
import io

import pyarrow as pa
import pytest
from django.utils import timezone
from pyarrow import parquet as pq

from reviewapp.http.errors import ConflictError, InvalidError, RefusalError, TooLargeError
from sampling.ingest import parquet_file
from sampling.models import Upload
from sampling.uploads import stage
from sampling.uploads.mapping import ColumnChoice
from sampling.uploads.run import start_import
from sampling.uploads.stage import open_upload, stage_upload
from tests.sampling.lines import item, ndjson
from tests.sampling.uploads.files import CSV, taken


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "a.csv", "empty"),
        (b"a,b\n", "a.csv", "no records"),
        (b"\n\n", "a.jsonl", "no records"),
        (b"a,a\n1,2\n", "a.csv", "2 columns"),
        (b"PAR1xx", "a.csv", "no Parquet"),
        (b"\x1f\x8bxx", "a.jsonl.gz", "not gzip"),
    ],
)
def test_what_cannot_be_read_is_refused_at_once(lea, content, name, said):
    with pytest.raises(RefusalError, match=said):
        taken(lea, content, name)
    assert not Upload.objects.exists()


def test_limits_hold_while_the_file_streams_in(lea, monkeypatch):
    monkeypatch.setattr(stage, "MAX_SENT_BYTES", 30)
    seen = []

    def pieces():
        for _ in range(100):
            seen.append(1)
            yield b"x" * 10

    with pytest.raises(TooLargeError, match=r"manage\.py ingest"):
        stage_upload(lea, name="a.csv", pieces=pieces(), now=timezone.now())
    assert len(seen) == 4
    monkeypatch.setattr(stage, "MAX_SENT_BYTES", 10**6)
    monkeypatch.setattr(stage, "MAX_INFLATED_BYTES", 1000)
    with pytest.raises(TooLargeError, match="inflated"):
        list(open_upload(taken(lea, gzip.compress(ndjson(*[item("a", context="x" * 100)] * 50)), "a.jsonl.gz")).lines)
    file = io.BytesIO()
    pq.write_table(pa.table({"a": ["x" * 2000]}), file)
    with pytest.raises(TooLargeError, match="inflated"):
        taken(lea, file.getvalue(), "a.parquet")
    assert parquet_file.ROWS_AT_ONCE <= 1000


def test_only_so_many_files_wait(lea, monkeypatch):
    monkeypatch.setattr(stage, "MAX_STAGED", 1)
    taken(lea, CSV)
    with pytest.raises(ConflictError, match="1 files wait"):
        taken(lea, CSV)


@pytest.mark.parametrize(
    ("fields", "paths"),
    [
        ({"a": "input"}, ["external_id"]),
        ({"a": "external_id"}, ["input"]),
        ({"a": "external_id", "b": "input", "c": "input"}, ["input"]),
        ({"a": "external_id", "b": "input", "c": "colour"}, ["c"]),
        ({"a": "external_id", "b": "input", "c": "metadata."}, ["c"]),
    ],
)
def test_columns_that_make_no_item_are_refused_at_their_places(lea, fields, paths):
    upload = taken(lea, CSV)
    with pytest.raises(InvalidError) as refusal:
        start_import(lea, upload, choice=ColumnChoice(fields), now=timezone.now())
    assert [field.path for field in refusal.value.fields] == paths
