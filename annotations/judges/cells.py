"""The items behind a cell of a judge's confusion matrix."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from annotations.estimates.grading import CELLS, FAIL, PASS, UNPARSED
from annotations.judges.pairs import Pair
from annotations.models import JudgeVersion, Verdict
from sampling.models import Item

# People's answer and the verdict; None: either.
CELL_OF: dict[str, tuple[int | None, int]] = {
    "tp": (1, PASS),
    "fn": (1, FAIL),
    "fp": (0, PASS),
    "tn": (0, FAIL),
    "unparsed": (None, UNPARSED),
}
MOST = 100


class CellItem(NamedTuple):
    """An item with what people and the judge said of it."""

    external_id: str
    excerpt: str
    outcome: str
    labels: str
    verdict: str
    score: float | None
    rationale: str


def pairs_of_cell(pairs: Sequence[Pair], cell: str) -> list[Pair]:
    """Return the pairs of a cell; of `wrong`, those on which the judge and people differ, the surest first."""
    known = [pair for pair in pairs if pair.outcome is not None]
    if cell == "wrong":
        wrong = [pair for pair in known if (pair.outcome, pair.verdict) in {(1, FAIL), (0, PASS)}]
        return sorted(wrong, key=lambda pair: -abs((pair.score if pair.score is not None else 0.5) - 0.5))
    outcome, verdict = CELL_OF[cell]
    return [pair for pair in known if outcome in {None, pair.outcome} and pair.verdict == verdict]


def show_pairs(version: JudgeVersion, pairs: Sequence[Pair]) -> list[CellItem]:
    """Return the first of the pairs as a page shows them."""
    shown = pairs[:MOST]
    ids = [pair.item_id for pair in shown]
    texts = dict(Item.objects.filter(pk__in=ids).values_list("pk", "input"))
    said = dict(
        Verdict.objects.filter(judge_version=version, item_id__in=ids, superseded_by=None).values_list(
            "item_id", "rationale"
        )
    )
    return [
        CellItem(
            external_id=pair.external_id,
            excerpt=excerpt(texts.get(pair.item_id)),
            outcome="pass" if pair.outcome else "fail",
            labels=", ".join(pair.reviewers),
            verdict=CELLS[pair.verdict],
            score=pair.score,
            rationale=said.get(pair.item_id, ""),
        )
        for pair in shown
    ]


def excerpt(value: Any) -> str:
    """Return the first words of an input."""
    if isinstance(value, list) and value and isinstance(value[-1], dict):
        value = value[-1].get("content", "")
    text = value if isinstance(value, str) else str(value)
    return text[:160] + ("…" if len(text) > 160 else "")
