"""Labels that people made elsewhere.

The same item, person and answers again is a duplicate; other answers supersede, and what they replaced stays. A label
takes a free seat of the item's review task, if there is one: so much less is left to do in the queue. On an item that
our draw selected it counts with that draw's probability, on any other it enters no population rate, since a rate reads
the draw and not the task.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import orjson
from django.db import connection, transaction

from annotations.imports.heirs import end_superseded, lock_imports, reserve_ids
from annotations.imports.records import LabelRecord, Numbered, Run, read_batches, unknown_item
from annotations.imports.seats import Seat, find_seats, take_seats
from annotations.labels.answers import CheckedAnswers, check_answers, needs_item
from annotations.labels.combine import same_answer
from annotations.models import Label, RubricVersion
from annotations.models.labels import LabelSource
from annotations.queue.turns import take_turn
from annotations.rubrics.publish import find_rubric, no_rubric
from reviewapp.accounts.access import Actor
from reviewapp.accounts.models import Membership, Project
from reviewapp.audit.record import digest, record
from reviewapp.http.errors import InvalidError
from reviewapp.http.lines import Line
from sampling.ingest.add import IngestResult
from sampling.ingest.parse import Problem
from sampling.items.content import ItemContent
from sampling.items.keys import find_item_ids

REPLACED = "imported again with other answers"


class _Checked(NamedTuple):
    """One line, ready to be stored."""

    line: int
    item_id: int
    record: LabelRecord
    answers: CheckedAnswers


def import_labels(*, project: Project, lines: Iterable[Line], actor: Actor | None, now: datetime) -> IngestResult:
    """Store the labels of the lines under the newest rubric version; `drawn` stays 0, as nothing is drawn.

    Each batch is a transaction of its own; sending everything again finds duplicates. Raises ConflictError `no_rubric`.
    """
    rubric = find_rubric(project.pk)
    if rubric is None:
        raise no_rubric()
    run = Run(project, actor, now)
    for batch in read_batches(lines, LabelRecord, run.result):
        with transaction.atomic():
            lock_imports(project.pk)
            _store(run, rubric, _check(run, rubric, batch))
    return run.result


def _check(run: Run, rubric: RubricVersion, batch: Sequence[Numbered]) -> list[_Checked]:
    """Return the lines that hold, and count the others as refused."""
    ids = find_item_ids(run.project.pk, (each.record.external_id for each in batch))
    contents = _read_contents(ids.values()) if needs_item(rubric.questions) else {}
    checked = []
    for line, each in batch:
        item_id = ids.get(each.external_id)
        if item_id is None:
            run.result.refuse(unknown_item(line))
            continue
        try:
            answers = check_answers(rubric.questions, each.answers, contents.get(item_id))
        except InvalidError as refusal:
            first = refusal.fields[0]
            run.result.refuse(Problem(line, refusal.code, first.message, first.path))
            continue
        checked.append(_Checked(line, item_id, each, answers))
    return checked


def _read_contents(item_ids: Iterable[int]) -> dict[int, ItemContent]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, input, output, context, steps FROM sampling_item WHERE id = ANY(%s)", [list(item_ids)]
        )
        return {
            row[0]: ItemContent(*(None if value is None else orjson.loads(value) for value in row[1:]))
            for row in cursor.fetchall()
        }


def _store(run: Run, rubric: RubricVersion, checked: Sequence[_Checked]) -> None:
    project, actor, now, result = run.project, run.actor, run.now, run.result
    people = _find_members(project, {each.record.reviewer for each in checked})
    for member in sorted(people.values()):
        take_turn(member)  # so that nobody of them submits what is being stored
    standing = _find_standing(checked)
    seats = find_seats(project_id=project.pk, item_ids=[each.item_id for each in checked], people=people.values())
    ids = reserve_ids(Label, len(checked))
    new: list[Label] = []
    pending: set[int] = set()
    replaced: dict[int, int] = {}
    taken: list[Seat] = []
    for each in checked:
        place = (each.item_id, each.record.reviewer)
        before = standing.get(place)
        if before is not None and _says_the_same(rubric, before, each):
            result.duplicates += 1
            continue
        person = people.get(each.record.reviewer)
        label = _label(run, rubric, each, next(ids), person)
        if before is not None:
            _succeed(label, before)
            if before.pk not in pending:
                replaced[before.pk] = label.pk
            if before.task_id is not None and before.reviewer_id is None and person is not None:
                taken.append(Seat(before.task_id, person, counts=False, leased=False))  # became a member meanwhile
        elif (seat := seats.take(each.item_id, person)) is not None:
            if seat.counts:
                label.task_id = seat.task_id
            taken.append(seat)
        standing[place] = label
        new.append(label)
        pending.add(label.pk)
    end_superseded(Label, replaced)
    Label.objects.bulk_create(new)
    take_seats(project_id=project.pk, rubric_id=rubric.pk, seats=taken)
    result.accepted += len(new)
    if new:
        record(
            "labels.imported",
            now=now,
            actor=actor,
            project_id=project.pk,
            object_kind="label",
            object_id=f"{new[0].pk}-{new[-1].pk}",
            detail={
                "accepted": len(new),
                "superseding": sum(bool(label.revision_reason) for label in new),
                "answers_sha256": digest("\n".join(orjson.dumps(label.answers).decode() for label in new)),
            },
        )


def _says_the_same(rubric: RubricVersion, before: Label, each: _Checked) -> bool:
    """Return whether a label has the answers already; the order of several options says nothing."""
    answers = each.answers.answers
    return before.answers.keys() == answers.keys() and all(
        same_answer(question, before.answers[question["key"]], answers[question["key"]])
        for question in rubric.questions
        if question["key"] in answers
    )


def _label(run: Run, rubric: RubricVersion, each: _Checked, label_id: int, person: int | None) -> Label:
    return Label(
        id=label_id,
        project=run.project,
        item_id=each.item_id,
        reviewer_id=person,
        reviewer_name=each.record.reviewer,
        rubric=rubric,
        answers=each.answers.answers,
        details=each.answers.details,
        comment=each.record.comment,
        duration_ms=each.record.duration_ms,
        source=LabelSource.IMPORT,
        created_at=each.record.created_at or run.now,
    )


def _succeed(label: Label, before: Label) -> None:
    """Put a label into the place of the one that it supersedes."""
    label.task = before.task
    label.surplus = before.surplus
    label.revision_reason = REPLACED
    if before.reviewer is not None:
        label.reviewer = before.reviewer
    before.superseded_by = label


def _find_members(project: Project, names: set[str]) -> dict[str, int]:
    """Return the ids of those reviewers that are members of the project, by name."""
    members = Membership.objects.filter(project=project, user__username__in=names)
    return dict(members.values_list("user__username", "user_id"))


def _find_standing(checked: Sequence[_Checked]) -> dict[tuple[int, str], Label]:
    """Return the labels that the batch's people have on its items already."""
    labels = Label.objects.filter(
        item_id__in={each.item_id for each in checked},
        reviewer_name__in={each.record.reviewer for each in checked},
        withdrawn_at=None,
        superseded_by=None,
    ).select_related("task", "reviewer")
    return {(label.item_id, label.reviewer_name): label for label in labels}
