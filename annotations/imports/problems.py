"""Rows that would be refused as labels, and why, without storing anything; and the file of an upload's refused rows."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import orjson
from django.utils import timezone

from annotations.imports.files import Shape, row_of
from annotations.imports.labels import Answers, check_batch
from annotations.imports.records import LabelRecord, Run, read_batches
from annotations.imports.upload_choice import LabelChoice, open_label_upload
from annotations.models import RubricVersion
from annotations.rubrics.publish import find_rubric
from reviewapp.accounts.models import Project
from reviewapp.http.csv_rows import csv_rows
from reviewapp.http.lines import Line
from sampling.ingest.add import MAX_ERRORS
from sampling.ingest.csv_file import PROBLEM_COLUMNS, original_columns
from sampling.ingest.parse import Problem
from sampling.models import Upload

_CHUNK = 64 * 1024


def find_problems(
    project: Project, rubric: RubricVersion, rows: Iterable[Line], choice: LabelChoice, *, makes_items: bool = False
) -> Iterator[tuple[Line, Problem]]:
    """Yield the rows that are refused as they stand, each with the reason; with `makes_items` items may be missing."""
    mapping, answers, source = choice.label_map(), Answers(rubric), iter(rows)
    # No more at a time than a result lists.
    while batch := list(islice(source, MAX_ERRORS)):
        # Rows of one task have its number: each gets one of its own, so that none is mistaken for another.
        own = [Line(index, line.data, line.problem) for index, line in enumerate(batch)]
        records = own if choice.shape is Shape.OURS else list(mapping.records(own, rubric.questions, choice.shape))
        run = Run(project, None, timezone.now())
        for numbered in read_batches(records, LabelRecord, run.result):
            check_batch(run, answers, numbered, makes_items=makes_items)
        for problem in sorted(run.result.errors):
            line = batch[problem.line]
            yield line, problem._replace(line=line.number)


def refused_label_rows(upload: Upload) -> Iterator[bytes]:
    """Yield a file of the refused rows: of CSV a CSV file with the original columns, else JSON Lines."""
    source = open_label_upload(upload)
    rubric = find_rubric(upload.project_id)
    if rubric is None:
        return iter(())
    choice = LabelChoice.of_json(upload.mapping)
    found = find_problems(upload.project, rubric, islice(source.lines, upload.records), choice)
    if source.columns is not None:
        columns = original_columns(source.columns)
        return csv_rows((*PROBLEM_COLUMNS, *columns), _csv(found, columns))
    return _json(found)


def _csv(found: Iterator[tuple[Line, Problem]], columns: list[str]) -> Iterator[list[Any]]:
    for line, problem in found:
        cells = row_of(line)
        yield [line.number, problem.message, problem.path, "", *(cells.get(name, "") for name in columns)]


def _json(found: Iterator[tuple[Line, Problem]]) -> Iterator[bytes]:
    held = bytearray()
    for line, problem in found:
        held += orjson.dumps({**problem._asdict(), "original": row_of(line)}, default=str) + b"\n"
        if len(held) >= _CHUNK:
            yield bytes(held)
            held.clear()
    yield bytes(held)
