"""Text of unknown origin as HTML that reads exactly as that text: `textContent` is the text, character by character.

Marks, placeholders and citations are elements around the characters themselves, so that positions counted on the page
are positions in the stored text. Long texts are cut into blocks that the browser lays out only when they come into
view.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape

from sampling.items.show.hidden import ANY_HIDDEN, HIDDEN, belongs, name_of
from sampling.items.show.passages import Citations

_TOKEN = re.compile(rf"(?P<hidden>{HIDDEN})|(?P<bracket>[\[【](?P<inside>[^\[\]【】\n]{{1,120}})[\]】])")
_SPECIAL = re.compile(rf"[{ANY_HIDDEN}\[【]")
_SPECIAL_ALONE = re.compile(rf"[{ANY_HIDDEN}]")
_PLACEHOLDER = re.compile(r"([A-Z]+(?:_ID)?)_[0-9]{1,9}")
_MASKED = {
    "EMAIL": "an e-mail address", "PHONE": "a phone number", "CARD": "a payment card number", "IBAN": "a bank account",
    "NATIONAL_ID": "a national id number", "IP": "an IP address", "MAC": "a device address", "URL": "a web address",
    "SECRET": "a secret such as a key or a password", "CUSTOM": "something your project keeps out",
}  # fmt: skip
_LOST = "\ufffd"
_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff]")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")

CHUNK_LENGTH = 8_192
CHUNK_LINES = 100
CHUNKED_OVER = 16_384


@dataclass
class Budget:
    """How much of one item may become elements; what goes beyond stays readable, and is shown more plainly."""

    marks: int = 3_000
    links: int = 2_000
    markdown: int = 64_000
    nodes: int = 3_000


@dataclass
class Reading:
    """What a text is read with: its passages' names, the places it names itself, and what may still be spent."""

    citations: Citations | None = None
    places: Mapping[str, str] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)


def show_text(text: str, reading: Reading) -> str:
    """Return a text as HTML, in one piece."""
    if not _SPECIAL.search(text) and text.count("\r") == text.count("\r\n"):
        return plain(text)  # most texts; looking for tokens is what costs time in long ones
    if reading.budget.marks <= 0:
        text = _SPECIAL_ALONE.sub(_LOST, text)
    return "".join(_pieces(text, reading))


def show_chunks(text: str, reading: Reading) -> str:
    """Return a text as HTML; a long one in blocks that end where lines end."""
    if len(text) <= CHUNKED_OVER:
        return _show_lines(text, reading)
    return "".join(f'<div class="chunk">{_show_lines(chunk, reading)}</div>' for chunk in cut(text))


def _show_lines(text: str, reading: Reading) -> str:
    """Return a text as HTML. Where some of it runs right to left, each line is a block with a direction of its own."""
    if not _RIGHT_TO_LEFT.search(text):
        return show_text(text, reading)
    return "".join(f'<div class="line">{show_text(line, reading)}</div>' for line in _LINE.findall(text))


def cut(text: str) -> Iterator[str]:
    """Yield a text in pieces of bounded length, cut behind a line feed, else behind a space, else anywhere."""
    start = 0
    while start < len(text):
        end = min(len(text), start + CHUNK_LENGTH)
        if end < len(text):
            at = max(text.rfind("\n", start, end), -1) + 1
            if at <= start:
                at = text.rfind(" ", start, end) + 1
            end = at if at > start else end
        lines = text.count("\n", start, end)
        if lines > CHUNK_LINES:
            end = start
            for _ in range(CHUNK_LINES):
                end = text.index("\n", end) + 1
        yield text[start:end]
        start = end


def plain(text: str) -> str:
    """Return a text escaped. A carriage return is written as a reference, or the browser would drop it."""
    return escape(text, quote=False).replace("\r", "&#13;")


def _pieces(text: str, reading: Reading) -> Iterator[str]:
    at = 0
    for found in _TOKEN.finditer(text):
        start, end = found.span()
        if found["hidden"]:
            shown = None if belongs(text, start, end) else _mark(found[0], reading.budget)
        else:
            shown = _bracket(text, found, reading)
        if shown is not None:
            yield plain(text[at:start])
            yield shown
            at = end
    yield plain(text[at:])


def _mark(run: str, budget: Budget) -> str:
    if budget.marks <= 0:
        # Beyond the budget one visible character stands for each: positions stay, the effect goes.
        return _LOST * len(run)
    budget.marks -= 1
    label, meaning = name_of(run)
    return f'<i class="mark" data-mark="{escape(label)}" title="{escape(meaning)}">{plain(run)}</i>'


def _bracket(text: str, found: re.Match[str], reading: Reading) -> str | None:
    if reading.budget.links <= 0:
        return None
    inside = found["inside"]
    placeholder = _PLACEHOLDER.fullmatch(inside)
    if placeholder and placeholder[1] in _MASKED:
        reading.budget.links -= 1
        meaning = f"Here stood {_MASKED[placeholder[1]]}. The same number is the same one."
        return f'<span class="masked" tabindex="0" data-means="{meaning}">{plain(found[0])}</span>'
    if inside in reading.places and not text[text.rfind("\n", 0, found.start()) + 1 : found.start()].strip():
        reading.budget.links -= 1
        anchor = reading.places[inside]
        return f'<b class="place" id="{anchor}" tabindex="-1">{plain(found[0])}</b>'
    if reading.citations is None or text[found.end() : found.end() + 1] == "(":
        return None
    pieces = reading.citations.resolve(inside)
    reading.budget.links -= len(pieces)
    if len(pieces) == 1:
        return _cite(found[0], pieces[0][1])
    return plain(found[0][0]) + "".join(_cite(*piece) for piece in pieces) + plain(found[0][-1]) if pieces else None


def _cite(text: str, anchor: str | None) -> str:
    return f'<a class="cite" href="#{anchor}" draggable="false">{plain(text)}</a>' if anchor else plain(text)
