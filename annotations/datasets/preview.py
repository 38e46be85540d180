"""What a recipe would choose now, before anything is frozen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annotations.datasets.cases import cases_with_splits
from annotations.datasets.figures import FEW, Figures, figures_of
from annotations.datasets.freeze import AT_ONCE
from annotations.datasets.recipe import parse_recipe
from annotations.datasets.select import REASONS, select_rows
from annotations.models import Dataset

_NAMED = 8


@dataclass(frozen=True, slots=True)
class Preview:
    """The figures of what would be frozen, what is missing in it, and why candidates would be left out.

    `partial` says that there are more candidates than a preview looks at.
    """

    figures: Figures
    gaps: list[str]
    left_out: list[tuple[str, int]]
    partial: bool


def preview_recipe(dataset: Dataset, body: Mapping[str, Any]) -> Preview:
    """Return what the recipe would choose. Raises InvalidError as freezing would."""
    recipe = parse_recipe(body)
    selection = select_rows(dataset.project, recipe, most=AT_ONCE)
    cases = cases_with_splits(dataset, recipe)
    figures = figures_of(selection, cases, project=dataset.project, by=recipe.stratify_by)
    return Preview(
        figures=figures,
        gaps=list_gaps(figures.as_json()),
        left_out=[(REASONS[reason], n) for reason, n in figures.dropped.items()],
        partial=selection.n_candidates >= AT_ONCE,
    )


def list_gaps(figures: Mapping[str, Any]) -> list[str]:
    """Return what the counts of a version (as its manifest has them) leave uncovered, in sentences."""
    gaps = [_gap("expected answers", figures["expected"])]
    if figures["strata"] is not None:
        gaps.append(_gap(f"values of {figures['strata']['name']}", figures["strata"]))
    return [gap for gap in gaps if gap]


def _gap(what: str, balance: Mapping[str, Any]) -> str:
    few = balance["few"]
    if not few:
        return ""
    named = ", ".join(few[:_NAMED]) + (f" and {len(few) - _NAMED} more" if len(few) > _NAMED else "")
    have = "has" if len(few) == 1 else "have"
    return f"{len(few)} of {balance['n_values']} {what} {have} fewer than {FEW} rows: {named}."
