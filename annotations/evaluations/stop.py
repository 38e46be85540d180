"""Stopping an evaluation that runs: what was answered stays, and nothing is scored."""

from datetime import datetime

from django.db import transaction

from annotations.evaluations.run import end_evaluation
from annotations.models import Evaluation
from annotations.models.evaluations import ENDED, EvaluationState
from reviewapp.http.errors import ConflictError


def stop_evaluation(evaluation: Evaluation, *, now: datetime) -> None:
    """Stop it; waits for the slice that is under way. Raises ConflictError `ended` where it has ended."""
    with transaction.atomic():
        found = (
            Evaluation.objects.select_for_update(of=("self",))
            .select_related("project", "version__dataset")
            .get(pk=evaluation.pk)
        )
        if found.state in ENDED:
            raise ConflictError("This evaluation has ended.", code="ended")
        end_evaluation(found, EvaluationState.STOPPED, now=now)
