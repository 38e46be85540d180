"""Limits of providers, shared by all workers: so many requests and tokens a minute, evenly paced.

For each provider and model there are the times at which the next request and the next token are due (the generic cell
rate algorithm). Valkey keeps them; while it is away a row of Postgres does, by the same arithmetic. A Valkey that was
flushed forgets them, which lets a second's worth through at once and no more.
"""

import time
from functools import lru_cache
from typing import Any, NamedTuple

import structlog
from django.core.cache import cache
from django.db import transaction
from django_rq import get_connection
from redis.exceptions import RedisError

from annotations.models import JudgeLimit

_log = structlog.get_logger(__name__)
# A provider measures a minute by its own clock: a little below its limit is at its limit. It counts tokens its own way,
# often a few in a hundred more than it tells.
_HEADROOM, _TOKEN_HEADROOM = 0.985, 0.96
_AHEAD = 1.0  # seconds' worth that may come at once
_PREFIX = "judges:limit:"

_TAKE = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local kept = redis.call('HMGET', KEYS[1], 'requests', 'tokens', 'blocked')
local requests = math.max(tonumber(kept[1]) or 0, now)
local tokens = math.max(tonumber(kept[2]) or 0, now)
local wait = math.max((tonumber(kept[3]) or 0) - now, requests - now - ARGV[3], tokens - now - ARGV[3])
if wait > 0 then return tostring(wait) end
redis.call('HSET', KEYS[1], 'requests', tostring(requests + ARGV[1]), 'tokens', tostring(tokens + ARGV[2]))
redis.call('EXPIRE', KEYS[1], 3600)
return '0'
"""
_CORRECT = """
local kept = tonumber(redis.call('HGET', KEYS[1], 'tokens') or '0')
redis.call('HSET', KEYS[1], 'tokens', tostring(kept + ARGV[1]))
return 1
"""
_BLOCK = """
local clock = redis.call('TIME')
local till = clock[1] + clock[2] / 1000000 + ARGV[1]
if till > (tonumber(redis.call('HGET', KEYS[1], 'blocked')) or 0) then
    redis.call('HSET', KEYS[1], 'blocked', tostring(till))
    redis.call('EXPIRE', KEYS[1], 3600)
end
return 1
"""


@lru_cache(maxsize=1)
def _valkey() -> Any:
    """Return a client that keeps its connections: there is a question before each call."""
    return get_connection("default")


class Limit(NamedTuple):
    """The limits of one model of one provider in one project; None is no limit."""

    key: str
    rpm: int | None
    tpm: int | None

    @property
    def request_seconds(self) -> float:
        """How long one request takes up."""
        return 60 / (self.rpm * _HEADROOM) if self.rpm else 0.0

    def token_seconds(self, tokens: float) -> float:
        """How long so many tokens take up."""
        return 60 * tokens / (self.tpm * _TOKEN_HEADROOM) if self.tpm else 0.0

    @property
    def ahead(self) -> float:
        """How far ahead of its time a request may come: less than one request's time, so that none comes early."""
        return min(_AHEAD, self.request_seconds / 2) if self.rpm and self.rpm <= 120 else _AHEAD


def take(limit: Limit, *, tokens: float) -> float:
    """Take up one request and so many tokens; return 0, or in how many seconds to ask again."""
    costs = (limit.request_seconds, limit.token_seconds(tokens))
    try:
        return float(_valkey().eval(_TAKE, 1, _PREFIX + limit.key, *costs, limit.ahead))
    except (RedisError, OSError) as error:
        _log.warning("limits_kept_in_the_database", error=str(error))
    with transaction.atomic():
        row, now = _row(limit.key), time.time()
        requests, used = max(row.requests_at, now), max(row.tokens_at, now)
        wait = max(row.blocked_until - now, requests - now - limit.ahead, used - now - limit.ahead)
        if wait > 0:
            return wait
        row.requests_at, row.tokens_at = requests + costs[0], used + costs[1]
        row.save()
    return 0.0


def correct(limit: Limit, *, tokens: float) -> None:
    """Take up so many tokens more (or fewer) than were thought, once the provider has said."""
    seconds = limit.token_seconds(tokens)
    if not seconds:
        return
    try:
        _valkey().eval(_CORRECT, 1, _PREFIX + limit.key, seconds)
    except (RedisError, OSError):
        with transaction.atomic():
            row = _row(limit.key)
            row.tokens_at += seconds
            row.save()


def block(limit: Limit, *, seconds: float) -> None:
    """Let nothing through for so long, because the provider said so."""
    if not block_shared(limit, seconds=seconds):
        with transaction.atomic():
            row = _row(limit.key)
            row.blocked_until = max(row.blocked_until, time.time() + seconds)
            row.save()


def block_shared(limit: Limit, *, seconds: float) -> bool:
    """Do the same in Valkey alone, for threads that must not touch the database; tell whether it is there."""
    try:
        _valkey().eval(_BLOCK, 1, _PREFIX + limit.key, seconds)
    except (RedisError, OSError):
        return False
    return True


def _row(key: str) -> JudgeLimit:
    JudgeLimit.objects.bulk_create([JudgeLimit(key=key)], ignore_conflicts=True)
    return JudgeLimit.objects.select_for_update().get(pk=key)


class Breaker:
    """Opens after several calls in a row that came to nothing, for a while that doubles; shared by all workers.

    Where Valkey is away or was flushed, each worker finds out by itself.
    """

    AFTER = 5
    FIRST_SECONDS = 5.0
    LONGEST_SECONDS = 600.0
    _KNOWN_SECONDS = 0.5  # for so long a worker believes what it heard of the others
    GIVE_UP = 4  # times that it opened without a single answer in between

    def __init__(self, key: str) -> None:
        self._key = f"judges:breaker:{key}"
        self._failed = 0
        self._known: dict[str, float] = {}
        self._known_until = 0.0

    def failed(self) -> bool:
        """Count a failure; return whether it opened by that."""
        self._failed += 1
        if self._failed < self.AFTER:
            return False
        self._failed = 0
        opened = self.times_opened() + 1
        seconds = min(self.FIRST_SECONDS * 2 ** (opened - 1), self.LONGEST_SECONDS)
        self._put({"until": time.time() + seconds, "opened": opened})
        return True

    def answered(self) -> None:
        """Close it: the provider answers."""
        self._failed = 0
        if self.times_opened():
            self._put({})

    def open_seconds(self) -> float:
        """Return for how much longer it is open; 0 when closed."""
        return max(0.0, float(self._state().get("until", 0)) - time.time())

    def times_opened(self) -> int:
        """Return how often it opened since the last answer."""
        return int(self._state().get("opened", 0))

    def _state(self) -> dict[str, float]:
        if time.monotonic() < self._known_until:
            return self._known
        try:
            found = cache.get(self._key)
        except (RedisError, OSError):
            found = None
        self._know(found if isinstance(found, dict) else {})
        return self._known

    def _know(self, state: dict[str, float]) -> None:
        self._known, self._known_until = state, time.monotonic() + self._KNOWN_SECONDS

    def _put(self, state: dict[str, float]) -> None:
        self._know(state)
        try:
            cache.set(self._key, state, timeout=7200)
        except (RedisError, OSError):
            _log.warning("breaker_not_shared", key=self._key)
