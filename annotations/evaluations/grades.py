"""The people's tier: a random sample of outputs that reviewers grade, one at a time, each person each row once."""

from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.db import transaction

from annotations.models import DatasetRow, Evaluation, EvaluationGrade, EvaluationOutput
from annotations.models.evaluations import EvaluationState, OutputStatus
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import digest, record
from reviewapp.http.errors import ConflictError, FieldError, InvalidError
from sampling.draws.numbers import draw_numbers

MAX_NOTE, MAX_SAMPLE = 10_000, 5000


class GradeTask(NamedTuple):
    """An output to grade; `expected` is None where graders are not to see it."""

    position: int
    external_id: str
    fields: dict[str, Any]
    output: Any
    expected: Any


class GradeCounts(NamedTuple):
    """How far a person is, and everybody."""

    own: int
    graded: int
    total: int


def ask_people(access: Access, evaluation: Evaluation, *, sample: int, show_expected: bool, now: datetime) -> None:
    """Have people grade a random sample of the outputs; a larger one later keeps what was graded.

    Raises InvalidError for a sample that is none, ConflictError where the run is not done, or the sample would shrink.
    """
    require(access, Action.RUN_EVALUATIONS)
    if not 1 <= sample <= MAX_SAMPLE:
        message = f"A sample has 1 to {MAX_SAMPLE:,} rows."
        raise InvalidError(message, fields=(FieldError("sample", message),))
    with transaction.atomic():
        found = Evaluation.objects.select_for_update(of=("self",)).select_related("project").get(pk=evaluation.pk)
        if found.state != EvaluationState.DONE:
            raise ConflictError("People grade the outputs of a run that is done.", code="not_done")
        if found.sample is not None and found.sample["show_expected"] != show_expected:
            raise ConflictError("Whether people see what was expected stays as it was begun.", code="begun")
        if found.sample is not None and sample < len(found.sample["external_ids"]):
            raise ConflictError("A sample only grows: what was graded stays in it.", code="begun")
        found.sample = {"external_ids": draw_sample(found, sample), "show_expected": show_expected}
        found.save(update_fields=["sample"])
        record(
            "evaluation.people_asked",
            now=now,
            actor=access.actor,
            project_id=access.project.pk,
            object_kind="evaluation",
            object_id=found.pk,
            detail={"sample": len(found.sample["external_ids"]), "show_expected": show_expected},
        )


def draw_sample(evaluation: Evaluation, size: int) -> list[str]:
    """Return the answered rows with the smallest numbers of this run's own: a larger sample holds the smaller one."""
    answered = list(
        EvaluationOutput.objects.filter(
            evaluation=evaluation, status=OutputStatus.ANSWERED, nth=1, erased_at=None
        ).values_list("external_id", flat=True)
    )
    salt, purpose = evaluation.project.sampling_salt, f"evaluation:{evaluation.pk}"
    numbers = draw_numbers(salt=salt, purpose=purpose, external_ids=answered)
    return [name for _, name in sorted(zip(numbers, answered, strict=True))[:size]]


def find_next(access: Access, evaluation: Evaluation) -> GradeTask | None:
    """Return the next output of the sample that this person has not graded; those graded least by others come first."""
    require(access, Action.LABEL)
    wanted = (evaluation.sample or {}).get("external_ids", [])
    given = EvaluationGrade.objects.filter(evaluation=evaluation, superseded_by=None)
    counts: dict[int, int] = {}
    own = set()
    for position, reviewer in given.values_list("position", "reviewer_id"):
        counts[position] = counts.get(position, 0) + 1
        if reviewer == access.actor.user.pk:
            own.add(position)
    rows = EvaluationOutput.objects.filter(evaluation=evaluation, nth=1, external_id__in=wanted, erased_at=None)
    order = {name: nth for nth, name in enumerate(wanted)}
    open_rows = [row for row in rows if row.position not in own]
    if not open_rows:
        return None
    found = min(open_rows, key=lambda row: (counts.get(row.position, 0), order[row.external_id]))
    return _task(evaluation, found)


def _task(evaluation: Evaluation, output: EvaluationOutput) -> GradeTask | None:
    row = DatasetRow.objects.filter(version_id=evaluation.version_id, position=output.position).first()
    if row is None:
        return None
    fields = orjson.loads(row.row)
    expected = fields["expected"] if evaluation.sample and evaluation.sample["show_expected"] else None
    return GradeTask(output.position, output.external_id, fields, output.output, expected)


def grade_output(
    access: Access, evaluation: Evaluation, *, position: int, passes: bool, note: str, now: datetime
) -> EvaluationGrade:
    """Store a person's grade; again for the same row supersedes it. InvalidError for a row outside of the sample."""
    require(access, Action.LABEL)
    note = note.strip()
    if len(note) > MAX_NOTE or "\0" in note:
        raise InvalidError(fields=(FieldError("note", f"A note has up to {MAX_NOTE:,} characters."),))
    sample = evaluation.sample or {"external_ids": [], "show_expected": False}
    there = EvaluationOutput.objects.filter(
        evaluation=evaluation, position=position, nth=1, external_id__in=sample["external_ids"], erased_at=None
    )
    if not there.exists():
        raise InvalidError(fields=(FieldError("position", "This row is not in the sample."),))
    with transaction.atomic():
        Evaluation.objects.select_for_update(no_key=True).get(pk=evaluation.pk)
        before = EvaluationGrade.objects.filter(
            evaluation=evaluation, position=position, reviewer=access.actor.user, superseded_by=None
        ).first()
        grade = EvaluationGrade(
            evaluation=evaluation,
            position=position,
            reviewer=access.actor.user,
            passes=passes,
            note=note,
            saw_expected=sample["show_expected"],
            created_at=now,
        )
        if before is not None:
            # Only one of a person's grades stands at any time: the old one points to itself until the new one is there.
            before.superseded_by = before
            before.save(update_fields=["superseded_by"])
        grade.save()
        if before is not None:
            before.superseded_by = grade
            before.save(update_fields=["superseded_by"])
            record(
                "evaluation.grade_revised",
                now=now,
                actor=access.actor,
                project_id=access.project.pk,
                object_kind="evaluation",
                object_id=evaluation.pk,
                detail={"position": position, "note_sha256": digest(note)},
            )
    return grade


def count_grades(access: Access, evaluation: Evaluation) -> GradeCounts:
    """Return how many rows of the sample this person graded, and how many anybody did."""
    given = EvaluationGrade.objects.filter(evaluation=evaluation, superseded_by=None)
    return GradeCounts(
        own=given.filter(reviewer=access.actor.user).count(),
        graded=given.values("position").distinct().count(),
        total=len((evaluation.sample or {}).get("external_ids", [])),
    )


def find_own_grade(access: Access, evaluation: Evaluation) -> EvaluationGrade | None:
    """Return this person's latest standing grade of the run: the one that going back shows again."""
    own = EvaluationGrade.objects.filter(evaluation=evaluation, reviewer=access.actor.user, superseded_by=None)
    return own.order_by("-pk").first()


def get_task(access: Access, evaluation: Evaluation, position: int) -> GradeTask | None:
    """Return a row that this person graded already, to grade it again; None where there is none."""
    require(access, Action.LABEL)
    mine = EvaluationGrade.objects.filter(
        evaluation=evaluation, reviewer=access.actor.user, position=position, superseded_by=None
    )
    output = EvaluationOutput.objects.filter(evaluation=evaluation, position=position, nth=1, erased_at=None).first()
    return _task(evaluation, output) if output is not None and mine.exists() else None


def open_for(access: Access) -> list[Evaluation]:
    """Return the runs whose samples are not graded through, newest first: where this person can help."""
    found = Evaluation.objects.select_related("version__dataset").filter(
        project=access.project, state=EvaluationState.DONE, sample__isnull=False
    )
    return [
        each
        for each in found.order_by("-pk")[:20]
        if (counts := count_grades(access, each)).own < counts.total and counts.graded < counts.total
    ]
