"""Making, rewording, merging and taking apart failure modes: always a further wording, always on record."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from annotations.failures.assign import refresh_facts
from annotations.failures.codebook import Mode, read_codebook
from annotations.imports.heirs import end_superseded, reserve_ids
from annotations.models import FailureMode, ModeAssignment, ModeWording
from annotations.rubrics.kinds.base import find_unstorable
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.models import Project
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import digest, record
from reviewapp.http.errors import ConflictError, FieldError, InvalidError

MAX_MODES = 150
LONGEST_NAME, LONGEST_DESCRIPTION = 100, 2000
OTHER = "other"  # the question's option for what the codebook has no mode for
_NO_VALUES = frozenset({OTHER, "assign", "publish"})  # the others are steps in the API's addresses
PAGE_KEYS = frozenset("jkunmo0/?")
KEYS = "123456789abcdefghilpqrstvwxyz"
_NOT_A_WORD = re.compile(r"[^a-z0-9]+")


def make_mode(access: Access, *, name: str, description: str = "", hotkey: str | None = None, now: datetime) -> Mode:
    """Add a mode to the codebook, on the first free key unless one is named.

    Raises InvalidError for a name or key that cannot be, ConflictError for one that is taken.
    """
    require(access, Action.EDIT_CODEBOOK)
    text = _checked({"name": name, "description": description, "hotkey": hotkey})
    with transaction.atomic():
        _lock(access.project)
        codebook = read_codebook(access.project.pk)
        if len(codebook.ids) >= MAX_MODES:
            raise ConflictError(f"A codebook holds at most {MAX_MODES} modes. Merge some.", code="codebook_full")
        _refuse_taken(codebook.modes, text)
        taken = {mode.hotkey for mode in codebook.modes}
        text.setdefault("hotkey", None)
        if text["hotkey"] is None:
            text["hotkey"] = next((key for key in KEYS if key not in taken), None)
        mode = FailureMode.objects.create(
            project=access.project,
            value=_free_value(text["name"], {*codebook.ids, *_NO_VALUES}),
            created_by=access.actor.user,
            created_at=now,
        )
        ModeWording.objects.create(
            project=access.project, mode=mode, written_by=access.actor.user, created_at=now, **text
        )
        _record(access, "failure_mode.made", mode.value, now, name_sha256=digest(text["name"]))
    return read_codebook(access.project.pk).by_id(mode.pk)


def reword_mode(access: Access, value: str, *, changes: Mapping[str, Any], now: datetime) -> Mode:
    """Give a mode another name, description or key (None: none); what it was called before stays on record.

    Raises NotFoundError without such a mode, InvalidError and ConflictError as `make_mode`.
    """
    require(access, Action.EDIT_CODEBOOK)
    text = _checked(changes)
    with transaction.atomic():
        _lock(access.project)
        codebook = read_codebook(access.project.pk)
        mode = codebook.get(value)
        _refuse_taken([each for each in codebook.modes if each.id != mode.id], text)
        if _supersede(access, mode.id, text, now):
            told = {f"{name}_sha256": digest(str(changed)) for name, changed in text.items()}
            _record(access, "failure_mode.reworded", mode.value, now, **told)
    return read_codebook(access.project.pk).by_id(mode.id)


def merge_mode(access: Access, value: str, *, into: str, now: datetime) -> Mode:
    """Let a mode count as another from now on; its items keep it, so that this can be taken back. Return the other.

    Raises NotFoundError without such modes, ConflictError for a mode and itself.
    """
    require(access, Action.EDIT_CODEBOOK)
    with transaction.atomic():
        _lock(access.project)
        codebook = read_codebook(access.project.pk)
        mode, target = codebook.get(value), codebook.get(into)
        if mode.id == target.id:
            raise ConflictError(f"{mode.name!r} cannot be merged into itself.", code="same_mode")
        _supersede(access, mode.id, {"merged_into_id": target.id}, now)
        _refresh(access, {mode.id, *(codebook.ids[each.value] for each in mode.merged)}, now)
        _record(access, "failure_mode.merged", mode.value, now, into=target.value)
    return read_codebook(access.project.pk).by_id(target.id)


def split_mode(access: Access, value: str, *, now: datetime) -> Mode:
    """Take a merged mode out again, with the items that it had and on no key. Return it.

    Raises NotFoundError without such a mode, ConflictError for one that is not merged, or whose name was taken since.
    """
    require(access, Action.EDIT_CODEBOOK)
    with transaction.atomic():
        _lock(access.project)
        codebook = read_codebook(access.project.pk)
        codebook.get(value)
        mode_id = codebook.ids[value]
        standing = ModeWording.objects.get(mode_id=mode_id, superseded_by=None)
        if standing.merged_into_id is None:
            raise ConflictError(f"{standing.name!r} is not merged into another mode.", code="not_merged")
        _refuse_taken(codebook.modes, {"name": standing.name})
        _supersede(access, mode_id, {"merged_into_id": None, "hotkey": None}, now)
        after = read_codebook(access.project.pk)
        _refresh(access, {each for each, root in after.root.items() if root == mode_id}, now)
        _record(access, "failure_mode.split", value, now)
    return after.by_id(mode_id)


def _lock(project: Project) -> None:
    """Let changes of one codebook follow each other, until the transaction ends."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)


def _checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the texts as they are kept, or raise InvalidError naming the place."""
    found = dict(changes)
    problems = [
        FieldError(name, problem) for name, text in found.items() if text and (problem := find_unstorable(text))
    ]
    if "name" in found:
        found["name"] = " ".join(found["name"].split())
        if not found["name"]:
            problems.append(FieldError("name", "Give the failure mode a name."))
        elif len(found["name"]) > LONGEST_NAME:
            problems.append(FieldError("name", f"A name has at most {LONGEST_NAME} characters."))
    if "description" in found:
        found["description"] = found["description"].strip()
        if len(found["description"]) > LONGEST_DESCRIPTION:
            problems.append(FieldError("description", f"At most {LONGEST_DESCRIPTION:,} characters."))
    key = found.get("hotkey")
    if key is not None and (len(key) != 1 or not "!" <= key <= "~" or key in PAGE_KEYS):
        problems.append(FieldError("hotkey", f"A key is one visible character, none of {' '.join(sorted(PAGE_KEYS))}."))
    if problems:
        raise InvalidError(problems[0].message, fields=tuple(problems))
    return found


def _refuse_taken(modes: Any, text: Mapping[str, Any]) -> None:
    for mode in modes:
        if "name" in text and mode.name.lower() == text["name"].lower():
            raise ConflictError(f"There is a failure mode {mode.name!r} already.", code="name_taken")
        if text.get("hotkey") is not None and mode.hotkey == text["hotkey"]:
            raise ConflictError(f"The key {mode.hotkey} belongs to {mode.name!r}.", code="key_taken")


def _supersede(access: Access, mode_id: int, changes: Mapping[str, Any], now: datetime) -> bool:
    """Store a further wording; return whether it says anything new."""
    before = ModeWording.objects.get(mode_id=mode_id, superseded_by=None)
    kept = {name: getattr(before, name) for name in ("name", "description", "hotkey", "merged_into_id")}
    after = {**kept, **changes}
    if after == kept:
        return False
    new_id = next(reserve_ids(ModeWording, 1))
    end_superseded(ModeWording, {before.pk: new_id})
    ModeWording.objects.create(
        id=new_id,
        project=access.project,
        mode_id=mode_id,
        written_by=access.actor.user,
        created_at=now,
        **after,
    )
    return True


def _refresh(access: Access, mode_ids: set[int], now: datetime) -> None:
    """Write anew what filters know of the items of these modes."""
    standing = ModeAssignment.objects.filter(project=access.project, mode_id__in=mode_ids, withdrawn_at=None)
    refresh_facts(access.project.pk, sorted(set(standing.values_list("item_id", flat=True))), now=now)


def _free_value(name: str, taken: set[str]) -> str:
    """Return a value for a new mode: its name as a word that options and filters can hold."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    word = _NOT_A_WORD.sub("_", plain).strip("_")[:40].strip("_")
    if not word or not word[0].isalpha():
        word = f"mode_{word}".strip("_")
    found, number = word, 1
    while found in taken:
        number += 1
        found = f"{word}_{number}"
    return found


def _record(access: Access, action: str, value: str, now: datetime, **detail: Any) -> None:
    record(
        action,
        now=now,
        actor=access.actor,
        project_id=access.project.pk,
        object_kind="failure_mode",
        object_id=value,
        detail=detail,
    )
