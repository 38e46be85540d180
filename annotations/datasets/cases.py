"""Cases written by hand: edge cases that production has not shown yet, beside what was drawn from it.

They have no weight and enter no rate of production. What is written is masked like an item.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from django.db import IntegrityError, transaction

from annotations.datasets.recipe import Recipe
from annotations.datasets.select import split_of
from annotations.judges.pairs import SPLITS
from annotations.models import Dataset, DatasetCase
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.models import Masking, Project
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import digest, record
from reviewapp.http.errors import ConflictError, FieldError, InvalidError, NotFoundError
from sampling.draws.numbers import purpose_salt
from sampling.items.keys import find_item_ids
from sampling.mask.custom import CustomPatterns, custom_patterns
from sampling.mask.kinds import PLACEHOLDER
from sampling.mask.placeholders import Placeholders
from sampling.mask.texts import mask_one

FIELDS = ("input", "output", "context", "metadata", "expected", "answers")
MAX_BYTES = 1024 * 1024
MAX_ID, MAX_NOTE = 500, 2000


def add_case(
    access: Access, dataset: Dataset, *, external_id: str, content: Mapping[str, Any], note: str, now: datetime
) -> DatasetCase:
    """Store a case; versions frozen from now on have it. Raises InvalidError, ConflictError `id_taken`."""
    require(access, Action.EDIT_DATASETS)
    external_id, note = external_id.strip(), note.strip()
    _check(external_id, content, note)
    if find_item_ids(dataset.project_id, [external_id]):
        raise ConflictError("An item of the project has this id. Give the case another one.", code="id_taken")
    stored = masked_content(access.project, {name: content.get(name) for name in FIELDS})
    try:
        with transaction.atomic():
            case = DatasetCase.objects.create(
                dataset=dataset,
                external_id=external_id,
                content=stored,
                note=note,
                written_by=access.actor.user,
                created_at=now,
            )
            _record("dataset.case_written", access, case, now)
    except IntegrityError:
        raise ConflictError("The dataset has a case with this id already.", code="id_taken") from None
    return case


def withdraw_case(access: Access, dataset: Dataset, *, case_id: int, now: datetime) -> None:
    """Leave a case out of the versions frozen from now on; older versions keep it."""
    require(access, Action.EDIT_DATASETS)
    with transaction.atomic():
        case = DatasetCase.objects.select_for_update().filter(dataset=dataset, pk=case_id).first()
        if case is None:
            raise NotFoundError("The dataset has no such case.")
        if case.withdrawn_at is None:
            case.withdrawn_at = now
            case.save(update_fields=["withdrawn_at"])
            _record("dataset.case_withdrawn", access, case, now)


def list_cases(dataset: Dataset) -> list[DatasetCase]:
    """Return the cases that stand, in order of their ids."""
    found = DatasetCase.objects.select_related("written_by").filter(dataset=dataset, withdrawn_at=None)
    return sorted(found, key=lambda case: case.external_id)


def cases_with_splits(dataset: Dataset, recipe: Recipe) -> list[tuple[DatasetCase, str | None]]:
    """Return the cases that a version by this recipe has, each with its split."""
    if not recipe.cases:
        return []
    keyed = purpose_salt(dataset.project.sampling_salt, SPLITS)
    return [(case, split_of(keyed, case.external_id, recipe)) for case in list_cases(dataset)]


def _check(external_id: str, content: Mapping[str, Any], note: str) -> None:
    problems = []
    if not external_id or len(external_id) > MAX_ID or "\0" in external_id:
        problems.append(FieldError("external_id", f"An id of up to {MAX_ID} characters."))
    if content.get("input") in (None, "", [], {}):
        problems.append(FieldError("input", "A case needs an input."))
    if content.get("expected") is None:
        problems.append(FieldError("expected", "Say what would be right."))
    problems += [
        FieldError(name, "Expected an object.")
        for name in ("metadata", "answers")
        if not isinstance(content.get(name) or {}, dict)
    ]
    written = orjson.dumps(dict(content))
    if len(written) > MAX_BYTES or b"\\u0000" in written:
        problems.append(FieldError("input", "A case has up to 1 MiB, and no NUL character."))
    if len(note) > MAX_NOTE or "\0" in note:
        problems.append(FieldError("note", f"A note has up to {MAX_NOTE:,} characters."))
    if problems:
        raise InvalidError(problems[0].message, fields=tuple(problems))


def masked_content(project: Project, content: Any) -> Any:
    """Return the content with placeholders, numbered through the case."""
    if project.masking == Masking.OFF:
        return content
    taken = {match.group() for match in PLACEHOLDER.finditer(orjson.dumps(content).decode())}
    return _mask(content, Placeholders(taken), custom_patterns(project.masking_patterns))


def _mask(value: Any, placeholders: Placeholders, custom: CustomPatterns | None, key: str = "") -> Any:
    if isinstance(value, str):
        return mask_one(value, placeholders=placeholders, key=key, custom=custom).text
    if isinstance(value, list):
        return [_mask(each, placeholders, custom, key) for each in value]
    if isinstance(value, dict):
        return {name: _mask(each, placeholders, custom, name) for name, each in value.items()}
    return value


def _record(action: str, access: Access, case: DatasetCase, now: datetime) -> None:
    record(
        action,
        now=now,
        actor=access.actor,
        project_id=access.project.pk,
        object_kind="dataset_case",
        object_id=case.pk,
        detail={"dataset": case.dataset.name, "content_sha256": digest(orjson.dumps(case.content).decode())},
    )
