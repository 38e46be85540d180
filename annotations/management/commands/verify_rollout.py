"""`manage.py verify_rollout FILE`: recompute a report's hashes and decisions, and the rows behind its bundles."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotations.models import Rollout
from annotations.rollouts.behind import changed_since
from annotations.rollouts.evidence import versions_of
from annotations.rollouts.verifier import problems_of
from reviewapp.words import counted


class Command(BaseCommand):
    """Check a report of a rollout."""

    help = "Check a rollout's JSON report; exits with 1 and names what does not hold. --rows asks this database, too."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file."""
        parser.add_argument("file")
        parser.add_argument("--rows", action="store_true", help="also recompute the rows behind each bundle")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check, and say what held."""
        try:
            report = json.loads(Path(options["file"]).read_text(encoding="utf-8"))
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from None
        except json.JSONDecodeError as error:
            raise CommandError(f"{options['file']} is not JSON: {error}.") from None
        problems = problems_of(report)
        if options["rows"] and not problems:
            problems += self._rows(report)
        if problems:
            raise CommandError("The report does not hold. " + " ".join(problems))
        self.stdout.write(f"The report holds: {counted(len(report['bundles']), 'bundle')} of evidence.")

    def _rows(self, report: dict[str, Any]) -> list[str]:
        rollout = Rollout.objects.filter(project__slug=report["project"], pk=report["rollout"]).first()
        if rollout is None:
            return ["This database has no such rollout."]
        problems = []
        for bundle in report["bundles"]:
            changed = changed_since(rollout.project_id, versions_of(rollout), bundle["content"])
            if changed:
                problems.append(f"Bundle {bundle['id']}: rows behind it were changed: {', '.join(changed)}.")
        return problems
