"""The matrix of decisions as the Shadow page shows it: the frequent names, the rest as one, and what differs most."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from annotations.shadow.figures import OTHER, Matrix
from annotations.shadow.rules import Rule

MOST_SHOWN = 24
MOST_DIFFERENCES = 15

CellUrl = Callable[[str, str], str]


class Difference(NamedTuple):
    """People say one thing, the AI another: how often, and where the items are."""

    human: str
    ai: str
    n: int
    url: str


def shown_matrix(matrix: Matrix, rule: Rule, url: CellUrl) -> dict[str, Any]:
    """Return labels and rows of cells; the rarest names beyond two dozen are one row and one column, without links."""
    counts, folded = np.array(matrix.counts, dtype=int), _folded(matrix)
    kept = [index for index in range(len(matrix.labels)) if index not in folded]
    groups = [[index] for index in kept] + ([folded] if folded else [])
    labels = [matrix.labels[index] for index in kept] + ([_rest_name(matrix, folded)] if folded else [])
    table = np.array([[counts[np.ix_(row, column)].sum() for column in groups] for row in groups], dtype=int)
    most = table.max(initial=0)
    rows = []
    for i, row in enumerate(groups):
        cells = []
        for j, column in enumerate(groups):
            n = int(table[i, j])
            cell: dict[str, Any] = {"n": n, "level": 1 + int(3 * n / most) if n else 0}
            if row is folded or column is folded:
                cell["alike"] = _n_alike(matrix, rule, folded) if row is column else None
            else:
                human, ai = labels[i], labels[j]
                cost = matrix.costs[row[0]][column[0]]
                cell |= {"url": url(human, ai), "same": rule.same(human, ai), "cost": cost}
            cells.append(cell)
        rows.append({"human": labels[i], "cells": cells, "total": int(table[i].sum())})
    return {"labels": labels, "rows": rows}


def list_differences(matrix: Matrix, rule: Rule, url: CellUrl) -> list[Difference]:
    """Return what differs most often, most first."""
    found = [
        Difference(human, ai, n, url(human, ai))
        for human, row in zip(matrix.labels, matrix.counts, strict=True)
        for ai, n in zip(matrix.labels, row, strict=True)
        if n and OTHER not in (human, ai) and not rule.same(human, ai)
    ]
    return sorted(found, key=lambda each: -each.n)[:MOST_DIFFERENCES]


def _folded(matrix: Matrix) -> list[int]:
    """Return the places of the names that are shown as one."""
    rest = [index for index, name in enumerate(matrix.labels) if name == OTHER]
    if len(matrix.labels) <= MOST_SHOWN:
        return rest
    counts = np.array(matrix.counts, dtype=int)
    totals = counts.sum(axis=0) + counts.sum(axis=1)
    totals[rest] = -1
    return sorted(np.argsort(-totals, kind="stable")[MOST_SHOWN - 1 :].tolist())


def _rest_name(matrix: Matrix, folded: list[int]) -> str:
    return "all others" if any(matrix.labels[index] == OTHER for index in folded) else f"{len(folded)} others"


def _n_alike(matrix: Matrix, rule: Rule, folded: list[int]) -> int | None:
    """Return how many decisions among the rare names are alike; None where that is not known any more."""
    names = [matrix.labels[index] for index in folded]
    if OTHER in names:
        return None
    return sum(
        matrix.counts[i][j]
        for i, human in zip(folded, names, strict=True)
        for j, ai in zip(folded, names, strict=True)
        if rule.same(human, ai)
    )
