"""The few words in which people say why: asked for wherever they give work back or change an answer."""

from reviewapp.http.errors import FieldError, InvalidError

LONGEST_REASON = 1000


def checked_reason(reason: str, *, asked: str) -> str:
    """Return the reason without spaces around it. InvalidError where there is none (then `asked`) or too much."""
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        message = f"At most {LONGEST_REASON:,} characters." if reason else asked
        raise InvalidError(fields=(FieldError("reason", message),))
    return reason
