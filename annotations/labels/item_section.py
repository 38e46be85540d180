"""What review made of an item: its tasks, everybody's answers beside each other, and what happened on the way."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from annotations.labels.resolve import Vote, resolve_votes
from annotations.labels.words import answer_words
from annotations.models import Adjudication, Escalation, ExtraLabel, Guard, Label, Lease, Task
from annotations.models.queue import GuardState, Stage
from annotations.queue.reviewing import is_reviewing
from annotations.queue.states import review_states
from annotations.rubrics.publish import rubric_by_id
from reviewapp.accounts.roles import Action
from sampling.items.sections import Event, ItemAsked, Section

_READABLE = 8  # columns of labels
_HOW = {"single": "one label", "agreed": "all agree", "majority": "by majority"}


class Column(NamedTuple):
    """One person's label as the head of a column."""

    reviewer: str
    at: datetime
    seconds: int | None
    notes: list[str]


@dataclass(frozen=True, slots=True)
class Answered:
    """One question and everybody's answers to it, in the order of the columns; `differ` where they are not the same.

    `counted` says how many gave each answer, most first, where there are more people than one can read.
    """

    title: str
    answers: list[str]
    resolved: str
    differ: bool
    counted: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class TaskTold:
    """One task in a sentence."""

    kind: str
    state: str
    reason: str


def review(asked: ItemAsked) -> Section | None:
    """Section of an item's page. Whoever is reviewing the item sees no label of others, as on the reviewer's screen."""
    if not asked.access.may(Action.SEE_ALL_LABELS):
        return None
    tasks = list(Task.objects.filter(item_id=asked.item_id).order_by("stage"))
    labels = list(Label.objects.filter(item_id=asked.item_id).order_by("id"))
    decided = list(
        Adjudication.objects.select_related("adjudicator")
        .filter(project=asked.access.project, item_id=asked.item_id)
        .order_by("pk")
    )
    if not tasks and not labels and not decided:
        return None
    guards = list(Guard.objects.select_related("reviewer").filter(task__in=tasks).order_by("at"))
    of_record = next((row for row in decided if row.superseded_by_id is None), None)
    hidden = is_reviewing(asked.access, asked.item_id)
    standing = [label for label in labels if label.withdrawn_at is None and label.superseded_by_id is None]
    state = review_states([asked.item_id]).get(asked.item_id)
    return Section(
        name="review",
        title="Review",
        template="items/review.html",
        place="below",
        context={
            "state": state,
            "tasks": [_told(task, guards) for task in tasks],
            "hidden": hidden,
            **({} if hidden else _answers(standing, of_record)),
        },
        events=() if hidden else tuple(_events(asked, tasks, labels, guards, decided)),
    )


def _told(task: Task, guards: Sequence[Guard]) -> TaskTold:
    """Return a task in words: how many labels it needs and has, and who is at it."""
    holders = {lease.reviewer_id for lease in Lease.objects.filter(task_id=task.pk)} if task.n_leases else set()
    names = [guard.reviewer.username for guard in guards if guard.task_id == task.pk and guard.reviewer_id in holders]
    needed = f"{task.n_labels} of {task.need} label{'' if task.need == 1 else 's'}"
    work = f", in review by {' and '.join(names)}" if names else ""
    ended = f", closed: {task.closed_reason}" if task.closed_reason else ""
    return TaskTold(Stage(task.stage).label, needed + work + ended, task.reason)


def _answers(labels: Sequence[Label], decided: Adjudication | None) -> dict[str, Any]:
    """Return the standing labels as columns, the questions of the newest version among them as rows, and beside them
    the answers of record: an adjudicator's, else what the labels come to."""
    if not labels and decided is None:
        return {"columns": [], "questions": []}
    votes = [Vote(label.rubric_id, label.answers) for label in labels if not label.surplus and label.source != "gold"]
    resolved, how, unresolved = resolve_votes(votes, "agreed") if votes else ({}, "single", [])
    outcome = "not resolved" if unresolved else _HOW.get(how, how)
    if decided is not None:
        resolved, unresolved, outcome = decided.answers, [], f"by {decided.adjudicator.username}"
    newest = rubric_by_id(max([*(label.rubric_id for label in labels), *([decided.rubric_id] if decided else [])]))
    resolves = decided is not None or len(votes) > 1
    extra = set(ExtraLabel.objects.filter(label__in=labels).values_list("pk", flat=True))
    rows = []
    for question in newest.questions:
        key = question["key"]
        given = [label.answers.get(key) for label in labels]
        if all(answer is None for answer in [*given, resolved.get(key)]):
            continue
        answers = [answer_words(question, label.answers.get(key), label.details.get(key)) for label in labels]
        rows.append(
            Answered(
                title=question["title"],
                answers=answers,
                resolved=answer_words(question, resolved.get(key)) if resolves else "",
                differ=key in unresolved,
                counted=Counter(filter(None, answers)).most_common() if len(labels) > _READABLE else [],
            )
        )
    return {
        "columns": [_column(label, newest.version, extra) for label in labels],
        "is_many": len(labels) > _READABLE,
        "questions": rows,
        "comments": [(label.reviewer_name, label.comment) for label in labels if label.comment],
        "how": outcome,
        "resolves": resolves,
    }


def _column(label: Label, newest: int, extra: Collection[int]) -> Column:
    version = rubric_by_id(label.rubric_id).version
    notes = [] if label.source == "queue" else [label.source]
    notes += ["extra"] if label.pk in extra else []
    notes += ["surplus"] if label.surplus else []
    notes += [f"rubric {version}"] if version != newest else []
    seconds = None if label.duration_ms is None else round(label.duration_ms / 1000)
    return Column(label.reviewer_name, label.created_at, seconds, notes)


def _events(
    asked: ItemAsked,
    tasks: Sequence[Task],
    labels: Sequence[Label],
    guards: Sequence[Guard],
    decided: Sequence[Adjudication],
) -> Iterator[Event]:
    for task in tasks:
        words = "Handed to adjudication" if task.stage == Stage.ADJUDICATION else "Opened for review"
        yield Event(task.created_at, words, note=task.reason if task.stage == Stage.REVIEW else "")
    for row in decided:
        yield Event(row.created_at, "Decided the answer of record", by=row.adjudicator.username, note=row.note)
    revised = {label.superseded_by_id for label in labels}
    for label in labels:
        yield Event(
            label.created_at,
            "Revised their label" if label.pk in revised else f"Labelled{' (surplus)' if label.surplus else ''}",
            by=label.reviewer_name,
            note=label.revision_reason or label.comment,
        )
        if label.withdrawn_at is not None:
            yield Event(label.withdrawn_at, "Took the label back", by=label.reviewer_name)
    for guard in guards:
        if guard.state == GuardState.SKIPPED:
            yield Event(guard.at, "Skipped", by=guard.reviewer.username, note=guard.reason)
    for escalation in Escalation.objects.filter(project=asked.access.project, item_id=asked.item_id):
        yield Event(escalation.created_at, "Escalated", by=escalation.reviewer_name, note=escalation.note)
