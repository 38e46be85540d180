"""Agreement as the Quality page shows it: coefficients, who agrees with whom, and where people disagree."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.urls import reverse

from annotations.quality.agreement import Agreement, AgreementReport
from annotations.quality.disputed import word
from annotations.views.intervals import IntervalRow, draw_interval
from reviewapp.accounts.access import Access
from reviewapp.words import counted

MAX_PAIRS = 50
MAX_MATRIX = 12
# Where a kappa begins to be fair, moderate, substantial: only for the shade behind the number.
_SHADES = (0.2, 0.4, 0.6, 0.8)


class PairRow(NamedTuple):
    """Two reviewers: on how many items they met, how often they agree, and beyond chance."""

    a: str
    b: str
    n: int
    percent: IntervalRow
    kappa: IntervalRow
    url: str


class Cell(NamedTuple):
    """One field of the matrix: the words in it, how dark it is, and where it leads; empty where two never met."""

    text: str
    shade: int
    title: str
    url: str


class Split(NamedTuple):
    """Figures by something: a row for each of its values."""

    title: str
    note: str
    rows: list[tuple[IntervalRow, IntervalRow]]


def show_agreement(access: Access, report: AgreementReport) -> dict[str, Any]:
    """Return what the page shows of a report."""
    names = report.reviewers
    lists = _Lists(access, report.question)
    return {
        "agreement": report,
        "coefficients": _coefficients(report.overall),
        "categories": [
            (answer, draw_interval(answer, report.overall.prevalence[answer]), draw_interval(answer, specific))
            for answer, specific in report.overall.per_category.items()
        ],
        "splits": _splits(report),
        "pairs": [
            PairRow(
                names[pair.a],
                names[pair.b],
                pair.n,
                draw_interval("", pair.percent),
                draw_interval("", pair.cohen_kappa, start=-0.2, percent=False),
                lists.of(first=names[pair.a], second=names[pair.b]),
            )
            for pair in sorted(report.pairs, key=lambda pair: -pair.n)[:MAX_PAIRS]
        ],
        "matrix": _matrix(report, lists),
        "raters": [(names[each.rater], each.n_labels, draw_interval("", each.percent)) for each in report.raters],
        "confused": [
            (word(each.a), word(each.b), each, round(each.share * 100), lists.of(a=word(each.a), b=word(each.b)))
            for each in report.confused
        ],
        "disputed": [
            (each, [(word(answer), n) for answer, n in each.answers], round(each.disagreement * 100), lists.item(each))
            for each in report.disputed
        ],
        "all_disputed": lists.of(),
    }


class _Lists:
    """Addresses of the lists of items behind a figure."""

    def __init__(self, access: Access, question: str) -> None:
        self._slug, self._question = access.project.slug, question
        self._page = reverse("disagreements", args=[self._slug])

    def of(self, **chosen: str) -> str:
        return f"{self._page}?{urlencode({'question': self._question, **chosen})}"

    def item(self, each: Any) -> str:
        return reverse("item", args=[self._slug, each.external_id])


def _coefficients(overall: Agreement) -> list[IntervalRow]:
    spans = overall.spans
    if spans is not None:
        return [
            draw_interval("F1, exact", spans.f1_exact, note="same passage, same tag", percent=False),
            draw_interval("F1, overlapping", spans.f1_overlap, note="at least half in common", percent=False),
            draw_interval("Alpha by character", spans.character_alpha, note="beyond chance", start=-0.2, percent=False),
        ]
    return [
        draw_interval("Agree", overall.percent, note="two labels of an item"),
        draw_interval(
            "Krippendorff's alpha",
            overall.krippendorff_alpha,
            note="can labels tell items apart?",
            strong=True,
            start=-0.2,
            percent=False,
        ),
        draw_interval("Gwet's AC", overall.gwet_ac, note="far from clicking at random?", start=-0.2, percent=False),
        draw_interval("Fleiss' kappa", overall.fleiss_kappa, note="beyond chance", start=-0.2, percent=False),
    ]


def _splits(report: AgreementReport) -> list[Split]:
    return [
        Split(title, note, [_split_row(name, found) for name, found in rows])
        for title, note, rows in (
            ("By segment", "", [(name or "not known", found) for name, found in report.segments]),
            (
                "By rubric version",
                "Between labels under the same version.",
                [(f"Version {version}", found) for version, found in report.versions],
            ),
            (
                "Week by week",
                "By the week of an item's first label (UTC).",
                [(f"from {week:%-d %b %Y}", found) for week, found in report.weeks],
            ),
        )
        if rows
    ]


def _split_row(name: str, found: Agreement) -> tuple[IntervalRow, IntervalRow]:
    note = f"{found.n_items_multi:,} of {found.n_items:,} items with two labels or more"
    if found.spans is not None:
        return (
            draw_interval(name, found.spans.f1_overlap, note=note, percent=False),
            draw_interval(name, found.spans.character_alpha, start=-0.2, percent=False),
        )
    return (
        draw_interval(name, found.percent, note=note),
        draw_interval(name, found.krippendorff_alpha, start=-0.2, percent=False),
    )


def _matrix(report: AgreementReport, lists: _Lists) -> dict[str, Any] | None:
    """Return kappa of everybody with everybody, for the people who share most items; None for less than three."""
    shared: dict[int, int] = {}
    for pair in report.pairs:
        for person in (pair.a, pair.b):
            shared[person] = shared.get(person, 0) + pair.n
    people = sorted(sorted(shared, key=lambda person: -shared[person])[:MAX_MATRIX])
    if len(people) < 3:
        return None
    names = [report.reviewers[person] for person in people]
    cells: dict[tuple[int, int], Cell] = {}
    for pair in report.pairs:
        kappa = pair.cohen_kappa.value
        first, second = report.reviewers[pair.a], report.reviewers[pair.b]
        title = f"{first} and {second}: {counted(pair.n, 'item')}"
        text, shade = ("–", 0) if kappa is None else (f"{kappa:.2f}", _shade(kappa))
        cell = Cell(text, shade, title, lists.of(first=first, second=second))
        cells[pair.a, pair.b] = cells[pair.b, pair.a] = cell
    rows = [(name, _row(person, people, cells)) for name, person in zip(names, people, strict=True)]
    return {"names": names, "rows": rows, "left_out": len(shared) - len(people)}


def _row(person: int, people: Sequence[int], cells: dict[tuple[int, int], Cell]) -> list[Cell | None]:
    return [cells.get((person, other)) for other in people]


def _shade(kappa: float) -> int:
    return 1 + sum(kappa >= border for border in _SHADES)
