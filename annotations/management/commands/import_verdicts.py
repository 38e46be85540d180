"""`manage.py import_verdicts PROJECT FILE`: verdicts of judges that ran elsewhere."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from annotations.imports.command import ImportCommand
from annotations.imports.records import VerdictRecord
from annotations.imports.verdicts import import_verdicts
from reviewapp.accounts.models import Project
from reviewapp.http.lines import Line
from sampling.ingest.add import IngestResult


class Command(ImportCommand):
    """Store verdicts of judges that ran elsewhere."""

    help = (
        "Store verdicts of judges that ran elsewhere: FILE is JSON Lines or CSV, plain or gzip, or"
        " Parquet, told by its name; - is JSON Lines on stdin."
        " Prints what became of them as JSON, and exits with 1 if any line was refused."
    )

    model = VerdictRecord

    def store(self, project: Project, lines: Iterable[Line], options: dict[str, Any]) -> IngestResult:
        """Store the lines."""
        return import_verdicts(project=project, lines=lines, actor=None, now=timezone.now())
