"""How labels came out by stratum, for plans to know where labels teach most."""

from datetime import datetime

from annotations.estimates.rows import read_drawn
from annotations.quality.asked import Window, get_question
from reviewapp.accounts.models import Project
from reviewapp.http.errors import RefusalError


def labelled_strata(
    *, project: Project, by: str, start: datetime, end: datetime
) -> dict[str | None, tuple[int, float]]:
    """Return how many drawn items of the window have an outcome, and how many of those pass, by value of a fact.

    Empty where the primary question is not one of pass or fail.
    """
    try:
        question = get_question(project.pk, None)
    except RefusalError:
        return {}
    if question.get("positive") is None and question.get("positive_from") is None:
        return {}
    found: dict[str | None, tuple[int, float]] = {}
    for item in read_drawn(Window(project.pk, start, end, segment=by), question, judge_version=None, segment=by):
        if item.outcome is not None:
            n, n_pass = found.get(item.part, (0, 0))
            found[item.part] = (n + 1, n_pass + item.outcome)
    return found
