"""Operations over the API."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.times import AskedTime
from sampling.api.items import Where, read_filter
from sampling.drift.read import Drift, find_drift
from sampling.operations.budgets import Spending, list_spending
from sampling.operations.figures import Figures
from sampling.operations.report import Asked, Report, Split, get_report

router = Router(tags=["Numbers"])

From = Annotated[AskedTime | None, Query(alias="from", description="Items that happened at this time or later.")]
To = Annotated[AskedTime | None, Query(description="Items that happened before this time.")]
Segment = Annotated[str | None, Query(description="A fact to split by as well, such as metadata.language.")]


class FiguresOut(Schema):
    """What a set of items came to: counts of all of them. A figure is null where no item says it."""

    items: int
    errors: int = Field(description="Items without an output, with a failed step, or whose call failed.")
    error_rate: float | None
    checked: int = Field(description="Items of which a check was asked that applied.")
    check_failures: int = Field(description="Items that failed a check.")
    check_failure_rate: float | None
    latency_p50_ms: float | None
    latency_p90_ms: float | None
    latency_p99_ms: float | None
    input_tokens: int
    output_tokens: int
    cost_usd: float
    cost_per_item_usd: float | None

    @classmethod
    def of(cls, figures: Figures) -> "FiguresOut":
        """Return what is shown of figures."""
        return cls(**_fields(figures))


class ValueOut(FiguresOut):
    """The items that share a value of a field; null for those that do not say."""

    value: str | None


class DayOut(FiguresOut):
    """The items of a day (UTC)."""

    day: date


class ByOut(Schema):
    """The most frequent values of each field, fifty at most."""

    system_version: list[ValueOut]
    model: list[ValueOut]
    prompt_version: list[ValueOut]
    user_ref: list[ValueOut]


class CheckOut(Schema):
    """A check: how many items it was asked of and applied to, and how many failed."""

    check: str
    asked: int
    failed: int
    rate: float | None


class MoverOut(Schema):
    """A figure that moved against as many days before; of a value, `items` is its share of all items."""

    field: str | None
    value: str | None
    metric: str
    before: float
    after: float
    adjusted_p: float | None = Field(description="After controlling the false discovery rate; null for volumes.")


class FindingOut(Schema):
    """What a comparison found of one feature; `examples` is a filter of items that show it."""

    feature: str
    kind: str
    verdict: Literal["drifted", "too_small_to_matter", "may_be_chance", "stable", "no_evidence"]
    state: str = Field(description="new, ongoing or accepted; empty where nothing drifted.")
    effect: float | None
    floor: float
    p_value: float | None
    adjusted_p: float | None = Field(description="After controlling the false discovery rate over all features.")
    psi: float | None = Field(description="Population stability index.")
    psi_null_95: float | None = Field(description="What the index stays below in 95 of 100 weeks without drift.")
    sentence: str
    examples: dict[str, Any]
    since: datetime | None


class DriftOut(Schema):
    """The newest comparison of the traffic with that of before; `undefined` says why nothing could be compared."""

    at: datetime
    before: list[date] = Field(description="First and last day.")
    after: list[date]
    n_before: int
    n_after: int
    undefined: str | None
    n_open: int = Field(description="Features that drifted, without those that somebody said are meant.")
    findings: list[FindingOut]

    @classmethod
    def of(cls, drift: Drift) -> "DriftOut":
        """Return what is shown of a comparison."""
        run = drift.run
        return cls(
            at=run.at,
            before=[day for day in (run.before_first, run.before_last) if day],
            after=[day for day in (run.after_first, run.after_last) if day],
            n_before=run.n_before,
            n_after=run.n_after,
            undefined=run.undefined or None,
            n_open=drift.n_open,
            findings=[
                FindingOut(
                    state=each.state,
                    psi=each.finding.detail.get("psi"),
                    psi_null_95=each.finding.detail.get("psi_null_95"),
                    **{name: getattr(each.finding, name) for name in _FINDING},
                )
                for each in drift.findings
            ],
        )


_FINDING = (
    "feature",
    "kind",
    "verdict",
    "effect",
    "floor",
    "p_value",
    "adjusted_p",
    "sentence",
    "examples",
    "since",
)


class SpendingOut(Schema):
    """What was spent of a budget, and what the whole day or month will cost at this pace."""

    period: Literal["day", "month"]
    first: date
    last: date
    spent: float
    limit: float
    expected: float


class OperationsOut(Schema):
    """What all items came to."""

    first_day: date | None
    last_day: date | None
    total: FiguresOut
    by: ByOut
    days: list[DayOut]
    check_failures: list[CheckOut]
    segments: list[ValueOut] = Field(description="By the fact named in `segment`; empty without.")
    drift: DriftOut | None = Field(description="Null before the first comparison.")
    budgets: list[SpendingOut]
    movers: list[MoverOut] = Field(description="Needs `from` and `to` on whole days (UTC), and no filter.")
    warnings: list[str]


@router.get("/{p}/operations", response=OperationsOut, summary="Operations")
def get_operations(
    request: HttpRequest,
    p: str,
    where: Where = None,
    segment: Segment = None,
    start: From = None,
    to: To = None,
) -> OperationsOut:
    """Return volumes, errors, check failures, latency, tokens and cost of all items, by when they happened."""
    access = authorize(actor_of(request), p, Action.SEE_ITEMS)
    asked = Asked(access.project.pk, start=start, end=to, where=read_filter(where), segment=segment)
    drift = find_drift(access.project.pk)
    spending = list_spending(access.project.pk, now=timezone.now())
    return _shown(get_report(asked), drift, spending)


def _shown(report: Report, drift: Drift | None, spending: list[Spending]) -> OperationsOut:
    return OperationsOut(
        drift=DriftOut.of(drift) if drift else None,
        budgets=[SpendingOut(**{name: getattr(each, name) for name in SpendingOut.model_fields}) for each in spending],
        first_day=report.days.first or (report.series[0].day if report.series else None),
        last_day=report.days.last or (report.series[-1].day if report.series else None),
        total=FiguresOut.of(report.total),
        by=ByOut(**{split.field: _values(split) for split in report.by}),
        days=[DayOut(day=each.day, **_fields(each.figures)) for each in report.series],
        check_failures=[
            CheckOut(check=each.name, asked=each.asked, failed=each.failed, rate=each.rate) for each in report.checks
        ],
        segments=_values(report.segment) if report.segment else [],
        movers=[
            MoverOut(
                field=each.field or None,
                value=each.value,
                metric=each.metric,
                before=each.before,
                after=each.after,
                adjusted_p=each.adjusted_p,
            )
            for each in report.movers
        ],
        warnings=list(report.warnings),
    )


def _values(split: Split) -> list[ValueOut]:
    return [ValueOut(value=each.value, **_fields(each.figures)) for each in split.values]


def _fields(figures: Figures) -> dict[str, Any]:
    return {name: getattr(figures, name) for name in Figures.__dataclass_fields__}
