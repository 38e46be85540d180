"""Job `run_judge`: one piece of a run, at most a minute. Reserve money, call, store, read, store the verdict.

Every step commits before the next. What a worker that died leaves behind is found by the next piece: answers that were
stored are read without asking again, and calls that were under way are uncertain spend and repeated.
"""

import time
from collections import deque
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from annotations.judges.asking import schema_of
from annotations.judges.bodies import Body, read_body
from annotations.judges.calls import Caller, Level, Outcome
from annotations.judges.cases import FIRST, Job
from annotations.judges.choose import choose_items
from annotations.judges.ending import end_piece
from annotations.judges.ledger import Held, Reserved, Settled, Wanted, settle_left_behind, take_turn
from annotations.judges.prepare import Preparation
from annotations.judges.store import Finished, store_finished
from annotations.judges.targets import Asked, Manner, pick_target
from annotations.judges.transport import NoParameterError, NoStructureError, TerminalError, TryAgainError
from annotations.judges.versions import Spec
from annotations.models import JudgeCall, JudgeRun, JudgeRunItem
from annotations.models.judge_runs import CallState, RunItemState, RunKind, RunState
from reviewapp.jobs.run import commits_itself

ISSUE_SECONDS = 40.0  # calls are begun within this time …
CALL_SECONDS = 60.0  # … and end within this
_READ = 100
_STORE_AT, _STORE_SECONDS = 200, 0.5
MAX_TRIES = 3
_SOON_SECONDS = 5.0


class _Asking(NamedTuple):
    """A call that is under way: for what, of whom, in which manner, and what it was expected to take."""

    job: Job
    asked: Asked
    call: Held
    expected: float
    manner: Manner


@commits_itself
def run_piece(payload: dict[str, Any], now: datetime) -> None:
    """Do a piece of a run's work and ask for the next, unless the run is over, stopped, or another piece has begun."""
    with transaction.atomic():
        run = (
            JudgeRun.objects.select_for_update(of=("self",))
            .select_related("project", "judge_version__judge")
            .get(pk=payload["run_id"])
        )
        if run.chunk != payload["chunk"]:
            return
        goes_on = run.state in {RunState.QUEUED, RunState.RUNNING}
        if goes_on:
            run.state, run.started_at = RunState.RUNNING, run.started_at or now
            run.save(update_fields=["state", "started_at"])
    settle_left_behind(run.pk, now=now)  # of a run that was stopped, too: its worker may have died before it could
    if goes_on:
        _Piece(run).work()


class _Piece:
    """The state of one piece."""

    def __init__(self, run: JudgeRun) -> None:
        self.run, self.version = run, run.judge_version
        self.spec = Spec.of(self.version)
        self.began = time.monotonic()
        self.issue_until = self.began + ISSUE_SECONDS
        self.first = [Asked(run.project_id, choice) for choice in (self.spec.first, *self.spec.fallback)]
        stronger = self.spec.cascade.stronger if self.spec.cascade else None
        self.stronger = [Asked(run.project_id, stronger)] if stronger else []
        self.schema = schema_of(self.spec)
        self.preparation = Preparation(run.project, self.spec, version_id=self.version.pk)
        self.level = Level(self.spec.params.concurrency, key=self.first[0].key)
        self.ready: deque[Job] = deque()
        self.finished: list[Finished] = []
        self.stored_at = self.began
        self.read_behind = 0
        self.all_read = self.put_back = self.ended = self.any_answered = False
        self.pause, self.waiting_for = "", ""
        self.wait = 0.0
        self.next_try = 0.0

    def work(self) -> None:
        """Work until the time is up, everything is done, or something ends it; then say what is next."""
        all_chosen = choose_items(self.run, until=self.issue_until)
        with Caller(most=self.spec.params.concurrency, deadline=self.began + CALL_SECONDS) as caller:
            while True:
                enough = self.level.calls - int(self.level.value)
                outcomes = caller.collect(wait=self._patience(), enough=enough) if caller.under_way else []
                self._turn(caller, outcomes)
                self._store(always=not caller.under_way)
                if caller.under_way:
                    continue
                if not self._may_issue() or (not self.ready and self.all_read):
                    break
                time.sleep(min(0.2, max(0.0, self.next_try - time.monotonic())))
        self._store(always=True)
        self.level.remember()
        end_piece(
            self.run.pk,
            piece=self.run.chunk,
            pause=self.pause,
            waiting_for=self.waiting_for,
            wait=self.wait or (_SOON_SECONDS if self.put_back and self.all_read else 0.0),
            all_chosen=all_chosen,
        )

    def _may_issue(self) -> bool:
        return not (self.pause or self.ended or self.wait) and time.monotonic() < self.issue_until

    def _patience(self) -> float:
        """Return how long to wait for an answer before there may be something else to do."""
        return min(0.25, max(0.001, self.next_try - time.monotonic())) if self.next_try else 0.25

    def _read_more(self) -> bool:
        """Make the next waiting items ready; tell whether there were any."""
        waiting = JudgeRunItem.objects.filter(run=self.run, state=RunItemState.WAITING, pk__gt=self.read_behind)
        rows = list(waiting.order_by("pk")[:_READ])
        if not rows:
            self.all_read = True
            return False
        self.read_behind = rows[-1].pk
        jobs, finished = self.preparation.prepare(rows)
        self.finished += finished
        self._queue(jobs)
        return True

    def _queue(self, jobs: list[Job]) -> None:
        """Answer jobs from what is stored, the others get ready."""
        while jobs:
            keys = {job.key(asked.target) for job in jobs for asked in self._targets(job) if asked.target is not None}
            calls = JudgeCall.objects.filter(project_id=self.run.project_id, key__in=keys, state=CallState.SETTLED)
            if self.run.kind == RunKind.ANCHORS:
                calls = calls.filter(run=self.run)  # what was said before is what is to be compared with
            stored = {call.key: call for call in calls.only("key", "kind", "raw", "run_id").order_by("pk") if call.raw}
            following: list[Job] = []
            for job in jobs:
                found = (stored.get(job.key(asked.target)) for asked in self._targets(job) if asked.target is not None)
                call = next((each for each in found if each is not None), None)
                if call is None:
                    self.ready.append(job)
                else:
                    following += self._feed(job, read_body(call.kind, call.raw), cached=call.run_id != self.run.pk)
            jobs = following

    def _feed(self, job: Job, body: Body, *, cached: bool) -> list[Job]:
        if job.case.is_over:
            return []
        found = job.case.feed(job, body, cached=cached)
        if isinstance(found, Finished):
            self.finished.append(found)
            return []
        return found

    def _targets(self, job: Job) -> list[Asked]:
        return self.first if job.stage == FIRST else self.stronger

    def _turn(self, caller: Caller, outcomes: list[Outcome]) -> None:
        """Store what came back and reserve what is asked next, together; ask it, then read what came back."""
        now = timezone.now()
        ended = [self._settled(outcome) for outcome in outcomes]
        for outcome in outcomes:
            self._heard(outcome, now)
        batch = self._next_batch(room=self.level.calls - caller.under_way)
        if not ended and not batch:
            return
        granted = take_turn(
            self.run.pk,
            [settled for settled, _ in ended],
            [self._wanted(job, asked) for job, asked, _ in batch],
            piece=self.run.chunk,
            now=now,
        )
        self._begin(caller, batch, granted)
        following: list[Job] = []
        for outcome, (_, body) in zip(outcomes, ended, strict=True):
            if body is not None:
                following += self._feed(outcome.what.job, body, cached=False)
        self._queue(following)

    def _next_batch(self, *, room: int) -> list[tuple[Job, Asked, float]]:
        """Take jobs that may be asked now, each with its share of the limits."""
        batch: list[tuple[Job, Asked, float]] = []
        while len(batch) < room and self._may_issue() and time.monotonic() >= self.next_try:
            if not self.ready:
                if not self._read_more():
                    break
                continue
            job = self.ready[0]
            if job.case.is_over:
                self.ready.popleft()
                continue
            asked = self._usable(job)
            if asked is None:
                break
            tokens = asked.expected_tokens(job.prompt_chars, self.spec.params.max_tokens)
            wait = asked.take(tokens)
            if wait > 0:
                self.next_try = time.monotonic() + wait
                if self.next_try > self.issue_until:
                    self.wait = wait
                break
            batch.append((self.ready.popleft(), asked, tokens))
        return batch

    def _usable(self, job: Job) -> Asked | None:
        """Return who is asked next; None where nobody can be, which pauses the run or has it wait."""
        found = pick_target(self._targets(job), job.place)
        if found.asked is not None:
            job.place = found.place
            return found.asked
        self.pause = found.dead or (f"{self.waiting_for} It was tried for a long time." if found.given_up else "")
        self.wait = max(self.wait, found.wait)
        if not found.dead:
            job.place = 0
        return None

    def _wanted(self, job: Job, asked: Asked) -> Wanted:
        return Wanted(
            job.case.item_id,
            job.key(asked.there),
            asked.choice.provider,
            asked.there.kind,
            asked.choice.model,
            asked.most_nusd(job.prompt_chars, self.spec.params.max_tokens),
        )

    def _begin(self, caller: Caller, batch: list[tuple[Job, Asked, float]], granted: Reserved) -> None:
        """Make the calls that were granted; the others get ready again."""
        for (job, asked, tokens), call in zip(batch, granted.calls, strict=False):
            caller.begin(
                _Asking(job, asked, call, tokens, asked.manner),
                asked.there,
                asked.ask(job.messages, self.spec.params, self.schema),
                limit=asked.limit,
                timeout_seconds=self.spec.params.timeout_seconds,
            )
        self.ready.extendleft(job for job, _, _ in reversed(batch[len(granted.calls) :]))
        self.ended = self.ended or granted.ended
        if granted.refused and not caller.under_way:
            self.pause = granted.refused

    def _heard(self, outcome: Outcome, now: datetime) -> None:
        """Take in how a call ended, but not yet what it says."""
        job, asked = outcome.what.job, outcome.what.asked
        if outcome.answered is not None:
            self.level.answered()
            asked.breaker.answered()
            self.waiting_for, self.any_answered = "", True
            asked.heard(outcome.answered.headers, now=now)
        elif outcome.error is not None:
            self._not_answered(job, asked, outcome)

    def _settled(self, outcome: Outcome) -> tuple[Settled, Body | None]:
        """Return how a call is settled, and the body of its answer."""
        job, asked, call, expected, _manner = outcome.what
        if outcome.answered is None:
            error = outcome.error
            sent = error is not None and error.sent
            state = CallState.UNCERTAIN if sent else CallState.FAILED
            said = error.message[:2000] if error else ""
            return Settled(call, state, error=said, uncertain=outcome.uncertain), None
        body = read_body(call.kind, outcome.answered.body)
        read = body.input_tokens if body.input_tokens is not None else job.prompt_chars // 4
        written = body.output_tokens if body.output_tokens is not None else len(body.text) // 4
        asked.used(expected=expected, prompt_chars=job.prompt_chars, input_tokens=read, output_tokens=written)
        settled = Settled(
            call,
            CallState.SETTLED,
            cost_nusd=asked.there.cost_nusd(read, written),
            input_tokens=read,
            output_tokens=written,
            raw=outcome.answered.body,
            latency_ms=outcome.answered.latency_ms,
            uncertain=outcome.uncertain,
        )
        return settled, body

    def _not_answered(self, job: Job, asked: Asked, outcome: Outcome) -> None:
        error = outcome.error
        if error is None or job.case.is_over:
            return
        if isinstance(error, NoStructureError | NoParameterError) and asked.adapts(error, manner=outcome.what.manner):
            self.ready.appendleft(job)
        elif not isinstance(error, TryAgainError | TerminalError):
            self._next_target_or(job, error.message)
        elif isinstance(error, TerminalError):
            asked.dead = error.message
            self.ready.appendleft(job)
        elif error.busy:
            self.level.refused()
            asked.heard(error.headers, now=timezone.now())
            wait = 2.0 if error.wait is None else error.wait
            asked.hold(wait)
            self.waiting_for = error.message
            if time.monotonic() + wait > self.issue_until:
                self.wait = max(self.wait, wait)
            self.ready.appendleft(job)
        else:
            self.waiting_for = error.message
            asked.breaker.failed()
            if error.sent:  # nothing came in time: perhaps because so much was asked at once
                self.level.refused()
            if error.wait and error.wait > 1:
                asked.hold(error.wait)
            job.case.tries += 1
            JudgeRunItem.objects.filter(run=self.run, item_id=job.case.item_id).update(tries=job.case.tries)
            if job.place + 1 < len(self._targets(job)):
                job.place += 1
                self.ready.append(job)
            elif job.case.tries >= (MAX_TRIES if self.any_answered else 2 * MAX_TRIES):
                self.finished.append(job.case.fail(error.message))
            else:
                job.place = 0
                self.put_back = True
                job.case.is_over = True  # for this piece: the item still waits

    def _next_target_or(self, job: Job, why: str) -> None:
        if job.place + 1 < len(self._targets(job)):
            job.place += 1
            self.ready.append(job)
        else:
            self.finished.append(job.case.fail(why))

    def _store(self, *, always: bool) -> None:
        """Store the items that are finished, now and then."""
        moment = time.monotonic()
        if not self.finished or not (
            always or len(self.finished) >= _STORE_AT or moment - self.stored_at >= _STORE_SECONDS
        ):
            return
        store_finished(
            self.run,
            self.version,
            self.finished,
            rubric_id=self.spec.rubric_id,
            worked=moment - self.stored_at,
            now=timezone.now(),
        )
        self.finished, self.stored_at = [], moment
