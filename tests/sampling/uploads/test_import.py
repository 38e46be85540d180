"""Uploads on their way in: guessed, mapped, imported slice by slice, resumed, stopped, forgotten."""

import csv
import gzip
import io
import json
from datetime import timedelta

import pyarrow as pa
import pytest
from cryptography.exceptions import InvalidTag
from django.utils import timezone
from pyarrow import parquet as pq

from annotations.models import Task
from reviewapp.audit.models import AuditEvent
from reviewapp.http.errors import ConflictError, MalformedError
from reviewapp.jobs.models import Intent
from sampling.models import Item, Upload, UploadPart
from sampling.uploads import parts, run
from sampling.uploads.bad_lines import bad_lines
from sampling.uploads.forget import forget_old_uploads
from sampling.uploads.guess import guess_fields
from sampling.uploads.mapping import ColumnChoice
from sampling.uploads.preview import preview_upload
from sampling.uploads.progress import read_progress
from sampling.uploads.run import import_slice, start_import, stop_import
from sampling.uploads.stage import discard_upload, get_upload, list_uploads, open_upload
from tests.sampling.lines import item, ndjson
from tests.sampling.uploads.files import CHOICE, CSV, counts, taken, work


def test_a_file_is_looked_at_mapped_and_imported_with_its_bad_lines_to_take_out(lea):
    upload = taken(lea, CSV)
    preview = preview_upload(upload, CHOICE)
    assert (preview.delimiter, preview.looked_at, preview.refused) == (";", 4, 2)
    assert [(item.line, item.place) for item in preview.items] == [(4, ""), (5, "input"), (2, "")]
    assert dict(preview.items[2].fields) == {
        "external_id": "1", "input": "Hi", "output": "Hello", "metadata": '{"score":3}',
    }  # fmt: skip
    start_import(lea, upload, choice=CHOICE, now=timezone.now())
    assert work() == 1
    assert counts(upload) == ("done", 2, 0, 2, 2)
    assert [(error["line"], error["code"]) for error in upload.errors] == [(4, "wrong_cells"), (5, "missing_field")]
    assert Item.objects.get(external_id="2").output is None
    assert Task.objects.count() == 2
    rows = list(csv.DictReader(io.StringIO(b"".join(bad_lines(upload)).decode())))
    assert [(row["problem_line"], row["problem_place"], row["problem_row"], row["id"]) for row in rows] == [
        ("4", "", "3;Hi", ""), ("5", "input", "", "4"),
    ]  # fmt: skip
    assert "cells" in rows[0]["problem"]


def test_bad_lines_that_were_corrected_come_in_and_the_rest_are_duplicates(lea):
    fixed = (
        b"problem_line;problem;problem_place;problem_row;id;question;answer;score;labels\n5;x;y;;4;Hello?;Hello;5;\n"
    )
    upload = taken(lea, fixed)
    guessed = {column.name: column.guess for column in preview_upload(upload, None).columns}
    assert guessed["problem_line"] == guessed["problem_row"] == ""
    choice = ColumnChoice(guessed)
    start_import(lea, upload, choice=choice, now=timezone.now())
    work()
    assert counts(upload)[:2] == ("done", 1)


def test_a_corrected_file_brings_its_cells_as_they_were_before_they_were_kept_from_spreadsheets(lea):
    content = b"id,question,answer,thumb\n,- too slow,=SUM(A1),-1\n"
    upload = taken(lea, content)
    choice = ColumnChoice({"id": "external_id", "question": "input", "answer": "output", "thumb": "feedback"})
    start_import(lea, upload, choice=choice, now=timezone.now())
    work()
    assert counts(upload)[3] == 1
    refused = b"".join(bad_lines(upload))
    assert refused.endswith(b",,'- too slow,'=SUM(A1),'-1\r\n")
    for text in (refused, refused.replace(b",,'- too slow", b",1,'- too slow")):  # as it is, then corrected
        again = taken(lea, text)
        start_import(lea, again, choice=choice, now=timezone.now())
        work()
        if counts(again)[3]:
            assert b"".join(bad_lines(again)) == refused
    found = Item.objects.get()
    assert (found.input, found.output, found.feedback) == ("- too slow", "=SUM(A1)", -1)


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.ndjson"])
def test_json_lines_keep_their_types_and_refused_ones_come_out_as_they_were(lea, name):
    lines = [
        item("a", metadata={"n": 1}),
        b"{",
        [1],
        item("b", latency_ms="slow"),
        {"input": "x", "output": "y", "z": 1},
    ]
    content = ndjson(*lines)
    upload = taken(lea, gzip.compress(content) if name.endswith("gz") else content, name)
    columns = {column.name: column.guess for column in preview_upload(upload, None).columns}
    assert columns["z"] == "metadata.z"
    start_import(lea, upload, choice=ColumnChoice(columns), now=timezone.now())
    work()
    assert counts(upload)[:4] == ("done", 1, 0, 4)
    assert Item.objects.get().metadata == {"n": 1}
    rows = [json.loads(line) for line in b"".join(bad_lines(upload)).splitlines()]
    assert [(row["line"], row["code"], row["path"]) for row in rows] == [
        (2, "not_json", ""), (3, "invalid_value", ""), (4, "invalid_value", "latency_ms"),
        (5, "missing_field", "external_id"),
    ]  # fmt: skip
    assert [row["original"] for row in rows[:2]] == ["{", "[1]"]
    assert json.loads(rows[2]["original"])["latency_ms"] == "slow"


@pytest.mark.parametrize("more", [{"a": "output"}, {}])
def test_without_an_output_the_input_itself_is_judged(lea, more):
    fields = {"id": "external_id", "q": "input", **more}
    upload = taken(lea, ndjson({"id": "1", "q": "Hi", "a": None}, {"id": "2", "q": "Hi"}), "a.jsonl")
    start_import(lea, upload, choice=ColumnChoice(fields), now=timezone.now())
    work()
    assert counts(upload)[1:4] == ((1, 0, 1) if "a" in fields else (2, 0, 0))
    assert set(Item.objects.values_list("output", flat=True)) == {None}


def test_parquet_is_told_by_its_first_bytes(lea):
    file = io.BytesIO()
    pq.write_table(pa.table({"id": [1, 2], "prompt": ["a", None], "n": [1.0, 2.0]}), file)
    upload = taken(lea, file.getvalue(), "export")
    preview = preview_upload(upload, None)
    assert [(column.name, column.guess) for column in preview.columns] == [
        ("id", "external_id"), ("prompt", "input"), ("n", "metadata.n"),
    ]  # fmt: skip
    choice = ColumnChoice({column.name: column.guess for column in preview.columns})
    start_import(lea, upload, choice=choice, now=timezone.now())
    work()
    assert counts(upload)[:4] == ("done", 1, 0, 1)
    (row,) = [json.loads(line) for line in b"".join(bad_lines(upload)).splitlines()]
    assert row["original"] == {"id": 2, "n": 2.0}


def test_ids_may_be_made_from_the_content_and_the_same_row_is_a_duplicate(lea):
    upload = taken(lea, b"prompt,answer\nHi,Hello\nHi,Hello\nHi,Bye\n")
    choice = ColumnChoice({"prompt": "input", "answer": "output"}, ids_from_content=True)
    start_import(lea, upload, choice=choice, now=timezone.now())
    work()
    assert counts(upload)[:4] == ("done", 2, 1, 0)
    assert all(len(name) == 32 for name in Item.objects.values_list("external_id", flat=True))


def test_slices_follow_each_other_and_a_killed_one_is_done_again(lea, monkeypatch):
    monkeypatch.setattr(run, "SLICE_SECONDS", -1)
    monkeypatch.setattr(run, "BATCH_LINES", 2)
    content = ndjson(*(item(f"i{number}", **({"n": 1} if number > 2 else {})) for number in range(5)), b"{")
    upload = taken(lea, content, "a.jsonl")
    fields = {name: name for name in ("external_id", "input", "output")}
    start_import(lea, upload, choice=ColumnChoice(fields), now=timezone.now())
    import_slice({"upload_id": upload.pk}, timezone.now())
    assert counts(upload)[:4] == ("importing", 2, 0, 0)
    assert 0 < read_progress(upload).percent < 100
    Upload.objects.filter(pk=upload.pk).update(records=0)  # as if the worker had died before its commit
    Intent.objects.all().delete()
    run._ask(upload, timezone.now())
    Upload.objects.filter(pk=upload.pk).update(records=0)
    assert work() >= 3
    assert counts(upload)[:4] == ("done", 5, 2, 1)
    assert upload.ignored == {"n": 2}
    assert [error["line"] for error in upload.errors] == [6]
    assert Item.objects.count() == 5


def test_an_import_may_be_stopped_and_what_came_in_stays(lea, monkeypatch):
    monkeypatch.setattr(run, "SLICE_SECONDS", -1)
    monkeypatch.setattr(run, "BATCH_LINES", 2)
    upload = taken(lea, ndjson(*(item(f"i{number}") for number in range(5))), "a.jsonl")
    fields = {name: name for name in ("external_id", "input", "output")}
    start_import(lea, upload, choice=ColumnChoice(fields), now=timezone.now())
    import_slice({"upload_id": upload.pk}, timezone.now())
    stop_import(lea, upload, now=timezone.now())
    stop_import(lea, upload, now=timezone.now())
    work()
    assert counts(upload)[:2] == ("stopped", 2)
    with pytest.raises(ConflictError, match="not waiting"):
        start_import(lea, upload, choice=ColumnChoice(fields), now=timezone.now())


def test_a_file_that_breaks_off_says_so_and_keeps_what_came_before(lea):
    content = gzip.compress(ndjson(*(item(f"i{number}", context="x" * 5000) for number in range(400))))
    with pytest.raises(MalformedError, match="broke off"):
        list(open_upload(taken(lea, content[:-20], "a.jsonl.gz")).lines)
    upload = Upload.objects.get()
    fields = {name: name for name in ("external_id", "input", "output")}
    start_import(lea, upload, choice=ColumnChoice(fields), now=timezone.now())
    work()
    state, accepted, *_ = counts(upload)
    assert (state, accepted > 0, "broke off" in upload.problem) == ("failed", True, True)


def test_background_work_that_fails_is_told(lea):
    upload = taken(lea, CSV)
    start_import(lea, upload, choice=CHOICE, now=timezone.now())
    upload.refresh_from_db()
    assert read_progress(upload).trouble == ""
    Intent.objects.update(last_error="KeyError: 'x'")
    assert "tried again" in read_progress(upload).trouble
    Intent.objects.update(failed_at=timezone.now())
    assert "given up" in read_progress(upload).trouble


def test_what_is_kept_of_a_file_is_encrypted_and_bound_to_its_place(lea, monkeypatch):
    monkeypatch.setattr(parts, "PART_BYTES", 10)
    upload = taken(lea, CSV)
    sealed = [bytes(part.sealed) for part in UploadPart.objects.order_by("nth")]
    assert len(sealed) == -(-len(CSV) // 10)
    assert not any(b"question" in part or b"Hello" in part for part in sealed)
    assert parts.read_parts(upload) == CSV
    UploadPart.objects.filter(nth=0).update(sealed=sealed[1])
    with pytest.raises(InvalidTag):
        parts.read_parts(upload)


def test_nothing_is_kept_longer_than_needed(lea):
    good = taken(lea, b"id,input\n1,Hi\n")
    start_import(lea, good, choice=ColumnChoice({"id": "external_id", "input": "input"}), now=timezone.now())
    bad, waiting = taken(lea, CSV), taken(lea, CSV)
    start_import(lea, bad, choice=CHOICE, now=timezone.now())
    work()
    assert set(UploadPart.objects.values_list("upload_id", flat=True)) == {bad.pk, waiting.pk}
    broken = taken(lea, CSV)
    start_import(lea, broken, choice=CHOICE, now=timezone.now())
    assert forget_old_uploads(timezone.now()) == 0
    assert forget_old_uploads(timezone.now() + timedelta(days=7, minutes=1)) == 2
    Intent.objects.filter(done_at=None).update(failed_at=timezone.now())
    assert forget_old_uploads(timezone.now() + timedelta(days=7, minutes=1)) == 1
    assert not UploadPart.objects.exists()
    assert [counts(upload)[0] for upload in (waiting, broken)] == ["stopped", "failed"]
    with pytest.raises(ConflictError, match="forgotten"):
        bad_lines(get_upload(lea, bad.pk))


def test_a_file_may_be_discarded_unless_it_is_being_imported(lea):
    upload = taken(lea, CSV)
    start_import(lea, upload, choice=CHOICE, now=timezone.now())
    with pytest.raises(ConflictError, match="being imported"):
        discard_upload(lea, upload, now=timezone.now())
    work()
    discard_upload(lea, upload, now=timezone.now())
    other = taken(lea, CSV)
    discard_upload(lea, other, now=timezone.now())
    assert not UploadPart.objects.exists()
    assert counts(other)[0] == "stopped"
    assert [upload.pk for upload in list_uploads(lea)] == [other.pk, upload.pk]


def test_what_happens_is_on_record_without_a_word_of_the_file(lea):
    upload = taken(lea, CSV)
    start_import(lea, upload, choice=CHOICE, now=timezone.now())
    work()
    events = AuditEvent.objects.filter(action__startswith="upload.").order_by("pk")
    assert [event.action for event in events] == ["upload.staged", "upload.started", "upload.ended"]
    assert events[2].detail == {"state": "done", "accepted": 2, "duplicates": 0, "rejected": 2, "drawn": 2}
    assert AuditEvent.objects.get(action="items.added").actor_name == "lea"


@pytest.mark.parametrize(
    ("columns", "guessed"),
    [
        (["id", "Prompt", "Response"], ["external_id", "input", "output"]),
        (["external_id", "id", "input", "output"], ["external_id", "metadata.id", "input", "output"]),
        (["requestId", "user message", "model-output"], ["external_id", "input", "output"]),
        (["question", "context", "answer", "gold"], ["input", "context", "output", "metadata.gold"]),
        (["timestamp", "Model Name", "conversation_id"], ["occurred_at", "model", "session_ref"]),
        (["metadata.tier", "noise"], ["metadata.tier", "metadata.noise"]),
        (["prompt", "question"], ["input", "metadata.question"]),
        (["problem_line", "problem"], ["", ""]),
    ],
)
def test_columns_are_guessed_by_their_names(columns, guessed):
    assert list(guess_fields(columns).values()) == guessed


def test_a_name_is_shown_without_folders_and_control_characters(lea):
    assert taken(lea, CSV, "C:\\my\\files\\a\x00\u202e.csv").name == "a.csv"
    assert taken(lea, ndjson(item("a")), "/").name == "file"
