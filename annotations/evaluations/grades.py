"""The people's tier: a random sample of outputs that goes to the queue, and how far people are with it."""

from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from annotations.evaluations.tasks import open_outputs
from annotations.models import Evaluation, EvaluationGrade, EvaluationOutput
from annotations.models.evaluations import EvaluationState, OutputStatus
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import record
from reviewapp.http.errors import ConflictError, FieldError, InvalidError
from sampling.draws.numbers import draw_numbers

MAX_SAMPLE, MOST_GRADERS = 5000, 50

_PROGRESS = """
SELECT count(*), count(*) FILTER (WHERE t.n_labels > 0), count(*) FILTER (WHERE t.n_labels >= t.need),
    count(*) FILTER (WHERE t.n_leases > 0),
    (SELECT count(DISTINCT g.reviewer_id) FROM annotations_evaluationgrade g
     WHERE g.evaluation_id = %(evaluation)s AND g.superseded_by_id IS NULL AND NOT g.surplus)
FROM annotations_evaluationtask x JOIN annotations_task t ON t.id = x.task_id
WHERE x.evaluation_id = %(evaluation)s AND (t.closed_reason IS NULL OR t.n_labels > 0)
"""


class Progress(NamedTuple):
    """How far the outputs of a sample are: graded at least once, by all, on somebody's desk; and by how many people.

    Erased ones count where they were graded.
    """

    total: int
    graded: int
    finished: int
    at_hand: int
    people: int


def ask_people(
    access: Access,
    evaluation: Evaluation,
    *,
    sample: int,
    show_expected: bool,
    now: datetime,
    overlap: int | None = None,
) -> None:
    """Send a random sample of the outputs to the queue, each for `overlap` people; without one, as many as of an item.

    A larger sample later keeps what was graded, and asks as many people of each. Raises InvalidError for a sample that
    is none, ConflictError where the run is not done, or the sample would shrink.
    """
    require(access, Action.RUN_EVALUATIONS)
    if not 1 <= sample <= MAX_SAMPLE:
        message = f"A sample has 1 to {MAX_SAMPLE:,} rows."
        raise InvalidError(message, fields=(FieldError("sample", message),))
    if overlap is not None and not 1 <= overlap <= MOST_GRADERS:
        message = f"Each is graded by 1 to {MOST_GRADERS} people."
        raise InvalidError(message, fields=(FieldError("overlap", message),))
    with transaction.atomic():
        found = Evaluation.objects.select_for_update(of=("self",)).select_related("project").get(pk=evaluation.pk)
        if found.state != EvaluationState.DONE:
            raise ConflictError("People grade the outputs of a run that is done.", code="not_done")
        if found.sample is not None and found.sample["show_expected"] != show_expected:
            raise ConflictError("Whether people see what was expected stays as it was begun.", code="begun")
        if found.sample is not None and sample < len(found.sample["external_ids"]):
            raise ConflictError("A sample only grows: what was graded stays in it.", code="begun")
        if found.sample is not None:
            overlap = found.sample.get("overlap", 1)
        drawn = send_sample(found, size=sample, show_expected=show_expected, overlap=overlap, now=now)
        found.save(update_fields=["sample"])
        record(
            "evaluation.people_asked",
            now=now,
            actor=access.actor,
            project_id=access.project.pk,
            object_kind="evaluation",
            object_id=found.pk,
            detail={
                "sample": len(drawn["external_ids"]),
                "show_expected": show_expected,
                "overlap": drawn["overlap"],
            },
        )


def send_sample(
    evaluation: Evaluation, *, size: int, show_expected: bool, overlap: int | None, now: datetime
) -> dict[str, Any]:
    """Draw the sample and open its tasks, and return it; the caller saves the run."""
    need = overlap or evaluation.project.overlap
    drawn = {"external_ids": draw_sample(evaluation, size), "show_expected": show_expected, "overlap": need}
    evaluation.sample = drawn
    open_outputs(evaluation, need=need, now=now)
    return drawn


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


def progress_of(evaluation: Evaluation) -> Progress:
    """Return how far people are with the sample of a run."""
    with connection.cursor() as cursor:
        cursor.execute(_PROGRESS, {"evaluation": evaluation.pk})
        return Progress(*cursor.fetchone())


def count_own_grades_today(access: Access, *, now: datetime) -> int:
    """Return how many outputs the person graded in the project since midnight UTC."""
    return EvaluationGrade.objects.filter(
        evaluation__project=access.project,
        reviewer=access.actor.user,
        created_at__gte=now.replace(hour=0, minute=0, second=0, microsecond=0),
        superseded_by=None,
    ).count()
