"""`manage.py ingest PROJECT FILE`: items from a file, with the same result object as the API."""

import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

import orjson
from django.core.management.base import BaseCommand
from django.utils import timezone

from reviewapp.accounts.operators import get_project
from reviewapp.management.inputs import TABLES, add_file_arguments, open_input, progress_bar
from reviewapp.management.refusals import refusals_as_command_errors
from sampling.ingest.add import add_items
from sampling.ingest.columns import ColumnMap, parse_pairs, refuse_unknown_columns
from sampling.ingest.files import kind_of, read_file


class Command(BaseCommand):
    """Store the items of a file."""

    help = (
        "Store the items of FILE: JSON Lines or CSV, plain or gzip, or Parquet, told by its name; - for JSON Lines on"
        " stdin. Prints what became of them as JSON, and exits with 1 if any line was refused. Without --map each"
        " column must be a field of an item (or metadata.…). With --map the mapped columns are taken, and those named"
        " like a field of an item; all others are ignored, with a note."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the command line."""
        fields = "(such as external_id or metadata.gold) from COLUMN (such as id or usage.total)"
        add_file_arguments(parser, file=TABLES, fields=fields)

    def handle(self, *args: Any, **options: Any) -> None:
        """Store them."""
        with refusals_as_command_errors():
            project = get_project(options["project"])
            pairs = parse_pairs(options["map"])
            with open_input(options["file"]) as (file, size), progress_bar(size) as bar:
                source = read_file(file, kind=kind_of(options["file"]), size=size or 0, progress=bar.update)
                if source.columns is not None and not pairs:
                    refuse_unknown_columns(source.columns)
                columns = ColumnMap(pairs, table=source.columns is not None) if pairs or source.columns else None
                lines = columns.apply(source.lines) if columns else source.lines
                result = add_items(project=project, lines=lines, actor=None, now=timezone.now())
        if columns and columns.ignored:
            ignored = ", ".join(f"{name} ({count})" for name, count in columns.ignored.most_common())
            self.stderr.write(f"Columns that are no fields of an item and were ignored, with their lines: {ignored}")
        if not pairs and any(problem.code in {"missing_field", "unknown_field"} for problem in result.errors):
            self.stderr.write("Columns of other names can be mapped, for example: --map external_id=id")
        errors = [problem._asdict() for problem in result.errors]
        self.stdout.write(orjson.dumps({**asdict(result), "errors": errors}).decode())
        if result.rejected:
            sys.exit(1)
