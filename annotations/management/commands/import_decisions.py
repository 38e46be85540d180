"""`manage.py import_decisions PROJECT FILE`: decisions of the existing manual process."""

from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from annotations.imports.command import ImportCommand
from annotations.imports.decisions import DEFAULT_FEED, import_decisions
from annotations.imports.records import DecisionRecord
from reviewapp.accounts.models import Project
from reviewapp.http.lines import Line
from sampling.ingest.add import IngestResult


class Command(ImportCommand):
    """Store decisions of the existing manual process."""

    help = (
        "Store decisions of the existing manual process: FILE is JSON Lines or CSV, plain or gzip, or"
        " Parquet, told by its name; - is JSON Lines on stdin."
        " Prints what became of them as JSON, and exits with 1 if any line was refused."
    )

    model = DecisionRecord

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the command line."""
        super().add_arguments(parser)
        parser.add_argument("--feed", default=DEFAULT_FEED, help="the manual process that they come from")

    def store(self, project: Project, lines: Iterable[Line], options: dict[str, Any]) -> IngestResult:
        """Store the lines."""
        return import_decisions(project=project, feed=options["feed"], lines=lines, actor=None, now=timezone.now())
