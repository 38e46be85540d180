"""Rollouts over the API."""

from datetime import datetime
from typing import Annotated, Any, Literal

import orjson
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.http import quote_etag
from ninja import Path, Query, Router, Schema, Status
from pydantic import Field

from annotations.api.bodies import Body
from annotations.models import EvidenceBundle, Rollout
from annotations.models.rollouts import RolloutStage
from annotations.rollouts.access import authorize_rollout
from annotations.rollouts.create import attest, create_rollout, gates_in_force, measure_gates, next_stage, revise_gates
from annotations.rollouts.evidence import freeze_evidence
from annotations.rollouts.gates import GateResult
from annotations.rollouts.report import report_of
from annotations.rollouts.signoff import roll_back, sign_off
from annotations.rollouts.spec import parse_gates
from annotations.rollouts.verifier import content_hash
from reviewapp.accounts.access import LAST_ID, Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of, has_stepped_up

router = Router(tags=["Rollouts"])
CACHED_SECONDS = 30

RolloutId = Annotated[int, Path(ge=1, le=LAST_ID)]


class RolloutIn(Body):
    """The path of a version, with the gates in front of each stage: said before there is a result."""

    system_version: str
    baseline: str | None = None
    gates: dict[str, Any] = Field(default_factory=dict)
    later_items_only: bool = Field(
        default=False,
        description="Where there are results already: count only items that arrive from now on."
        " Else the gates say that they were written after them.",
    )


class GateOut(Schema):
    """One gate and what it says now."""

    name: str
    stage: str
    metric: str
    condition: str
    state: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    reason: str


class SignOffOut(Schema):
    """Who decided what, on which evidence."""

    by: str
    to_stage: str
    decision: str
    reason: str
    evidence_sha256: str
    at: datetime


class RolloutOut(Schema):
    """Where a version stands, its gates and its sign-offs."""

    id: int
    project: str
    system_version: str
    baseline: str
    author: str
    created_at: datetime
    stage: str
    next_stage: str | None
    percent: int
    audience: str
    gates_version: int
    gates_fixed_at: datetime
    gates_had_data: bool
    counts_from: datetime | None
    gates: list[GateOut]
    signoffs: list[SignOffOut]


class GatesIn(Body):
    """Other gates: a new version of them, which says for good whether there were results before it."""

    gates: dict[str, Any]
    later_items_only: bool = Field(default=True, description="Count only items that arrive from now on.")
    reason: str = Field(default="", description="Asked for once there are results.")


class AttestationIn(Body):
    """What a named person confirms: the text of a gate whose metric is `attestation`, and where it can be seen."""

    gate: str
    text: str
    link: str = ""


class AttestationOut(Schema):
    """Who confirmed what."""

    gate: str
    text: str
    link: str
    by: str
    at: datetime


class EvidenceOut(Schema):
    """A frozen bundle: both approvers sign its hash."""

    id: int
    sha256: str
    to_stage: str
    expires_at: datetime
    gates: list[GateOut]


class SignOffIn(Body):
    """A decision on a bundle."""

    to_stage: Literal["internal_beta", "general_availability"]
    decision: Literal["approve", "reject"]
    reason: str
    evidence_sha256: str


class RollbackIn(Body):
    """Why to go back; a stage, or to the named earlier one."""

    reason: str
    to_stage: str | None = None


class StageOut(Schema):
    """What the serving system asks for."""

    stage: str
    percent: int
    audience: str


@router.post("/projects/{p}/rollouts", response={201: RolloutOut}, summary="Make a rollout")
def post_rollout(request: HttpRequest, p: str, body: RolloutIn) -> Status[RolloutOut]:
    """Make the rollout of a version; its gates are fixed with it."""
    access = authorize(actor_of(request), p, Action.EDIT_ROLLOUTS)
    rollout = create_rollout(
        access,
        system_version=body.system_version,
        baseline=body.baseline or "",
        gates=parse_gates(body.gates),
        later_items_only=body.later_items_only,
        now=timezone.now(),
    )
    return Status(201, _shown(access, rollout))


@router.get("/rollouts/{id}", response=RolloutOut, summary="Get a rollout")
def get_rollout(request: HttpRequest, id: RolloutId) -> RolloutOut:
    """Return where a version stands, and what each gate says now."""
    return _shown(*authorize_rollout(actor_of(request), id, Action.SEE_ROLLOUTS))


@router.post("/rollouts/{id}/gates", response={201: RolloutOut}, summary="Revise the gates")
def post_gates(request: HttpRequest, id: RolloutId, body: GatesIn) -> Status[RolloutOut]:
    """Put other gates in force. Once there are results it takes a reason."""
    access, rollout = authorize_rollout(actor_of(request), id, Action.EDIT_ROLLOUTS)
    revise_gates(
        access,
        rollout,
        body=body.gates,
        later_items_only=body.later_items_only,
        reason=body.reason,
        now=timezone.now(),
    )
    return Status(201, _shown(access, rollout))


@router.post("/rollouts/{id}/attestations", response={201: AttestationOut}, summary="Confirm what no number shows")
def post_attestation(request: HttpRequest, id: RolloutId, body: AttestationIn) -> Status[AttestationOut]:
    """Confirm, by name, what a gate asks to be confirmed: monitoring, rate limits, support."""
    access, rollout = authorize_rollout(actor_of(request), id, Action.ATTEST)
    stored = attest(access, rollout, gate=body.gate, text=body.text, link=body.link, now=timezone.now())
    shown = AttestationOut(
        gate=stored.gate, text=stored.text, link=stored.link, by=access.actor.user.username, at=stored.created_at
    )
    return Status(201, shown)


@router.post("/rollouts/{id}/evidence", response={201: EvidenceOut}, summary="Freeze the evidence")
def post_evidence(request: HttpRequest, id: RolloutId) -> Status[EvidenceOut]:
    """Freeze the figures of this moment with all they rest on; both approvers sign the same bundle."""
    access, rollout = authorize_rollout(actor_of(request), id, Action.FREEZE_EVIDENCE)
    return Status(201, _evidence(freeze_evidence(access, rollout, now=timezone.now())))


@router.post("/rollouts/{id}/signoffs", response={201: RolloutOut}, summary="Sign off")
def post_signoff(request: HttpRequest, id: RolloutId, body: SignOffIn) -> Status[RolloutOut]:
    """Approve or reject a bundle. The second approval moves the version to the stage."""
    actor = actor_of(request)
    access, rollout = authorize_rollout(actor, id, Action.SEE_ROLLOUTS)
    sign_off(
        access,
        rollout,
        to_stage=body.to_stage,
        approves=body.decision == "approve",
        reason=body.reason,
        evidence_sha256=body.evidence_sha256,
        stepped_up=has_stepped_up(request, actor),
        now=timezone.now(),
    )
    return Status(201, _shown(access, rollout))


@router.post("/rollouts/{id}/rollback", response=RolloutOut, summary="Roll back")
def post_rollback(request: HttpRequest, id: RolloutId, body: RollbackIn) -> RolloutOut:
    """Go back a stage at once, or to a named earlier one."""
    access, rollout = authorize_rollout(actor_of(request), id, Action.ROLL_BACK)
    return _shown(access, roll_back(access, rollout, reason=body.reason, to_stage=body.to_stage, now=timezone.now()))


@router.get("/rollouts/{id}/stage", response=StageOut, summary="Stage, for the serving system")
def get_stage(request: HttpRequest, id: RolloutId) -> HttpResponse:
    """Return how many of whom get the version. It may be kept for half a minute; `If-None-Match` asks again."""
    _, rollout = authorize_rollout(actor_of(request), id, Action.SEE_ROLLOUTS)
    body = {"stage": rollout.stage, "percent": rollout.percent, "audience": rollout.audience}
    etag = quote_etag(content_hash(body)[:32])
    asked = {each.strip().removeprefix("W/") for each in request.headers.get("If-None-Match", "").split(",")}
    if etag in asked:
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(orjson.dumps(body), content_type="application/json")
    response["ETag"] = etag
    response["Cache-Control"] = f"private, max-age={CACHED_SECONDS}"
    return response


@router.get("/rollouts/{id}/report", summary="Report")
def get_report(
    request: HttpRequest,
    id: RolloutId,
    format: Annotated[
        Literal["html", "json"] | None, Query(description="HTML unless the request prefers JSON.")
    ] = None,
) -> HttpResponse:
    """Return the rollout's story with its evidence: HTML that prints well, or JSON that `verify_rollout` checks."""
    _, rollout = authorize_rollout(actor_of(request), id, Action.SEE_ROLLOUTS)
    report = report_of(rollout)
    preferred = request.headers.get("Accept", "").startswith("application/json")
    if format == "json" or (format is None and preferred):
        response = HttpResponse(orjson.dumps(report, option=orjson.OPT_INDENT_2), content_type="application/json")
        response["Content-Disposition"] = f'attachment; filename="rollout-{rollout.pk}.json"'
        return response
    return HttpResponse(render_to_string("pages/rollout_report.html", {"report": _named(report)}, request=request))


def _named(report: dict[str, Any]) -> dict[str, Any]:
    """Return a report with its stages as people call them."""
    bundles = [{**each, "stage_name": RolloutStage(each["to_stage"]).label} for each in report["bundles"]]
    return {**report, "stage_name": RolloutStage(report["stage"]).label, "bundles": bundles}


def gate_out(result: GateResult) -> GateOut:
    """Return a gate as the API gives it."""
    return GateOut(**{name: value for name, value in result.as_json().items() if name != "spec"})


def _evidence(bundle: EvidenceBundle) -> EvidenceOut:
    return EvidenceOut(
        id=bundle.pk,
        sha256=bundle.sha256,
        to_stage=bundle.to_stage,
        expires_at=bundle.expires_at,
        gates=[GateOut(**{k: v for k, v in gate.items() if k != "spec"}) for gate in bundle.content["gates"]],
    )


def _shown(access: Access, rollout: Rollout) -> RolloutOut:
    gates = gates_in_force(rollout)
    return RolloutOut(
        id=rollout.pk,
        project=rollout.project.slug,
        system_version=rollout.system_version,
        baseline=rollout.baseline,
        author=rollout.author.username,
        created_at=rollout.created_at,
        stage=rollout.stage,
        next_stage=next_stage(rollout),
        percent=rollout.percent,
        audience=rollout.audience,
        gates_version=gates.version,
        gates_fixed_at=gates.created_at,
        gates_had_data=gates.had_data,
        counts_from=gates.counts_from,
        gates=[gate_out(each) for each in measure_gates(access, rollout, now=timezone.now())],
        signoffs=[
            SignOffOut(
                by=each.by.username,
                to_stage=each.bundle.to_stage,
                decision="approve" if each.approves else "reject",
                reason=each.reason,
                evidence_sha256=each.bundle.sha256,
                at=each.created_at,
            )
            for each in rollout.signoffs.select_related("by", "bundle").order_by("pk")
        ],
    )
