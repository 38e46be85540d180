"""Everything that one can do to the queue, as rules that do it to the queue and to the plain model."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from annotations.golds.edit import add_gold
from annotations.labels.revise import revise_label
from annotations.labels.submit import Submission, submit_label
from annotations.labels.undo import undo_submit
from annotations.models import Horizon, Label, Task
from annotations.models.queue import Stage
from annotations.queue.claim import claim_tasks
from annotations.queue.escalate import escalate_task
from annotations.queue.leased import LeasedTask
from annotations.queue.leases import release_lease, renew_lease, save_draft, skip_task
from annotations.queue.retire import retire_old_tasks
from annotations.queue.send import send_to_review
from annotations.queue.sweep import free_expired_leases, raise_watermarks
from annotations.queue.unfinished import take_over
from reviewapp.http.errors import RefusalError
from tests.conftest import NOW
from tests.queue.items import add_items, age_cursors, end_leases, store_items
from tests.queue.model import Model, ModelLabel, Refused
from tests.queue.same_rows import assert_same_rows
from tests.queue.services import access_of

REVIEWERS = ("rui", "bea", "ada")
reviewers = st.sampled_from(REVIEWERS)
positions = st.integers(0, 40)
answers = st.sampled_from([{"verdict": "pass"}, {"verdict": "fail"}, {"verdict": "fail", "note": "why"}])
eighths = st.integers(0, 8).map(lambda number: number / 8)


class Handle(NamedTuple):
    """A lease that somebody was once given; it may have ended since."""

    reviewer: str
    task: int
    token: UUID


class QueueMachine(RuleBasedStateMachine):
    """Each rule does one thing to the queue and to the model, and compares what both answer."""

    people: dict[str, Any]
    project: Any

    def __init__(self) -> None:
        super().__init__()
        self.model = Model(self.project.extra_reviewers, {"rui": "german"})
        self.handles: list[Handle] = []
        self.submit_ids: list[tuple[Handle, str]] = []
        self.lea = access_of(self.people["lea"])
        self.access = {name: access_of(self.people[name]) for name in REVIEWERS}
        self.batches = 0
        self.stack = ExitStack()
        self.stack.enter_context(transaction.atomic())
        self.stack.callback(transaction.set_rollback, True)

    def teardown(self) -> None:
        self.stack.close()

    @contextmanager
    def both_refuse_or_neither(self, predict: Callable[[], Any]) -> Iterator[Any]:
        """Ask the model first; the block must then be refused with its code, or not at all."""
        try:
            predicted, code = predict(), None
        except Refused as refusal:
            predicted, code = None, str(refusal)
        try:
            yield predicted
        except RefusalError as refusal:
            if refusal.code != code:
                raise
        else:
            assert code is None, f"the queue should have refused: {code}"

    def note(self, name: str, tasks: list[LeasedTask], *, on_screen: bool, submit_id: str | None = None) -> None:
        for task in tasks:
            drafted = self.model.tasks[task.id].drafts.get(name)
            assert (task.draft or {}).get("answers") == drafted
            self.handles.append(Handle(name, task.id, task.token))
        self.model.give(name, [(task.id, task.token) for task in tasks], on_screen=on_screen, submit_id=submit_id)

    @initialize(ranks=st.lists(eighths, min_size=2, max_size=6), need=st.integers(1, 3))
    def begin(self, ranks: list[float], need: int) -> None:
        self.add(ranks, need)

    @rule(
        ranks=st.lists(eighths, min_size=1, max_size=3),
        need=st.integers(1, 3),
        skill=st.sampled_from(["", "german"]),
        urgent=st.booleans(),
    )
    def add(self, ranks: list[float], need: int, skill: str = "", urgent: bool = False) -> None:
        self.batches += 1
        more = {"urgent": urgent, "metadata": {"language": "de"} if skill else {}}
        items = add_items(self.project, ranks, need=need, prefix=f"batch-{self.batches}", **more)
        for item, rank in zip(items, ranks, strict=True):
            self.model.add(Task.objects.get(item=item, stage=Stage.REVIEW).pk, rank, need, urgent=urgent, skill=skill)

    @rule(count=st.integers(1, 3), need=st.integers(1, 3), at=positions)
    def send_by_hand(self, count: int, need: int, at: int) -> None:
        self.batches += 1
        items = store_items(self.project, count, prefix=f"batch-{self.batches}")
        reviews = Task.objects.filter(stage=Stage.REVIEW).exclude(closed_reason="gold")
        known = list(reviews.select_related("item").order_by("pk"))
        before = known[at % len(known)]
        names = [*(item.external_id for item in items), before.item.external_id]
        sent = send_to_review(self.lea, external_ids=names, reason="odd", overlap=need, now=timezone.now())
        again = self.model.tasks[before.pk].closed == "horizon"
        assert (sent.created, sent.existing, sent.reopened) == (count, int(not again), int(again))
        if again:
            self.model.reopen(before.pk, Task.objects.get(pk=before.pk).rank, need)
        for task in Task.objects.filter(item__in=items):
            self.model.add(task.pk, task.rank, need, by_hand=True)

    @rule()
    def add_a_gold(self) -> None:
        self.batches += 1
        (item,) = store_items(self.project, 1, prefix=f"gold-{self.batches}")
        gold = add_gold(self.lea, external_id=item.external_id, answers={"verdict": "fail"}, now=timezone.now())
        self.model.add_gold(gold.task_id, "lea")

    @rule(name=reviewers, count=st.integers(1, 4))
    def claim(self, name: str, count: int) -> None:
        claimed = claim_tasks(access=self.access[name], count=count)
        self.model.sweep(of=name)  # one's own unfinished work comes before anything else
        if not self.model.claims.left(name) and not self.model.claims.unseen(name):
            self.model.sweep()  # who would go away empty frees what has run out
        given = [task.id for task in claimed.tasks]
        self.model.claims.check_given(name, count, given)
        assert claimed.why == (None if given else self.model.claims.why_nothing(name))
        assert (claimed.next_free_at is not None) == (claimed.why == "leased_by_others")
        self.note(name, claimed.tasks, on_screen=False)
        assert claimed.counts == self.model.counts_seen_by(name, has_work=bool(given))

    def send(self, handle: Handle, submit_id: str, what: dict[str, Any], following: int) -> None:
        model, name = self.model, handle.reviewer
        on_screen = model.holds_more(name, handle.task)
        with self.both_refuse_or_neither(
            lambda: model.submit(name, handle.task, handle.token, submit_id, what)
        ) as predicted:
            assert predicted is None or isinstance(predicted, ModelLabel)
            submission = Submission(
                task_id=handle.task,
                token=handle.token,
                answers=what,
                comment="",
                duration_ms=None,
                submit_id=submit_id,
                next_count=following,
            )
            try:
                submitted = submit_label(access=self.access[name], submission=submission, now=NOW)
            except RefusalError as refusal:
                if predicted is None or not predicted.surplus or refusal.code != "lease_lost":
                    raise
                kept = Label.objects.get(reviewer__username=name, submit_id=submit_id)
                assert kept.surplus
                model.store(predicted, kept.pk, submit_id)
                return
            if predicted is None:
                return
            assert not predicted.surplus, "a taken seat must be told"
            given = [task.id for task in submitted.tasks]
            if predicted.id:  # repeated: the first answer, and those of the tasks given then whose leases still run
                assert submitted.label.id == predicted.id
                assert set(given) == {
                    task.id
                    for task in model.tasks.values()
                    if (lease := task.leases.get(name)) and lease.submit_id == submit_id and not lease.expired
                }
            else:
                model.store(predicted, submitted.label.id, submit_id)
                model.claims.check_given(name, following, given)
                self.note(name, submitted.tasks, on_screen=on_screen, submit_id=submit_id)
                model.ask_another(handle.task, predicted)

    @precondition(lambda self: self.handles)
    @rule(at=positions, what=answers, following=st.integers(0, 3))
    def submit(self, at: int, what: dict[str, Any], following: int) -> None:
        handle = self.handles[-1 - at % len(self.handles)]
        submit_id = str(uuid4())
        self.submit_ids.append((handle, submit_id))
        self.send(handle, submit_id, what, following)

    @precondition(lambda self: self.submit_ids)
    @rule(at=positions, what=answers)
    def submit_again(self, at: int, what: dict[str, Any]) -> None:
        self.send(*self.submit_ids[at % len(self.submit_ids)], what, 1)

    @precondition(lambda self: self.handles and self.submit_ids)
    @rule(at=positions, of=positions, what=answers)
    def submit_with_an_id_of_other_work(self, at: int, of: int, what: dict[str, Any]) -> None:
        _, submit_id = self.submit_ids[of % len(self.submit_ids)]
        self.send(self.handles[at % len(self.handles)], submit_id, what, 0)

    @precondition(lambda self: self.handles)
    @rule(at=positions, name=reviewers, what=answers, wrong=st.booleans())
    def submit_with_a_wrong_token(self, at: int, name: str, what: dict[str, Any], wrong: bool) -> None:
        handle = self.handles[at % len(self.handles)]
        handle = Handle(name, handle.task, uuid4() if wrong else handle.token)
        submit_id = str(uuid4())
        self.submit_ids.append((handle, submit_id))
        self.send(handle, submit_id, what, 0)

    @precondition(lambda self: self.handles)
    @rule(at=positions)
    def renew(self, at: int) -> None:
        name, task_id, token = self.handles[-1 - at % len(self.handles)]
        with self.both_refuse_or_neither(lambda: self.model.renew(name, task_id, token)):
            renew_lease(access=self.access[name], task_id=task_id, token=token)

    @precondition(lambda self: self.handles)
    @rule(at=positions, shown=st.booleans())
    def release(self, at: int, shown: bool) -> None:
        name, task_id, token = self.handles[-1 - at % len(self.handles)]
        with self.both_refuse_or_neither(lambda: self.model.release(name, task_id, token, shown=shown)):
            release_lease(access=self.access[name], task_id=task_id, token=token, shown=shown)

    @precondition(lambda self: self.handles)
    @rule(at=positions)
    def skip(self, at: int) -> None:
        name, task_id, token = self.handles[-1 - at % len(self.handles)]
        with self.both_refuse_or_neither(lambda: self.model.skip(name, task_id, token)):
            skip_task(access=self.access[name], task_id=task_id, token=token, reason="unclear", now=NOW)

    @precondition(lambda self: self.handles)
    @rule(at=positions)
    def escalate(self, at: int) -> None:
        name, task_id, token = self.handles[-1 - at % len(self.handles)]
        with self.both_refuse_or_neither(lambda: self.model.escalate(name, task_id, token)):
            escalate_task(access=self.access[name], task_id=task_id, token=token, note="which policy?", now=NOW)

    @precondition(lambda self: self.handles)
    @rule(at=positions)
    def take_over(self, at: int) -> None:
        name, task_id, _ = self.handles[-1 - at % len(self.handles)]
        with self.both_refuse_or_neither(lambda: self.model.take_over(name, task_id)) as predicted:
            task = take_over(access=self.access[name], task_id=task_id)
            if predicted is not None:
                predicted.tokens[name] = predicted.leases[name].token = task.token
                self.handles.append(Handle(name, task_id, task.token))

    @precondition(lambda self: self.handles)
    @rule(at=positions, what=answers)
    def draft(self, at: int, what: dict[str, Any]) -> None:
        name, task_id, token = self.handles[-1 - at % len(self.handles)]
        with self.both_refuse_or_neither(lambda: self.model.draft(name, task_id, token, what)):
            save_draft(access=self.access[name], task_id=task_id, token=token, answers=what, comment="", now=NOW)

    @precondition(lambda self: self.submit_ids)
    @rule(at=positions, in_time=st.sampled_from([True, True, True, False]))
    def undo(self, at: int, in_time: bool) -> None:
        handle, submit_id = self.submit_ids[-1 - at % len(self.submit_ids)]
        now = NOW if in_time else NOW + timedelta(seconds=11)
        with self.both_refuse_or_neither(
            lambda: self.model.undo(handle.reviewer, submit_id, in_time=in_time)
        ) as predicted:
            task = undo_submit(actor=self.access[handle.reviewer].actor, submit_id=submit_id, now=now).task
            if predicted is None:
                assert task is None
                return
            assert task is not None
            assert task.id == predicted.id
            predicted.tokens[handle.reviewer] = predicted.leases[handle.reviewer].token = task.token
            self.handles.append(Handle(handle.reviewer, task.id, task.token))
            self.model.ask_another(task.id)

    @precondition(lambda self: self.handles)
    @rule(at=positions)
    def undo_before_it_arrives(self, at: int) -> None:
        handle = self.handles[-1 - at % len(self.handles)]
        submit_id = str(uuid4())
        self.submit_ids.append((handle, submit_id))
        assert self.model.undo(handle.reviewer, submit_id, in_time=True) is None
        assert undo_submit(actor=self.access[handle.reviewer].actor, submit_id=submit_id, now=NOW).task is None

    @precondition(lambda self: self.model.labels)
    @rule(at=positions, name=reviewers, what=answers)
    def revise(self, at: int, name: str, what: dict[str, Any]) -> None:
        label_id = sorted(self.model.labels)[at % len(self.model.labels)]
        with self.both_refuse_or_neither(lambda: self.model.revise(name, label_id, what)) as predicted:
            revised = revise_label(
                access=self.access[name], label_id=label_id, answers=what, reason="looked again", now=NOW
            )
            if predicted is not None:
                self.model.store(predicted, revised.pk)
                if not predicted.surplus:
                    self.model.ask_another(predicted.task)

    @rule()
    def time_passes(self) -> None:
        end_leases()
        self.model.expire()

    @rule()
    def sweep(self) -> None:
        assert free_expired_leases(NOW) == self.model.sweep()
        raise_watermarks(NOW)

    @rule()
    def the_horizon_is_reached(self) -> None:
        Horizon.objects.all().delete()  # as if the items were older every time
        now = timezone.now() + timedelta(days=8)
        assert retire_old_tasks(now) == self.model.retire()
        assert retire_old_tasks(now) == 0
        assert Horizon.objects.get(project=self.project).waits == any(
            task.leases and not (task.by_hand or task.is_gold or task.closed) and task.done < task.need
            for task in self.model.tasks.values()
        )

    @rule()
    def cursors_age(self) -> None:
        age_cursors()
        self.model.claims.trusted.clear()

    @invariant()
    def rows_and_model_say_the_same(self) -> None:
        assert_same_rows(self.project, self.model)
