"""Verdicts of judges that ran elsewhere.

The same verdict of the same version again is a duplicate; another one supersedes. What a judge says becomes facts
(`verdict.<judge>.<question>`), of which plans may raise an item's probability while its window is open.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from annotations.imports.heirs import end_superseded, lock_imports, reserve_ids
from annotations.imports.records import Numbered, Run, VerdictRecord, read_batches, unknown_item
from annotations.labels.answers import check_answers
from annotations.models import Judge, JudgeVersion, RubricVersion, Verdict
from annotations.rubrics.publish import find_rubric, no_rubric
from reviewapp.accounts.access import Actor
from reviewapp.accounts.models import Project
from reviewapp.audit.record import digest, record
from reviewapp.http.errors import InvalidError
from reviewapp.http.lines import Line
from sampling.ingest.add import IngestResult
from sampling.ingest.facts import NewFact, record_late_facts
from sampling.ingest.parse import Problem
from sampling.items.keys import find_item_ids
from sampling.mask.later import mask_value_later

# Kinds of questions whose answers are short enough to filter by.
_AS_FACTS = frozenset({"choice", "multi_choice", "rating", "pairwise"})


class _Checked(NamedTuple):
    item_id: int
    record: VerdictRecord
    answers: dict[str, Any] | None


def import_verdicts(*, project: Project, lines: Iterable[Line], actor: Actor | None, now: datetime) -> IngestResult:
    """Store the verdicts of the lines; `drawn` counts the items that were selected because of what they say.

    Judges and versions that are not known yet are made. Raises ConflictError `no_rubric`.
    """
    rubric = find_rubric(project.pk)
    if rubric is None:
        raise no_rubric()
    run = Run(project, actor, now)
    for batch in read_batches(lines, VerdictRecord, run.result):
        with transaction.atomic():
            lock_imports(project.pk)
            _store(run, rubric, _check(run, rubric, batch))
    return run.result


def check_verdict(questions: Sequence[Mapping[str, Any]], answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return a judge's valid answers. It may leave questions out, and is not bound by what hides them from people.

    Raises InvalidError `answers_invalid`.
    """
    asked = [
        {name: value for name, value in question.items() if name != "show_if"}
        for question in questions
        if question["key"] in answers
    ]
    return check_answers(asked, answers).answers


def _check(run: Run, rubric: RubricVersion, batch: Sequence[Numbered]) -> list[_Checked]:
    ids = find_item_ids(run.project.pk, (each.record.external_id for each in batch))
    checked = []
    for line, each in batch:
        item_id = ids.get(each.external_id)
        if item_id is None:
            run.result.refuse(unknown_item(line))
            continue
        stored = _as_stored(run.project, each, item_id)
        try:
            answers = None if stored.answers is None else check_verdict(rubric.questions, stored.answers)
        except InvalidError as refusal:
            first = refusal.fields[0]
            run.result.refuse(Problem(line, refusal.code, first.message, first.path))
            continue
        checked.append(_Checked(item_id, stored, answers))
    return checked


def _as_stored(project: Project, each: VerdictRecord, item_id: int) -> VerdictRecord:
    """Return the record with what the judge wrote masked: it may quote the item as it was sent."""
    written = {"answers": each.answers, "raw": each.raw, "rationale": each.rationale}
    return each.model_copy(update=mask_value_later(project, item_id=item_id, value=written))


def _store(run: Run, rubric: RubricVersion, checked: Sequence[_Checked]) -> None:
    project, actor, now, result = run.project, run.actor, run.now, run.result
    versions = _make_versions(project, {(each.record.judge, each.record.judge_version) for each in checked}, actor, now)
    standing = {
        (verdict.item_id, verdict.judge_version_id): verdict
        for verdict in Verdict.objects.filter(
            item_id__in={each.item_id for each in checked},
            judge_version__in=versions.values(),
            superseded_by=None,
        )
    }
    ids = reserve_ids(Verdict, len(checked))
    new: list[Verdict] = []
    replaced: dict[int, int] = {}
    for each in checked:
        version = versions[each.record.judge, each.record.judge_version]
        verdict = _verdict(run, rubric, each, next(ids), version)
        before = standing.get((each.item_id, version.pk))
        if before is not None and _said(before) == _said(verdict):
            result.duplicates += 1
            continue
        if before is not None:
            before.superseded_by_id = verdict.pk
            if before not in new:
                replaced[before.pk] = verdict.pk
        standing[each.item_id, version.pk] = verdict
        new.append(verdict)
    end_superseded(Verdict, replaced)
    Verdict.objects.bulk_create(new)
    result.accepted += len(new)
    said = [(each.item_id, versions[each.record.judge, each.record.judge_version].pk, each.answers) for each in checked]
    asked = short_questions(rubric)
    follow = import_string(settings.VERDICTS_FOLLOWED_BY)
    more = follow(project.pk, said=said, judged=[verdict.item_id for verdict in new], questions=asked, now=now)
    if not new:
        return
    facts = [*verdict_facts(rubric, new), *more]
    if facts:
        raised = record_late_facts(project=project, facts=facts, late_reason=None, now=now)
        result.drawn += len(raised.selected)
    record(
        "verdicts.imported",
        now=now,
        actor=actor,
        project_id=project.pk,
        object_kind="verdict",
        object_id=f"{new[0].pk}-{new[-1].pk}",
        detail={
            "accepted": len(new),
            "unparsed": sum(verdict.answers is None for verdict in new),
            "superseding": len(replaced),
            "verdicts_sha256": digest("\n".join(orjson.dumps(_said(verdict)).decode() for verdict in new)),
        },
    )


def _make_versions(
    project: Project, wanted: set[tuple[str, str]], actor: Actor | None, now: datetime
) -> dict[tuple[str, str], JudgeVersion]:
    """Return the versions by judge and label; imports of a project follow each other, so none is made twice."""
    maker = actor.user if actor else None
    judges = {
        judge.name: judge for judge in Judge.objects.filter(project=project, name__in={name for name, _ in wanted})
    }
    for name in sorted({name for name, _ in wanted} - judges.keys()):
        judges[name] = Judge.objects.create(project=project, name=name, created_by=maker, created_at=now)
    found = JudgeVersion.objects.filter(judge__in=judges.values()).select_related("judge")
    versions = {(version.judge.name, version.version): version for version in found}
    for name, label in sorted(wanted - versions.keys()):
        versions[name, label] = JudgeVersion.objects.create(
            judge=judges[name], version=label, created_by=maker, created_at=now
        )
    return {place: versions[place] for place in wanted}


def _verdict(run: Run, rubric: RubricVersion, each: _Checked, verdict_id: int, version: JudgeVersion) -> Verdict:
    raw = each.record.raw
    return Verdict(
        id=verdict_id,
        project=run.project,
        item_id=each.item_id,
        judge_version=version,
        rubric=rubric,
        answers=each.answers,
        score=each.record.score,
        raw="" if raw is None else raw if isinstance(raw, str) else orjson.dumps(raw).decode(),
        rationale=each.record.rationale or "",
        created_at=run.now,
    )


def _said(verdict: Verdict) -> tuple[Any, ...]:
    return verdict.item_id, verdict.answers, verdict.score, verdict.raw, verdict.rationale


def short_questions(rubric: RubricVersion) -> list[str]:
    """Return the questions whose answers are facts."""
    return [question["key"] for question in rubric.questions if question["kind"] in _AS_FACTS]


def verdict_facts(
    rubric: RubricVersion, verdicts: Sequence[Verdict], *, caused_by_draw: bool = False
) -> Iterable[NewFact]:
    """Yield what the standing verdicts say; an unparsed one says that nothing is known any longer."""
    asked = short_questions(rubric)
    for verdict in verdicts:
        if verdict.superseded_by_id is not None:
            continue
        for key in asked:
            if verdict.answers is None or key in verdict.answers:
                name = f"verdict.{verdict.judge_version.judge.name}.{key}"
                value = None if verdict.answers is None else verdict.answers[key]
                yield NewFact(verdict.item_id, name, value, caused_by_draw)
        if verdict.score is not None:  # for plans that look where the judge is unsure
            yield NewFact(verdict.item_id, f"hint.{verdict.judge_version.judge.name}", verdict.score, caused_by_draw)


def verdicts_of_item(item_id: int) -> list[dict[str, Any]]:
    """Return an item's verdicts, oldest first, as its answer carries them; superseded ones name their heir."""
    found = Verdict.objects.filter(item_id=item_id).select_related("judge_version__judge").order_by("pk")
    return [
        {
            "id": verdict.pk,
            "judge": verdict.judge_version.judge.name,
            "judge_version": verdict.judge_version.version,
            "answers": verdict.answers,
            "score": verdict.score,
            "rationale": verdict.rationale,
            "created_at": verdict.created_at,
            "superseded_by": verdict.superseded_by_id,
        }
        for verdict in found
    ]
