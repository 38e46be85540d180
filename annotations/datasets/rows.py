"""Rows: the canonical record of an item in a version, written once as canonical JSON and never written anew."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import orjson
from django.db import connection

from annotations.datasets.candidates import category_of
from annotations.datasets.select import Chosen
from annotations.models import DatasetCase
from annotations.models.datasets import Origin

FIELDS = (
    "external_id",
    "input",
    "output",
    "context",
    "metadata",
    "expected",
    "answers",
    "split",
    "n_labels",
    "agreement",
    "weight",
)
BATCH = 2000


class NewRow(NamedTuple):
    """A row to be frozen: its canonical JSON, and what stands behind it. `not_text` names its columns that are JSON."""

    external_id: str
    item_id: int | None
    split: str | None
    origin: str
    row: bytes
    category: str
    provenance: dict[str, Any]
    not_text: frozenset[str]

    @property
    def sha256(self) -> str:
        """The hash of its line."""
        return sha256(self.row).hexdigest()


def canonical(row: Mapping[str, Any]) -> bytes:
    """Return canonical JSON: UTF-8, keys sorted, nothing between them, numbers in their shortest form."""
    return orjson.dumps(row, option=orjson.OPT_SORT_KEYS)


def tombstone(external_id: str, split: str | None) -> bytes:
    """Return what is left of an erased row."""
    emptied = dict.fromkeys(FIELDS)
    return canonical({**emptied, "external_id": external_id, "metadata": {}, "answers": {}, "split": split})


def stream_new_rows(chosen: Sequence[Chosen], cases: Sequence[tuple[DatasetCase, str | None]]) -> Iterator[NewRow]:
    """Yield the rows of a version in order of external id, reading the items' content batch by batch."""
    written = sorted(cases, key=lambda case: case[0].external_id)
    waiting = iter(written)
    case = next(waiting, None)
    for start in range(0, len(chosen), BATCH):
        batch = chosen[start : start + BATCH]
        contents = _contents([each.candidate.item_id for each in batch])
        for each in batch:
            while case is not None and case[0].external_id < each.candidate.external_id:
                yield _written(*case)
                case = next(waiting, None)
            if each.candidate.item_id in contents:  # else it was erased this very moment
                yield _of_item(each, contents[each.candidate.item_id])
    while case is not None:
        yield _written(*case)
        case = next(waiting, None)


def _contents(item_ids: list[int]) -> dict[int, tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, input, output, context, metadata FROM sampling_item WHERE id = ANY(%s) AND erased_at IS NULL",
            [item_ids],
        )
        return {
            row[0]: tuple(None if text is None else orjson.loads(text) for text in row[1:]) for row in cursor.fetchall()
        }


def _of_item(chosen: Chosen, content: tuple[Any, ...]) -> NewRow:
    candidate = chosen.candidate
    said, reply, context, metadata = content
    row = canonical(
        {
            "external_id": candidate.external_id,
            "input": said,
            "output": reply,
            "context": context,
            "metadata": metadata,
            "expected": candidate.expected,
            "answers": candidate.answers,
            "split": chosen.split,
            "n_labels": candidate.n_labels,
            "agreement": None if candidate.agreement is None else round(candidate.agreement, 6),
            "weight": chosen.weight,
        }
    )
    provenance = {
        "how": candidate.how,
        "labels": list(candidate.label_ids),
        "people": list(candidate.people),
        "adjudication": candidate.adjudication_id,
        "rubric_version": candidate.rubric_version,
        "plan_version": candidate.plan_version,
        "soft_labels": candidate.soft,
        "category": candidate.category,
        "stratum": candidate.stratum,
        "group": candidate.group,
    }
    columns = {"input": said, "output": reply, "context": context, "expected": candidate.expected}
    return NewRow(
        external_id=candidate.external_id,
        item_id=candidate.item_id,
        split=chosen.split,
        origin=chosen.origin,
        row=row,
        category=candidate.category,
        provenance=provenance,
        not_text=_not_text(columns),
    )


def _written(case: DatasetCase, split: str | None) -> NewRow:
    content = {name: case.content.get(name) for name in ("input", "output", "context", "expected")}
    row = canonical(
        {
            **dict.fromkeys(FIELDS),
            **content,
            "external_id": case.external_id,
            "metadata": case.content.get("metadata") or {},
            "answers": case.content.get("answers") or {},
            "split": split,
            "n_labels": 0,
        }
    )
    category = category_of(content["expected"])
    provenance: dict[str, Any] = {
        "how": "written",
        "labels": [],
        "people": [case.written_by.username],
        "adjudication": None,
        "case": case.pk,
        "soft_labels": {},
        "category": category,
        "stratum": None,
    }
    return NewRow(case.external_id, None, split, Origin.WRITTEN, row, category, provenance, _not_text(content))


def _not_text(columns: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(name for name, value in columns.items() if not isinstance(value, str | None))
