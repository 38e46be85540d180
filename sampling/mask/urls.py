"""Addresses that let somebody in: with a name and password in front of the host, or with a key behind the `?`."""

import re
from collections.abc import Iterator

from sampling.mask.kinds import Finding, Kind
from sampling.mask.passage import Passage
from sampling.mask.patterns import compile_folded

_NAMES = (
    r"access[_-]?token|auth[_-]?token|refresh[_-]?token|id[_-]?token|session[_-]?token|token|api[_-]?key|apikey|key|secret"
    r"|client[_-]?secret|password|passwd|pwd|sig|signature|auth|x-amz-signature|x-amz-credential|x-amz-security-token|x-goog-signature"
)
TRIGGER = rf"(?i:[?&;#](?:{_NAMES})=)"  # the `@` of a password triggers as an e-mail address would

# An address ends before a letter of a script that is written without blanks; `\/` is a slash in JSON within a text.
_URL = compile_folded(
    rb"[A-Za-z][A-Za-z0-9+.-]{1,20}:\\?/\\?/(?:"
    rb"([^\s/?#\"'<>:\[\]\xa4]*)(:[^\s/?#\"'<>\xa4]*)?@[^\s\"'<>`\xa4]+"
    rb"|[^\s\"'<>`?;#\xa4]+[?;#][^\s\"'<>`\xa4]*)"
)
_QUERY = re.compile(rf"[?&;#](?:{_NAMES})=([^\s&;]+)", re.IGNORECASE)
_TAIL = ".,;:!?)]}*"
_TOKEN = re.compile(r"(?=.*[0-9])[\w.~-]{16,}")
_MIN_KEY = 8


def find_urls(passage: Passage) -> Iterator[Finding]:
    """Yield the addresses with credentials of a passage; the whole address is one finding."""
    for match in _URL.finditer(passage.folded):
        text = match.group().decode("latin-1")
        kept = text.rstrip(_TAIL)
        if match.group(1) is not None:
            user = match.group(1).decode("latin-1")
            lets_in = match.group(2) is not None or _TOKEN.fullmatch(user) is not None
        else:
            lets_in = any(_is_key(value) for value in _QUERY.findall(kept))
        if lets_in:
            start, end = passage.place(match.start(), match.start() + len(kept))
            yield Finding(start, end, Kind.URL, passage.text[start:end])


def _is_key(value: str) -> bool:
    return len(value) >= _MIN_KEY and any(char.isdigit() for char in value) and not value.isdigit()
