"""Few-shot examples: items of the train split with an answer of record, as many passes as fails.

Only train items ever stand in a prompt. A judge is compared with people on dev and test items, which have then never
been shown to it; splits go by session, so that no neighbour of theirs has either.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from django.db import connection

from annotations.datasets.candidates import stream_candidates
from annotations.datasets.recipe import parse_recipe
from annotations.judges.pairs import SHARES, SPLITS
from annotations.judges.prompt import Example, Material
from reviewapp.accounts.models import Project
from reviewapp.stats.sampling.splits import hash_split
from sampling.draws.numbers import purpose_salt

TRAIN = "train"
MAX_EXAMPLES = 20


class ChosenExample(NamedTuple):
    """A train item, and what people said of it."""

    item_id: int
    answers: Mapping[str, Any]


def choose_examples(project: Project, keys: Sequence[str], *, count: int) -> list[ChosenExample]:
    """Return up to `count` train items on which people agree, taking turns between their categories, oldest first."""
    keyed = purpose_salt(project.sampling_salt, SPLITS)
    by_category: dict[str, list[ChosenExample]] = {}
    count = min(count, MAX_EXAMPLES)
    for each in stream_candidates(project.pk, parse_recipe({"resolution": "agreed"})):
        if each.unresolved or hash_split(keyed, each.session or each.external_id, SHARES) != TRAIN:
            continue
        answers = {key: each.answers[key] for key in keys if key in each.answers}
        group = by_category.setdefault(each.category, [])
        if answers and len(group) < count:
            group.append(ChosenExample(each.item_id, answers))
        if by_category and len(by_category) > 1 and all(len(group) >= count for group in by_category.values()):
            break
    chosen: list[ChosenExample] = []
    groups = [by_category[name] for name in sorted(by_category)]
    for nth in range(count):
        chosen += [group[nth] for group in groups if nth < len(group)]
    return chosen[:count]


def read_materials(project_id: int, item_ids: Sequence[int]) -> dict[int, Material]:
    """Return what prompts may show of items, by id; erased ones are left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, external_id, input, output, context, steps, metadata FROM sampling_item"
            " WHERE project_id = %s AND id = ANY(%s) AND erased_at IS NULL",
            [project_id, list(item_ids)],
        )
        return {
            row[0]: Material(row[1], *(None if text is None else orjson.loads(text) for text in row[2:]))
            for row in cursor.fetchall()
        }


def read_examples(project_id: int, item_ids: Sequence[int], answers: Sequence[Mapping[str, Any]]) -> list[Example]:
    """Return a version's examples; one whose item was erased is gone."""
    found = read_materials(project_id, item_ids)
    return [Example(found[pk], said) for pk, said in zip(item_ids, answers, strict=True) if pk in found]
