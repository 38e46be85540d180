"""Wrong tokens are counted by address and minute, so that guessing is slow; a right one is never held back."""

import logging
from datetime import datetime

from django.core.cache import cache
from redis.exceptions import RedisError

from reviewapp.http.errors import TooManyRequestsError

WRONG_A_MINUTE = 100
logger = logging.getLogger(__name__)


def count_wrong_token(address: str, *, now: datetime) -> None:
    """Count a token that was refused; raise `TooManyRequestsError` where the address sent too many this minute.

    Without Valkey nothing is counted: refusing everybody would be worse than letting somebody guess 160 random bits.
    """
    key = f"wrong-tokens:{address}:{now:%Y%m%d%H%M}"
    try:
        cache.add(key, 0, timeout=120)
        count = cache.incr(key)
    except (RedisError, OSError, ValueError):  # ValueError: the key ended between the two
        logger.warning("Wrong tokens cannot be counted")
        return
    if count > WRONG_A_MINUTE:
        raise TooManyRequestsError(
            "Too many wrong tokens came from this address. Check the token, and wait a minute.",
            headers={"Retry-After": str(60 - now.second)},
        )
