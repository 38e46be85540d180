"""`manage.py import_labels PROJECT FILE`: labels that people made elsewhere."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from annotations.imports.command import ImportCommand
from annotations.imports.labels import import_labels
from reviewapp.accounts.models import Project
from reviewapp.http.lines import Line
from sampling.ingest.add import IngestResult


class Command(ImportCommand):
    """Store labels that people made elsewhere."""

    help = (
        "Store labels that people made elsewhere: FILE holds a JSON object a line, - reads stdin."
        " Prints what became of them as JSON, and exits with 1 if any line was refused."
    )

    def store(self, project: Project, lines: Iterable[Line], options: dict[str, Any]) -> IngestResult:
        """Store the lines."""
        return import_labels(project=project, lines=lines, actor=None, now=timezone.now())
