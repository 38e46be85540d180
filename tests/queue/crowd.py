"""A crowd of reviewers at work on one queue at once, each call recorded with its start and end."""

import itertools
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection, connections
from django.utils import timezone

from annotations.labels.submit import Submission, submit_label
from annotations.labels.undo import undo_submit
from annotations.models import Label, Task
from annotations.queue.claim import claim_tasks
from annotations.queue.leased import LeasedTask
from annotations.queue.leases import release_lease, renew_lease, skip_task
from annotations.queue.sweep import free_expired_leases, raise_watermarks
from reviewapp.accounts.access import Access
from reviewapp.accounts.models import Project
from reviewapp.http.errors import RefusalError
from tests.queue.history import Call, Stored
from tests.queue.items import add_items
from tests.queue.services import PASS

# Passing over locked rows, or two of these would wait for each other.
_AGE_SOME = """
WITH aged AS MATERIALIZED (
    SELECT task_id, reviewer_id FROM annotations_lease WHERE random() < 0.5 FOR UPDATE SKIP LOCKED
)
UPDATE annotations_lease l SET expires_at = now() - interval '1 second' FROM aged JOIN accounts_user u
ON u.id = aged.reviewer_id
WHERE l.task_id = aged.task_id AND l.reviewer_id = aged.reviewer_id RETURNING l.task_id, u.username
"""


@dataclass
class Crowd:
    """What all workers share: the record, and the project they work in."""

    project: Project
    calls: list[Call] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    pids: dict[int, int] = field(default_factory=dict)

    def run(self, workers: Sequence["Worker"], *, turns: int, beside: Callable[[], None] | None = None) -> None:
        """Let all workers do so many things each, at once; `beside` runs again and again until they are done."""
        threads = [threading.Thread(target=worker.work, args=(turns,)) for worker in workers]
        for thread in threads:
            thread.start()
        while beside is not None and any(thread.is_alive() for thread in threads):
            beside()
        for thread in threads:
            thread.join()

    def stored(self) -> list[Stored]:
        """Return the labels as they stand."""
        rows = Label.objects.values_list("id", "task_id", "reviewer_name", "submit_id", "surplus", "withdrawn_at")
        return [Stored(*row[:5], row[5] is not None) for row in rows]

    def needs(self) -> dict[int, int]:
        """Return how many labels each task needs."""
        return dict(Task.objects.values_list("id", "need"))


class Worker:
    """One browser tab: does random things with what it was given."""

    def __init__(self, crowd: Crowd, access: Access, seed: int) -> None:
        self.crowd = crowd
        self.access = access
        self.name = access.actor.user.username
        self.random = random.Random(seed)
        self.ids = (f"{seed}-{number}" for number in itertools.count())
        self.held: list[tuple[int, UUID]] = []
        self.sent: list[tuple[int, UUID, str]] = []

    def work(self, turns: int) -> None:
        """Do so many random things; whatever is not an expected refusal ends the crowd's run as an error."""
        things = {self.submit: 50, self.claim: 20, self.renew: 6, self.undo: 6, self.release: 4, self.skip: 2}
        things |= {self.submit_again: 4, self.undo_early: 1, self.age: 2, self.sweep: 3, self.add: 2}
        try:
            for _ in range(turns):
                self.random.choices(list(things), list(things.values()))[0]()
        except BaseException as error:  # noqa: BLE001 — the test raises it
            self.crowd.errors.append(error)
        finally:
            self.crowd.pids.pop(threading.get_ident(), None)
            connections.close_all()

    def call(self, kind: str, what: Callable[[], dict[str, Any]], **inputs: Any) -> Call:
        """Do and record one call; what dies with its connection has an unknown outcome."""
        self._say_which_backend()
        start = time.monotonic()
        answer: dict[str, Any] = {}
        outcome = "ok"
        try:
            answer = what()
        except RefusalError as refusal:
            outcome = refusal.code
        except (OperationalError, InterfaceError) as error:
            if "deadlock" in str(error):
                raise
            outcome = "unknown"
            connection.close()
        call = Call(kind, self.name, start, time.monotonic(), outcome, **inputs, **answer)
        self.crowd.calls.append(call)
        self.held += [(task, UUID(token)) for task, token in call.given]
        return call

    def _say_which_backend(self) -> None:
        if connection.connection is None:
            connection.ensure_connection()
            self.crowd.pids[threading.get_ident()] = connection.connection.info.backend_pid

    def claim(self) -> None:
        count = self.random.randint(1, 3)
        self.call("claim", lambda: {"given": _given(claim_tasks(access=self.access, count=count).tasks)})

    def submit(self) -> None:
        if not self.held:
            return self.claim()
        task, token = self.held.pop(self.random.randrange(len(self.held)))
        self.send(task, token, next(self.ids), following=self.random.choice([0, 1, 1, 2]))
        return None

    def send(self, task: int, token: UUID, submit_id: str, *, following: int) -> None:
        """Submit, as often as it takes to learn how it ended."""

        def once() -> dict[str, Any]:
            submission = Submission(task, token, PASS, "", None, submit_id, following)
            submitted = submit_label(access=self.access, submission=submission, now=timezone.now())
            return {"label": submitted.label.id, "given": _given(submitted.tasks)}

        self.sent.append((task, token, submit_id))
        while self.call("submit", once, task=task, token=str(token), submit_id=submit_id).outcome == "unknown":
            pass

    def submit_again(self) -> None:
        if self.sent:
            self.send(*self.random.choice(self.sent[-5:]), following=1)

    def undo(self) -> None:
        if self.sent:
            self._undo(self.random.choice(self.sent[-3:])[2])

    def undo_early(self) -> None:
        if self.held:
            task, token = self.held[0]
            submit_id = next(self.ids)
            self._undo(submit_id)
            self.send(task, token, submit_id, following=0)

    def _undo(self, submit_id: str) -> None:
        def once() -> dict[str, Any]:
            task = undo_submit(actor=self.access.actor, submit_id=submit_id, now=timezone.now()).task
            return {"given": _given([task] if task else [])}

        self.call("undo", once, submit_id=submit_id)

    def renew(self) -> None:
        if self.held:
            task, token = self.random.choice(self.held)
            self._on_lease("renew", task, token, lambda lease: renew_lease(**lease))

    def release(self) -> None:
        if self.held:
            task, token = self.held.pop()
            self._on_lease("release", task, token, lambda lease: release_lease(**lease))

    def skip(self) -> None:
        if self.held:
            task, token = self.held.pop()
            self._on_lease("skip", task, token, lambda lease: skip_task(**lease, reason="unclear", now=timezone.now()))

    def _on_lease(self, kind: str, task: int, token: UUID, what: Callable[[dict[str, Any]], object]) -> None:
        def once() -> dict[str, Any]:
            what({"access": self.access, "task_id": task, "token": token})
            return {}

        self.call(kind, once, task=task, token=str(token))

    def age(self) -> None:
        def once() -> dict[str, Any]:
            with connection.cursor() as cursor:
                cursor.execute(_AGE_SOME)
                return {"aged": tuple(cursor.fetchall())}

        self.call("age", once)

    def sweep(self) -> None:
        def once() -> dict[str, Any]:
            free_expired_leases(timezone.now())
            raise_watermarks(timezone.now())
            return {}

        self.call("sweep", once)

    def add(self) -> None:
        def once() -> dict[str, Any]:
            ranks = [self.random.random() for _ in range(5)]
            add_items(self.crowd.project, ranks, need=2, prefix=next(self.ids))
            return {}

        self.call("add", once)


def _given(tasks: Sequence[LeasedTask]) -> tuple[tuple[int, str], ...]:
    return tuple((task.id, str(task.token)) for task in tasks)
