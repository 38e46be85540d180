"""The calls of runs and their money: reserved before each call, settled after it, uncertain where nobody can tell.

Both are done for many calls at once, in one transaction a turn: what came back is settled, and what is to be asked next
is reserved as far as the budgets go. A call's body is stored before anybody reads it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import orjson
from django.db import connection, transaction

from annotations.judges.spending import RunMoney, left_of, lock_spend
from annotations.models import JudgeCall
from annotations.models.judge_runs import CallState, RunState

_LOCK_RUN = """
SELECT project_id, state, chunk, budget_nusd, cost_nusd + reserved_nusd + uncertain_nusd
FROM annotations_judgerun WHERE id = %s FOR UPDATE
"""
_SETTLE = """
UPDATE annotations_judgecall c SET state = s.state, cost_nusd = s.cost,
    input_tokens = s.input, output_tokens = s.output,
    raw = CASE WHEN i.erased_at IS NULL THEN s.raw ELSE '' END, error = s.error, latency_ms = s.latency, settled_at = %s
FROM jsonb_to_recordset(%s::jsonb) AS s (id bigint, state text, cost bigint, input int, output int, raw text,
    error text, latency float8), sampling_item i
WHERE c.id = s.id AND c.id = ANY(%s) AND i.id = c.item_id AND c.state = 'reserved' RETURNING c.id
"""
_RESERVE = """
INSERT INTO annotations_judgecall (project_id, run_id, item_id, key, provider, kind, model, state, reserved_nusd,
    cost_nusd, input_tokens, output_tokens, raw, error, reserved_at)
SELECT %s, %s, w.item, w.key, w.provider, w.kind, w.model, 'reserved', w.most, 0, 0, 0, '', '', %s
FROM jsonb_to_recordset(%s::jsonb) AS w (item bigint, key text, provider text, kind text, model text, most bigint)
RETURNING id, key
"""
_MOVE_RUN = """
UPDATE annotations_judgerun SET reserved_nusd = reserved_nusd + %s, cost_nusd = cost_nusd + %s,
    uncertain_nusd = uncertain_nusd + %s, calls = calls + %s, input_tokens = input_tokens + %s,
    output_tokens = output_tokens + %s WHERE id = %s
"""
_MOVE_DAY = """
UPDATE annotations_judgespend SET reserved_nusd = reserved_nusd + %s, cost_nusd = cost_nusd + %s,
    uncertain_nusd = uncertain_nusd + %s WHERE project_id = %s AND day = %s
"""


class Wanted(NamedTuple):
    """A call that somebody wants to make, with the most that it may cost."""

    item_id: int
    key: str
    provider: str
    kind: str
    model: str
    most_nusd: int


class Held(NamedTuple):
    """A call for which money is reserved."""

    pk: int
    kind: str
    reserved_nusd: int
    reserved_at: datetime


@dataclass(frozen=True, slots=True)
class Reserved:
    """The calls that may be made, the first so many of those wanted. `refused`: why not all; `ended`: stopped."""

    calls: list[Held]
    refused: str = ""
    ended: bool = False


class Settled(NamedTuple):
    """How a reserved call ended. `uncertain` counts attempts of it that may have been paid for unseen."""

    call: Held
    state: CallState
    cost_nusd: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    raw: str = ""
    error: str = ""
    latency_ms: float | None = None
    uncertain: int = 0


@dataclass(slots=True)
class _Moved:
    """What a turn moves: reserved, spent, uncertain."""

    reserved: int = 0
    cost: int = 0
    uncertain: int = 0


def take_turn(
    run_id: int, settled: Sequence[Settled], wanted: Sequence[Wanted], *, piece: int | None, now: datetime
) -> Reserved:
    """Store how calls ended, their bodies with them, and reserve the next as far as the budgets go; one transaction.

    `piece` is the number of the piece of work that asks: where the run was stopped, or went on with another, nothing is
    reserved any more, and what came back is settled all the same.
    """
    if not settled and not wanted:
        return Reserved([])
    with transaction.atomic():
        project_id, state, chunk, budget, used = _row(_LOCK_RUN, [run_id])
        days: dict[date, _Moved] = defaultdict(_Moved)
        answered = _settle(settled, days, now)
        moved = _sum(days)
        reserved = Reserved([], ended=bool(wanted) and (state != RunState.RUNNING or chunk != piece))
        if wanted and not reserved.ended:
            _move_days(project_id, days)
            money = RunMoney(budget, used + moved.reserved + moved.cost + moved.uncertain)
            reserved = _reserve(run_id, project_id, wanted, money=money, now=now)
            days = {now.date(): _Moved(reserved=sum(call.reserved_nusd for call in reserved.calls))}
            moved.reserved += days[now.date()].reserved
        _move_days(project_id, days)
        tokens = [sum(each.input_tokens for each in answered), sum(each.output_tokens for each in answered)]
        changes = [moved.reserved, moved.cost, moved.uncertain, len(answered), *tokens]
        if any(changes):
            _execute(_MOVE_RUN, [*changes, run_id])
    return reserved


def reserve(run_id: int, wanted: Sequence[Wanted], *, piece: int, now: datetime) -> Reserved:
    """Reserve the money of calls, as many of them as the budgets allow, in a transaction of its own."""
    return take_turn(run_id, [], wanted, piece=piece, now=now)


def settle(run_id: int, settled: Sequence[Settled], *, now: datetime) -> None:
    """Store how calls ended, their bodies with them, and move the money, in a transaction of its own."""
    take_turn(run_id, settled, [], piece=None, now=now)


def settle_left_behind(run_id: int, *, now: datetime) -> int:
    """Mark the calls that a worker died with as uncertain: they keep their reservations. Return how many there were."""
    found = JudgeCall.objects.filter(run_id=run_id, state=CallState.RESERVED)
    left = [Held(*row) for row in found.values_list("pk", "kind", "reserved_nusd", "reserved_at")]
    error = "The worker died during this call."
    settle(run_id, [Settled(call, CallState.UNCERTAIN, error=error) for call in left], now=now)
    return len(left)


def _settle(settled: Sequence[Settled], days: dict[date, _Moved], now: datetime) -> list[Settled]:
    """Settle calls, add up by day what that moves, and return those that were answered."""
    if not settled:
        return []
    rows = [
        {
            "id": each.call.pk,
            "state": str(each.state),
            "cost": each.cost_nusd,
            "input": each.input_tokens,
            "output": each.output_tokens,
            "raw": each.raw.replace("\x00", ""),
            "error": each.error.replace("\x00", ""),
            "latency": each.latency_ms,
        }
        for each in settled
    ]
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, [now, _json(rows), [each.call.pk for each in settled]])
        # Another piece may have taken a call for lost meanwhile: its money was moved then.
        open_until_now = {row[0] for row in cursor.fetchall()}
    kept = [each for each in settled if each.call.pk in open_until_now]
    for each in kept:
        moved, held = days[each.call.reserved_at.date()], each.call.reserved_nusd
        moved.reserved -= held
        moved.cost += each.cost_nusd
        moved.uncertain += held * (each.uncertain + (each.state == CallState.UNCERTAIN))
    return [each for each in kept if each.state == CallState.SETTLED]


def _reserve(run_id: int, project_id: int, wanted: Sequence[Wanted], *, money: RunMoney, now: datetime) -> Reserved:
    left, why = left_of(money, lock_spend(project_id, now.date()), now.date())
    granted = []
    for each in wanted:
        if left is not None and each.most_nusd > left:
            break
        left = None if left is None else left - each.most_nusd
        granted.append(each)
    if not granted:
        return Reserved([], why)
    rows = [
        {
            "item": each.item_id,
            "key": each.key,
            "provider": each.provider,
            "kind": each.kind,
            "model": each.model,
            "most": each.most_nusd,
        }
        for each in granted
    ]
    with connection.cursor() as cursor:
        cursor.execute(_RESERVE, [project_id, run_id, now, _json(rows)])
        ids: dict[str, list[int]] = defaultdict(list)
        for pk, key in cursor.fetchall():
            ids[key].append(pk)
    calls = [Held(ids[each.key].pop(), each.kind, each.most_nusd, now) for each in granted]
    return Reserved(calls, why if len(granted) < len(wanted) else "")


def _move_days(project_id: int, days: dict[date, _Moved]) -> None:
    for day in sorted(days):
        moved = days[day]
        if moved != _Moved():
            _execute(_MOVE_DAY, [moved.reserved, moved.cost, moved.uncertain, project_id, day])


def _sum(days: dict[date, _Moved]) -> _Moved:
    moved = days.values()
    return _Moved(
        sum(each.reserved for each in moved), sum(each.cost for each in moved), sum(each.uncertain for each in moved)
    )


def _json(rows: list[dict[str, Any]]) -> str:
    return orjson.dumps(rows).decode()


def _row(sql: str, params: list[Any]) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found: tuple[Any, ...] = cursor.fetchone()
    return found


def _execute(sql: str, params: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
