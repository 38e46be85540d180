"""Running an evaluation in slices: rows are called or matched with what was uploaded, marked, and scored at the end.

The background job and the command run the same `advance`. A slice is one transaction: where it is cut short its rows
are called again, so a request may be sent twice, and an output is stored once.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson
from django.db import connection, transaction

from annotations.datasets.locks import release_lock
from annotations.datasets.read import FrozenRow, list_rows
from annotations.evaluations.ask_judges import ask_about_outputs, has_unjudged
from annotations.evaluations.call import Called, Time, call_rows
from annotations.evaluations.collect import masked_output
from annotations.evaluations.erase import forget_erased
from annotations.evaluations.grades import send_sample
from annotations.evaluations.judged import find_judges, score_judge
from annotations.evaluations.mark import answer_marks, ask_checks, base_marks
from annotations.evaluations.rows import groups_word, read_rows
from annotations.evaluations.scoring import Scores, score_rows
from annotations.evaluations.spec import Spec
from annotations.models import Evaluation, EvaluationOutput
from annotations.models.evaluations import ENDED, EvaluationState, OutputStatus
from annotations.rubrics.publish import find_rubric
from reviewapp.accounts.project_secrets import forget_secret, read_secret
from reviewapp.audit.record import record
from reviewapp.http.errors import RefusalError
from reviewapp.jobs.intents import add_intent
from reviewapp.jobs.run import commits_itself
from reviewapp.words import counted
from sampling.checks.compile import compiled_checks

KIND = "run_evaluation"
SMALL = 5000
BATCH = 500
# A slice of calls ends well within the lease of its job, also when the last calls take all their time.
SLICE_SECONDS, CALLS_SECONDS = 20.0, 65.0
_ROUNDS = 4
NEVER_ANSWERED = 5

_GIVEN = """
SELECT position, nth, status, output, latency_ms, problem FROM annotations_evaluationoutput
WHERE evaluation_id = %s AND position > %s AND position <= %s ORDER BY position, nth
"""
_MARK = """
UPDATE annotations_evaluationoutput o SET status = v.status, marks = v.marks::jsonb
FROM unnest(%s::int[], %s::int[], %s::text[], %s::text[]) AS v (position, nth, status, marks)
WHERE o.evaluation_id = %s AND o.position = v.position AND o.nth = v.nth
"""


@commits_itself
def run_evaluation(payload: dict[str, Any], now: datetime) -> None:
    """Job `run_evaluation`: one slice, and asking for the next one."""
    evaluation_id = payload["evaluation_id"]
    if not advance(evaluation_id, now=now):
        with transaction.atomic():
            add_intent(kind=KIND, key=str(evaluation_id), payload=payload, now=now)


def advance(evaluation_id: int, *, now: datetime) -> bool:
    """Run the next slice: of rows, then of what judges are asked; tell whether the evaluation has ended."""
    asked = _ask_judges(evaluation_id, now=now)
    if asked is not None:
        return asked
    with transaction.atomic():
        evaluation = (
            Evaluation.objects.select_for_update(of=("self",))
            .select_related("project", "version__dataset")
            .get(pk=evaluation_id)
        )
        if evaluation.state in ENDED:
            return True
        evaluation.state = EvaluationState.RUNNING
        try:
            with transaction.atomic():
                rest = _run_slice(evaluation) or _is_unjudged(evaluation)
                forget_erased(evaluation, now)
                if not rest:
                    _finish(evaluation, now)
        except RefusalError as refusal:
            evaluation.refresh_from_db()
            end_evaluation(evaluation, EvaluationState.FAILED, now=now, problem=refusal.message)
            return True
        if rest and (problem := _never_answered(evaluation)):
            end_evaluation(evaluation, EvaluationState.FAILED, now=now, problem=problem)
            return True
        evaluation.save()
        return not rest


def _ask_judges(evaluation_id: int, *, now: datetime) -> bool | None:
    """Have judges asked about what was answered; tell whether that ended the run, None where nothing was to be asked.

    Between transactions: nothing is locked while a provider is waited for.
    """
    evaluation = Evaluation.objects.select_related("project", "version__dataset").get(pk=evaluation_id)
    if evaluation.state in ENDED:
        return True
    try:
        if any(ask_about_outputs(evaluation, choice, now=now) for choice in spec_of(evaluation).asked_judges):
            return False
    except RefusalError as refusal:
        with transaction.atomic():
            evaluation = (
                Evaluation.objects.select_for_update(of=("self",))
                .select_related("project", "version__dataset")
                .get(pk=evaluation_id)
            )
            if evaluation.state not in ENDED:
                end_evaluation(evaluation, EvaluationState.FAILED, now=now, problem=refusal.message)
        return True
    return None


def _is_unjudged(evaluation: Evaluation) -> bool:
    return any(has_unjudged(evaluation, choice) for choice in spec_of(evaluation).asked_judges)


def spec_of(evaluation: Evaluation) -> Spec:
    """Return what an evaluation was asked to do."""
    return Spec.model_validate({name: part for name, part in evaluation.spec.items() if name != "checks_version"})


def end_evaluation(evaluation: Evaluation, state: EvaluationState, *, now: datetime, problem: str = "") -> None:
    """End a run: the version is free again, the secret is gone. In the caller's transaction."""
    evaluation.state, evaluation.problem, evaluation.ended_at = state, problem[:2000], now
    evaluation.save()
    release_lock(evaluation.version, kind="evaluation", ref=str(evaluation.pk), now=now)
    forget_secret(evaluation.project, name=f"evaluation:{evaluation.pk}", actor=None, now=now)
    record(
        f"evaluation.{state.value}",
        now=now,
        actor=None,
        project_id=evaluation.project_id,
        object_kind="evaluation",
        object_id=evaluation.pk,
        detail={"answered": evaluation.done - evaluation.failed, "failed": evaluation.failed},
    )


def _run_slice(evaluation: Evaluation) -> bool:
    """Do rows until the slice's time is up; tell whether there are more."""
    spec = spec_of(evaluation)
    until = _time_for(spec)
    while True:
        size = BATCH if spec.called is None else spec.called.concurrency * _ROUNDS
        rows = list_rows(evaluation.version, split=spec.split or "", after=evaluation.position, limit=size)
        if not rows:
            return False
        rows = _store_calls(evaluation, spec, rows, until=until)
        if not rows:
            return True
        kept = [row for row in rows if row.erased_at is None]
        _mark(evaluation, spec, kept, after=evaluation.position, last=rows[-1].position)
        evaluation.position = rows[-1].position
        evaluation.done += len(kept)
        if time.monotonic() > until.begin or _never_answered(evaluation):
            return True


def _time_for(spec: Spec) -> Time:
    """Return the time of a slice that begins now: its last call begins so early that it ends in time, however slow."""
    now, called = time.monotonic(), spec.called
    begin = SLICE_SECONDS if called is None else min(SLICE_SECONDS, CALLS_SECONDS - called.timeout_seconds)
    return Time(now + begin, now + CALLS_SECONDS)


def _store_calls(evaluation: Evaluation, spec: Spec, rows: list[FrozenRow], *, until: Time) -> list[FrozenRow]:
    """Call the system for what these rows have no output of, and store what came; return the rows that are complete.

    They are the first ones: of those behind them what came is kept, and the rest asked by the next slice.
    """
    system = spec.called
    if system is None:
        return rows
    secret = read_secret(evaluation.project_id, f"evaluation:{evaluation.pk}")
    stored = EvaluationOutput.objects.filter(evaluation=evaluation, position__in=[row.position for row in rows])
    there = set(stored.values_list("position", "nth"))
    tries = [(row, nth + 1) for row in rows if row.erased_at is None for nth in range(spec.repeats)]
    asked = [(row, nth) for row, nth in tries if (row.position, nth) not in there]
    answers = call_rows([row.fields for row, _ in asked], system, secret=secret, until=until)
    EvaluationOutput.objects.bulk_create(
        _stored(evaluation, row, nth, called)
        for (row, nth), called in zip(asked, answers, strict=True)
        if called is not None
    )
    left = min((row.position for (row, _), each in zip(asked, answers, strict=True) if each is None), default=None)
    return rows if left is None else [row for row in rows if row.position < left]


def _stored(evaluation: Evaluation, row: FrozenRow, nth: int, called: Called) -> EvaluationOutput:
    return EvaluationOutput(
        evaluation=evaluation,
        position=row.position,
        nth=nth,
        external_id=row.external_id,
        status=OutputStatus.FAILED if called.problem else OutputStatus.GIVEN,
        output=None if called.problem else masked_output(evaluation, called.output, row.fields["expected"]),
        problem=called.problem,
        latency_ms=called.latency_ms,
        input_tokens=called.input_tokens,
        output_tokens=called.output_tokens,
        cost_usd=called.cost_usd,
    )


def _mark(evaluation: Evaluation, spec: Spec, rows: Sequence[FrozenRow], *, after: int, last: int) -> None:
    """Mark what there is for these rows, and note those for which there is nothing."""
    by_position = {row.position: row for row in rows}
    with connection.cursor() as cursor:
        cursor.execute(_GIVEN, [evaluation.pk, after, last])
        given = [
            (position, nth, status, None if text is None else orjson.loads(text), latency)
            for position, nth, status, text, latency, _ in cursor.fetchall()
            if position in by_position
        ]
    version = evaluation.spec.get("checks_version")
    checks = compiled_checks(version) if version else None
    answers = [each for each in given if each[2] != OutputStatus.FAILED]
    outcomes = ask_checks(checks, [(by_position[each[0]], each[3], each[4]) for each in answers])
    rule = spec.match.rule()
    marked: list[tuple[int, int, str, str]] = []
    for (position, nth, _, output, _), found in zip(answers, outcomes, strict=True):
        marks = answer_marks(by_position[position], output, rule, found)
        marked.append((position, nth, OutputStatus.ANSWERED.value, orjson.dumps(marks).decode()))
    for position, nth, status, _, _ in given:
        if status == OutputStatus.FAILED:
            marked.append((position, nth, status, orjson.dumps(base_marks(by_position[position])).decode()))
    there = {each[0] for each in given}
    EvaluationOutput.objects.bulk_create(
        EvaluationOutput(
            evaluation=evaluation,
            position=row.position,
            nth=1,
            external_id=row.external_id,
            status=OutputStatus.MISSING,
            marks=base_marks(row),
        )
        for row in rows
        if row.position not in there
    )
    evaluation.failed += len(there - {each[0] for each in answers})
    if marked:
        with connection.cursor() as cursor:
            cursor.execute(_MARK, [*(list(column) for column in zip(*marked, strict=True)), evaluation.pk])


def _never_answered(evaluation: Evaluation) -> str:
    """Return why a run is given up: the first rows have all failed."""
    if evaluation.failed < min(NEVER_ANSWERED, evaluation.total) or evaluation.failed < evaluation.done:
        return ""
    return _why_no_answer(evaluation) if evaluation.done else ""


def _why_no_answer(evaluation: Evaluation) -> str:
    first = (
        EvaluationOutput.objects.filter(evaluation=evaluation, status=OutputStatus.FAILED)
        .values_list("problem", flat=True)
        .first()
    )
    return f"None of the first {evaluation.done} rows was answered. {first or ''}".strip()


def _finish(evaluation: Evaluation, now: datetime) -> None:
    rows = read_rows(evaluation)
    scores = score_rows(rows)
    if not scores.counts.answered:
        end_evaluation(evaluation, EvaluationState.FAILED, now=now, problem=_why_no_answer(evaluation))
        return
    spec = spec_of(evaluation)
    judges = []
    for version in find_judges(evaluation, spec.judges):
        said, metrics = score_judge(evaluation, version)
        judges.append(said)
        scores.metrics.update(metrics)
    evaluation.scores = {**as_json(scores), "judges": judges, "warnings": _warnings(evaluation, scores)}
    if spec.people is not None:
        people = spec.people
        send_sample(evaluation, size=people.sample, show_expected=people.show_expected, overlap=people.overlap, now=now)
    end_evaluation(evaluation, EvaluationState.DONE, now=now)


def as_json(scores: Scores) -> dict[str, Any]:
    """Return scores as they are kept and sent."""
    return {
        "counts": scores.counts._asdict(),
        "metrics": {name: asdict(estimate) for name, estimate in scores.metrics.items()},
        "slices": [{**each._asdict(), "accuracy": asdict(each.accuracy)} for each in scores.slices],
        "classes": [
            {**each._asdict(), "precision": each.precision, "recall": each.recall, "f1": each.f1}
            for each in scores.classes
        ],
        "fields": [{"name": name, "accuracy": asdict(estimate)} for name, estimate in scores.fields],
        "checks": [{**each._asdict(), "rate": asdict(each.rate)} for each in scores.checks],
        "unsteady": scores.unsteady,
        "failures": [{"problem": problem, "n": n} for problem, n in scores.failures],
    }


def _warnings(evaluation: Evaluation, scores: Scores) -> list[str]:
    """Return what a reader of the scores must know."""
    found, counts = [], scores.counts
    if counts.missing:
        have = "has" if counts.missing == 1 else "have"
        found.append(f"{counts.missing} of {counts.rows} rows {have} no output: the scores are those of the others.")
    if counts.failed:
        found.append(
            f"{counts.failed} of {counts.rows} rows failed: a failure is no wrong answer, and in error_rate only."
        )
    if evaluation.unknown:
        unknown = counted(evaluation.unknown, "output belongs", "outputs belong")
        found.append(f"{unknown} to no row of the dataset and {'was' if evaluation.unknown == 1 else 'were'} left out.")
    if counts.groups < counts.answered:
        found.append(
            f"{counts.answered} rows in {counts.groups} {groups_word(evaluation.version)}: rows of one are not"
            " independent, so intervals, comparisons and gates rest on these groups and not on the rows."
        )
    if evaluation.version.n_erased:
        erased = counted(evaluation.version.n_erased, "row of the version is", "rows of the version are")
        found.append(f"{erased} erased and not asked.")
    rubric = find_rubric(evaluation.project_id)
    values = {
        str(option["value"])
        for question in (rubric.questions if rubric else [])
        for option in question.get("options") or []
        if question.get("positive") is not None
    }
    classes = {each.value: each for each in scores.classes}
    if classes and set(classes) <= values and not any(each.predicted for each in classes.values()):
        found.append(
            "The expected answers are verdicts on earlier outputs, and none of these outputs is a verdict:"
            " accuracy compares nothing here. Let a judge or people say what passes."
        )
    return found
