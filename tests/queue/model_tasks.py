"""What the plain model of the queue is made of: tasks with who sits at them, and labels with how they ended."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

Reviewer = str
Token = Hashable


@dataclass
class ModelLease:
    """A reviewer sits on a seat of a task."""

    token: Token
    shown: bool
    expired: bool = False
    submit_id: str | None = None


@dataclass
class ModelTask:
    """A task with what each reviewer has to do with it: `states` holds leased, left, labelled, skipped, surplus,
    escalated or (of a gold) known. A gold has more seats than there are people."""

    id: int
    rank: float
    need: int
    extra: int = 0
    by_hand: bool = False
    urgent: bool = False
    skill: str = ""
    is_gold: bool = False
    closed: str = ""
    adjudicated: bool = False
    leases: dict[Reviewer, ModelLease] = field(default_factory=dict)
    states: dict[Reviewer, str] = field(default_factory=dict)
    tokens: dict[Reviewer, Token] = field(default_factory=dict)
    drafts: dict[Reviewer, object] = field(default_factory=dict)

    @property
    def lane(self) -> str:
        """By what it came into the queue."""
        return "by_hand" if self.by_hand else "urgent" if self.urgent else "drawn"

    @property
    def done(self) -> int:
        """How many labels count."""
        return sum(state == "labelled" for state in self.states.values())

    @property
    def free(self) -> int:
        """How many seats are free."""
        return 0 if self.closed else self.need - len(self.leases) - self.done


@dataclass
class ModelLabel:
    """A stored label and how it ended, if it did."""

    id: int
    task: int
    reviewer: Reviewer
    answers: object
    surplus: bool
    ended: str = ""
    extra: bool = False


def count_seats(tasks: Iterable[ModelTask]) -> tuple[int, int, int]:
    """Seats open, leased, done; golds are not counted."""
    counted = [task for task in tasks if not task.is_gold]
    return sum(t.free for t in counted), sum(len(t.leases) for t in counted), sum(t.done for t in counted)
