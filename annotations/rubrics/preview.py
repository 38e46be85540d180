"""The reviewer's screen before there is anything to review: a stored item of the project, or one made up."""

from dataclasses import dataclass
from typing import Any

import orjson

from annotations.queue.leased import ShownItem, read_shown
from annotations.queue.shown import show_fields
from annotations.rubrics.sides import candidates_of, is_output_marked, orders_of
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from sampling.models import Item

_QUESTION = "My parcel was to arrive on Monday. Where is it, and can I still change the address?"
_ANSWERS = (
    "It left our warehouse on Tuesday and arrives on Friday. The address can no longer be changed.",
    "It is on its way. You can change the address with the carrier until the evening before it arrives.",
)
_STEP = {"name": "lookup_parcel", "kind": "tool", "input": {"order": "A-1042"}, "output": {"status": "shipped"}}


@dataclass(frozen=True, slots=True)
class Preview:
    """What the page needs to show questions at work: an item, its HTML, and the order of candidates."""

    is_stored: bool
    item: dict[str, Any]
    view: str
    orders: dict[str, list[str]]
    candidates: list[str]


def preview_questions(access: Access, questions: list[dict[str, Any]]) -> Preview:
    """Return the newest item of the project as its reviewers would see it under these questions.

    Where the project has none, or one without the candidates that are compared, an item is made up that fits.
    """
    require(access, Action.EDIT_RUBRIC)
    stored = _find_stored(access, questions)
    shown = stored or _made_up(questions, access.actor.user.pk)
    view = show_fields(shown.item, prefix="preview", candidates=shown.candidates, whole=is_output_marked(questions))
    return Preview(stored is not None, shown.item, view, shown.orders, shown.candidates)


def _find_stored(access: Access, questions: list[dict[str, Any]]) -> ShownItem | None:
    if not access.may(Action.SEE_ITEMS):
        return None
    item_id = Item.objects.filter(project=access.project).order_by("-pk").values_list("pk", flat=True).first()
    if item_id is None:
        return None
    shown = read_shown(
        project=access.project,
        item_id=item_id,
        task_id=0,
        reviewer_id=access.actor.user.pk,
        questions=questions,
    )
    output = orjson.loads(orjson.dumps(shown.item["output"]))
    fits = isinstance(output, dict) and all(candidate in output for candidate in shown.candidates)
    return shown if fits or not shown.candidates else None


def _made_up(questions: list[dict[str, Any]], reviewer_id: int) -> ShownItem:
    candidates = candidates_of(questions, reviewer_id=reviewer_id, task_id=0)
    output: Any = _ANSWERS[0]
    if candidates:
        output = {candidate: _ANSWERS[place % 2] for place, candidate in enumerate(candidates)}
    item = {
        "external_id": "example",
        "input": _QUESTION,
        "output": output,
        "context": "Orders leave within two days. An address can be changed until an order has left.",
        "steps": [_STEP],
        "occurred_at": None,
    }
    return ShownItem(item, orders_of(questions, reviewer_id=reviewer_id, task_id=0), candidates)
