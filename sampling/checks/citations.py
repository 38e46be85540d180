"""Whether what an answer quotes and cites is there: in the item's context, or in what its retrieval steps returned.

Quotations are what stands in quotation marks or in a Markdown block quote; an ellipsis parts a quotation into pieces
that must follow each other in one source. References are `[2]`, `[1, 3]`, `[2-4]` and `[some-id]` where a source has
that id. Space, case, quotation marks, dashes and Markdown emphasis make no difference; words do.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any, NamedTuple

from sampling.checks.body import CitationCheck
from sampling.checks.findings import PASSED, Finding, Question, failed, not_applicable, shortened
from sampling.checks.targets import Facts, text_of

MAX_PASSAGES = 1000
_MARKS = '“„«">['
_QUOTED = re.compile(r"“([^“”]+)”|„([^„“”]+)[“”]|«([^«»]+)»|(?<!\w)\"([^\"]+)\"(?!\w)")
_BLOCK = re.compile(r"(?:^[ \t]*>[^\n]*(?:\n|\Z))+", re.MULTILINE)
_REFERENCE = re.compile(r"\[([^\[\]\n]{1,80})\](?!\()")
_NUMBERS = re.compile(r"\s*\d{1,4}(?:\s*[,;–-]\s*\d{1,4})*\s*")
_ELLIPSIS = re.compile(r"\[?(?:…|\.\.\.)\]?")
_FOLD = str.maketrans(
    {**dict.fromkeys("“”„«»\"'’‘‚`*_", ""), **dict.fromkeys("–—‐‑−", "-"), "\u00a0": " ", "\u00ad": "", "…": "..."}
)
_IDS = ("id", "doc_id", "document_id", "source", "name", "title", "url")
_CONTENTS = ("content", "text", "page_content", "passage", "snippet", "output", "body")
_LISTS = ("documents", "docs", "results", "passages", "chunks", "sources", "hits", "matches", "items")
_PASSAGES = ("quote", "text", "passage", "content")


class Source(NamedTuple):
    """One document that an answer may quote: its texts folded for comparison, and the names it may be cited by."""

    text: str
    names: frozenset[str]


def citation_question(check: CitationCheck) -> Question:
    """Return the question of a `citation` check."""

    def is_backed(value: Any, facts: Facts) -> Finding:
        text = text_of(value)
        passages, references, sources = [], [], []
        if any(mark in text for mark in _MARKS):  # most answers quote nothing, and need no more than this look
            passages = [passage for passage in _passages(value) if len(passage.split()) >= check.min_words]
            sources = list(_sources(facts))
            references = list(_references(text, sources))
        if len(passages) + len(references) < max(check.at_least, 1):
            missing = f"{len(passages) + len(references)} quotations and references, fewer than {check.at_least}."
            return failed(missing) if check.at_least else not_applicable("Nothing is quoted or cited.")
        if not sources and facts.get("context") is None and not _retrievals(facts):
            return not_applicable("There is neither context nor a retrieval step.")
        for number in references:
            if isinstance(number, int) and not 1 <= number <= len(sources):
                return failed(f"[{number}] is cited, and there are {len(sources)} sources.")
        for passage in passages[:MAX_PASSAGES]:
            if not any(_holds(source.text, passage) for source in sources):
                return failed(f"“{shortened(passage)}” is in no source.")
        return PASSED

    return is_backed


def _passages(value: Any) -> Iterator[str]:
    """Yield what is quoted; each element of a list of citations is a quotation as a whole."""
    if isinstance(value, list):
        for each in value:
            quoted = next((each[key] for key in _PASSAGES if key in each), None) if isinstance(each, dict) else each
            if isinstance(quoted, str):
                yield quoted
        return
    text = text_of(value)
    for block in _BLOCK.finditer(text):
        yield re.sub(r"^[ \t]*>[ \t]?", "", block[0], flags=re.MULTILINE)
    for quotation in _QUOTED.finditer(_BLOCK.sub("\n", text)):
        yield next(part for part in quotation.groups() if part is not None)


def _references(text: str, sources: list[Source]) -> Iterator[int | str]:
    """Yield the sources that are cited: by number, or by a name that one of them has."""
    for found in _REFERENCE.finditer(text):
        inner = found[1].strip()
        if _NUMBERS.fullmatch(inner):
            for part in re.split(r"\s*[,;]\s*", inner):
                ends = [int(number) for number in re.findall(r"\d+", part)]
                yield ends[0]
                if len(ends) > 1:
                    yield ends[-1]
        elif any(inner.casefold() in source.names for source in sources):
            yield inner


def _holds(source: str, passage: str) -> bool:
    """Tell whether the pieces of a passage follow each other in a source."""
    at = 0
    for piece in _ELLIPSIS.split(passage):
        wanted = _folded(piece).strip(" .,;:!?()-")
        if not wanted:
            continue
        at = source.find(wanted, at)
        if at < 0:
            return False
        at += len(wanted)
    return True


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).translate(_FOLD).casefold().split())


def _sources(facts: Facts) -> Iterator[Source]:
    yield from _documents(facts.get("context"))
    for step in _retrievals(facts):
        yield from _documents(step)


def _retrievals(facts: Facts) -> list[Any]:
    """Return what the retrieval steps gave back; steps are objects as sent in, or rows as stored."""
    found = []
    for step in facts.get("steps") or ():
        kind, output = (step.get("kind"), step.get("output")) if isinstance(step, dict) else (step.kind, step.output)
        if kind == "retrieval":
            found.append(output)
    return found


def _documents(value: Any) -> Iterator[Source]:
    """Yield the documents of a context: the elements of a list, wherever it stands; anything else is one."""
    if value is None:
        return
    if isinstance(value, dict):
        inner = next((value[key] for key in _LISTS if isinstance(value.get(key), list)), None)
        value = [value] if inner is None else inner
    for each in value if isinstance(value, list) else [value]:
        if each is not None:
            yield Source(_folded(_content(each)), _names(each))


def _content(document: Any) -> str:
    if isinstance(document, dict):
        texts = [text_of(document[key]) for key in _CONTENTS if document.get(key) is not None]
        if texts:
            return "\n".join(texts)
    return text_of(document)


def _names(document: Any) -> frozenset[str]:
    if not isinstance(document, dict):
        return frozenset()
    return frozenset(str(document[key]).strip().casefold() for key in _IDS if isinstance(document.get(key), str | int))
