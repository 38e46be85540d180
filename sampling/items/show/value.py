"""One value of an item made ready to be read: as written, and where it says more as prose, a tree or passages."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from sampling.items.content import is_messages, text_of, text_of_message
from sampling.items.show.markdown import show_markdown
from sampling.items.show.passages import Citations, Found, find_passages
from sampling.items.show.text import Budget, Reading, show_chunks, show_text
from sampling.items.show.tree import parse_json, show_tree
from sampling.items.show.turns import NOTHING, ROLES, Turn, read_turns

# What else is said of a passage stands beside its title where it is short, such as a score.
_SHORT = 40
_MOST_BESIDE = 4


@dataclass(frozen=True, slots=True)
class Passage:
    """A retrieved passage: where citations lead."""

    anchor: str
    label: SafeString
    title: SafeString
    source: SafeString
    beside: tuple[tuple[SafeString, SafeString], ...]
    body: SafeString
    rest: SafeString


@dataclass(frozen=True, slots=True)
class Value:
    """A value in its readings. `raw` holds its text and nothing else; `kind` says what there is beside it."""

    kind: str
    raw: SafeString
    length: int
    rendered: SafeString = NOTHING
    turns: tuple[Turn, ...] = ()
    passages: tuple[Passage, ...] = ()


@dataclass
class Reader:
    """Reads one item's values, with one budget and one set of citations for all of them."""

    citations: Citations
    budget: Budget = field(default_factory=Budget)
    places: dict[int, dict[str, str]] = field(default_factory=dict)
    anchors: dict[int, list[str]] = field(default_factory=dict)

    def name_passages(self, value: Any) -> None:
        """Give the passages in a value their names, before anything that may cite them is read."""
        if isinstance(value, str):
            if places := self.citations.add_lines(value):
                self.places[id(value)] = places
            return
        found, _ = find_passages(value)
        if found:
            self.anchors[id(value)] = self.citations.add(found)

    def read(self, value: Any, *, cites: bool = True, whole: bool = True, text: str | None = None) -> Value:
        """Return a value to be shown. `whole` asks for its text also where another reading is there to be seen first.

        `text` is the value's text where it is known already.
        """
        text = text_of(value) if text is None else text
        if not text:
            return Value("nothing", NOTHING, 0)
        reading = Reading(self.citations if cites else None, self.places.get(id(value), {}), self.budget)
        shown = self._show(value, text, reading)
        kind, rendered, turns, passages = shown
        raw = NOTHING
        if whole or kind == "plain":
            raw = _safe(_transcript(value, reading) if kind == "messages" else show_chunks(text, reading))
        return Value(kind, raw, len(text), rendered, turns, passages)

    def best(self, value: Any, *, cites: bool = True) -> SafeString:
        """Return the one reading of a value that says most, as HTML with its own box."""
        text = text_of(value)
        reading = Reading(self.citations if cites else None, budget=self.budget)
        kind, rendered, *_ = self._show(value, text, reading, parts=False)
        if kind == "plain":
            looks = "text" if isinstance(value, str) else "text object"
            return _safe(f'<div class="{looks}" dir="auto">{show_chunks(text, reading)}</div>')
        return rendered

    def _show(
        self, value: Any, text: str, reading: Reading, *, parts: bool = True
    ) -> tuple[str, SafeString, tuple[Turn, ...], tuple[Passage, ...]]:
        if isinstance(value, str):
            tree = None if reading.places else show_tree(parse_json(value), reading)
            prose = None if reading.places or tree else show_markdown(text, reading)
            if prose is not None:
                return "markdown", _safe(f'<div class="prose" dir="auto">{prose}</div>'), (), ()
        else:
            if parts and is_messages(value):
                return "messages", NOTHING, tuple(read_turns(value, self.best, self._name)), ()
            if parts and (anchors := self.anchors.get(id(value))):
                found, beside = find_passages(value)
                passages = tuple(self._passages(found, anchors))
                return "passages", self.best(beside) if beside else NOTHING, (), passages
            tree = show_tree(value, reading)
        return ("json", _safe(tree), (), ()) if tree is not None else ("plain", NOTHING, (), ())

    def _passages(self, found: list[Found], anchors: list[str]) -> Iterator[Passage]:
        for position, (one, anchor) in enumerate(zip(found, anchors, strict=True), 1):
            short = {key: text_of(said) for key, said in one.rest.items() if isinstance(said, int | float | str)}
            short = dict([(key, said) for key, said in short.items() if len(said) <= _SHORT][:_MOST_BESIDE])
            rest = {key: said for key, said in one.rest.items() if key not in short}
            yield Passage(
                anchor=anchor,
                label=self._name(one.names[0] if one.names else str(position)),
                title=self._name(one.title),
                source=self._name(one.source),
                beside=tuple((self._name(key), self._name(said)) for key, said in short.items()),
                body=self.best(one.text, cites=False),
                rest=self.best(rest, cites=False) if rest else NOTHING,
            )

    def _name(self, text: str) -> SafeString:
        return _safe(show_text(text[:300], Reading(budget=self.budget)))

    def name(self, text: str) -> SafeString:
        """Return a short text such as a tool's name, with what hides in it made visible."""
        return self._name(text)


def _transcript(messages: list[dict[str, Any]], reading: Reading) -> str:
    """Return messages as their text, each in a block that says whose it is; the lines between are there, unseen."""
    blocks = []
    for message in messages:
        role = message["role"]
        who = f' data-who="{ROLES[role]}"' if role in ROLES else ""
        blocks.append(f'<div class="said"{who}>{show_chunks(text_of_message(message), reading)}</div>')
    return '<div class="gap">\n\n</div>'.join(blocks)


def _safe(html: str) -> SafeString:
    """Say that HTML which the modules beside this one made is safe: every character in it went through `plain`."""
    return mark_safe(html)  # noqa: S308
