"""What the reviewer's screen asks for besides the API: own past labels, unfinished work, the guidelines, the keys."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotations.api.queue import task_out
from annotations.desk import set_single_keys
from annotations.evaluations.past import read_past_grade
from annotations.labels.history import list_last_labels, read_past
from annotations.labels.reveal import reveal_label
from annotations.queue.shown import show_fields
from annotations.queue.unfinished import take_over
from annotations.rubrics.reading import mark_read
from annotations.rubrics.sides import is_output_marked
from annotations.views.bodies import StrictBody, read_body
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.json_doors import answers_json


class KeysIn(StrictBody):
    """Whether single keys act."""

    single_keys: bool


class ReadIn(StrictBody):
    """The rubric version whose guidelines were read."""

    version: int


def _access(request: HttpRequest, slug: str) -> Access:
    return authorize(actor_of(request), slug, Action.LABEL)


def _with_view(past: dict[str, Any]) -> dict[str, Any]:
    view = show_fields(
        past["item"],
        prefix=f"l{past['label']['id']}",
        candidates=past["candidates"],
        whole=is_output_marked(past["rubric"]["questions"]),
    )
    return {**past, "view": view}


@require_GET
@answers_json
def history(request: HttpRequest, slug: str) -> dict[str, Any]:
    """The person's last labels."""
    return {"labels": [past._asdict() for past in list_last_labels(_access(request, slug))]}


@require_GET
@answers_json
def past_label(request: HttpRequest, slug: str, label_id: int) -> dict[str, Any]:
    """One of them, with its item."""
    return _with_view(read_past(_access(request, slug), label_id))


@require_GET
@answers_json
def past_grade(request: HttpRequest, slug: str, grade_id: int) -> dict[str, Any]:
    """One of their grades of an output of an evaluation."""
    return _with_view(read_past_grade(_access(request, slug), grade_id))


@require_POST
@answers_json
def reveal(request: HttpRequest, slug: str, label_id: int) -> dict[str, Any]:
    """Show what was hidden about a committed label; from then on it can be revised, and no longer undone."""
    access = _access(request, slug)
    label = reveal_label(access=access, label_id=label_id, now=timezone.now())
    return _with_view(read_past(access, label.pk))


@require_POST
@answers_json
def go_on(request: HttpRequest, slug: str, task_id: int) -> dict[str, Any]:
    """Take such work over to this screen."""
    return task_out(take_over(access=_access(request, slug), task_id=task_id), view=True)


@require_POST
@answers_json
def guidelines_read(request: HttpRequest, slug: str) -> dict[str, Any]:
    """Note that the person has read a version of the guidelines."""
    mark_read(_access(request, slug), version=read_body(request, ReadIn).version, now=timezone.now())
    return {}


@require_http_methods(["PUT"])
@answers_json
def single_keys(request: HttpRequest, slug: str) -> dict[str, Any]:
    """Turn the person's single keys on or off, on every machine."""
    access = _access(request, slug)
    wanted = read_body(request, KeysIn).single_keys
    set_single_keys(access, on=wanted)
    return {"single_keys": wanted}
