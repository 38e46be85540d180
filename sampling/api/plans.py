"""The API of plans."""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Body, Query, Router
from ninja.openapi.schema import REF_TEMPLATE
from pydantic import BaseModel, Field

from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from sampling.plans.body import PlanBody, PreviewBody
from sampling.plans.preview import Draws, PlanPreview, preview_plan
from sampling.plans.publish import PlanRead, parse_plan, parse_preview, publish_plan, read_plan

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
    daily_target: int | None
    overlap: int | None
    settle_hours: int
    created_at: datetime
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


class PreviewOut(DrawsOut):
    """What a plan would have drawn of the items received between two times."""

    start: datetime | None = Field(serialization_alias="from")
    end: datetime = Field(serialization_alias="to")
    expected_per_day: float
    rules: list[RuleDrawsOut]
    segments: list[SegmentDrawsOut]

    @classmethod
    def of(cls, preview: PlanPreview) -> "PreviewOut":
        """Return what is shown of a preview."""
        return cls(
            start=preview.start,
            end=preview.end,
            expected_per_day=preview.per_day,
            rules=[RuleDrawsOut(name=rule.name, rate=rule.rate, **_draws(rule.draws)) for rule in preview.rules],
            segments=[SegmentDrawsOut(system_version=each.value, **_draws(each.draws)) for each in preview.segments],
            **_draws(preview.total),
        )


def _draws(draws: Draws) -> dict[str, Any]:
    return draws._asdict()


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
