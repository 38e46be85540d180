"""Spans counted in an item's text as it was sent, moved to the text as it is stored.

Somebody marked spans before the item came here and was masked. The text in which spans count is put together from the
texts of messages, parts and JSON (`content.text_of`); this walks the stored content in the same way, and tells for each
place that was masked where it lay in the text as it was sent. Where a masked part of JSON held a quote or a backslash,
what comes behind it in the same text may be off by those characters.
"""

from collections.abc import Iterator, Mapping, Sequence
from json import dumps
from typing import Any, NamedTuple

from sampling.items.content import ItemContent, is_messages, is_text_parts, text_of
from sampling.mask.spans import Span, move_spans
from sampling.mask.texts import Edit
from sampling.models import ItemMask

Edits = Mapping[str, Sequence[Edit]]


class _Piece(NamedTuple):
    """A piece of the text: where it comes from (None: it was put between), and whether it is written as JSON."""

    text: str
    path: str | None = None
    as_json: bool = False


def masked_items(item_ids: Sequence[int]) -> dict[int, Edits]:
    """Return what was masked in the texts of items, by item and path; items in which nothing was are left out."""
    rows = ItemMask.objects.filter(item_id__in=item_ids).values_list("item_id", "edits")
    return {item_id: {path: [Edit(*edit) for edit in kept] for path, kept in edits.items()} for item_id, edits in rows}


def spans_as_stored(spans: Sequence[Span], *, target: str, content: ItemContent, edits: Edits) -> list[Span]:
    """Return spans over the text of a target as it was sent, as they lie in the stored text."""
    return move_spans(spans, list(_edits_of(_pieces_of(content, target), edits)))


def _edits_of(pieces: Iterator[_Piece], edits: Edits) -> Iterator[Edit]:
    """Yield the edits of the whole text, in order, with places in the text as it was sent."""
    at = 0
    for piece in pieces:
        grown = 0  # by how much the piece is longer than it was
        for edit in edits.get(piece.path, ()) if piece.path else ():
            length = edit.end - edit.start
            before = edit.start + (_escapes(piece.text, edit.start + grown) if piece.as_json else 0)
            yield Edit(at + before, at + before + length, edit.placeholder)
            grown += len(edit.placeholder) - length
        at += len(piece.text) - grown


def _escapes(written: str, start: int) -> int:
    """Return how many characters JSON adds before a place of a text: the quote, and a backslash for each that needs it.

    `written` is the masked text as JSON; before the place it is what was sent.
    """
    added, seen, at = 1, 0, 1
    while seen < start and at < len(written) - 1:
        width = 1 if written[at] != "\\" else 6 if written[at + 1] == "u" else 2
        added += width - 1
        at += width
        seen += 1
    return added


def _pieces_of(content: ItemContent, target: str) -> Iterator[_Piece]:
    if target.startswith("steps."):
        number = int(target.removeprefix("steps."))
        step = (content.steps or [])[number : number + 1]
        part = next((name for name in ("output", "input", "error") if step and text_of(step[0].get(name))), None)
        return _pieces(step[0][part], f"steps/{number}/{part}") if part else iter(())
    value = {"input": content.input, "output": content.output, "context": content.context}[target]
    return _pieces(value, target)


def _pieces(value: Any, path: str) -> Iterator[_Piece]:
    """Yield the pieces that `text_of` puts together."""
    if value is None:
        return
    if isinstance(value, str):
        yield _Piece(value, path)
    elif is_text_parts(value):
        for index, part in enumerate(value):
            yield from (_Piece("\n"),) if index else ()
            yield _Piece(part["text"], f"{path}/{index}/text")
    elif is_messages(value):
        for index, message in enumerate(value):
            yield from (_Piece("\n\n"),) if index else ()
            yield from _message_pieces(message, f"{path}/{index}")
    else:
        yield from _json_pieces(value, path, "\n")


def _message_pieces(message: dict[str, Any], path: str) -> Iterator[_Piece]:
    yield from _pieces(message["content"], f"{path}/content")
    rest = {name: value for name, value in message.items() if name not in {"role", "content"}}
    if rest and text_of(message["content"]):
        yield _Piece("\n")
    if rest:
        yield from _json_pieces(rest, path, "\n")


def _json_pieces(value: Any, path: str, line: str) -> Iterator[_Piece]:
    if isinstance(value, str):
        yield _Piece(dumps(value, ensure_ascii=False), path, as_json=True)
    elif not isinstance(value, dict | list) or not value:
        yield _Piece(text_of([value])[4:-2])
    else:
        opened, closed = "{}" if isinstance(value, dict) else "[]"
        deeper = line + "  "
        yield _Piece(opened)
        for index, key in enumerate(sorted(value, key=_utf16) if isinstance(value, dict) else range(len(value))):
            name = f"{dumps(key, ensure_ascii=False)}: " if isinstance(value, dict) else ""
            yield _Piece(("," if index else "") + deeper + name)
            yield from _json_pieces(value[key], f"{path}/{key}", deeper)
        yield _Piece(line + closed)


def _utf16(name: str) -> bytes:
    return name.encode("utf-16-be", "surrogatepass")
