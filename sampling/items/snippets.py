"""An item's content in a line: its beginning, or the place where what was searched for occurs, with the hits marked."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from sampling.items.show.hidden import HIDDEN, belongs
from sampling.items.text_query import TextQuery

LENGTH = 220
_MARK = (mark_safe("<mark>"), mark_safe("</mark>"))
_BEFORE_HIT = 60
_UNSEEN = re.compile(HIDDEN)
_SPACE = re.compile(r"\s+")


class Piece(NamedTuple):
    """A part of a snippet; `hit` tells whether it is what was searched for."""

    text: str
    hit: bool = False


class Snippet(NamedTuple):
    """One line of a content: its pieces, and whether it holds a hit."""

    pieces: list[Piece]
    hit: bool = False

    @property
    def html(self) -> SafeString:
        """Return the line with its hits marked. Here and not in a template, because a page has a hundred of them."""
        return format_html_join(
            "",
            "{}{}{}",
            ((_MARK[0], piece.text, _MARK[1]) if piece.hit else ("", piece.text, "") for piece in self.pieces),
        )


def snippet_of(
    text: str | None, query: TextQuery | None, *, last_turn_of: str = "assistant", length: int = LENGTH
) -> Snippet | None:
    """Return the snippet of a content as JSON text (perhaps cut off); None where there is no content.

    Of a conversation it is the last turn of the role, unless another one holds a hit.
    """
    if text is None:
        return None
    parts = list(_parts(text, last_turn_of))
    pattern = query.pattern if query else None
    if pattern is not None:
        for part in parts:
            if found := pattern.search(part):
                return _marked(part, pattern, start=found.start())
    return Snippet([Piece(_cut(parts[0] if parts else "", length))])


def _parts(text: str, role: str) -> Iterator[str]:
    """Yield what may be shown, the preferred one first."""
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError:
        yield _clean(text)  # cut off: shown as it is
        return
    if isinstance(content, list) and all(isinstance(turn, dict) and "role" in turn for turn in content):
        # Stable both ways: the last turn of the role comes first.
        for turn in sorted(content, key=lambda turn: turn["role"] == role)[::-1]:
            yield _clean(_flat(turn.get("content")))
    else:
        yield _clean(_flat(content))


def _flat(content: Any) -> str:
    """Return a content in one line: texts as they are, objects as their keys and values."""
    if isinstance(content, str):
        return content
    if isinstance(content, dict):
        if content.get("type") == "text" and isinstance(content.get("text"), str):
            return str(content["text"])
        return " · ".join(f"{key}: {_flat(value)}" for key, value in content.items())
    if isinstance(content, list):
        return " ".join(_flat(each) for each in content)
    return "" if content is None else orjson.dumps(content).decode()


def _clean(text: str) -> str:
    # What nobody sees would hide something or turn the line around: one visible character stands for it.
    seen = _UNSEEN.sub(lambda found: found[0] if belongs(text, *found.span()) else "\ufffd", text)
    return _SPACE.sub(" ", seen).strip()


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def _marked(text: str, pattern: re.Pattern[str], *, start: int) -> Snippet:
    begin = max(0, start - _BEFORE_HIT)
    if begin:
        begin = text.find(" ", begin, start) + 1 or begin
    window = text[begin : begin + LENGTH]
    pieces = [Piece("…")] if begin else []
    at = 0
    for found in pattern.finditer(window):
        if found.start() > at:
            pieces.append(Piece(window[at : found.start()]))
        pieces.append(Piece(found[0], hit=True))
        at = found.end()
    if rest := window[at:] + ("…" if begin + LENGTH < len(text) else ""):
        pieces.append(Piece(rest))
    return Snippet(pieces, hit=True)
