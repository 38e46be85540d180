"""Work that broke off at every attempt ends with its reason: else it would be under way, and hold things, for ever."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.db import transaction

from annotations.datasets import freeze
from annotations.evaluations import run
from annotations.judges import attacks
from annotations.models import DatasetVersion, Evaluation, JudgeAttack
from annotations.models.datasets import VersionState
from annotations.models.evaluations import ENDED, EvaluationState
from annotations.models.judge_runs import AttackState
from reviewapp.jobs.models import Intent


def end_given_up(now: datetime) -> int:
    """Sweep step: end evaluations, freezings and attack suites whose jobs were given up; return how many."""
    evaluations = Evaluation.objects.exclude(state__in=ENDED).values_list("pk", flat=True)
    versions = DatasetVersion.objects.filter(state=VersionState.FREEZING).values_list("pk", flat=True)
    suites = JudgeAttack.objects.filter(state=AttackState.RUNNING).values_list("pk", flat=True)
    return sum(
        _end(kind, pks, end, now)
        for kind, pks, end in (
            (run.KIND, evaluations, _end_evaluation),
            (freeze.KIND, versions, _end_freezing),
            (attacks.KIND, suites, _end_suite),
        )
    )


def _end(kind: str, pks: Iterable[int], end: Callable[[int, str, datetime], None], now: datetime) -> int:
    keys = {str(pk): pk for pk in pks}
    found = Intent.objects.filter(kind=kind, dedupe_key__in=keys)
    open_ones = set(found.filter(done_at=None, failed_at=None).values_list("dedupe_key", flat=True))
    broken = found.filter(dedupe_key__in=keys.keys() - open_ones).exclude(failed_at=None) if keys else found.none()
    reasons = dict(broken.order_by("pk").values_list("dedupe_key", "last_error"))
    for key, error in reasons.items():
        with transaction.atomic():
            end(keys[key], f"The work broke off and was given up: {error}", now)
    return len(reasons)


def _end_evaluation(pk: int, why: str, now: datetime) -> None:
    running = Evaluation.objects.select_for_update(of=("self",), skip_locked=True).exclude(state__in=ENDED)
    found = running.select_related("project", "version__dataset").filter(pk=pk).first()
    if found is not None:
        run.end_evaluation(found, EvaluationState.FAILED, now=now, problem=why)


def _end_freezing(pk: int, why: str, now: datetime) -> None:  # noqa: ARG001 — as the others
    DatasetVersion.objects.filter(pk=pk, state=VersionState.FREEZING).update(state=VersionState.FAILED, problem=why)


def _end_suite(pk: int, why: str, now: datetime) -> None:
    JudgeAttack.objects.filter(pk=pk, state=AttackState.RUNNING).update(
        state=AttackState.FAILED, reason=why, ended_at=now
    )
