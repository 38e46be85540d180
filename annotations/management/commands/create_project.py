"""`manage.py create_project SLUG`: a project, for set-up and scripts."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from pydantic import ValidationError

from annotations.projects import ProjectBody, create_project, read_project
from reviewapp.accounts.operators import get_only_superuser, get_person
from reviewapp.management.refusals import refusals_as_command_errors


class Command(BaseCommand):
    """Make a project."""

    help = "Make a project. The spec file is the body of POST /api/v1/projects as JSON."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the command line."""
        parser.add_argument("slug")
        parser.add_argument("--owner", metavar="NAME", help="default: the one superuser")
        parser.add_argument("--spec", metavar="FILE", help="JSON file, - for stdin")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it."""
        body = _read_spec(options["spec"], slug=options["slug"])
        with refusals_as_command_errors():
            owner = get_person(options["owner"]) if options["owner"] else get_only_superuser()
            new = read_project(body)
            made = create_project(
                owner=owner, spec=new.spec, rubric=new.rubric, checks=new.checks, actor=None, now=timezone.now()
            )
        self.stdout.write(f"Made project {made.slug}, owned by {owner.username}.")


def _read_spec(file: str | None, *, slug: str) -> ProjectBody:
    """Return the spec; the slug of the command line stands where the file has none, and must agree where it has."""
    spec: Any = {}
    if file is not None:
        try:
            spec = json.loads(sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8"))
        except OSError as error:
            raise CommandError(f"The spec {file} cannot be read: {error.strerror}.") from None
        except ValueError as error:
            raise CommandError(f"The spec {file} is not JSON: {error}.") from None
    if not isinstance(spec, dict):
        raise CommandError(f"The spec {file} must hold one JSON object.")
    if spec.get("slug", slug) != slug:
        raise CommandError(f"The spec {file} is about {spec['slug']!r}, not {slug!r}.")
    try:
        return ProjectBody.model_validate({"name": slug, **spec, "slug": slug})
    except ValidationError as error:
        lines = [f"  {'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}" for problem in error.errors()]
        raise CommandError("\n".join([f"The spec {file} is not valid.", *lines])) from None
