"""How a piece of a run ends: the run is done, pauses with its reason, or goes on with another piece."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from annotations.judges.runs import ask
from annotations.models import JudgeRun, JudgeRunItem
from annotations.models.judge_runs import RunItemState, RunState
from reviewapp.audit.record import record


def end_piece(run_id: int, *, piece: int, pause: str, waiting_for: str, wait: float, all_chosen: bool) -> None:
    """Say what is next, in one transaction. `pause` is why a person must act, `waiting_for` why it takes longer.

    A run that was stopped meanwhile stays stopped, and one that went on with another piece is that piece's.
    """
    now = timezone.now()
    with transaction.atomic():
        run = JudgeRun.objects.select_for_update(of=("self",)).get(pk=run_id)
        if run.state != RunState.RUNNING or run.chunk != piece:
            return
        left = run.total - run.done - run.failed - run.unparsed
        if pause and left:
            run.state, run.reason = RunState.PAUSED, pause
        elif left or not all_chosen:
            run.reason = waiting_for
            ask(run, now=now, run_after=now + timedelta(seconds=wait) if wait else None)
        else:
            nothing = run.total > 0 and run.failed == run.total
            run.state = RunState.FAILED if nothing else RunState.DONE
            run.reason, run.ended_at = _why_failed(run) if nothing else "", now
            record(
                "judge_run.ended",
                now=now,
                actor=None,
                project_id=run.project_id,
                object_kind="judge_run",
                object_id=run.pk,
                detail={"done": run.done, "failed": run.failed, "unparsed": run.unparsed, "cached": run.cached},
            )
        run.save(update_fields=["state", "reason", "ended_at"])


def _why_failed(run: JudgeRun) -> str:
    first = JudgeRunItem.objects.filter(run=run, state=RunItemState.FAILED).values_list("note", flat=True).first()
    return f"Not one item could be judged. The first: {first}"
