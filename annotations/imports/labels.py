"""Labels that people made elsewhere.

The same item, person and answers again is a duplicate; other answers supersede, and what they replaced stays. A label
takes a free seat of the item's review task, if there is one: so much less is left to do in the queue. On an item that
our draw selected it counts with that draw's probability, on any other it enters no population rate, since a rate reads
the draw and not the task.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.db import connection, transaction

from annotations.imports.heirs import end_superseded, lock_imports, reserve_ids
from annotations.imports.masked import find_edits, label_as_stored
from annotations.imports.records import LabelRecord, Numbered, Run, read_batches, unknown_item
from annotations.imports.seats import Seat, find_seats, take_seats
from annotations.imports.standing import Standing, find_standing, insert_labels
from annotations.labels.answers import CheckedAnswers, check_answers, needs_item
from annotations.labels.combine import same_answer
from annotations.models import Label, RubricVersion
from annotations.models.labels import LabelSource
from annotations.models.queue import Stage
from annotations.quality.figures import ask_for_agreement
from annotations.queue.labelled import end_unfinished
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
# Ways of answering that are remembered, so that each is checked once.
MAX_KNOWN = 10_000


class _Checked(NamedTuple):
    """One line, ready to be stored."""

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
    answers = Answers(rubric)
    for batch in read_batches(lines, LabelRecord, run.result):
        with transaction.atomic():
            lock_imports(project.pk)
            _store(run, rubric, check_batch(run, answers, batch))
    if run.result.accepted:
        ask_for_agreement(project.pk, now=now)
    return run.result


class Answers:
    """Checks answers; where the item has no say in it, the same answers are checked once."""

    def __init__(self, rubric: RubricVersion) -> None:
        self.questions = rubric.questions
        self.about_items = needs_item(rubric.questions)
        self._known: dict[bytes, CheckedAnswers] = {}

    def check(self, answers: dict[str, Any], content: ItemContent | None) -> CheckedAnswers:
        """Return the answers to keep. Raises InvalidError `answers_invalid`."""
        if self.about_items:
            return check_answers(self.questions, answers, content)
        said = orjson.dumps(answers)
        found = self._known.get(said)
        if found is None:
            found = check_answers(self.questions, answers)
            if len(self._known) < MAX_KNOWN:
                self._known[said] = found
        return found


def check_batch(run: Run, answers: Answers, batch: Sequence[Numbered], *, makes_items: bool = False) -> list[_Checked]:
    """Return the lines that hold, and count the others as refused.

    Where missing items will be made (`makes_items`) their answers are checked as far as they can be without them.
    """
    ids = find_item_ids(run.project.pk, (each.record.external_id for each in batch))
    contents = _read_contents(ids.values()) if answers.about_items else {}
    edits = find_edits(answers.questions, ids.values())
    checked = []
    for line, sent in batch:
        item_id = ids.get(sent.external_id)
        if item_id is None and not makes_items:
            run.result.refuse(unknown_item(line))
            continue
        each, content = sent, None
        if item_id is not None:
            content = contents.get(item_id)
            each = label_as_stored(
                run.project,
                sent,
                item_id=item_id,
                questions=answers.questions,
                content=content,
                edits=edits.get(item_id, {}),
            )
        try:
            found = answers.check(each.answers, content)
        except InvalidError as refusal:
            first = refusal.fields[0]
            run.result.refuse(Problem(line, refusal.code, first.message, first.path))
            continue
        if item_id is not None:
            checked.append(_Checked(item_id, each, found))
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
    item_ids = list({each.item_id for each in checked})
    standing = find_standing(item_ids=item_ids, names=list({each.record.reviewer for each in checked}))
    seats = find_seats(project_id=project.pk, item_ids=item_ids, people=people.values())
    ids = reserve_ids(Label, len(checked))
    new: list[Standing] = []
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
        label = _label(run, each, next(ids), person)
        if before is not None:
            _succeed(label, before)
            if before.id not in pending:
                replaced[before.id] = label.id
            if before.task_id is not None and before.reviewer_id is None and person is not None:
                taken.append(Seat(before.task_id, person, counts=False, leased=False))  # became a member meanwhile
        elif (seat := seats.take(each.item_id, person)) is not None:
            if seat.counts:
                label.task_id = seat.task_id
            taken.append(seat)
        standing[place] = label
        new.append(label)
        pending.add(label.id)
    end_superseded(Label, replaced)
    insert_labels(project_id=project.pk, rubric_id=rubric.pk, labels=new)
    take_seats(project_id=project.pk, rubric_id=rubric.pk, seats=taken)
    theirs = [(label.item_id, label.reviewer_id) for label in new if label.reviewer_id is not None]
    end_unfinished(theirs, stages=[Stage.GOLD])
    result.accepted += len(new)
    if new:
        record(
            "labels.imported",
            now=now,
            actor=actor,
            project_id=project.pk,
            object_kind="label",
            object_id=f"{new[0].id}-{new[-1].id}",
            detail={
                "accepted": len(new),
                "superseding": sum(bool(label.revision_reason) for label in new),
                "answers_sha256": digest("\n".join(orjson.dumps(label.answers).decode() for label in new)),
            },
        )


def _says_the_same(rubric: RubricVersion, before: Standing, each: _Checked) -> bool:
    """Return whether a label has the answers already; the order of several options says nothing."""
    answers = each.answers.answers
    return before.answers.keys() == answers.keys() and all(
        same_answer(question, before.answers[question["key"]], answers[question["key"]])
        for question in rubric.questions
        if question["key"] in answers
    )


def _label(run: Run, each: _Checked, label_id: int, person: int | None) -> Standing:
    return Standing(
        id=label_id,
        item_id=each.item_id,
        reviewer_name=each.record.reviewer,
        answers=each.answers.answers,
        task_id=None,
        reviewer_id=person,
        surplus=False,
        details=each.answers.details,
        comment=each.record.comment,
        duration_ms=each.record.duration_ms,
        created_at=each.record.created_at or run.now,
    )


def _succeed(label: Standing, before: Standing) -> None:
    """Put a label into the place of the one that it supersedes."""
    label.task_id = before.task_id
    label.surplus = before.surplus
    label.source = before.source if before.source == LabelSource.GOLD else label.source
    label.revision_reason = REPLACED
    if before.reviewer_id is not None:
        label.reviewer_id = before.reviewer_id
    before.superseded_by = label.id


def _find_members(project: Project, names: set[str]) -> dict[str, int]:
    """Return the ids of those reviewers that are members of the project, by name."""
    members = Membership.objects.filter(project=project, user__username__in=names)
    return dict(members.values_list("user__username", "user_id"))
