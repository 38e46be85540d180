"""One case as its adjudicator gets it: the item, everybody's answers beside each other, and what is agreed already."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from annotations.adjudication.agreed import agreed_part
from annotations.adjudication.cost import costs_of, measure
from annotations.adjudication.desk import HeldCase
from annotations.adjudication.votes import list_votes
from annotations.labels.check import get_item_content
from annotations.labels.combine import same_answer
from annotations.models import Adjudication, Escalation
from annotations.queue.leased import read_shown
from annotations.queue.shown import show_fields
from annotations.rubrics.publish import find_rubric, no_rubric
from annotations.rubrics.questions import has_form
from annotations.rubrics.sides import is_output_marked
from reviewapp.accounts.access import Access


class Opinion(NamedTuple):
    """What one person answered; `who` is a number while names are hidden."""

    who: str
    name: str
    answers: dict[str, Any]
    details: dict[str, Any]
    comment: str
    note: str  # why they handed it on, where they did
    own: bool


def read_case(access: Access, held: HeldCase) -> dict[str, Any]:
    """Return what the page shows of a case. Names are in it only where the project does not hide them."""
    project = access.project
    rubric = find_rubric(project.pk)
    if rubric is None:
        raise no_rubric()
    opinions = [
        opinion._replace(answers=_of_form(rubric.questions, opinion.answers))
        for opinion in list_opinions(access, held.item_id)
    ]
    given = [opinion for opinion in opinions if not opinion.note]
    shown = read_shown(
        project=project,
        item_id=held.item_id,
        task_id=held.task_id or 0,
        reviewer_id=access.actor.user.pk,
        questions=rubric.questions,
    )
    standing = Adjudication.objects.filter(item_id=held.item_id, superseded_by=None).first()
    original = get_item_content(held.item_id).output
    prefill, agreed, begun = _begin_with(rubric.questions, [one.answers for one in given], original)
    votes = [each.vote for each in list_votes(project.pk, [held.item_id]).get(held.item_id, [])]
    found = measure(votes, costs_of(project.disagreement_costs)) if len(votes) > 1 else None
    hidden = project.adjudication_names_hidden
    return {
        "task": held.task_id,
        "external_id": shown.item["external_id"],
        "item": shown.item,
        "view": show_fields(
            shown.item, prefix=f"c{held.item_id}", candidates=shown.candidates, whole=is_output_marked(rubric.questions)
        ),
        "orders": shown.orders,
        "candidates": shown.candidates,
        "rubric": {"version": rubric.version, "questions": rubric.questions},
        "escalated": any(opinion.note for opinion in opinions),
        "own": any(opinion.own for opinion in opinions),
        "cost": round(found.cost, 2) if found else 0,
        "differing": found.questions if found else [],
        "opinions": [
            {**opinion._asdict(), "who": opinion.who if hidden else opinion.name, "name": None} for opinion in opinions
        ],
        "prefill": standing.answers if standing else prefill,
        "agreed": agreed,
        "begun": begun,
        "former": {"note": standing.note, "error_type": standing.error_type} if standing else None,
    }


def list_opinions(access: Access, item_id: int) -> list[Opinion]:
    """Return what people answered about an item and why they handed it on, numbered in an order that tells nothing."""
    me = access.actor.user.pk
    found = [
        (given.reviewer, given.reviewer_id, given.vote.answers, given.details, given.comment, "")
        for given in list_votes(access.project.pk, [item_id]).get(item_id, [])
    ]
    found += [
        (row.reviewer_name, row.reviewer_id, row.answers or {}, {}, row.comment, row.note)
        for row in Escalation.objects.filter(project=access.project, item_id=item_id).order_by("pk")
    ]
    found.sort(key=lambda one: sha256(f"{item_id}\x1f{one[0]}".encode()).digest())
    return [
        Opinion(f"Reviewer {number}", name, dict(answers), dict(details), comment, note, reviewer_id == me)
        for number, (name, reviewer_id, answers, details, comment, note) in enumerate(found, 1)
    ]


def _of_form(questions: Sequence[Mapping[str, Any]], answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers that the page can show at its questions; older versions may have asked for others."""
    return {q["key"]: answers[q["key"]] for q in questions if q["key"] in answers and has_form(q, answers[q["key"]])}


def _begin_with(
    questions: Sequence[Mapping[str, Any]], answers: Sequence[Mapping[str, Any]], original: Any
) -> tuple[dict[str, Any], list[str], list[str]]:
    """Return the answers to begin with, and which questions are agreed, and which only in part."""
    prefill: dict[str, Any] = {}
    agreed, begun = [], []
    for question in questions:
        key = question["key"]
        given = [answer[key] for answer in answers if key in answer]
        if not given:
            continue
        if len(given) == len(answers) and all(same_answer(question, given[0], other) for other in given[1:]):
            prefill[key] = given[0]
            agreed.append(key)
        elif len(given) > 1 and (part := agreed_part(question, given, original)) is not None:
            prefill[key] = part
            begun.append(key)
    return prefill, agreed, begun
