"""Dawid-Skene as a second opinion: for each item and question the answer that the model holds most probable."""

from typing import Any

from annotations.quality.asked import Window
from annotations.quality.votes import declared_values, read_votes
from annotations.rubrics.publish import find_rubric
from reviewapp.stats.aggregation.dawid_skene import dawid_skene


def list_opinions(project_id: int) -> dict[str, dict[int, Any]]:
    """Return by question and item id the most probable answer, None where two are equally probable.

    Only questions with declared answers (choices, ratings, comparisons) have opinions; one model a question, over all
    labels of the project that have a vote.
    """
    rubric = find_rubric(project_id)
    found: dict[str, dict[int, Any]] = {}
    for question in rubric.questions if rubric else []:
        if not declared_values(question):
            continue
        votes = read_votes(Window(project_id), question, weighted=False, with_extra=True)
        if votes.labels.n_labels:
            chosen = dawid_skene(votes.labels).category
            found[question["key"]] = {
                item_id: votes.values[index] if index >= 0 else None
                for item_id, index in zip(votes.item_ids, chosen.tolist(), strict=True)
            }
    return found
