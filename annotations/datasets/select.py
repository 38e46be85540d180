"""Selecting: from candidates to the rows of a version, by the rules of its recipe, in one fixed order.

The same items, labels, recipe and salt give the same rows on any machine: whatever is left to chance goes by the
project's keyed hashes, and rows stand in order of their ids.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import orjson
from django.db import connection

from annotations.datasets.candidates import Candidate, stream_candidates
from annotations.datasets.duplicates import clusters_of_same, clusters_of_similar
from annotations.datasets.recipe import Recipe
from annotations.judges.pairs import SHARES, SPLITS
from annotations.models import Judge
from annotations.models.datasets import Origin
from reviewapp.accounts.models import Project
from reviewapp.http.errors import FieldError, InvalidError
from reviewapp.stats.sampling.hash_numbers import hash_number
from reviewapp.stats.sampling.splits import hash_split
from sampling.draws.numbers import purpose_salt
from sampling.items.content import text_of

PURPOSE = "datasets"
_TEXT_BATCH = 5000

# Why a candidate is not in a version, in the order in which it is asked.
REASONS = {
    "unresolved": "no answer of record by this rule",
    "few_labels": "too few labels",
    "low_agreement": "too little agreement, or too few labels to tell",
    "judge_train": "a judge is tuned on it",
    "duplicate": "the same input as another row",
    "near_duplicate": "nearly the same input as another row",
    "over_limit": "beyond the limit",
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """A candidate that becomes a row: how it came in, its split, and its weight in this version.

    The weight is the candidate's own, with those of the duplicates that were dropped for it, times how many candidates
    of its stratum were there for each that the limit let in.
    """

    candidate: Candidate
    origin: str
    split: str | None
    weight: float | None


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows in order of external id, how many candidates there were, and why others are not rows."""

    rows: list[Chosen]
    n_candidates: int
    dropped: dict[str, str]

    @property
    def dropped_counts(self) -> dict[str, int]:
        """How many candidates each rule dropped, in the order of the rules."""
        counts = Counter(self.dropped.values())
        return {reason: counts[reason] for reason in REASONS if counts[reason]}


def select_rows(project: Project, recipe: Recipe, *, most: int | None = None) -> Selection:
    """Return what the recipe chooses now, looking at no more than `most` candidates, the oldest.

    InvalidError where it names a judge that is none.
    """
    _check_judges(project, recipe)
    return _Selecting(project, recipe).run(islice(stream_candidates(project.pk, recipe), most))


def _check_judges(project: Project, recipe: Recipe) -> None:
    known = set(Judge.objects.filter(project=project).values_list("name", flat=True))
    for name in recipe.exclude_judge_train:
        if name not in known:
            message = f"The project has no judge {name[:60]!r}."
            raise InvalidError(message, fields=(FieldError("exclude_judge_train", message),))


class _Selecting:
    """One selection under way."""

    def __init__(self, project: Project, recipe: Recipe) -> None:
        self.recipe = recipe
        self.chance = purpose_salt(project.sampling_salt, PURPOSE)
        self.splits = purpose_salt(project.sampling_salt, SPLITS)
        self.also = frozenset(recipe.also)
        self.dropped: dict[str, str] = {}

    def run(self, candidates: Iterable[Candidate]) -> Selection:
        n, kept = 0, []
        for candidate in candidates:
            n += 1
            reason = self._why_not(candidate)
            if reason is None:
                kept.append(candidate)
            else:
                self.dropped[candidate.external_id] = reason
        kept.sort(key=self._order)
        kept = self._without_duplicates(kept)
        rows = self._within_limit(kept)
        return Selection(sorted(rows, key=lambda row: row.candidate.external_id), n, self.dropped)

    def _why_not(self, candidate: Candidate) -> str | None:
        recipe = self.recipe
        if candidate.unresolved:
            return "unresolved"
        if candidate.n_labels < recipe.min_labels:
            return "few_labels"
        if recipe.min_agreement is not None and (candidate.agreement or 0) < recipe.min_agreement:
            return "low_agreement"
        if recipe.exclude_judge_train:
            part = hash_split(self.splits, candidate.session or candidate.external_id, SHARES)
            if part == "train":
                return "judge_train"
        return None

    def _order(self, candidate: Candidate) -> tuple[bool, bool, float, str]:
        """Named ones first, then drawn ones, each in an order of chance that never changes."""
        number = hash_number(self.chance, candidate.external_id)
        return (candidate.external_id not in self.also, candidate.weight is None, number, candidate.external_id)

    def _without_duplicates(self, kept: list[Candidate]) -> list[Candidate]:
        """Keep the first of each cluster; it carries the weight of those that are dropped for it."""
        if self.recipe.dedupe == "none":
            return kept
        texts = _inputs([candidate.item_id for candidate in kept])
        if self.recipe.dedupe == "exact":
            first = clusters_of_same([texts[each.item_id] for each in kept])
            reason = "duplicate"
        else:
            readable = [text_of(orjson.loads(texts[each.item_id])) for each in kept]
            first, reason = clusters_of_similar(readable, threshold=self.recipe.near), "near_duplicate"
        weights: dict[int, float] = defaultdict(float)
        for index, candidate in zip(first, kept, strict=True):
            weights[index] += candidate.weight or 0.0
        unique = []
        for index, candidate in enumerate(kept):
            if first[index] != index:
                self.dropped[candidate.external_id] = reason
            else:
                weight = None if candidate.weight is None else weights[index]
                unique.append(replace(candidate, weight=weight))
        return unique

    def _within_limit(self, kept: Sequence[Candidate]) -> list[Chosen]:
        """Let in what the recipe names, and of the rest as many as the limit leaves room for.

        By strata as evenly as they are filled. Within a stratum chance decides, so that a row of it stands for as many
        more as there were candidates for each.
        """
        named = [each for each in kept if each.external_id in self.also]
        found = [each for each in kept if each.external_id not in self.also]
        strata: dict[str | None, list[Candidate]] = defaultdict(list)
        for candidate in found:
            strata[candidate.stratum].append(candidate)
        room = len(found) if self.recipe.limit is None else max(self.recipe.limit - len(named), 0)
        sizes = share_evenly({name: len(members) for name, members in strata.items()}, room)
        rows = [self._chosen(each, Origin.CHOSEN, 1.0) for each in named]
        for name, members in strata.items():
            inside = members[: sizes[name]]
            drawn = sum(each.weight is not None for each in members)
            taken = sum(each.weight is not None for each in inside)
            factor = drawn / taken if taken else 1.0
            rows += [self._chosen(each, Origin.SAMPLED, factor) for each in inside]
            self.dropped.update((each.external_id, "over_limit") for each in members[sizes[name] :])
        return rows

    def _chosen(self, candidate: Candidate, origin: str, factor: float) -> Chosen:
        sampled = origin == Origin.SAMPLED and candidate.weight is not None
        weight = round((candidate.weight or 0.0) * factor, 9) if sampled else None
        return Chosen(candidate, Origin.SAMPLED if sampled else Origin.CHOSEN, self.split_of(candidate), weight)

    def split_of(self, candidate: Candidate) -> str | None:
        return split_of(self.splits, candidate.group or candidate.external_id, self.recipe)


def split_of(keyed: str, group: str, recipe: Recipe) -> str | None:
    """Return the split of a group, None where the recipe makes none; the same in every version of every dataset."""
    return hash_split(keyed, group, recipe.splits) if recipe.splits else None


def share_evenly(sizes: dict[str | None, int], room: int) -> dict[str | None, int]:
    """Return how many of each stratum fit into the room: as equal as their sizes allow, the rest by name."""
    taken = dict.fromkeys(sizes, 0)
    open_ones = sorted(sizes, key=lambda name: (name is None, name or ""))
    while room > 0 and open_ones:
        each, rest = divmod(room, len(open_ones))
        for index, name in enumerate(open_ones):
            more = min(each + (index < rest), sizes[name] - taken[name])
            taken[name] += more
            room -= more
        open_ones = [name for name in open_ones if taken[name] < sizes[name]]
    return taken


def _inputs(item_ids: Sequence[int]) -> dict[int, bytes]:
    """Return the inputs of items as canonical JSON."""
    texts: dict[int, bytes] = {}
    for start in range(0, len(item_ids), _TEXT_BATCH):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, input FROM sampling_item WHERE id = ANY(%s)", [list(item_ids[start : start + _TEXT_BATCH])]
            )
            for item_id, text in cursor.fetchall():
                texts[item_id] = orjson.dumps(orjson.loads(text), option=orjson.OPT_SORT_KEYS)
    return texts


def judges_to_exclude(project: Project) -> list[str]:
    """Return the names of the judges whose train items a recipe may leave out."""
    return list(Judge.objects.filter(project=project).order_by("name").values_list("name", flat=True))
