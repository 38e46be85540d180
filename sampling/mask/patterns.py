"""Compiling our patterns: RE2 over bytes, one byte a character. Linear in the text whatever stands in it."""

from typing import Any

import re2

# What folds into a blank or a dash, and the marks between digits, for patterns over text as it is written.
BLANK = r"[ \x{a0}\x{1680}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}]"
DASH = r"[\-\x{58a}\x{5be}\x{2010}-\x{2015}\x{2212}\x{2e3a}\x{2e3b}\x{301c}\x{fe31}\x{fe32}\x{fe58}\x{fe63}]"
MARK = rf"(?:{BLANK}|{DASH}|[.()/+])"


def compile_folded(pattern: bytes, *, across_lines: bool = False) -> Any:
    """Return the pattern compiled for the `folded` bytes of a passage."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.dot_nl = across_lines
    options.log_errors = False  # it would write to stderr past our logs
    return re2.compile(pattern, options)


def compile_text(pattern: str) -> Any:
    """Return the pattern compiled for text as it is written."""
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)


def compile_utf8(pattern: str, *, max_mem: int = 64 << 20) -> Any:
    """Return the pattern compiled for UTF-8 bytes."""
    options = re2.Options()
    options.max_mem = max_mem
    options.log_errors = False
    return re2.compile(pattern.encode(), options)
