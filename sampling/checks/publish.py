"""The checks of a project: refused where they cannot be run, numbered, and frozen from then on."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from pydantic import ValidationError

from reviewapp.accounts.access import Access, Actor, require
from reviewapp.accounts.models import Project
from reviewapp.accounts.projects import edit_project
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import record
from reviewapp.http.errors import FieldError, InvalidError
from sampling.checks.body import KINDS, MAX_CHECKS, Check, JsonSchemaCheck, PatternCheck
from sampling.checks.json_schema import SchemaRefusedError, compile_schema
from sampling.checks.texts import compile_pattern
from sampling.models import ChecksVersion
from sampling.plans.filters import parse_filter


def parse_checks(body: object, *, path: str = "checks") -> list[Check]:
    """Return the checks of a parsed JSON list, or raise InvalidError naming each place that breaks a rule."""
    if not isinstance(body, list):
        raise _refused([FieldError(path, "Expected a list of checks.")])
    if len(body) > MAX_CHECKS:
        raise _refused([FieldError(path, f"A project may have {MAX_CHECKS} checks at most.")])
    problems: list[FieldError] = []
    checks: list[Check] = []
    for index, spec in enumerate(body):
        try:
            check = parse_check(spec, path=f"{path}.{index}")
        except InvalidError as refusal:
            problems += refusal.fields
            continue
        if any(check.name == other.name for other in checks):
            problems.append(FieldError(f"{path}.{index}.name", f"Two checks are named {check.name!r}."))
        checks.append(check)
    if problems:
        raise _refused(problems)
    return checks


def parse_check(spec: object, *, path: str) -> Check:
    """Return one check of a parsed JSON value, or raise InvalidError naming each place that breaks a rule."""
    if not isinstance(spec, Mapping):
        raise _refused([FieldError(path, 'Expected an object like {"name": "valid_json", "kind": "json"}.')])
    model = KINDS.get(str(spec.get("kind")))
    if model is None:
        raise _refused([FieldError(f"{path}.kind", f"There is no such kind; there are {', '.join(KINDS)}.")])
    try:
        check = model.model_validate(dict(spec))
    except ValidationError as error:
        raise _refused([_field(path, problem) for problem in error.errors(include_url=False)]) from None
    _refuse_what_cannot_run(check, path)
    return check


def _refuse_what_cannot_run(check: Check, path: str) -> None:
    try:
        if check.when is not None:
            parse_filter(check.when, path=f"{path}.when")
        if isinstance(check, PatternCheck):
            compile_pattern(check.pattern)
        if isinstance(check, JsonSchemaCheck):
            compile_schema(check.schema_)
    except SchemaRefusedError as error:
        raise _refused([FieldError(f"{path}.schema.{error.path}".rstrip("."), str(error))]) from None
    except ValueError as error:
        raise _refused([FieldError(f"{path}.pattern", f"Not an RE2 pattern: {error}.")]) from None


def _field(path: str, problem: Mapping[str, Any]) -> FieldError:
    return FieldError(".".join(str(part) for part in (path, *problem["loc"])), problem["msg"])


def _refused(fields: Sequence[FieldError]) -> InvalidError:
    return InvalidError("The checks are not valid.", code="checks_invalid", fields=tuple(fields))


def spec_of(check: Check) -> dict[str, Any]:
    """Return a check as it is written, without what it leaves to the defaults."""
    spec = check.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return {"name": check.name, "kind": check.kind, **spec}


def find_checks(project_id: int) -> ChecksVersion | None:
    """Return the newest version of the project's checks, or None where it never had any."""
    return ChecksVersion.objects.filter(project_id=project_id).order_by("-version").first()


def newest_checks_id(project_id: int) -> int | None:
    """Return the id of the version by which items arriving now are checked, or None where the project has no checks."""
    versions = ChecksVersion.objects.filter(project_id=project_id).order_by("-version")
    found = versions.values_list("pk", "checks").first()
    return found[0] if found and found[1] else None


def list_checks(project_id: int) -> list[dict[str, Any]]:
    """Return the checks in force, as they were written."""
    found = find_checks(project_id)
    return found.checks if found else []


def publish_checks(
    *, project: Project, checks: Sequence[Check], actor: Actor | None, now: datetime
) -> ChecksVersion | None:
    """Store the next version of the project's checks, for items that arrive from now on, and return it.

    None where that is what is in force already.
    """
    specs = [spec_of(check) for check in checks]
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)  # versions follow each other
        before = find_checks(project.pk)
        if specs == (before.checks if before else []):
            return None
        row = ChecksVersion.objects.create(
            project=project,
            version=1 + (before.version if before else 0),
            checks=specs,
            created_by=actor.user if actor else None,
            created_at=now,
        )
        record(
            "checks.published",
            now=now,
            actor=actor,
            project_id=project.pk,
            object_kind="checks",
            object_id=row.version,
            detail={"names": [check.name for check in checks]},
        )
    return row


def edit_project_and_checks(access: Access, *, changes: Mapping[str, Any], now: datetime) -> Project:
    """Change the named fields of a project, `checks` among them, all or nothing; return it as it is now."""
    require(access, Action.EDIT_PROJECT)
    fields = {name: value for name, value in changes.items() if name != "checks"}
    with transaction.atomic():
        project = edit_project(access, changes=fields, now=now)
        if "checks" in changes:
            checks = parse_checks(changes["checks"])
            publish_checks(project=project, checks=checks, actor=access.actor, now=now)
    return project
