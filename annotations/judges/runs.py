"""Runs of a judge version over many items: begun, watched, stopped, resumed. `work.py` does the work."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Avg

from annotations.judges.spending import in_nusd
from annotations.judges.targets import forget_troubles
from annotations.judges.versions import Spec
from annotations.models import JudgeAnchor, JudgeCall, JudgeRun, JudgeRunItem, JudgeVersion
from annotations.models.judge_runs import NUSD, CallState, RunItemState, RunKind, RunState
from annotations.rubrics.publish import find_rubric
from reviewapp.accounts.access import Access, Actor, authorize_where, require
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import record
from reviewapp.http.errors import ConflictError, FieldError, InvalidError, NotFoundError
from reviewapp.jobs.intents import add_intent, newest_intent
from sampling.plans.filters import parse_filter

KIND = "run_judge"
_OF_RUN = "p.id = (SELECT r.project_id FROM annotations_judgerun r WHERE r.id = %s)"
_GOING_ON = (RunState.QUEUED, RunState.RUNNING)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. `saved_usd`: what its cascade saved against asking the stronger model of every item."""

    id: int
    kind: str
    judge: str
    judge_version: str
    state: str
    reason: str | None
    total: int
    done: int
    failed: int
    unparsed: int
    cached: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    reserved_usd: float
    uncertain_usd: float
    budget_usd: float | None
    eta_s: float | None
    stages: Mapping[str, int]
    saved_usd: float | None
    created_at: datetime
    ended_at: datetime | None


def start_run(
    access: Access,
    version: JudgeVersion,
    *,
    where: Any,
    sample: float | None,
    budget_usd: float | None,
    now: datetime,
) -> JudgeRun:
    """Begin a run over the items that a filter finds, or a sample of them, in the background.

    `sample` up to 1 is a share, drawn by the judge's own permanent numbers; above 1 it is how many.
    """
    require(access, Action.EDIT_JUDGES)
    Spec.of(version)
    check_choice(where, sample)
    if find_rubric(access.project.pk) is None:
        raise ConflictError("The project has no rubric.", code="no_rubric")
    with transaction.atomic():
        run = JudgeRun.objects.create(
            project=access.project,
            judge_version=version,
            where=where,
            sample=sample,
            caused_by_draw=_is_by_hand(where),
            budget_nusd=in_nusd(budget_usd),
            created_by=access.actor.user,
            created_at=now,
        )
        ask(run, now=now)
        detail = {"where": where is not None, "sample": sample, "budget_usd": budget_usd}
        _record(access.actor, "judge_run.started", run, now, detail)
    return run


def start_anchor_run(access: Access, version: JudgeVersion, *, question: str, now: datetime) -> JudgeRun:
    """Ask a version about the anchors of a question again, in the background; nothing is taken from the cache.

    Raises ConflictError where there are no anchors, and where it is being asked about them.
    """
    require(access, Action.EDIT_JUDGES)
    Spec.of(version)
    anchors = JudgeAnchor.objects.filter(project=access.project, question=question)
    item_ids = list(anchors.order_by("pk").values_list("item_id", flat=True))
    if not item_ids:
        raise ConflictError("There are no anchors yet: freeze some.", code="no_anchors")
    with transaction.atomic():
        JudgeVersion.objects.select_for_update(of=("self",), no_key=True).get(pk=version.pk)
        asked = JudgeRun.objects.filter(judge_version=version, kind=RunKind.ANCHORS, state__in=_GOING_ON)
        if asked.exists():
            raise ConflictError("It is being asked about the anchors.", code="anchors_asked")
        run = JudgeRun.objects.create(
            project=access.project,
            judge_version=version,
            kind=RunKind.ANCHORS,
            caused_by_draw=True,
            chosen_behind=None,
            total=len(item_ids),
            created_by=access.actor.user,
            created_at=now,
        )
        JudgeRunItem.objects.bulk_create([JudgeRunItem(run=run, item_id=pk) for pk in item_ids])
        ask(run, now=now)
        _record(access.actor, "judge_run.anchors_asked", run, now, {"question": question, "items": len(item_ids)})
    return run


def check_choice(where: Any, sample: float | None) -> None:
    """Refuse a filter or sample that is none."""
    if where is not None:
        parse_filter(where)
    if sample is not None and (sample <= 0 or (sample > 1 and sample != int(sample))):
        message = "A sample is a share above 0 and up to 1, or a whole number of items."
        raise InvalidError(message, fields=(FieldError("sample", message),))


def stop_run(access: Access, run_id: int, *, now: datetime) -> JudgeRun:
    """Stop after the calls that are under way; what is answered stays. Stopping what has ended changes nothing."""
    require(access, Action.EDIT_JUDGES)
    with transaction.atomic():
        run = JudgeRun.objects.select_for_update(of=("self",)).get(pk=run_id, project=access.project)
        if run.state in {*_GOING_ON, RunState.PAUSED}:
            run.state, run.reason, run.ended_at = RunState.STOPPED, "", now
            run.save(update_fields=["state", "reason", "ended_at"])
            _record(access.actor, "judge_run.stopped", run, now, {})
    return run


def resume_run(access: Access, run_id: int, *, budget_usd: float | None, now: datetime) -> JudgeRun:
    """Go on with a run that is paused or stopped, and once more with items that failed; with a new budget if given."""
    require(access, Action.EDIT_JUDGES)
    with transaction.atomic():
        run = JudgeRun.objects.select_for_update(of=("self",)).get(pk=run_id, project=access.project)
        if run.state in _GOING_ON and not why_given_up(run):
            return run
        if run.state == RunState.DONE and not run.failed:
            raise ConflictError("The run is done: there is nothing left to do.", code="run_done")
        JudgeRunItem.objects.filter(run=run, state=RunItemState.FAILED).update(
            state=RunItemState.WAITING, tries=0, note=""
        )
        run.failed = 0
        run.state, run.reason, run.ended_at = RunState.QUEUED, "", None
        if budget_usd is not None:
            run.budget_nusd = in_nusd(budget_usd)
        run.save(update_fields=["failed", "state", "reason", "ended_at", "budget_nusd"])
        spec = Spec.of(run.judge_version)
        stronger = spec.cascade.stronger if spec.cascade else None
        forget_troubles(run.project_id, [spec.first, *spec.fallback, *([stronger] if stronger else [])])
        ask(run, now=now)
        _record(access.actor, "judge_run.resumed", run, now, {"budget_usd": budget_usd})
    return run


def ask(run: JudgeRun, *, now: datetime, run_after: datetime | None = None) -> None:
    """Ask for the next piece of a run's work; only the piece with the newest number does anything."""
    run.chunk += 1
    JudgeRun.objects.filter(pk=run.pk).update(chunk=run.chunk)
    payload = {"run_id": run.pk, "chunk": run.chunk}
    add_intent(kind=KIND, key=f"{run.pk}:{run.chunk}", payload=payload, now=now, run_after=run_after)


def authorize_run(actor: Actor, run_id: int, action: Action) -> Access:
    """Return the actor's access to the project of a run; NotFoundError for strangers and unknown runs alike."""
    try:
        return authorize_where(actor, _OF_RUN, run_id, action)
    except NotFoundError:
        raise NotFoundError("There is no such run in any of your projects.") from None


def get_progress(run_id: int) -> Progress:
    """Return how far a run is."""
    return progress_of(JudgeRun.objects.select_related("judge_version__judge").get(pk=run_id))


def progress_of(run: JudgeRun) -> Progress:
    """Return how far this run is."""
    if why := why_given_up(run):
        run.state, run.reason = RunState.FAILED, why
    finished = run.done + run.failed + run.unparsed
    left = run.total - finished
    eta = None
    if run.state in _GOING_ON and finished and run.worked_seconds and run.chosen_behind is None:
        eta = round(run.worked_seconds / finished * left, 1)
    elif left == 0 and run.state not in _GOING_ON:
        eta = 0.0
    return Progress(
        id=run.pk,
        kind=run.kind,
        judge=run.judge_version.judge.name,
        judge_version=run.judge_version.version,
        state=run.state,
        reason=run.reason or None,
        total=run.total,
        done=run.done,
        failed=run.failed,
        unparsed=run.unparsed,
        cached=run.cached,
        input_tokens=run.input_tokens,
        output_tokens=run.output_tokens,
        cost_usd=run.cost_nusd / NUSD,
        reserved_usd=run.reserved_nusd / NUSD,
        uncertain_usd=run.uncertain_nusd / NUSD,
        budget_usd=None if run.budget_nusd is None else run.budget_nusd / NUSD,
        eta_s=eta,
        stages=run.stages,
        saved_usd=_saved(run),
        created_at=run.created_at,
        ended_at=run.ended_at,
    )


def why_given_up(run: JudgeRun) -> str:
    """Return why the background work of a run was given up, after trying for minutes; nothing where it was not."""
    if run.state not in _GOING_ON:
        return ""
    intent = newest_intent(kind=KIND, key=f"{run.pk}:{run.chunk}")
    broken = intent is not None and intent.failed_at is not None
    return f"The work broke off and was given up: {intent.last_error}" if intent and broken else ""


def list_runs(project_id: int, *, judge: str | None = None, limit: int = 50) -> list[Progress]:
    """Return the project's newest runs, of one judge where named."""
    found = JudgeRun.objects.select_related("judge_version__judge").filter(project_id=project_id)
    if judge is not None:
        found = found.filter(judge_version__judge__name=judge)
    return [progress_of(run) for run in found.order_by("-pk")[:limit]]


def list_runs_of(version: JudgeVersion, *, limit: int = 20) -> list[Progress]:
    """Return a version's newest runs."""
    found = JudgeRun.objects.select_related("judge_version__judge").filter(judge_version=version)
    return [progress_of(run) for run in found.order_by("-pk")[:limit]]


def _saved(run: JudgeRun) -> float | None:
    """Return what asking the stronger model of every item would have cost more, by its average cost in this run."""
    cascade = (run.judge_version.spec or {}).get("cascade")
    if not cascade or not cascade["stronger"]:
        return None
    calls = JudgeCall.objects.filter(run=run, state=CallState.SETTLED, model=cascade["stronger"]["model"])
    average = calls.filter(provider=cascade["stronger"]["provider"]).aggregate(cost=Avg("cost_nusd"))["cost"]
    if average is None:
        return None
    return float(average * (run.done + run.unparsed) - run.cost_nusd) / NUSD


def _is_by_hand(where: Any) -> bool:
    """Tell whether a filter names items, or asks for what is known of some only: that is no matter of chance."""
    if isinstance(where, dict):
        return any(
            key == "external_id" or key.startswith(("verdict.", "hint.")) or _is_by_hand(value)
            for key, value in where.items()
        )
    return isinstance(where, list) and any(_is_by_hand(each) for each in where)


def _record(actor: Actor, action: str, run: JudgeRun, now: datetime, detail: dict[str, Any]) -> None:
    record(
        action,
        now=now,
        actor=actor,
        project_id=run.project_id,
        object_kind="judge_run",
        object_id=run.pk,
        detail=detail,
    )
