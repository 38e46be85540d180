"""E-mail addresses, also with an `[at]` or a `(dot)` in brackets. What is spelt in words only stays."""

from collections.abc import Iterator

import re2

from sampling.mask.kinds import Finding, Kind
from sampling.mask.passage import Passage
from sampling.mask.patterns import BLANK, compile_folded

TRIGGER = rf"[^\s\"(\[{{<]@[^\s\"@]|(?i:[(\[{{]{BLANK}?(?:at|ät|@){BLANK}?[)\]}}])"

_LOCAL = rb"[A-Za-z0-9\xe9_](?:[A-Za-z0-9\xe9_.!#$%&*+~'^-]{0,63}[A-Za-z0-9\xe9_+-])?"
_LABEL = rb"[A-Za-z0-9\xe9](?:[A-Za-z0-9\xe9-]{0,61}[A-Za-z0-9\xe9])?"
_TOP = rb"(?:[A-Za-z\xe9]{2,24}|(?i:xn--[a-z0-9-]{2,59}))"
_PLAIN = compile_folded(_LOCAL + rb"@(?:" + _LABEL + rb"\.)+" + _TOP)
_AT = rb"(?: ?[\[({] ?(?i:at|\xe9t|@) ?[\])}] ?)"
_DOT = rb"(?:\.| ?[\[({] ?(?i:dot|punkt|point|punto|\.) ?[\])}] ?)"
_BRACKETED = compile_folded(_LOCAL + _AT + rb"(?:" + _LABEL + _DOT + rb")+" + _TOP)
_SPACES = re2.compile(r"[\s\[\](){}]")

# Names of files, as in logo@2x.png, and of programs that log in, as in git@github.com:org/repo.
_FILES = frozenset({"png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "js", "jsx", "ts", "tsx", "css", "html", "json"})
_PROGRAMS = ("git@", "hg@", "svn@")


def find_emails(passage: Passage) -> Iterator[Finding]:
    """Yield the e-mail addresses of a passage."""
    for match in _PLAIN.finditer(passage.folded):
        start, end = match.span()
        text = match.group().decode("latin-1").lower()
        if text.rpartition(".")[2] in _FILES:
            continue
        if text.startswith(_PROGRAMS) and passage.folded[end : end + 1] in {b":", b"/"}:
            continue
        yield _found(passage, start, end)
    if b"@" not in passage.folded or b"[" in passage.folded or b"(" in passage.folded or b"{" in passage.folded:
        for match in _BRACKETED.finditer(passage.folded):
            yield _found(passage, *match.span())


def _found(passage: Passage, start: int, end: int) -> Finding:
    start, end = passage.place(start, end)
    return Finding(start, end, Kind.EMAIL, passage.text[start:end].casefold())
