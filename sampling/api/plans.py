"""The API of plans."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Body, Query, Router, Status
from ninja.openapi.schema import REF_TEMPLATE
from pydantic import BaseModel, Field

from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from sampling.draws.top_up import count_top_up, find_top_up, start_top_up
from sampling.models import TopUp
from sampling.plans.body import PlanBody, PreviewBody
from sampling.plans.preview import Draws, PlanPreview, half_width, preview_plan
from sampling.plans.publish import PlanRead, parse_plan, parse_preview, publish_plan, read_plan
from sampling.plans.solution import Solution

router = Router(tags=["Plan"])


class PlanVersionOut(BaseModel):
    """The number of the version just published."""

    version: int


class PlanOut(BaseModel):
    """One version of a plan; version 0 stands for "no plan yet", where every item is drawn."""

    version: int
    name: str
    base_rate: float
    rules: list[dict[str, Any]]
    targets: list[dict[str, Any]]
    uncertainty: dict[str, Any] | None
    daily_target: int | None
    overlap: int | None
    settle_hours: int
    created_at: datetime
    revises: int | None = Field(
        description="The version that a person published, where past volume made this one of it: the rates that held."
    )
    solved: dict[str, Any] | None = Field(
        description="What the week before made of targets, uncertainty and the daily target."
    )
    salt: str | None = Field(default=None, description="For an owner, to recompute every draw; that is on record.")

    @classmethod
    def of(cls, read: PlanRead) -> "PlanOut":
        """Return what is shown of a version."""
        shown = {name: getattr(read.plan, name) for name in cls.model_fields if name != "salt"}
        return cls(**shown) if read.salt is None else cls(salt=read.salt, **shown)


class DrawsOut(BaseModel):
    """Draws from some items; `half_width` is that of the 95 % interval of a pass rate of one half."""

    n_items: int
    expected: float
    drawn: int = Field(description="Exact: the plan would have drawn these very items.")
    labels: float = Field(description="Expected labels: each draw needs as many as its overlap.")
    uncovered: int = Field(description="Items that can never be drawn; no estimate speaks of them.")
    n_effective: float = Field(description="Labels of equal weight that the expected draws are worth.")
    half_width: float | None


class RuleDrawsOut(DrawsOut):
    """The items that a rule matches, drawn at its own rate alone."""

    name: str
    rate: float


class SegmentDrawsOut(DrawsOut):
    """The items of one system version, drawn by the whole plan."""

    system_version: str | None


class StratumOut(BaseModel):
    """What a target was solved to for the items of one value, of none (`missing`), or of all others (`other`)."""

    kind: str
    value: str | None
    items_per_week: float
    deviation: float = Field(description="sqrt(p(1-p)) of the pass rate, as far as labels tell.")
    labels_per_week: float
    rate: float
    half_width: float | None = Field(description="That of the week's labels; of a pass rate of one half.")


class TargetOut(BaseModel):
    """A target's strata."""

    by: str
    strata: list[StratumOut]


class UncertaintyOut(BaseModel):
    """π(p) = min(1, scale · (floor + (1 - floor) · sqrt(p(1-p)) / mean)); an item without p counts as p = 0."""

    scale: float
    floor: float
    mean: float


class SteeringOut(BaseModel):
    """The factor on all rates below 1, and the labels a day of the past week without it and with it."""

    factor: float
    labels_before: float
    labels_per_day: float


class UrgentOut(BaseModel):
    """The items that urgent rules match, drawn by the whole plan: of what is drawn they are asked first."""

    n_items: int
    expected: float
    labels: float
    expected_per_day: float
    labels_per_day: float


class PreviewOut(DrawsOut):
    """What a plan would have drawn of the items received between two times."""

    start: datetime | None = Field(serialization_alias="from")
    end: datetime = Field(serialization_alias="to")
    expected_per_day: float
    rules: list[RuleDrawsOut]
    segments: list[SegmentDrawsOut]
    targets: list[TargetOut] = Field(description="What each target would be solved to, by past volume.")
    uncertainty: UncertaintyOut | None
    urgent: UrgentOut | None = Field(description="None where no rule is urgent.")
    steering: SteeringOut | None = Field(description="What the daily target would do from the next midnight on.")

    @classmethod
    def of(cls, preview: PlanPreview) -> "PreviewOut":
        """Return what is shown of a preview."""
        return cls(
            start=preview.start,
            end=preview.end,
            expected_per_day=preview.per_day,
            rules=[RuleDrawsOut(name=rule.name, rate=rule.rate, **_draws(rule.draws)) for rule in preview.rules],
            segments=[SegmentDrawsOut(system_version=each.value, **_draws(each.draws)) for each in preview.segments],
            urgent=UrgentOut(**preview.urgent._asdict()) if preview.urgent else None,
            **_solved(preview.solution),
            **_draws(preview.total),
        )


def _draws(draws: Draws) -> dict[str, Any]:
    return draws._asdict()


def _solved(solution: Solution | None) -> dict[str, Any]:
    if solution is None:
        return {"targets": [], "uncertainty": None, "steering": None}
    return {
        "targets": [
            TargetOut(
                by=target.by,
                strata=[
                    StratumOut(**asdict(stratum), half_width=half_width(stratum.items_per_week * stratum.rate))
                    for stratum in target.strata
                ],
            )
            for target in solution.targets
        ],
        "uncertainty": UncertaintyOut(**asdict(solution.uncertainty)) if solution.uncertainty else None,
        "steering": SteeringOut(**solution.steering._asdict()) if solution.steering else None,
    }


def _body_of(model: type[BaseModel]) -> dict[str, Any]:
    # The service checks the body and names the place of each mistake; the document shows what it checks against.
    schema = model.model_json_schema(ref_template=REF_TEMPLATE)
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}}


@router.put("/{p}/plan", response=PlanVersionOut, summary="Publish a plan", openapi_extra=_body_of(PlanBody))
def put_plan(request: HttpRequest, p: str, body: Annotated[dict[str, Any], Body()]) -> PlanVersionOut:
    """Publish the next version of the plan; it holds for items that arrive from now on, and never changes."""
    access = authorize(actor_of(request), p, Action.EDIT_PLAN)
    row = publish_plan(project=access.project, plan=parse_plan(body), actor=access.actor, now=timezone.now())
    return PlanVersionOut(version=row.version)


@router.get("/{p}/plan", response=PlanOut, exclude_unset=True, summary="Read a plan")
def get_plan(
    request: HttpRequest,
    p: str,
    version: Annotated[int | None, Query(ge=0, description="The newest, if left out.")] = None,
) -> PlanOut:
    """A version of the plan."""
    access = authorize(actor_of(request), p, Action.SEE_PLAN)
    return PlanOut.of(read_plan(access, version=version, now=timezone.now()))


class TopUpCountsOut(BaseModel):
    """What a top-up would do now: exact, because the random numbers are permanent."""

    items: int = Field(description="Stored items whose window is open.")
    raised: int = Field(description="Of those, how many would get a higher probability.")
    selected: int = Field(description="Of those, how many would be drawn that were not.")
    labels: int = Field(description="The labels that these would need.")


class TopUpOut(BaseModel):
    """How far a top-up is."""

    id: int
    plan_version: int
    state: str
    total: int
    done: int
    raised: int
    selected: int
    created_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, run: TopUp) -> "TopUpOut":
        """Return what is shown of one."""
        shown = {name: getattr(run, name) for name in cls.model_fields if name != "plan_version"}
        return cls(plan_version=run.plan_version.version, **shown)


class TopUpsOut(BaseModel):
    """What a top-up would do, and the newest one."""

    would: TopUpCountsOut
    newest: TopUpOut | None


@router.get("/{p}/plan/top-up", response=TopUpsOut, summary="See what a top-up would do")
def get_top_up(request: HttpRequest, p: str) -> TopUpsOut:
    """What offering stored items to the newest version would draw, and how far the newest top-up is."""
    access = authorize(actor_of(request), p, Action.SEE_PLAN)
    run = find_top_up(access.project.pk)
    would = count_top_up(access.project, now=timezone.now())
    return TopUpsOut(would=TopUpCountsOut(**would._asdict()), newest=TopUpOut.of(run) if run else None)


@router.post("/{p}/plan/top-up", response={202: TopUpOut}, summary="Top up stored items")
def post_top_up(request: HttpRequest, p: str) -> Status[TopUpOut]:
    """Offer the stored items whose window is open to the newest version, in the background."""
    access = authorize(actor_of(request), p, Action.EDIT_PLAN)
    return Status(202, TopUpOut.of(start_top_up(access, now=timezone.now())))


@router.post(
    "/{p}/plan/preview",
    response=PreviewOut,
    by_alias=True,
    summary="Preview a plan",
    openapi_extra=_body_of(PreviewBody),
)
def post_preview(request: HttpRequest, p: str, body: Annotated[dict[str, Any], Body()]) -> PreviewOut:
    """What a plan would have drawn of the stored items, and how narrow an interval that would buy."""
    access = authorize(actor_of(request), p, Action.SEE_PLAN)
    preview = preview_plan(project=access.project, plan=parse_preview(body), now=timezone.now())
    return PreviewOut.of(preview)
