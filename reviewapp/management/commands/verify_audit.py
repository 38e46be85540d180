"""`manage.py verify_audit [--export FILE]`: recompute the audit chain."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from reviewapp.audit.verify import TamperedError, verify_database, verify_export


class Command(BaseCommand):
    """Recompute the chain of the database, or of an exported file."""

    help = "Recompute the audit chain; exits with 1 and names the first bad row where it does not hold."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the exported file."""
        parser.add_argument("--export", metavar="FILE", help="a file of exported events instead of the database")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify, and say what held."""
        try:
            if options["export"]:
                with Path(options["export"]).open(encoding="utf-8") as file:
                    found = verify_export(file)
            else:
                found = verify_database()
        except OSError as error:
            raise CommandError(f"{options['export']} cannot be read: {error.strerror}.") from None
        except TamperedError as error:
            raise CommandError(f"The audit chain does not hold. {error}") from None
        self.stdout.write(
            f"The audit chain holds: {found.events} events sealed, {found.checkpoints} checkpoints,"
            f" {found.unsealed} events not sealed yet. The chain ends with {found.sha256}."
        )
