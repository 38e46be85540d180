"""What the import commands share: a file read with a progress bar, the result printed, and the exit code."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import orjson
from django.core.management.base import BaseCommand

from reviewapp.accounts.models import Project
from reviewapp.accounts.operators import get_project
from reviewapp.http.lines import Line
from reviewapp.management.inputs import open_input, progress_bar
from reviewapp.management.refusals import refusals_as_command_errors
from sampling.ingest.add import IngestResult
from sampling.ingest.files import FileKind, read_file


class ImportCommand(BaseCommand):
    """Store the lines of a file; prints the same result object as the API, exits with 1 if a line was refused."""

    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the command line."""
        parser.add_argument("project", metavar="PROJECT", help="the project's slug")
        parser.add_argument("file", metavar="FILE", help="JSON Lines, plain or gzip; - for stdin")

    def store(self, project: Project, lines: Iterable[Line], options: dict[str, Any]) -> IngestResult:
        """Store the lines."""
        raise NotImplementedError

    def handle(self, *_: Any, **options: Any) -> None:
        """Read, store, tell."""
        with refusals_as_command_errors():
            project = get_project(options["project"])
            with open_input(options["file"]) as (file, size), progress_bar(size) as bar:
                source = read_file(file, kind=FileKind.JSON_LINES, size=size or 0, progress=bar.update)
                result = self.store(project, source.lines, options)
        errors = [problem._asdict() for problem in result.errors]
        self.stdout.write(orjson.dumps({**asdict(result), "errors": errors}).decode())
        if result.rejected:
            sys.exit(1)
