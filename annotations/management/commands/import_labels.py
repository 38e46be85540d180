"""`manage.py import_labels PROJECT FILE`: labels that people made elsewhere."""

import sys
from argparse import ArgumentParser
from dataclasses import asdict
from itertools import chain, islice
from typing import Any

import orjson
from django.core.management.base import BaseCommand
from django.utils import timezone

from annotations.imports.columns import ANSWERS, FIELDS, ITEM, LabelMap, check_pairs, parse_label_pairs
from annotations.imports.files import LabelFile, Shape, open_labels, row_of
from annotations.imports.guess import guess_label_fields
from annotations.imports.rows import import_rows
from annotations.models import RubricVersion
from annotations.rubrics.publish import find_rubric, no_rubric
from reviewapp.accounts.operators import get_project
from reviewapp.http.errors import FieldError, InvalidError
from reviewapp.http.lines import Line
from reviewapp.management.inputs import add_file_arguments, open_input, progress_bar
from reviewapp.management.refusals import refusals_as_command_errors
from sampling.ingest.columns import Mapped
from sampling.ingest.files import kind_of

# Rows that are looked at for their columns: what few people answered may come late in a file.
_LOOKED_AT = 20_000


class Command(BaseCommand):
    """Store labels that people made elsewhere."""

    help = (
        "Store labels that people made elsewhere. FILE holds a JSON object a line (also .gz, - reads stdin), Label"
        " Studio's JSON export, or a table: CSV, Parquet, or flat JSON objects. What is what in it is guessed by the"
        " names of its columns, and said; --map says otherwise. Prints what became of the rows as JSON, and exits with"
        " 1 if any was refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the command line."""
        add_file_arguments(
            parser,
            file="JSON Lines, JSON, .csv, .parquet, plain or gzip; - for stdin",
            fields=f"({', '.join(FIELDS)}, {ANSWERS}QUESTION, or {ITEM}FIELD to make items) from COLUMN",
        )
        parser.add_argument(
            "--reviewer",
            metavar="OLD=NEW",
            action="append",
            default=[],
            help="call OLD of the file NEW here; NEW alone says who answered where the file does not",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Read, map, store, tell."""
        with refusals_as_command_errors():
            project = get_project(options["project"])
            rubric = find_rubric(project.pk)
            if rubric is None:
                raise no_rubric()
            with open_input(options["file"]) as (file, size), progress_bar(size) as bar:
                kind = kind_of(options["file"])
                source = open_labels(file, kind=kind, size=size or 0, progress=bar.update)
                mapping, rows = self._mapping(source, rubric, options)
                result = import_rows(
                    project=project, rows=rows, shape=source.shape, mapping=mapping, actor=None, now=timezone.now()
                )
        if source.label_studio is not None and source.label_studio.left_out:
            left = ", ".join(f"{name} ({count})" for name, count in source.label_studio.left_out.most_common())
            self.stderr.write(f"Left out: {left}")
        errors = [problem._asdict() for problem in result.errors]
        self.stdout.write(orjson.dumps({**asdict(result), "errors": errors}).decode())
        if result.rejected:
            sys.exit(1)

    def _mapping(self, source: LabelFile, rubric: RubricVersion, options: dict[str, Any]) -> tuple[LabelMap, Any]:
        """Return the map: what was said, and what the columns' names say of the fields that were not named."""
        pairs = parse_label_pairs(options["map"])
        reviewers, everybody = _read_reviewers(options["reviewer"])
        if source.shape is Shape.OURS:
            return LabelMap(pairs, reviewers, everybody), source.lines
        first = list(islice(source.lines, _LOOKED_AT))
        columns = source.columns or _columns(first)
        if missing := [pair for pair in pairs if pair.column not in columns]:
            there = ", ".join(columns[:30])
            raise InvalidError(
                f"The file has no column {missing[0].column!r}. There are: {there}",
                fields=tuple(FieldError(pair.field, f"No column {pair.column!r}.") for pair in missing),
            )
        guessed = guess_label_fields(columns, rubric.questions, source.shape)
        fields, used = {pair.field for pair in pairs}, {pair.column for pair in pairs}
        pairs += [
            Mapped(field, column)
            for column, field in guessed.items()
            if field and column not in used and field not in fields
        ]
        mapping = LabelMap(pairs, reviewers, everybody)
        shown = ", ".join(f"{pair.field} from {pair.column}" for pair in pairs)
        self.stderr.write(f"Read as: {shown or 'nothing'}")
        check_pairs(mapping, rubric.questions)
        return mapping, chain(first, source.lines)


def _columns(lines: list[Line]) -> list[str]:
    return list(dict.fromkeys(name for line in lines for name in row_of(line)))


def _read_reviewers(texts: list[str]) -> tuple[dict[str, str], str]:
    pairs = [text.rpartition("=") for text in texts]
    return {old: new for old, mark, new in pairs if mark}, next((new for _, mark, new in pairs if not mark), "")
