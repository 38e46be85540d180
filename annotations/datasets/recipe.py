"""Recipes: by which rules a version's rows are chosen. Checked once, frozen, and kept with the version as JSON."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from reviewapp.http.errors import FieldError, InvalidError
from reviewapp.stats.sampling.splits import ROUNDING
from sampling.plans.filters import EVERYTHING, Filter, parse_filter
from sampling.plans.filters_facts import find_fact

Rule = Literal["agreed", "majority", "adjudicated"]
Dedupe = Literal["none", "exact", "near"]

MAX_ROWS = 1_000_000
MAX_CHOSEN = 10_000
NEAR = 0.8
BY_SESSION = "session_ref"
# What Hugging Face takes for the name of a split; "all" means every split there.
_SPLIT = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,29}")


@dataclass(frozen=True, slots=True)
class Recipe:
    """Which items become rows. `where` is the filter as it was written, `condition` the same one parsed.

    `also` names items that are in by hand, beside whatever the filter finds; `cases` takes the standing cases along.
    """

    where: Mapping[str, Any] = field(default_factory=dict)
    condition: Filter = EVERYTHING
    resolution: Rule = "agreed"
    min_labels: int = 0
    min_agreement: float | None = None
    splits: Mapping[str, float] = field(default_factory=dict)
    group_by: str = BY_SESSION
    stratify_by: str | None = None
    limit: int | None = None
    dedupe: Dedupe = "none"
    near: float = NEAR
    exclude_judge_train: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    cases: bool = True

    def as_json(self) -> dict[str, Any]:
        """Return the recipe as it is kept and shown."""
        return {
            "where": dict(self.where),
            "resolution": self.resolution,
            "min_labels": self.min_labels,
            "min_agreement": self.min_agreement,
            "splits": [[name, share] for name, share in self.splits.items()],
            "group_by": self.group_by,
            "stratify_by": self.stratify_by,
            "limit": self.limit,
            "dedupe": self.dedupe,
            "near": self.near if self.dedupe == "near" else None,
            "exclude_judge_train": list(self.exclude_judge_train),
            "also": list(self.also),
            "cases": self.cases,
        }


def parse_recipe(body: Mapping[str, Any]) -> Recipe:
    """Return the recipe that a parsed JSON object describes (null stands for "not said").

    Raises InvalidError naming each field that breaks a rule; `filter_invalid` for the filter.
    """
    said = {name: value for name, value in body.items() if value is not None}
    problems: list[FieldError] = []
    where = said.get("where", {})
    condition = parse_filter(where)
    recipe = Recipe(
        where=where,
        condition=condition if where else EVERYTHING,
        resolution=_word(said, "resolution", get_args(Rule), "agreed", problems),
        min_labels=_whole(said, "min_labels", 0, 1000, problems) or 0,
        min_agreement=_share(said, "min_agreement", problems),
        splits=_splits(said.get("splits", {}), problems),
        group_by=_fact(said, "group_by", problems) or BY_SESSION,
        stratify_by=_fact(said, "stratify_by", problems),
        limit=_whole(said, "limit", 1, MAX_ROWS, problems),
        dedupe=_word(said, "dedupe", get_args(Dedupe), "none", problems),
        near=_share(said, "near", problems) or NEAR,
        exclude_judge_train=_texts(said, "exclude_judge_train", 20, problems),
        also=_texts(said, "also", MAX_CHOSEN, problems),
        cases=bool(said.get("cases", True)),
    )
    if problems:
        raise InvalidError(problems[0].message, code="recipe_invalid", fields=tuple(problems))
    return recipe


def recipe_of(stored: Mapping[str, Any]) -> Recipe:
    """Return the recipe that a version keeps."""
    return parse_recipe({**stored, "splits": dict(stored["splits"])})


def _word(said: Mapping[str, Any], name: str, words: tuple[str, ...], default: Any, problems: list[FieldError]) -> Any:
    value = said.get(name, default)
    if value not in words:
        problems.append(FieldError(name, f"There is {', '.join(words)}."))
        return default
    return value


def _whole(said: Mapping[str, Any], name: str, low: int, high: int, problems: list[FieldError]) -> int | None:
    value = said.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        problems.append(FieldError(name, f"Expected a whole number from {low} to {high:,}."))
        return None
    return value


def _share(said: Mapping[str, Any], name: str, problems: list[FieldError]) -> float | None:
    value = said.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        problems.append(FieldError(name, "Expected a share above 0, and 1 at most."))
        return None
    return float(value)


def _fact(said: Mapping[str, Any], name: str, problems: list[FieldError]) -> str | None:
    value = said.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or find_fact(value) is None:
        problems.append(FieldError(name, "There is no such fact; there is session_ref, metadata.intent and the like."))
        return None
    return value


def _splits(value: Any, problems: list[FieldError]) -> Mapping[str, float]:
    if not isinstance(value, Mapping):
        problems.append(FieldError("splits", 'Expected shares by name, like {"train": 0.6, "test": 0.4}.'))
        return {}
    for name, share in value.items():
        if _SPLIT.fullmatch(str(name)) is None or name == "all":
            message = "A split has a name of letters, digits and underscores that begins with a letter, and not all."
            problems.append(FieldError(f"splits.{name}", message))
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
            problems.append(FieldError(f"splits.{name}", "Expected a share above 0, and 1 at most."))
            return {}
    if value and abs(sum(value.values()) - 1) > ROUNDING:
        problems.append(FieldError("splits", f"The shares add up to {sum(value.values()):g}, and not to 1."))
        return {}
    return {str(name): float(share) for name, share in value.items()}


def _texts(said: Mapping[str, Any], name: str, most: int, problems: list[FieldError]) -> tuple[str, ...]:
    value = said.get(name, ())
    value = [value] if isinstance(value, str) else value
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) and "\0" not in each for each in value):
        problems.append(FieldError(name, "Expected a list of texts."))
        return ()
    if len(value) > most:
        problems.append(FieldError(name, f"At most {most:,}."))
        return ()
    return tuple(dict.fromkeys(value))
