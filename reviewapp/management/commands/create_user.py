"""`manage.py create_user NAME`: an account, for set-up and scripts."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand
from django.utils import timezone

from reviewapp.accounts.operators import create_user
from reviewapp.management.refusals import refusals_as_command_errors


class Command(BaseCommand):
    """Make an account."""

    help = "Make an account. Without a password nobody can sign in with it until `changepassword` sets one."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the command line."""
        parser.add_argument("name")
        parser.add_argument("--password")
        parser.add_argument("--superuser", action="store_true", help="may make projects")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it."""
        password = options["password"]
        with refusals_as_command_errors():
            user = create_user(
                username=options["name"], password=password, superuser=options["superuser"], now=timezone.now()
            )
        if password is not None:
            try:
                validate_password(password, user)
            except ValidationError as error:  # the operator's own choice, but said
                self.stderr.write(f"This password is weak: {' '.join(error.messages)}")
        self.stdout.write(f"Made {'superuser' if user.is_superuser else 'user'} {user.username}.")
