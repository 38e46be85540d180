"""Making calls beside each other: threads that only speak to providers, and a level that follows what these bear.

Everything that touches the database stays with the worker's own thread.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

from django.core.cache import cache
from redis.exceptions import RedisError

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

_LOOK_AHEAD = 4  # one more for each so many: the next call is there when one ends
_HALVE_EVERY = 3.0
_REMEMBER_SECONDS = 600
# What comes back is gathered for a moment, so that it is stored in fewer transactions; the calls ahead go on meanwhile.
_GATHER_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended, and what attempts before its last came to."""

    what: Any
    answered: Answered | None
    error: ProviderError | None
    uncertain: int
    told: Sequence[Mapping[str, str]] = ()


class Level:
    """How many calls to have under way: all that are allowed, half after a refusal for the rate or a call that hung,
    then one more a round. The next piece of work, of whichever worker, goes on with what this one found.
    """

    def __init__(self, most: int, *, key: str) -> None:
        self.most = float(most)
        self._key = f"judges:level:{key}"
        self.value = min(self._remembered(), self.most)
        self._halved_at = 0.0

    def answered(self) -> None:
        """One call went well."""
        self.value = min(self.value + 1.0 / self.value, self.most)

    def refused(self) -> None:
        """The provider was asked too much."""
        if time.monotonic() - self._halved_at >= _HALVE_EVERY:
            self.value, self._halved_at = max(1.0, self.value / 2), time.monotonic()

    def remember(self) -> None:
        """Keep for the next piece what was found, if it is less than all."""
        try:
            if self.value < self.most:
                cache.set(self._key, self.value, timeout=_REMEMBER_SECONDS)
            else:
                cache.delete(self._key)
        except (RedisError, OSError):
            return

    @property
    def calls(self) -> int:
        """How many calls may be reserved: those under way, and some that wait for a thread."""
        return int(self.value) + int(self.value) // _LOOK_AHEAD

    def _remembered(self) -> float:
        try:
            found = cache.get(self._key)
        except (RedisError, OSError):
            found = None
        return found if isinstance(found, float) else self.most


class Caller:
    """The calls under way of one piece of a run; closed by its `with`, when all of them have ended."""

    def __init__(self, *, most: int, deadline: float) -> None:
        self._own, self._opened = threading.local(), SimpleQueue[Outgoing]()
        # Whom to trust is read with the first one, once: else all threads would read it, each for itself.
        self._opened.put(Outgoing(connections=1))
        self._pool = ThreadPoolExecutor(max_workers=most, thread_name_prefix="judge-call")
        self._ended: SimpleQueue[Outcome] = SimpleQueue()
        self._deadline = deadline
        self.under_way = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        while not self._opened.empty():
            self._opened.get().close()

    def begin(self, what: Any, target: Target, ask: Ask, *, limit: Limit, timeout_seconds: float) -> None:
        """Make a call in a thread; `what` comes back with its outcome."""
        self.under_way += 1
        future = self._pool.submit(self._make, what, target, ask, limit, timeout_seconds)
        future.add_done_callback(self._keep)

    def collect(self, *, wait: float, enough: int) -> list[Outcome]:
        """Return the calls that ended; wait so many seconds for the first, and a moment for more of them."""
        found: list[Outcome] = []
        try:
            found.append(self._ended.get(timeout=max(wait, 0.001)))
            until = time.monotonic() + _GATHER_SECONDS
            while len(found) < min(enough, self.under_way) and (left := until - time.monotonic()) > 0:
                found.append(self._ended.get(timeout=left))
        except Empty:
            pass
        while not self._ended.empty():
            found.append(self._ended.get())
        self.under_way -= len(found)
        return found

    def _outgoing(self) -> Outgoing:
        """Return this thread's own way out: a pool that many threads share looks at every connection for each call."""
        found: Outgoing | None = getattr(self._own, "outgoing", None)
        if found is None:
            found = self._own.outgoing = Outgoing(connections=2, max_answer_bytes=MAX_ANSWER_BYTES)
            self._opened.put(found)
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
            return send(self._outgoing(), target, ask, timeout_seconds=min(timeout_seconds, left))

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
