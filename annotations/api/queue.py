"""Review over the API: claim, label, and what else one does with a lease."""

from typing import Any
from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse
from django.middleware.gzip import GZipMiddleware
from django.utils import timezone
from ninja import Router

from annotations.api.bodies import (
    ClaimIn,
    ClaimOut,
    DraftIn,
    EscalateIn,
    LabelIn,
    LabelRow,
    LeaseIn,
    ReleaseIn,
    ReviseIn,
    SkipIn,
    SubmitOut,
    TaskOut,
    UndoIn,
    VoidedOut,
)
from annotations.evaluations.past import revise_grade
from annotations.labels.read import get_label_row
from annotations.labels.revise import revise_label
from annotations.labels.submit import Submission, submit_label
from annotations.labels.undo import undo_submit
from annotations.queue.access import authorize_grade, authorize_label, authorize_submit, authorize_task
from annotations.queue.claim import claim_tasks
from annotations.queue.escalate import escalate_task
from annotations.queue.leased import LeasedTask
from annotations.queue.leases import release_lease, renew_lease, save_draft, skip_task
from annotations.queue.shown import show_fields
from annotations.rubrics.publish import rubric_by_id
from annotations.rubrics.sides import is_output_marked
from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of

router = Router(tags=["Review"])


def _answer(body: Any, status: int = 200, *, page: HttpRequest | None = None) -> HttpResponse:
    # The hot path: the answer goes out as orjson writes it, item JSON passed through unparsed. Only to a page, which
    # gets each item twice, it goes out compressed; the middleware hides the length behind random bytes.
    response = HttpResponse(orjson.dumps(body, default=str), status=status, content_type="application/json")
    if page is not None and wants_view(page):
        GZipMiddleware(lambda _: response).process_response(page, response)
    return response


def _token(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def wants_view(request: HttpRequest) -> bool:
    """Tell whether whoever asks wants items as HTML too, for a page: programs do not, and do not pay for it."""
    return request.headers.get("Item-View") == "html"


def task_out(task: LeasedTask, *, view: bool) -> dict[str, Any]:
    """Return a leased task as the API gives it; with its item as HTML for the page that asks for that."""
    rubric = rubric_by_id(task.rubric_id)
    out: dict[str, Any] = {
        "id": task.id,
        "lease": {"token": str(task.token), "expires_at": task.expires_at},
        "item": task.item,
        "rubric": {"version": rubric.version, "guidelines": rubric.guidelines, "questions": task.questions},
        "draft": task.draft,
    }
    if task.candidates:
        out["orders"] = task.orders
        out["candidates"] = task.candidates
    if task.reason is not None:
        out["reason"] = task.reason
    if task.is_output:
        out["kind"] = "evaluation"
    if view:
        out["view"] = show_fields(
            task.item, prefix=f"t{task.id}", candidates=task.candidates, whole=is_output_marked(task.questions)
        )
    return out


@router.post("/projects/{slug}/tasks/claim", response=ClaimOut, operation_id="claim_tasks")
def claim(request: HttpRequest, slug: str, body: ClaimIn | None = None) -> HttpResponse:
    """Claim the next tasks: the best ranked ones that nobody may take from you while the lease holds."""
    access = authorize(actor_of(request), slug, Action.LABEL)
    claimed = claim_tasks(access=access, count=(body or ClaimIn()).count)
    out: dict[str, Any] = {
        "tasks": [task_out(task, view=wants_view(request)) for task in claimed.tasks],
        "queue": {**claimed.counts._asdict(), "next_free_at": claimed.next_free_at},
    }
    if claimed.why is not None:
        out["why"] = claimed.why
    if claimed.skills:
        out["skills"] = claimed.skills
    return _answer(out, page=request)


@router.post("/tasks/{int:task_id}/label", response={201: SubmitOut}, operation_id="submit_label")
def label(request: HttpRequest, task_id: int, body: LabelIn) -> HttpResponse:
    """Submit your answers; the same submit id again gets the first answer."""
    access = authorize_submit(actor_of(request), task_id, Action.LABEL)
    submission = Submission(
        task_id=task_id,
        token=_token(body.lease),
        answers=body.answers,
        comment=body.comment,
        duration_ms=body.duration_ms,
        submit_id=body.submit_id,
        next_count=body.next,
    )
    submitted = submit_label(access=access, submission=submission, now=timezone.now())
    out: dict[str, Any] = {
        "label": submitted.label.as_dict(),
        "tasks": [task_out(task, view=wants_view(request)) for task in submitted.tasks],
    }
    if submitted.feedback is not None:
        out["feedback"] = submitted.feedback._asdict()
    return _answer(out, status=201, page=request)


@router.post("/tasks/{int:task_id}/renew", response=dict[str, str], operation_id="renew_lease")
def renew(request: HttpRequest, task_id: int, body: LeaseIn) -> HttpResponse:
    """Keep a lease: the task is on screen."""
    access = authorize_task(actor_of(request), task_id, Action.LABEL)
    expires_at = renew_lease(access=access, task_id=task_id, token=_token(body.lease))
    return _answer({"expires_at": expires_at})


@router.post("/tasks/{int:task_id}/release", response=dict[str, str], operation_id="release_lease")
def release(request: HttpRequest, task_id: int, body: ReleaseIn) -> HttpResponse:
    """Give a task back."""
    access = authorize_task(actor_of(request), task_id, Action.LABEL)
    release_lease(access=access, task_id=task_id, token=_token(body.lease), shown=body.shown)
    return _answer({})


@router.post("/tasks/{int:task_id}/skip", response=dict[str, str], operation_id="skip_task")
def skip(request: HttpRequest, task_id: int, body: SkipIn) -> HttpResponse:
    """Give a task back for good, saying why."""
    access = authorize_task(actor_of(request), task_id, Action.LABEL)
    skip_task(access=access, task_id=task_id, token=_token(body.lease), reason=body.reason, now=timezone.now())
    return _answer({})


@router.post("/tasks/{int:task_id}/escalate", response=dict[str, str], operation_id="escalate_task")
def escalate(request: HttpRequest, task_id: int, body: EscalateIn) -> HttpResponse:
    """Hand a task on to an adjudicator, with a note; you will not be given it again."""
    access = authorize_task(actor_of(request), task_id, Action.LABEL)
    escalate_task(
        access=access,
        task_id=task_id,
        token=_token(body.lease),
        note=body.note,
        answers=body.answers,
        comment=body.comment,
        now=timezone.now(),
    )
    return _answer({})


@router.put("/tasks/{int:task_id}/draft", response=dict[str, str], operation_id="save_draft")
def draft(request: HttpRequest, task_id: int, body: DraftIn) -> HttpResponse:
    """Keep unfinished answers."""
    access = authorize_task(actor_of(request), task_id, Action.LABEL)
    save_draft(
        access=access,
        task_id=task_id,
        token=_token(body.lease),
        answers=body.answers,
        comment=body.comment,
        edited_at=body.edited_at,
        now=timezone.now(),
    )
    return _answer({})


@router.post("/labels/undo", response=TaskOut | VoidedOut, operation_id="undo_submit")
def undo(request: HttpRequest, body: UndoIn) -> HttpResponse:
    """Take back a submit within the project's window; one that has not arrived yet never will."""
    undone = undo_submit(actor=actor_of(request), submit_id=body.submit_id, now=timezone.now())
    return _answer(task_out(undone.task, view=wants_view(request)) if undone.task is not None else {"voided": True})


@router.post("/labels/{int:label_id}/revise", response={201: LabelRow}, operation_id="revise_label")
def revise(request: HttpRequest, label_id: int, body: ReviseIn) -> HttpResponse:
    """Change your mind: a new label supersedes the old one."""
    access = authorize_label(actor_of(request), label_id, Action.LABEL)
    revised = revise_label(
        access=access,
        label_id=label_id,
        answers=body.answers,
        reason=body.reason,
        comment=body.comment,
        submit_id=body.submit_id,
        now=timezone.now(),
    )
    return _answer(get_label_row(revised.pk).as_queue().as_dict(), status=201)


@router.post("/labels/g{int:grade_id}/revise", response={201: LabelRow}, operation_id="revise_grade")
def revise_an_output(request: HttpRequest, grade_id: int, body: ReviseIn) -> HttpResponse:
    """Change your mind about an output of an evaluation: a new grade supersedes the old one."""
    access = authorize_grade(actor_of(request), grade_id, Action.LABEL)
    revised = revise_grade(
        access,
        grade_id=grade_id,
        answers=body.answers,
        reason=body.reason,
        comment=body.comment,
        submit_id=body.submit_id,
        now=timezone.now(),
    )
    return _answer(revised.as_dict(), status=201)
