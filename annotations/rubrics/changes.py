"""What changed between two rubric versions, as a reader needs it: whole blocks, and the words within them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Literal, NamedTuple, Protocol

Kind = Literal["same", "added", "removed"]
_WORD = re.compile(r"\s+|\w+|[^\w\s]")
# Two blocks that share less than this are not one that was reworded; and so long ones are shown whole.
ALIKE = 0.4
MOST_WORDS = 2000


class Version(Protocol):
    """What is compared of a version."""

    guidelines: str
    questions: list[dict[str, Any]]


class Part(NamedTuple):
    """A run of words that is in both, only in the new, or only in the old version."""

    kind: Kind
    text: str


class Change(NamedTuple):
    """One block that changed, in order; `about` says whether it is of the guidelines or of the questions."""

    about: Literal["guidelines", "questions"]
    parts: list[Part]


def list_changes(before: Version, after: Version) -> list[Change]:
    """Return the blocks that differ, guidelines first; an empty list where a reader would see the same."""
    return [
        *(Change("guidelines", parts) for parts in _compare(_paragraphs(before), _paragraphs(after))),
        *(Change("questions", parts) for parts in _compare(_asked(before), _asked(after))),
    ]


def _paragraphs(version: Version) -> list[str]:
    return [block.strip() for block in re.split(r"\n\s*\n", version.guidelines) if block.strip()]


def _asked(version: Version) -> list[str]:
    return [text for question in version.questions for text in _words_of(question)]


def _words_of(question: Mapping[str, Any]) -> Iterator[str]:
    yield str(question["title"])
    if question.get("help"):
        yield str(question["help"])
    for option in [*question.get("options", ()), *question.get("tags", ())]:
        yield f"– {option['label']}"


def _compare(before: Sequence[str], after: Sequence[str]) -> Iterator[list[Part]]:
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        old, new = list(before[i1:i2]), list(after[j1:j2])
        for text in new:
            former = next((other for other in old if _are_alike(other, text)), None)
            if former is None:
                yield [Part("added", text)]
                continue
            for other in old[: old.index(former)]:
                yield [Part("removed", other)]
            del old[: old.index(former) + 1]
            yield list(_reworded(former, text))
        for text in old:
            yield [Part("removed", text)]


def _are_alike(one: str, other: str) -> bool:
    old, new = _WORD.findall(one), _WORD.findall(other)
    if max(len(old), len(new)) > MOST_WORDS:
        return False
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    return matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE


def _reworded(before: str, after: str) -> Iterator[Part]:
    old, new = _WORD.findall(before), _WORD.findall(after)
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield Part("same", "".join(old[i1:i2]))
            continue
        if i2 > i1:
            yield Part("removed", "".join(old[i1:i2]))
        if j2 > j1:
            yield Part("added", "".join(new[j1:j2]))
