"""Questions about a text: patterns, lengths, what it contains."""

from collections.abc import Callable
from typing import TypeAlias

import re2

from sampling.checks.body import ContainsCheck, LengthCheck, NotContainsCheck, PatternCheck
from sampling.checks.findings import PASSED, Finding, Question, failed, shortened
from sampling.checks.targets import Facts, text_of

Fold: TypeAlias = Callable[[str], str]
_PATTERN_MEMORY = 4 * 1024 * 1024


def compile_pattern(pattern: str, *, ignore_case: bool = False) -> "re2._Regexp":
    """Return a pattern that takes linear time whatever it meets, or raise ValueError saying what is wrong with it."""
    options = re2.Options()
    options.max_mem = _PATTERN_MEMORY
    options.log_errors = False
    options.case_sensitive = not ignore_case
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0]
        raise ValueError(said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)) from None


def pattern_question(check: PatternCheck) -> Question:
    """Return the question of a `pattern` check."""
    search = compile_pattern(check.pattern, ignore_case=check.ignore_case).search
    if check.match:
        return lambda value, facts: PASSED if search(text_of(value)) else failed("Nothing matches the pattern.")

    def finds_none(value: object, facts: Facts) -> Finding:
        found = search(text_of(value))
        return failed(f"“{shortened(found[0])}” matches.") if found else PASSED

    return finds_none


def length_question(check: LengthCheck) -> Question:
    """Return the question of a `length` check."""
    low, high = check.min or 0, check.max
    words, unit = check.unit == "words", check.unit

    def measure(value: object, facts: Facts) -> Finding:
        text = text_of(value)
        length = len(text.split()) if words else len(text)
        if length < low:
            return failed(f"{length:,} {unit}, fewer than {low:,}.")
        return failed(f"{length:,} {unit}, more than {high:,}.") if high is not None and length > high else PASSED

    return measure


def contains_question(check: ContainsCheck) -> Question:
    """Return the question of a `contains` check."""
    fold, wanted = _folding(ignore_case=check.ignore_case, values=check.values)

    def all_of(value: object, facts: Facts) -> Finding:
        text = fold(text_of(value))
        missing = next((shown for shown, part in wanted if part not in text), None)
        return PASSED if missing is None else failed(f"“{shortened(missing)}” is not in it.")

    def any_of(value: object, facts: Facts) -> Finding:
        text = fold(text_of(value))
        return PASSED if any(part in text for _, part in wanted) else failed("None of the values is in it.")

    return all_of if check.how_many == "all" else any_of


def not_contains_question(check: NotContainsCheck) -> Question:
    """Return the question of a `not_contains` check."""
    fold, unwanted = _folding(ignore_case=check.ignore_case, values=check.values)

    def none_of(value: object, facts: Facts) -> Finding:
        text = fold(text_of(value))
        found = next((shown for shown, part in unwanted if part in text), None)
        return PASSED if found is None else failed(f"“{shortened(found)}” is in it.")

    return none_of


def _folding(*, ignore_case: bool, values: list[str]) -> tuple[Fold, list[tuple[str, str]]]:
    fold: Fold = str.casefold if ignore_case else _as_it_is
    return fold, [(value, fold(value)) for value in values]


def _as_it_is(text: str) -> str:
    return text
