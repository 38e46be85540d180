"""What a selection amounts to: counts, balance, gaps, and how far its people agree."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from annotations.datasets.candidates import category_of
from annotations.datasets.select import Chosen, Selection
from annotations.models import DatasetCase
from annotations.models.datasets import Origin
from annotations.quality.asked import get_question
from annotations.quality.votes import declared_values
from annotations.rubrics.publish import find_rubric
from reviewapp.accounts.models import Project
from reviewapp.stats.agreement.counts import ItemCounts
from reviewapp.stats.agreement.summary import summarise_agreement
from reviewapp.stats.estimate import Estimate
from reviewapp.stats.grouped import mean_rate

FEW = 5
SHOWN_VALUES = 200


@dataclass(frozen=True, slots=True)
class Balance:
    """How many rows have each value of a fact, largest first; `few` names those with fewer than five."""

    name: str
    counts: list[tuple[str, int]]
    few: list[str]

    @property
    def n_values(self) -> int:
        """How many values there are."""
        return len(self.counts)


@dataclass(frozen=True, slots=True)
class AgreementFigures:
    """On the primary question, in items with two labels or more: which share of the labels said the answer.

    `low` and `high` are its 95 % limits, by session. The coefficients are those of the labels planned from the start,
    where the question declares its answers: they speak of the rows that the recipe chose, not of production.
    """

    n_items: int
    mean: float | None
    low: float | None = None
    high: float | None = None
    percent: Estimate | None = None
    gwet_ac: Estimate | None = None
    krippendorff_alpha: Estimate | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """The counts of a selection; `labels` counts all labels behind its rows."""

    n_rows: int
    n_candidates: int
    dropped: dict[str, int]
    origins: dict[str, int]
    splits: dict[str, int]
    how: dict[str, int]
    labels: int
    expected: Balance
    strata: Balance | None
    agreement: AgreementFigures

    def as_json(self) -> dict[str, Any]:
        """Return the figures as a manifest keeps them; of very many values, the most frequent ones."""
        found = asdict(self)
        for name in ("expected", "strata"):
            if found[name] is not None:
                found[name]["n_values"] = len(found[name]["counts"])
                found[name]["counts"] = found[name]["counts"][:SHOWN_VALUES]
        return found


def figures_of(
    selection: Selection, cases: Sequence[tuple[DatasetCase, str | None]], *, project: Project, by: str | None
) -> Figures:
    """Return the figures of a selection with its written cases; `by` is the fact of its strata.

    An answer that the rubric declares and no row has is there with a count of none: it is the largest gap.
    """
    rows = selection.rows
    categories = [each.candidate.category for each in rows]
    categories += [category_of(case.content.get("expected")) for case, _ in cases]
    return Figures(
        n_rows=len(rows) + len(cases),
        n_candidates=selection.n_candidates,
        dropped=selection.dropped_counts,
        origins=_counts([*(each.origin for each in rows), *(Origin.WRITTEN for _ in cases)]),
        splits=_counts([*(each.split for each in rows), *(split for _, split in cases)]),
        how=_counts([each.candidate.how for each in rows]),
        labels=sum(each.candidate.n_labels for each in rows),
        expected=balance_of("expected", categories, declared=_declared(project.pk, categories)),
        strata=balance_of(by, _strata(rows)) if by else None,
        agreement=_agreement(selection),
    )


def _agreement(selection: Selection) -> AgreementFigures:
    found = [each.candidate for each in selection.rows if each.candidate.agreement is not None]
    if not found:
        return AgreementFigures(0, None)
    mean = mean_rate([each.agreement for each in found], [each.group for each in found])
    share, low, high = (None if value is None else round(value, 6) for value in (mean.value, mean.low, mean.high))
    said = [each.planned for each in found if each.planned]
    names = sorted({name for each in said for name in each})
    if not names:
        return AgreementFigures(len(found), share, low, high)
    place = {name: column for column, name in enumerate(names)}
    counts = np.zeros((len(said), len(names)))
    for row, each in zip(counts, said, strict=True):
        for name, n in each.items():
            row[place[name]] = n
    summary = summarise_agreement(ItemCounts(counts))
    return AgreementFigures(
        len(found),
        share,
        low,
        high,
        percent=summary.percent,
        gwet_ac=summary.gwet.estimate,
        krippendorff_alpha=summary.alpha.estimate,
    )


def balance_of(name: str, values: Iterable[str], *, declared: Sequence[str] = ()) -> Balance:
    """Return how often each value is there, and each declared one."""
    found = Counter(dict.fromkeys(declared, 0))
    found.update(values)
    counts = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
    return Balance(name, counts, [value for value, n in counts if n < FEW])


def _declared(project_id: int, categories: Sequence[str]) -> list[str]:
    """Return the answers that the primary question declares, if those are what rows are told apart by."""
    if find_rubric(project_id) is None:
        return []
    declared = [category_of(value) for value in declared_values(get_question(project_id, None))]
    return declared if set(categories) <= set(declared) else []


def _strata(rows: Sequence[Chosen]) -> list[str]:
    return [each.candidate.stratum or "(not known)" for each in rows]


def _counts(values: Iterable[str | None]) -> dict[str, int]:
    return dict(sorted(Counter(str(value) for value in values if value is not None).items()))
