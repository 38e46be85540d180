"""`manage.py sweep`: one pass of the periodic work."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from reviewapp.jobs.sweep import sweep


class Command(BaseCommand):
    """Expired leases, due intents, counters, sealing; the scheduler runs the same."""

    help = "Run one pass of the periodic work."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Sweep, and say what was done."""
        result = sweep(now=timezone.now())
        if not result.ran:
            self.stdout.write("Another sweep is running.")
            return
        for step, count in result.counts.items():
            self.stdout.write(f"{step.rpartition('.')[2]}: {count}")
        if result.failed:
            raise CommandError(f"These steps failed (the log says why): {', '.join(result.failed)}")
