"""Choosing the items of a run: piece by piece, so that a run over millions is begun like one over ten."""

import heapq
import time
from collections.abc import Sequence

from django.db import connection, transaction
from django.db.models import F

from annotations.models import JudgeRun
from sampling.draws.numbers import draw_numbers
from sampling.items.find import PROGRAM, Search, find_items
from sampling.plans.filters import EVERYTHING, parse_filter

_BATCH = 2000
_ADD = """
INSERT INTO annotations_judgerunitem (run_id, item_id, state, tries, stage, note)
SELECT %s, item_id, 0, 0, '', '' FROM unnest(%s::bigint[]) WITH ORDINALITY AS w (item_id, place) ORDER BY place
ON CONFLICT DO NOTHING
"""
MAX_COUNTED = 2_000_000


def judge_purpose(judge_name: str) -> str:
    """Return the purpose under which a judge has random numbers of its own, apart from review and other judges."""
    return f"judge:{judge_name}"


def choose_items(run: JudgeRun, *, until: float) -> bool:
    """Add the run's items until all are chosen or the time (of `time.monotonic`) is up; return whether all are."""
    search = Search(run.project_id, where=EVERYTHING if run.where is None else parse_filter(run.where))
    if run.sample is not None and run.sample > 1:
        return _choose_so_many(run, search)
    while run.chosen_behind is not None and time.monotonic() < until:
        found = find_items(search, behind=run.chosen_behind or None, limit=_BATCH, budget=PROGRAM)
        ids = found.ids if run.sample is None else [pk for pk, u in numbers_of(run, found.ids) if u < (run.sample or 1)]
        add_items(run, ids, behind=found.next)
    return run.chosen_behind is None


def _choose_so_many(run: JudgeRun, search: Search) -> bool:
    """Take the items with the smallest numbers: a larger sample of the same judge holds the smaller one."""
    best: list[tuple[float, int]] = []
    count, behind, looked = int(run.sample or 0), None, 0
    while run.chosen_behind is not None:
        found = find_items(search, behind=behind, limit=_BATCH, budget=PROGRAM)
        looked += len(found.ids)
        for pk, u in numbers_of(run, found.ids):
            if len(best) < count:
                heapq.heappush(best, (-u, pk))
            elif -best[0][0] > u:
                heapq.heapreplace(best, (-u, pk))
        behind = found.next
        if behind is None or looked >= MAX_COUNTED:
            add_items(run, sorted(pk for _, pk in best), behind=None)
    return True


def numbers_of(run: JudgeRun, item_ids: Sequence[int]) -> list[tuple[int, float]]:
    """Return the items with their numbers for the run's judge."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, external_id FROM sampling_item WHERE id = ANY(%s) ORDER BY id DESC", [list(item_ids)]
        )
        rows = cursor.fetchall()
    purpose = judge_purpose(run.judge_version.judge.name)
    numbers = draw_numbers(salt=run.project.sampling_salt, purpose=purpose, external_ids=[row[1] for row in rows])
    return [(row[0], number) for row, number in zip(rows, numbers, strict=True)]


def add_items(run: JudgeRun, item_ids: Sequence[int], *, behind: int | None) -> int:
    """Add items to a run, and note how far it has looked; return how many are new."""
    with transaction.atomic():
        JudgeRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
        with connection.cursor() as cursor:
            cursor.execute(_ADD, [run.pk, list(item_ids)])
            new = int(cursor.rowcount)
        JudgeRun.objects.filter(pk=run.pk).update(total=F("total") + new, chosen_behind=behind)
    run.chosen_behind = behind
    return new
