"""Job `score_golds`: after answers to golds, retire those that trusted people fail, and ask about people who fail."""

from datetime import datetime
from typing import Any

from annotations.golds.answers import list_answers
from annotations.golds.edit import retire_failed
from annotations.golds.pauses import ask_to_pause
from annotations.golds.scores import judge_golds, score_people
from reviewapp.accounts.models import Project


def score_golds(payload: dict[str, Any], now: datetime) -> None:
    """Retire the golds that are probably wrong themselves; then judge people by the others."""
    project = Project.objects.get(pk=payload["project_id"])
    answers = list_answers(project.pk)
    failures = judge_golds(answers, minimum=project.gold_minimum)
    retired = retire_failed(project, {gold: each for gold, each in failures.items() if each.retire}, now=now)
    left = [answer for answer in answers if answer.gold_id not in retired]
    for score in score_people(left, minimum=project.gold_minimum):
        if score.accuracy.act:
            ask_to_pause(project, score, now=now)
