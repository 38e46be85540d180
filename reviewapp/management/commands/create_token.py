"""`manage.py create_token [PROJECT] --scopes a,b`: an API token, printed once on stdout's last line."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from reviewapp.accounts.operators import create_project_token, create_site_token
from reviewapp.accounts.tokens import parse_scopes
from reviewapp.management.refusals import refusals_as_command_errors


class Command(BaseCommand):
    """Make an API token."""

    help = "Make an API token and print it, this once. Without PROJECT it is a site token of a superuser."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the command line."""
        parser.add_argument("project", nargs="?")
        parser.add_argument("--scopes", required=True, help="comma-separated, for example ingest,read")
        parser.add_argument("--user", help="the member as whom it acts (default: the project's owner)")
        parser.add_argument("--expires", type=int, metavar="DAYS")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it, and print it last."""
        with refusals_as_command_errors():
            scopes = parse_scopes(name.strip() for name in options["scopes"].split(",") if name.strip())
            now, days = timezone.now(), options["expires"]
            if options["project"] is None:
                made = create_site_token(username=options["user"], scopes=scopes, expires_days=days, now=now)
            else:
                made = create_project_token(
                    slug=options["project"], username=options["user"], scopes=scopes, expires_days=days, now=now
                )
        where = f"project {options['project']}" if options["project"] else "the whole site"
        self.stderr.write(
            f"Token {made.row.pk} for {where}, acting as {made.row.user.username}; it is shown this once:"
        )
        self.stdout.write(made.text)
