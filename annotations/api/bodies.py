"""What the queue's endpoints take and give."""

from typing import Annotated, Any, Literal, Self

from ninja import Schema
from pydantic import (
    AwareDatetime,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    StringConstraints,
    model_validator,
)

from reviewapp.http.nulls import leave_out_nulls

SubmitId = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Comment = Annotated[str, StringConstraints(max_length=20_000)]


class Body(Schema):
    """A request body: unknown fields are refused, so that a typo never passes for a default.

    A null stands for the default of a field.
    """

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="wrap")
    @classmethod
    def _leave_out_nulls(cls, values: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        return handler(leave_out_nulls(cls, values))


class ClaimIn(Body):
    """How many tasks to claim."""

    count: int = Field(default=1, ge=1, le=50)


class LeaseIn(Body):
    """The token that proves the lease."""

    lease: str


class ReleaseIn(LeaseIn):
    """`shown` says that the task was on screen, where the server was not told yet."""

    shown: bool = False


class SkipIn(LeaseIn):
    """Why the task is skipped."""

    reason: str


class EscalateIn(LeaseIn):
    """What the adjudicator should decide, and what was answered so far; else the draft goes along."""

    note: str
    answers: dict[str, Any] | None = None
    comment: Comment = ""


class DraftIn(LeaseIn):
    """Unfinished answers; `edited_at` keeps a draft that arrives late from replacing a newer one."""

    answers: dict[str, Any] = Field(default_factory=dict)
    comment: Comment = ""
    edited_at: AwareDatetime | None = None


class LabelIn(LeaseIn):
    """A reviewer's answers to one task; `next` asks for that many more tasks."""

    answers: dict[str, Any]
    comment: Comment = ""
    duration_ms: int | None = Field(default=None, ge=0, le=2**53)
    submit_id: SubmitId
    next: int = Field(default=0, ge=0, le=50)


class UndoIn(Body):
    """The submit to take back."""

    submit_id: SubmitId


class ReviseIn(Body):
    """New answers and why. The comment stays unless one is sent; a submit id makes the call repeatable."""

    answers: dict[str, Any]
    reason: str
    comment: Comment | None = None
    submit_id: SubmitId | None = None


class LeaseOut(Schema):
    """A lease: its token and when it ends."""

    token: str
    expires_at: str


class TaskRubricOut(Schema):
    """The questions to answer."""

    version: int
    guidelines: str
    questions: list[dict[str, Any]]


class VoidedOut(Schema):
    """The submit had not arrived, and never will."""

    voided: Literal[True]


class TaskOut(Schema):
    """A leased task with what its reviewer may see of the item."""

    id: int
    lease: LeaseOut
    item: dict[str, Any]
    rubric: TaskRubricOut
    orders: dict[str, list[str]] | None = None
    candidates: list[str] | None = None
    draft: dict[str, Any] | None = None
    reason: str | None = None
    kind: str | None = Field(
        default=None, description="evaluation: an output of an evaluation, which is graded and is no item."
    )
    view: str | None = None


class QueueOut(Schema):
    """Seats: open, leased, done; and when the next leased one may come free."""

    open: int
    leased: int
    done: int
    next_free_at: str | None


class ClaimOut(Schema):
    """Claimed tasks, or why there are none."""

    tasks: list[TaskOut]
    queue: QueueOut
    why: str | None = None
    skills: list[str] | None = None


class LabelRow(Schema):
    """A label as the exports give it."""

    id: int
    external_id: str
    reviewer: str
    rubric_version: int
    answers: dict[str, Any]
    details: dict[str, dict[str, Any]]
    comment: str
    created_at: str
    duration_ms: int | None
    source: str
    surplus: bool
    superseded_by: int | None


class GoldFeedbackOut(Schema):
    """How an answer was, where it is known and the project tells at once."""

    correct: bool
    question: str
    answer: str
    expected: str
    note: str


class SubmitOut(Schema):
    """The stored label and the next tasks."""

    label: LabelRow
    tasks: list[TaskOut]
    feedback: GoldFeedbackOut | None = None
