"""`manage.py create_demo`: the demo project and its people; `up` runs it on the first start."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from annotations.demo.make import make_demo
from annotations.demo.people import keep_sign_ins
from reviewapp.http.errors import ConflictError


class Command(BaseCommand):
    """Makes the demo."""

    help = "Make the demo project and its people; their sign-ins are printed and kept in the data directory."
    requires_system_checks = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Make it whole or not at all."""
        try:
            with transaction.atomic():
                sign_ins = make_demo(now=timezone.now())
                # Kept before it is there for good: a demo that nobody can sign in to is never made again.
                keep_sign_ins(Path(settings.DATA_DIR) / "demo-sign-ins.json", sign_ins)
        except ConflictError as error:
            raise CommandError(error.message) from None
        for sign_in in sign_ins:
            self.stdout.write(f"{sign_in.role:12} {sign_in.username:8} {sign_in.password}")
