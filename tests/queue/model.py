"""The queue as plain Python: dictionaries and loops, slow and obviously right. What the real one is compared with.

Where the queue is free to choose, the model does not: it says what a claim *may* hand out (`model_claims.py`), and
notes what it did hand out. Everything else (refusals, counts, states, drafts) it predicts.
"""

from tests.queue.model_claims import ModelClaims
from tests.queue.model_tasks import ModelLabel, ModelLease, ModelTask, Reviewer, Token, count_seats


class Refused(Exception):  # noqa: N818 — the word of the contract
    """The model says that the queue refuses, with this code."""


class Model:
    """The whole queue of one project."""

    def __init__(self, extra_reviewers: int = 0, skills: dict[Reviewer, str] | None = None) -> None:
        self.extra_reviewers = extra_reviewers
        self.tasks: dict[int, ModelTask] = {}
        self.labels: dict[int, ModelLabel] = {}
        self.submits: dict[tuple[Reviewer, str], int] = {}
        self.voided: set[tuple[Reviewer, str]] = set()
        self.claims = ModelClaims(self.tasks, skills or {})

    def add(
        self, task_id: int, rank: float, need: int, *, by_hand: bool = False, urgent: bool = False, skill: str = ""
    ) -> None:
        """A new open task."""
        self.tasks[task_id] = ModelTask(id=task_id, rank=rank, need=need, by_hand=by_hand, urgent=urgent, skill=skill)

    def add_gold(self, task_id: int, maker: Reviewer) -> None:
        """A new gold, which its maker knows."""
        self.tasks[task_id] = ModelTask(id=task_id, rank=0, need=32_000, is_gold=True, states={maker: "known"})

    def counts(self) -> tuple[int, int, int]:
        """Seats open, leased, done; golds are not counted."""
        return count_seats(self.tasks.values())

    def counts_seen_by(self, reviewer: Reviewer, *, has_work: bool) -> tuple[int, int, int]:
        """What a reviewer is told: golds like any other of their tasks."""
        opened, leased, done = self.counts()
        states = [task.states.get(reviewer) for task in self.tasks.values() if task.is_gold]
        unmet = sum(state in {None, "skipped", "left"} for state in states) if has_work else 0
        return opened + unmet, leased + states.count("leased"), done + states.count("labelled")

    def give(
        self, reviewer: Reviewer, tasks: list[tuple[int, Token]], *, on_screen: bool, submit_id: str | None = None
    ) -> None:
        """Take note of what a claim handed out."""
        for nth, (task_id, token) in enumerate(tasks):
            task = self.tasks[task_id]
            if reviewer not in task.states and not task.is_gold:
                self.claims.trusted.add(reviewer)
            shown = nth == 0 and not on_screen
            task.leases[reviewer] = ModelLease(token=token, shown=shown, submit_id=submit_id)
            task.states[reviewer] = "leased"
            task.tokens[reviewer] = token

    def expire(self) -> None:
        """Time passes: every lease is past its time."""
        for task in self.tasks.values():
            for lease in task.leases.values():
                lease.expired = True

    def sweep(self, of: Reviewer | None = None) -> int:
        """Free the leases that are past their time (of everybody, or of one); their reviewers may come back."""
        freed = 0
        for task in self.tasks.values():
            for reviewer in [name for name, lease in task.leases.items() if lease.expired and of in {None, name}]:
                del task.leases[reviewer]
                task.states[reviewer] = "left"
                freed += 1
        return freed

    def retire(self) -> int:
        """Give up what has free seats and nobody at it."""
        due = [task for task in self.tasks.values() if task.free > 0 and not task.leases and not task.is_gold]
        for task in due:
            task.closed = "horizon"
        return len(due)

    def reopen(self, task_id: int, rank: float, need: int) -> None:
        """What was given up is sent by hand."""
        task = self.tasks[task_id]
        task.closed, task.rank, task.need, task.by_hand = "", rank, max(task.need, need + task.extra), True

    def _held(self, reviewer: Reviewer, task_id: int, token: Token) -> ModelTask:
        task = self.tasks[task_id]
        if task.tokens.get(reviewer) != token or task.states.get(reviewer) not in {"leased", "left"}:
            raise Refused("lease_lost")
        return task

    def renew(self, reviewer: Reviewer, task_id: int, token: Token) -> None:
        """A heartbeat, or sitting down again on a seat that is still free."""
        task = self._held(reviewer, task_id, token)
        if reviewer not in task.leases:
            if task.free == 0:
                raise Refused("lease_lost")
            task.leases[reviewer] = ModelLease(token=token, shown=True)
            task.states[reviewer] = "leased"
        task.leases[reviewer].shown = True
        task.leases[reviewer].expired = False

    def release(self, reviewer: Reviewer, task_id: int, token: Token, *, shown: bool) -> None:
        """Give a task back: forgotten when it was never shown."""
        task = self._held(reviewer, task_id, token)
        lease = task.leases.pop(reviewer, None)
        if lease is None:
            return
        task.states[reviewer] = "left"
        if not (lease.shown or shown):
            del task.states[reviewer], task.tokens[reviewer]

    def skip(self, reviewer: Reviewer, task_id: int, token: Token) -> None:
        """Give a task back for good."""
        task = self._held(reviewer, task_id, token)
        task.leases.pop(reviewer, None)
        task.drafts.pop(reviewer, None)
        task.states[reviewer] = "skipped"

    def escalate(self, reviewer: Reviewer, task_id: int, token: Token) -> None:
        """Hand a task on: it waits for an adjudicator, alone where one label was all it needed."""
        task = self.tasks[task_id]
        if task.tokens.get(reviewer) == token and task.states.get(reviewer) == "escalated":
            return
        task = self._held(reviewer, task_id, token)
        task.leases.pop(reviewer, None)
        task.drafts.pop(reviewer, None)
        task.states[reviewer] = "escalated"
        task.adjudicated = True
        task.closed = task.closed or ("escalated" if task.need == 1 and task.free == 1 else "")

    def take_over(self, reviewer: Reviewer, task_id: int) -> ModelTask:
        """Go on with a leased task on another machine; the new token is the caller's to note."""
        task = self.tasks[task_id]
        if reviewer not in task.leases:
            raise Refused("lease_lost")
        task.leases[reviewer].shown = True
        task.leases[reviewer].expired = False
        return task

    def draft(self, reviewer: Reviewer, task_id: int, token: Token, answers: object) -> None:
        """Keep unfinished answers."""
        self._held(reviewer, task_id, token).drafts[reviewer] = answers

    def submit(self, reviewer: Reviewer, task_id: int, token: Token, submit_id: str, answers: object) -> ModelLabel:
        """Store a label, or find the first answer to this submit id. A new label has the id 0 until it is known."""
        task = self.tasks[task_id]
        if (reviewer, submit_id) in self.voided:
            raise Refused("submit_voided")
        if (reviewer, submit_id) in self.submits:
            first = self.labels[self.submits[reviewer, submit_id]]
            if first.task != task_id:
                raise Refused("submit_id_reused")
            if first.surplus:
                raise Refused("lease_lost")
            return first
        state = task.states.get(reviewer)
        if state in {None, "skipped", "escalated"} or task.tokens[reviewer] != token:
            raise Refused("lease_lost")
        if state in {"labelled", "surplus"}:
            raise Refused("already_labelled")
        surplus = bool(task.closed) | (task.leases.pop(reviewer, None) is None and task.free == 0)
        task.drafts.pop(reviewer, None)
        task.states[reviewer] = "surplus" if surplus else "labelled"
        return ModelLabel(id=0, task=task_id, reviewer=reviewer, answers=answers, surplus=surplus)

    def store(self, label: ModelLabel, label_id: int, submit_id: str | None = None) -> None:
        """Take note of the id that a new label got."""
        label.id = label_id
        self.labels[label_id] = label
        if submit_id is not None:
            self.submits[label.reviewer, submit_id] = label_id

    def ask_another(self, task_id: int, label: ModelLabel | None = None) -> None:
        """After a task's labels changed: a seat more where they disagree, or those not needed any longer taken back."""
        task = self.tasks[task_id]
        votes = [one for one in self.labels.values() if one.task == task_id and not one.surplus and not one.ended]
        planned = task.need - task.extra
        if label is not None:
            label.extra = sum(not one.extra for one in votes if one is not label) >= planned
        passes = sum(vote.answers["verdict"] == "pass" for vote in votes)  # type: ignore[index]
        n_extra = sum(vote.extra for vote in votes)
        if not votes or task.closed:
            return
        if len(votes) - n_extra >= planned and 2 * passes == len(votes):
            more = int(planned > 1 and task.extra < self.extra_reviewers and len(votes) == task.need)
        else:
            more = min(0, max(planned + n_extra, len(votes) + len(task.leases)) - task.need)
        task.need += more
        task.extra += more

    def holds_more(self, reviewer: Reviewer, task_id: int) -> bool:
        """Tell whether the reviewer holds a running lease on another task."""
        return any(
            reviewer in task.leases and not task.leases[reviewer].expired
            for task in self.tasks.values()
            if task.id != task_id
        )

    def undo(self, reviewer: Reviewer, submit_id: str, *, in_time: bool) -> ModelTask | None:
        """Withdraw a label; None where it had not arrived. The new lease's token is the caller's to note."""
        label = self.labels.get(self.submits.get((reviewer, submit_id), 0))
        if label is None:
            self.voided.add((reviewer, submit_id))
            return None
        if label.ended == "withdrawn":
            raise Refused("already_undone")
        if label.ended == "superseded" or label.surplus:
            raise Refused("not_undoable")
        if not in_time:
            raise Refused("undo_expired")
        label.ended = "withdrawn"
        self.voided.add((reviewer, submit_id))
        task = self.tasks[label.task]
        task.states[reviewer] = "leased"
        task.leases[reviewer] = ModelLease(token=None, shown=True)
        task.drafts[reviewer] = label.answers
        return task

    def revise(self, reviewer: Reviewer, label_id: int, answers: object) -> ModelLabel:
        """Supersede a label; the new one has the id 0 until it is known."""
        label = self.labels[label_id]
        if label.reviewer != reviewer:
            raise Refused("not_found")
        if label.ended:
            raise Refused("label_ended")
        label.ended = "superseded"
        return ModelLabel(
            id=0, task=label.task, reviewer=reviewer, answers=answers, surplus=label.surplus, extra=label.extra
        )
