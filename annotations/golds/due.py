"""Asking for scores: what a submit does, apart from the job that answers it."""

from datetime import datetime, timedelta

from reviewapp.jobs.intents import add_intent

AFTER = timedelta(seconds=5)
"""Answers that come close together are scored together."""


def ask_for_scores(project_id: int, *, now: datetime) -> None:
    """Ask for the scores of a project's golds, in the caller's transaction."""
    add_intent(
        kind="score_golds", key=str(project_id), payload={"project_id": project_id}, run_after=now + AFTER, now=now
    )
