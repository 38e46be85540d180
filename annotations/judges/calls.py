"""Making calls beside each other: threads that only speak to providers, and a level that follows what these bear.

Everything that touches the database stays with the worker's own thread.
"""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

from annotations.judges.limits import Limit, block_shared
from annotations.judges.transport import (
    MAX_ANSWER_BYTES,
    Answered,
    Ask,
    ProviderError,
    Target,
    TryAgainError,
    send,
)
from annotations.judges.waiting import WITHIN_SECONDS, call_with_retries
from reviewapp.http.outgoing import Outgoing

_FIRST_LEVEL = 16.0
_LOOK_AHEAD = 8  # one more for each so many: the next call is there when one ends
_HALVE_EVERY = 3.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended, and what attempts before its last came to."""

    what: Any
    answered: Answered | None
    error: ProviderError | None
    uncertain: int
    told: Sequence[Mapping[str, str]] = ()


class Level:
    """How many calls to have under way: doubling at first, then one more a round; half after a refusal for the rate."""

    def __init__(self, most: int, *, begin: float | None = None) -> None:
        self.most = float(most)
        self.value = min(begin or _FIRST_LEVEL, self.most)
        self._fast = True
        self._halved_at = 0.0

    def answered(self) -> None:
        """One call went well."""
        self.value = min(self.value + (1.0 if self._fast else 1.0 / self.value), self.most)

    def refused(self) -> None:
        """The provider was asked too much."""
        if time.monotonic() - self._halved_at >= _HALVE_EVERY:
            self.value, self._fast, self._halved_at = max(1.0, self.value / 2), False, time.monotonic()

    @property
    def calls(self) -> int:
        """How many calls may be under way."""
        return int(self.value) + int(self.value) // _LOOK_AHEAD


class Caller:
    """The calls under way of one piece of a run; closed by its `with`, when all of them have ended."""

    def __init__(self, *, most: int, deadline: float) -> None:
        self._outgoing = Outgoing(connections=most, max_answer_bytes=MAX_ANSWER_BYTES)
        self._pool = ThreadPoolExecutor(max_workers=most, thread_name_prefix="judge-call")
        self._ended: SimpleQueue[Outcome] = SimpleQueue()
        self._deadline = deadline
        self.under_way = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._outgoing.close()

    def begin(self, what: Any, target: Target, ask: Ask, *, limit: Limit, timeout_seconds: float) -> None:
        """Make a call in a thread; `what` comes back with its outcome."""
        self.under_way += 1
        future = self._pool.submit(self._make, what, target, ask, limit, timeout_seconds)
        future.add_done_callback(self._keep)

    def collect(self, *, wait: float) -> list[Outcome]:
        """Return the calls that ended; wait so many seconds for the first."""
        found: list[Outcome] = []
        try:
            found.append(self._ended.get(timeout=max(wait, 0.001)))
            while True:
                found.append(self._ended.get_nowait())
        except Empty:
            pass
        self.under_way -= len(found)
        return found

    def _keep(self, future: "Future[Outcome]") -> None:
        if not future.cancelled():
            self._ended.put(future.result())

    def _make(self, what: Any, target: Target, ask: Ask, limit: Limit, timeout_seconds: float) -> Outcome:
        uncertain, told = 0, []

        def once() -> Answered:
            left = self._deadline - time.monotonic()
            if left < 1:
                raise TryAgainError("There was no time left for this call.", wait=0.0, busy=True, sent=False)
            return send(self._outgoing, target, ask, timeout_seconds=min(timeout_seconds, left))

        def waiting(error: TryAgainError, seconds: float) -> None:
            nonlocal uncertain
            uncertain += error.sent
            told.append(error.headers)
            if error.busy:
                block_shared(limit, seconds=seconds)

        deadline = min(self._deadline, time.monotonic() + WITHIN_SECONDS)
        try:
            return Outcome(what, call_with_retries(once, deadline=deadline, on_wait=waiting), None, uncertain, told)
        except ProviderError as error:
            return Outcome(what, None, error, uncertain, told)
        except Exception as error:  # noqa: BLE001 — a thread must always tell how its call ended
            return Outcome(what, None, ProviderError(f"{type(error).__name__}: {error}"), uncertain, told)
