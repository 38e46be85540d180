"""Retrieved passages, and which passage a citation in an answer means.

The rule is tolerant about form and strict about existence: `[1]`, `[doc-2]`, `[^3]`, `[1, 2]`, `[2-4]` and
`【1†source】` are citations where a passage has that name, and stay plain text where none has. A passage is named by
its own id, title or source, and else by its position, from 1.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_TEXT = ("text", "content", "page_content", "snippet", "passage", "chunk", "body", "excerpt", "document")
_NAME = ("id", "doc_id", "document_id", "chunk_id", "ref", "citation", "index", "number")
_TITLE = ("title", "heading", "name")
_SOURCE = ("source", "url", "uri", "link", "path", "file", "filename")
_LISTS = ("documents", "passages", "sources", "chunks", "results", "hits", "contexts", "matches", "retrieved")

# "doc-2", "Source 2" and "2" are one name; "doc-two" stays what it is.
_PREFIX = re.compile(r"^(?:doc(?:ument)?|source|passage|ref(?:erence)?|chunk|cit(?:e|ation)|context)[\s_#:.-]*(?=\d)")
_LINE_NAME = re.compile(r"^[ \t]*\[([^\[\]\n]{1,60})\](?!\()", re.MULTILINE)
_RANGE = re.compile(r"(\d{1,4})(\s*[-–]\s*)(\d{1,4})")
_BETWEEN = re.compile(r"(\s*[,;]\s*)")


@dataclass(frozen=True, slots=True)
class Found:
    """One retrieved passage: its text, what it is called, and what else was said of it."""

    text: str
    names: tuple[str, ...]
    title: str
    source: str
    rest: dict[str, Any]


def find_passages(value: Any) -> tuple[list[Found], dict[str, Any]]:
    """Return the passages in a context or a retrieval's output, with what stood beside their list; none is ([], {})."""
    if isinstance(value, dict):
        key = next((name for name in _LISTS if isinstance(value.get(name), list)), None)
        inner = _list_of(value[key]) if key else []
        return (inner, {name: one for name, one in value.items() if name != key}) if inner else ([], {})
    return (_list_of(value) if isinstance(value, list) else []), {}


def _list_of(values: list[Any]) -> list[Found]:
    found: list[Found] = []
    for value in values:
        if isinstance(value, str):
            found.append(Found(value, (), "", "", {}))
            continue
        text_key = next((key for key in _TEXT if isinstance(value, dict) and isinstance(value.get(key), str)), None)
        if text_key is None or "role" in value:
            return []
        names, title, source = (_first(value, keys) for keys in (_NAME, _TITLE, _SOURCE))
        used = {text_key, *(key for key, _ in (names, title, source))}
        rest = {key: one for key, one in value.items() if key not in used and one is not None}
        found.append(Found(value[text_key], (names[1],) if names[1] else (), title[1], source[1], rest))
    return found


def _first(value: Mapping[str, Any], keys: Sequence[str]) -> tuple[str, str]:
    for key in keys:
        one = value.get(key)
        if (isinstance(one, str) and one) or (isinstance(one, int) and not isinstance(one, bool)):
            return key, str(one)
    return "", ""


@dataclass
class Citations:
    """Which names mean which passage; `ids` are the ids of elements on the page."""

    prefix: str
    count: int = 0
    _exact: dict[str, str] = field(default_factory=dict)
    _loose: dict[str, str] = field(default_factory=dict)

    def add(self, passages: Sequence[Found]) -> list[str]:
        """Name a list of passages and return the id of each. What was named earlier keeps its name."""
        ids = [self._next_id() for _ in passages]
        numbered = any(name.isdecimal() for found in passages for name in found.names)
        for position, (found, anchor) in enumerate(zip(passages, ids, strict=True), 1):
            for name in (*found.names, found.title, found.source, "" if numbered else str(position)):
                self._name(name, anchor)
        return ids

    def add_lines(self, text: str) -> dict[str, str]:
        """Name the places of a text whose lines begin with `[name]`; return the id for each name, as written."""
        names = dict.fromkeys(found[1] for found in _LINE_NAME.finditer(text[:200_000]))
        anchors = {name: self._next_id() for name in list(names)[:500]}
        for name, anchor in anchors.items():
            self._name(name, anchor)
        return anchors

    def find(self, name: str) -> str | None:
        """Return the id of the passage that a name means, or None."""
        key = name.strip().lstrip("^").casefold()
        return self._exact.get(key) or self._loose.get(_PREFIX.sub("", key))

    def resolve(self, inside: str) -> list[tuple[str, str | None]]:
        """Split what stands in brackets into pieces of text, each with the id it leads to; [] where nothing does."""
        inside_name = inside.split("†", 1)[0]
        if whole := self.find(inside_name):
            return [(inside, whole)]
        pieces: list[tuple[str, str | None]] = []
        for piece in _BETWEEN.split(inside):
            span = _RANGE.fullmatch(piece)
            if span and not self.find(piece):
                pieces += [(span[1], self.find(span[1])), (span[2], None), (span[3], self.find(span[3]))]
            else:
                pieces.append((piece, self.find(piece)))
        return pieces if any(anchor for _, anchor in pieces) else []

    def _next_id(self) -> str:
        self.count += 1
        return f"{self.prefix}-p{self.count}"

    def _name(self, name: str, anchor: str) -> None:
        key = name.strip().casefold()
        if key:
            self._exact.setdefault(key, anchor)
            self._loose.setdefault(_PREFIX.sub("", key), anchor)
