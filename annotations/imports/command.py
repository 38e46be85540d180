"""What the import commands share: a file read with a progress bar, the result printed, and the exit code."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import orjson
from django.core.management.base import BaseCommand
from pydantic import BaseModel

from annotations.imports.tables import RecordMap, parse_pairs
from annotations.rubrics.publish import find_rubric
from reviewapp.accounts.models import Project
from reviewapp.accounts.operators import get_project
from reviewapp.http.lines import Line
from reviewapp.management.inputs import TABLES, add_file_arguments, open_input, progress_bar
from reviewapp.management.refusals import refusals_as_command_errors
from sampling.ingest.add import IngestResult
from sampling.ingest.columns import Mapped
from sampling.ingest.files import kind_of, read_file


class ImportCommand(BaseCommand):
    """Store the lines of a file; prints the same result object as the API, exits with 1 if a line was refused."""

    requires_system_checks = []
    model: type[BaseModel]
    """What a line holds."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the command line."""
        add_file_arguments(parser, file=TABLES, fields=f"({', '.join(self.model.model_fields)}) from COLUMN")

    def store(self, project: Project, lines: Iterable[Line], options: dict[str, Any]) -> IngestResult:
        """Store the lines."""
        raise NotImplementedError

    def handle(self, *_: Any, **options: Any) -> None:
        """Read, store, tell."""
        with refusals_as_command_errors():
            project = get_project(options["project"])
            with open_input(options["file"]) as (file, size), progress_bar(size) as bar:
                source = read_file(file, kind=kind_of(options["file"]), size=size or 0, progress=bar.update)
                columns = self._columns(project, source.columns, parse_pairs(options["map"]))
                lines = source.lines if columns is None else columns.apply(source.lines)
                result = self.store(project, lines, options)
        if columns is not None and columns.ignored:
            ignored = ", ".join(f"{name} ({count})" for name, count in columns.ignored.most_common())
            self.stderr.write(f"Columns that are no fields and were ignored, with their lines: {ignored}")
        errors = [problem._asdict() for problem in result.errors]
        self.stdout.write(orjson.dumps({**asdict(result), "errors": errors}).decode())
        if result.rejected:
            sys.exit(1)

    def _columns(self, project: Project, columns: list[str] | None, pairs: Sequence[Mapped]) -> RecordMap | None:
        """Return what renames columns and reads cells; None for JSON Lines that need neither."""
        if columns is None and not pairs:
            return None
        rubric = find_rubric(project.pk)
        asked = {question["key"]: question for question in (rubric.questions if rubric else [])}
        mapping = RecordMap(self.model, pairs, columns=columns, asked=asked)
        mapping.check()
        return mapping
