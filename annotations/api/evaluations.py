"""Evaluations over the API: started from uploaded outputs, an endpoint or a model; read with scores and regressions."""

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field

from annotations.api.bodies import Body
from annotations.api.estimates import EstimateOut
from annotations.evaluations.body import evaluation_body
from annotations.evaluations.collect import read_output
from annotations.evaluations.read import (
    authorize_evaluation,
    find_comparison,
    get_evaluation,
    list_evaluations,
)
from annotations.evaluations.spec import Endpoint, JudgeChoice, Match, Model, People, parse_spec
from annotations.evaluations.start import start_evaluation
from annotations.evaluations.stop import stop_evaluation
from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.paging import DEFAULT_LIMIT, Cursor, Limit, page_of, read_cursor

router = Router(tags=["Evaluations"])


class EvaluationIn(Body):
    """What to evaluate. Outputs come with the request, or from an endpoint or a model that is called."""

    dataset: str
    version: int | str | None = Field(default=None, description="A number, a tag or latest, which is the default.")
    system_version: str
    outputs: list[dict[str, Any]] | None = Field(
        default=None,
        description="{external_id, output, error?, latency_ms?, cost_usd?, input_tokens?, output_tokens?, verdicts?};"
        " the same external_id again is a repeat.",
    )
    endpoint: Endpoint | None = None
    model: Model | None = None
    match: Match = Field(default_factory=Match)
    repeats: int = Field(default=1, ge=1, le=20)
    people: People | None = None
    judges: list[JudgeChoice] = Field(default_factory=list)
    split: str | None = None
    baseline: int | None = None


class StartedOut(Schema):
    """An evaluation that has begun; read it until `state` is done or failed."""

    id: int
    state: str


class EvaluationSegmentOut(Schema):
    """The rows that share a value of a fact."""

    fact: str
    value: str
    n: int
    accuracy: EstimateOut


class SegmentChangeOut(Schema):
    """A segment beside the baseline; `adjusted` is Holm's p over all segments that were tested."""

    fact: str
    value: str
    wins: int
    losses: int
    difference: EstimateOut
    p: float | None
    adjusted: float | None
    regressed: bool


class RegressionsOut(Schema):
    """This evaluation against the baseline, paired by row. `difference` is this accuracy minus the baseline's."""

    n: int
    wins: int
    losses: int
    ties: int
    both_right: int
    both_wrong: int
    unpaired: int
    groups: int = Field(description="Sessions or other groups of the paired rows; n where no two rows share one.")
    difference: EstimateOut
    mcnemar_mid_p: float
    regressed: bool
    segments: list[SegmentChangeOut]
    items: list[dict[str, str]] = Field(description="Rows right on one side only, losses first, two hundred at most.")
    metrics: dict[str, EstimateOut] = Field(description="Mean paired differences of what each row has a value of.")


class PeopleOut(Schema):
    """How far people are with the sample: outputs graded at least once, by all who were asked, on somebody's desk."""

    total: int
    graded: int
    finished: int
    at_hand: int
    people: int = Field(description="How many people graded.")


class EvaluationOut(Schema):
    """An evaluation. `scores` are by metric; null until it is done."""

    id: int
    state: str = Field(description="queued, running, done, failed or stopped.")
    problem: str
    dataset: str
    version: int
    sha256: str
    system_version: str
    spec: dict[str, Any]
    total: int
    done: int
    failed: int
    created_by: str | None
    created_at: str
    ended_at: str | None
    counts: dict[str, int] | None
    scores: dict[str, EstimateOut] | None
    segments: list[EvaluationSegmentOut]
    classes: list[dict[str, Any]]
    fields: list[dict[str, Any]]
    checks: list[dict[str, Any]]
    judge: dict[str, dict[str, Any]]
    failures: list[dict[str, Any]]
    unsteady: int = Field(description="Rows whose repeats disagree.")
    warnings: list[str]
    people: PeopleOut | None
    baseline: int | None
    regressions: RegressionsOut | None


class ListedOut(Schema):
    """An evaluation in a list."""

    id: int
    state: str
    dataset: str
    version: int
    system_version: str
    accuracy: EstimateOut | None
    created_at: str


class EvaluationPage(Schema):
    """A page of evaluations, newest first."""

    results: list[ListedOut]
    next: str | None


@router.post(
    "/projects/{slug}/evaluations",
    response={202: StartedOut},
    summary="Evaluate a system version",
    operation_id="post_evaluation",
)
def post_evaluation(request: HttpRequest, slug: str, body: EvaluationIn) -> Status[StartedOut]:
    """Run a system version over a dataset version and score it."""
    access = authorize(actor_of(request), slug, Action.RUN_EVALUATIONS)
    spec = parse_spec(body.model_dump(exclude={"dataset", "version", "system_version", "outputs", "baseline"}))
    outputs = (
        None if body.outputs is None else (read_output(data, f"outputs.{nth}") for nth, data in enumerate(body.outputs))
    )
    made = start_evaluation(
        access.project,
        dataset=body.dataset,
        version=None if body.version is None else str(body.version),
        system_version=body.system_version,
        spec=spec,
        outputs=outputs,
        baseline=body.baseline,
        actor=access.actor,
        now=timezone.now(),
    )
    return Status(202, StartedOut(id=made.pk, state=made.state))


@router.get("/projects/{slug}/evaluations", response=EvaluationPage, operation_id="list_evaluations")
def get_evaluations(
    request: HttpRequest, slug: str, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> HttpResponse:
    """List a project's evaluations, newest first."""
    access = authorize(actor_of(request), slug, Action.SEE_EVALUATIONS)
    of = f"evaluations:{access.project.pk}"
    before = (read_cursor(cursor, of=of) or [None])[0]
    found = list_evaluations(access.project, before=before, limit=limit + 1)
    page = page_of(found, limit=limit, of=of, key=lambda row: [row.pk])
    results = [
        {
            "id": row.pk,
            "state": row.state,
            "dataset": row.version.dataset.name,
            "version": row.version.version,
            "system_version": row.system_version,
            "accuracy": row.scores["metrics"]["accuracy"] if row.scores else None,
            "created_at": row.created_at.isoformat(),
        }
        for row in page.results
    ]
    return HttpResponse(orjson.dumps({"results": results, "next": page.next}), content_type="application/json")


@router.get("/evaluations/{evaluation_id}", response=EvaluationOut, operation_id="get_evaluation")
def read_evaluation(request: HttpRequest, evaluation_id: int) -> HttpResponse:
    """Read an evaluation: how far it is, its scores with intervals, by segment, and regressions from its baseline."""
    access = authorize_evaluation(actor_of(request), evaluation_id, Action.SEE_EVALUATIONS)
    found = get_evaluation(access.project, evaluation_id)
    body = evaluation_body(found, find_comparison(found, found.baseline))
    return HttpResponse(orjson.dumps(body), content_type="application/json")


@router.post("/evaluations/{evaluation_id}/stop", response=StartedOut, operation_id="stop_evaluation")
def post_stop(request: HttpRequest, evaluation_id: int) -> StartedOut:
    """Stop an evaluation that runs: nothing more is called, and nothing is scored."""
    access = authorize_evaluation(actor_of(request), evaluation_id, Action.RUN_EVALUATIONS)
    found = get_evaluation(access.project, evaluation_id)
    stop_evaluation(found, now=timezone.now())
    found.refresh_from_db()
    return StartedOut(id=found.pk, state=found.state)
