"""Storing what a run found: verdicts, their facts, the run's items and counters, in one transaction.

An item of a run is finished once: whoever comes second, after a worker died, finds it finished and stores nothing.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.db import connection, transaction

from annotations.imports.heirs import end_superseded, lock_imports, reserve_ids
from annotations.imports.verdicts import short_questions, verdict_facts
from annotations.judges.anchors import record_answers
from annotations.judges.disagreeing import disagreement_facts
from annotations.models import JudgeRun, JudgeVersion, Verdict
from annotations.models.judge_runs import RunItemState
from annotations.queue.send import open_chosen
from annotations.rubrics.publish import rubric_by_id
from reviewapp.audit.record import digest, record
from sampling.ingest.facts import NewFact, record_late_facts
from sampling.models import Item

_FINISH = """
UPDATE annotations_judgerunitem r SET state = f.state, stage = f.stage, note = f.note
FROM unnest(%s::bigint[], %s::smallint[], %s::text[], %s::text[]) AS f (item_id, state, stage, note)
WHERE r.run_id = %s AND r.item_id = f.item_id AND r.state = 0
RETURNING r.item_id, r.state
"""
ERASED = "The item was erased."


class Finished(NamedTuple):
    """One item of a run: its verdict (None answers: unparsed), or why it failed. `unsure` asks for a person."""

    item_id: int
    state: RunItemState
    stage: str
    answers: dict[str, Any] | None = None
    score: float | None = None
    raw: str = ""
    rationale: str = ""
    note: str = ""
    cached: bool = False
    unsure: bool | None = None


def store_finished(
    run: JudgeRun, version: JudgeVersion, found: Sequence[Finished], *, rubric_id: int, worked: float, now: datetime
) -> None:
    """Store finished items with their verdicts, in a transaction of its own."""
    with transaction.atomic():
        lock_imports(run.project_id)
        row = JudgeRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
        there = set(
            Item.objects.filter(pk__in=[each.item_id for each in found], erased_at=None).values_list("pk", flat=True)
        )
        found = [
            each if each.item_id in there else Finished(each.item_id, RunItemState.FAILED, each.stage, note=ERASED)
            for each in found
        ]
        finished = _finish_items(run.pk, found)
        kept = [each for each in found if each.item_id in finished]
        _store_verdicts(run, version, kept, rubric_id=rubric_id, now=now)
        states = Counter(each.state for each in kept)
        row.done += states[RunItemState.DONE]
        row.failed += states[RunItemState.FAILED]
        row.unparsed += states[RunItemState.UNPARSED]
        row.cached += sum(each.cached for each in kept)
        row.worked_seconds += worked
        row.stages = dict(Counter(row.stages) + Counter(each.stage for each in kept if each.stage))
        row.stages |= (
            {"person": row.stages.get("person", 0) + asked} if (asked := sum(bool(e.unsure) for e in kept)) else {}
        )
        row.save(update_fields=["done", "failed", "unparsed", "cached", "worked_seconds", "stages"])


def _finish_items(run_id: int, found: Sequence[Finished]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            _FINISH,
            [
                [each.item_id for each in found],
                [int(each.state) for each in found],
                [each.stage for each in found],
                [each.note.replace("\x00", "")[:1000] for each in found],
                run_id,
            ],
        )
        return {row[0] for row in cursor.fetchall()}


def _store_verdicts(
    run: JudgeRun, version: JudgeVersion, found: Sequence[Finished], *, rubric_id: int, now: datetime
) -> None:
    given = [each for each in found if each.state != RunItemState.FAILED]
    if not given:
        return
    standing = {
        verdict.item_id: verdict
        for verdict in Verdict.objects.filter(
            item_id__in=[each.item_id for each in given], judge_version=version, superseded_by=None
        )
    }
    ids = reserve_ids(Verdict, len(given))
    new: list[Verdict] = []
    replaced: dict[int, int] = {}
    for each in given:
        verdict = Verdict(
            id=next(ids),
            project_id=run.project_id,
            item_id=each.item_id,
            judge_version=version,
            rubric_id=rubric_id,
            answers=each.answers,
            score=each.score,
            raw=each.raw.replace("\x00", ""),
            rationale=each.rationale.replace("\x00", ""),
            created_at=now,
        )
        before = standing.get(each.item_id)
        if before is not None and _said(before) == _said(verdict):
            continue
        if before is not None:
            replaced[before.pk] = verdict.pk
        new.append(verdict)
    end_superseded(Verdict, replaced)
    Verdict.objects.bulk_create(new)
    # What was answered by the cache was not asked: it says nothing about the model of today.
    record_answers(run.project_id, [(e.item_id, version.pk, e.answers) for e in given if not e.cached], now=now)
    rubric = rubric_by_id(rubric_id)
    facts = list(verdict_facts(rubric, new, caused_by_draw=run.caused_by_draw))
    asked = short_questions(rubric)
    judged = [verdict.item_id for verdict in new]
    facts += disagreement_facts(run.project_id, judged, asked, caused_by_draw=run.caused_by_draw)
    name = f"hint.{version.judge.name}_unsure"
    facts += [NewFact(e.item_id, name, e.unsure, run.caused_by_draw) for e in given if e.unsure is not None]
    if facts:
        record_late_facts(project=run.project, facts=facts, late_reason=None, now=now)
    open_chosen(
        project=run.project,
        item_ids=sorted(each.item_id for each in given if each.unsure),
        need=run.project.overlap,
        reason=f"The judge {version.judge.name} was not sure.",
        now=now,
    )
    if new:
        record(
            "verdicts.judged",
            now=now,
            actor=None,
            project_id=run.project_id,
            object_kind="verdict",
            object_id=f"{new[0].pk}-{new[-1].pk}",
            detail={
                "judge_run": run.pk,
                "accepted": len(new),
                "unparsed": sum(verdict.answers is None for verdict in new),
                "superseding": len(replaced),
                "verdicts_sha256": digest("\n".join(orjson.dumps(_said(verdict)).decode() for verdict in new)),
            },
        )


def _said(verdict: Verdict) -> tuple[Any, ...]:
    return verdict.item_id, verdict.answers, verdict.score, verdict.raw, verdict.rationale
