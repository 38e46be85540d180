"""Judging items as they come in: a share of those that a filter finds, by the judge's own numbers, a budget a day.

Each day is a run of its own, whose budget is the day's. Items are passed on once every transaction that could still
bring an earlier one has ended, so none is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from annotations.judges.choose import add_items, numbers_of
from annotations.judges.runs import Progress, ask, check_choice, progress_of
from annotations.judges.spending import in_nusd, in_usd
from annotations.judges.versions import Spec
from annotations.models import JudgeOnline, JudgeRun, JudgeVersion
from annotations.models.judge_runs import RunKind, RunState
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import record
from sampling.item_ids import id_at
from sampling.plans.filters import EVERYTHING, parse_filter
from sampling.plans.filters_refs import as_stored
from sampling.plans.filters_sql import filter_sql

_SLICE = 2000
# Ids begin with the second in which they were made; a transaction that adds items takes far less than this.
_SETTLE = timedelta(seconds=2)
_LONGEST_TRANSACTION = """
SELECT COALESCE(min(xact_start), clock_timestamp()) FROM pg_stat_activity
WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid() AND datname = current_database()
"""


@dataclass(frozen=True, slots=True)
class Online:
    """How a version judges what comes in, and its run of today, None where nothing came yet."""

    enabled: bool
    rate: float
    where: Any
    day_usd: float | None
    set_by: str
    set_at: datetime
    today: Progress | None

    @property
    def percent(self) -> float:
        """The rate in percent."""
        return self.rate * 100


def find_online(version: JudgeVersion, *, now: datetime) -> Online | None:
    """Return how a version judges what comes in; None where it never did."""
    row = JudgeOnline.objects.select_related("set_by").filter(judge_version=version).first()
    if row is None:
        return None
    today = _runs_of_the_day(version.pk, now).first()
    return Online(
        enabled=row.enabled,
        rate=row.rate,
        where=row.where,
        day_usd=in_usd(row.day_nusd),
        set_by=row.set_by.username if row.set_by else "",
        set_at=row.set_at,
        today=None if today is None else progress_of(today),
    )


def set_online(
    access: Access,
    version: JudgeVersion,
    *,
    enabled: bool,
    rate: float,
    where: Any,
    day_usd: float | None,
    now: datetime,
) -> JudgeOnline:
    """Have a version judge what comes in from now on, or stop it. A new budget holds for today already."""
    require(access, Action.EDIT_JUDGES)
    Spec.of(version)
    check_choice(where, None)
    with transaction.atomic():
        row = JudgeOnline.objects.select_for_update(of=("self",)).filter(judge_version=version).first()
        begins = row is None or not row.enabled
        row = row or JudgeOnline(judge_version=version, project=access.project)
        row.enabled, row.rate, row.where, row.day_nusd = enabled, rate, where, in_nusd(day_usd)
        row.set_by, row.set_at = access.actor.user, now
        if begins:
            row.cursor = id_at(now) - 1
        row.save()
        _set_todays_budget(row, now)
        record(
            "judge.online_set",
            now=now,
            actor=access.actor,
            project_id=access.project.pk,
            object_kind="judge_version",
            object_id=version.pk,
            detail={"enabled": enabled, "rate": rate, "budget_usd_per_day": day_usd},
        )
    return row


def _set_todays_budget(row: JudgeOnline, now: datetime) -> None:
    today = _runs_of_the_day(row.judge_version_id, now).select_for_update(of=("self",)).first()
    if today is None or today.budget_nusd == row.day_nusd:
        return
    today.budget_nusd = row.day_nusd
    today.save(update_fields=["budget_nusd"])
    if row.enabled and today.state == RunState.PAUSED:
        JudgeRun.objects.filter(pk=today.pk).update(state=RunState.QUEUED, reason="")
        ask(today, now=now)


def plan_online(now: datetime) -> int:
    """Sweep step: pass new items on to the versions that judge online; return how many."""
    given = 0
    for pk in JudgeOnline.objects.filter(enabled=True).values_list("pk", flat=True):
        given += _pass_on(pk, now)
    return given


def _pass_on(pk: int, now: datetime) -> int:
    with transaction.atomic():
        row = (
            JudgeOnline.objects.select_for_update(of=("self",))
            .select_related("project", "judge_version__judge")
            .get(pk=pk)
        )
        safe = id_at(min(now, _oldest_transaction(now)) - _SETTLE) - 1
        if not row.enabled or safe <= row.cursor:
            return 0
        ids, last = _new_items(row, safe)
        row.cursor = last
        row.save(update_fields=["cursor"])
        if not ids:
            return 0
        run = _run_of_the_day(row, now)
        wanted = [item_id for item_id, u in numbers_of(run, ids) if u < row.rate]
        new = add_items(run, wanted, behind=None)
        run.refresh_from_db(fields=["state", "chunk"])  # held by now: it may have ended before
        if new and run.state in {RunState.DONE, RunState.FAILED}:
            run.state = RunState.QUEUED
            JudgeRun.objects.filter(pk=run.pk).update(state=run.state, ended_at=None, reason="")
            ask(run, now=now)
    return new


def _new_items(row: JudgeOnline, safe: int) -> tuple[Sequence[int], int]:
    """Return the new items that the filter finds, and up to which id it looked."""
    condition = EVERYTHING if row.where is None else as_stored(parse_filter(row.where), project_id=row.project_id)
    found = filter_sql(condition)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM sampling_item WHERE project_id = %s AND id > %s AND id <= %s ORDER BY id LIMIT %s",
            [row.project_id, row.cursor, safe, _SLICE],
        )
        ids = [each[0] for each in cursor.fetchall()]
        cursor.execute(
            f"SELECT i.id FROM sampling_item i WHERE i.id = ANY(%s) AND {found.sql}",  # noqa: S608 — our own conditions
            [ids, *found.params],
        )
        return [each[0] for each in cursor.fetchall()], ids[-1] if len(ids) == _SLICE else safe


def _run_of_the_day(row: JudgeOnline, now: datetime) -> JudgeRun:
    found = _runs_of_the_day(row.pk, now).first()
    if found is not None:
        return found
    return JudgeRun.objects.create(
        project=row.project,
        judge_version=row.judge_version,
        kind=RunKind.ONLINE,
        state=RunState.DONE,
        where=row.where,
        sample=row.rate,
        chosen_behind=None,
        budget_nusd=row.day_nusd,
        created_by_id=row.set_by_id,
        created_at=now,
    )


def _runs_of_the_day(version_id: int, now: datetime) -> "QuerySet[JudgeRun]":
    begins = now.replace(hour=0, minute=0, second=0, microsecond=0)
    found = JudgeRun.objects.select_related("project", "judge_version__judge")
    return found.filter(judge_version_id=version_id, kind=RunKind.ONLINE, created_at__gte=begins).order_by("-pk")


def _oldest_transaction(now: datetime) -> datetime:
    with connection.cursor() as cursor:
        cursor.execute(_LONGEST_TRANSACTION)
        found: datetime = cursor.fetchone()[0]
    return min(found, now)
