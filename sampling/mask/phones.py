"""Phone numbers: international ones anywhere, national ones where their form or the words around them say so.

Digits alone prove little, as every order number is some country's phone number. So: with `+` and a country's code, the
numbering plan decides. Without, the form has to be one in which people write phone numbers and plans have such a number
(a leading 0, 415-555-2671, 612 345 678), and no word may say that it is an order, a date or a price. Without any form,
a word has to say that it is a phone number.
"""

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

import phonenumbers
import re2
from phonenumbers import NumberParseException, PhoneMetadata

from sampling.mask.contexts import PHONE_WORDS, Context, context_of
from sampling.mask.rows import DigitRow

_MAX_PHONE = 15  # E.164
_MIN_BARE = 8
_FRENCH_PAIRS = 5
# Countries with a leading 0, and those whose numbers are written without one in groups of three.
_ZERO = """
AE AT AU BA BD BE BG CH CN DE EG FI FR GB GH HR ID IE IL IN IR IT JP KE KR LK MA MD MK MY NG NL NZ PE PH PK RO
RS SA SE SI SK TH TR TW TZ UA UG VN ZA
"""
_TRUNK_ZERO = tuple(_ZERO.split())
_THREES = ("ES", "PL", "PT", "CZ", "SK", "GR")
_DAY, _MONTH, _YEAR, _PART = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:19|20)\d\d", r"( ?[-./] ?| )"
_DATE = re.compile(
    rf"{_YEAR}{_PART}{_MONTH}\1{_DAY}(?:\D.*)?|{_DAY}{_PART}{_MONTH}\2{_YEAR}(?:\D.*)?|{_MONTH}{_PART}{_DAY}\3{_YEAR}(?:\D.*)?"
    rf"|{_YEAR} ?[-/] ?{_YEAR}|{_MONTH}/{_YEAR}.*"
)
_DECIMAL = re.compile(r"\d+\.\d+")
_MONEY_BEFORE = re.compile(r"(?:[$€£¥₹₽]|\b(?:usd|eur|gbp|chf|inr|jpy|pln|rs)\.?) ?$")
_UNIT_BEHIND = re.compile(
    r"[,.]\d| ?(?:[$€£¥₹₽%°]"
    r"|(?:usd|eur|euros?|gbp|chf|inr|jpy|pln|zł|kč|czk|ft|huf|kr|sek|nok|dkk|lei|ron|руб|dollars?|people|users|million|kg|km|m|[kmg]b|bytes|tokens|rows|items|[mnuµ]?s|seconds?|times|calls)\b)"
)
# The forms in which numbers without a leading 0 are written (see `DigitRow.shape`), and what the digits have to be.
_NANP, _BRAZIL, _RUSSIA = r"1?[2-9]\d{9}", r"[1-9]\d(?:9\d{8}|[2-5]\d{7})", r"[78][3-9]\d{9}"
_FORMS: dict[str, re.Pattern[str]] = {
    **{f"3{a}3{b}4": re.compile(_NANP) for a in " .)-/" for b in " .-"},
    **{f"1{c}3{a}3{b}4": re.compile(_NANP) for c in " .(-" for a in " .)-" for b in " .-"},
    **{f"2{a}{b}-4": re.compile(_BRAZIL) for a in " )" for b in "45"},
    **{f"1{c}3{a}3{b}2{b}2": re.compile(_RUSSIA) for c in " (-" for a in " )-" for b in " -"},
    "3 4 4": re.compile(r"1[3-9]\d{9}"),
    "3-4-4": re.compile(r"1[3-9]\d{9}"),
    "5 5": re.compile(r"[6-9]\d{9}"),  # India
}
_THREES_FORMS = frozenset({"3 3 3", "3-3-3"})  # which are thousands, too
_PAIRS_FORMS = frozenset({"3 2 2 2", "2 3 2 2"})
_LONE_ZERO = re.compile(r"1[ (]3[ )]3[ -](?:2[ -]2|4)")


def find_phone(row: DigitRow) -> str | None:
    """Return the number that the row is (with `+` where its country is known), or None."""
    digits = row.digits
    if len(digits) > _MAX_PHONE or (row.is_part_of_a_word and not _has_extension(row)):
        return None
    plus = row.left.rstrip(b" (").endswith(b"+")
    if plus or (digits.startswith("00") and len(digits) >= 11 and digits[2] != "0" and not row.previous):
        return _international(digits if plus else digits[2:], row.groups)
    has_form = _has_form(row)
    if not has_form and not row.passage.may_hold(PHONE_WORDS):
        return None
    if _is_no_phone(row):
        return None
    context = context_of(row.passage, row.start, row.end)
    if context is Context.PHONE and _may_be_said(row):
        return digits
    if not has_form or context is Context.OTHER or (row.is_part_of_a_name and not _has_extension(row)):
        return None
    return digits


def _has_extension(row: DigitRow) -> bool:
    return row.right[:1] in {b"x", b"X"} and not (row.left[-1:].isalnum() or row.left[-1:] == b"_")


def _is_no_phone(row: DigitRow) -> bool:
    """Tell whether the form says that it is a date, a decimal, a price, or a list of years."""
    folded = row.passage.folded
    written = folded[row.start : row.end].decode("ascii")
    if _DATE.fullmatch(written) or _DECIMAL.fullmatch(written) or len(set(row.digits)) == 1:
        return True
    if all(len(group) == 4 and group[:2] in {"19", "20"} for group in row.groups):
        return True
    before, after = row.passage.text_before(row.start), row.passage.after(row.end)
    return bool(_MONEY_BEFORE.search(before) or _UNIT_BEHIND.match(after))


def _may_be_said(row: DigitRow) -> bool:
    """Tell whether a row that is called a phone number can be one.

    Seven digits without a mark are many things, so the word has to be right before them.
    """
    if len(row.groups) == 1 and len(row.digits) < _MIN_BARE:
        clause = row.passage.clause_before(row.start)
        return PHONE_WORDS.last_in(clause) == len(clause.text.rstrip(" :=-.\"'("))
    return len(row.groups) <= 6 and not (len(row.groups) > 1 and all(len(group) == 1 for group in row.groups))


def _has_form(row: DigitRow) -> bool:
    digits, shape = row.digits, row.shape
    if digits.startswith("0"):
        return _has_zero_form(row)
    form = _FORMS.get(shape)
    if form is not None:
        return form.fullmatch(digits) is not None
    if shape in _PAIRS_FORMS:
        return _is_number_of(_THREES, "general", digits)
    if shape in _THREES_FORMS:  # not the end of 2 147 483 647
        return not row.is_within_digits and _is_number_of(_THREES, "mobile", digits)
    return False


def _has_zero_form(row: DigitRow) -> bool:
    """Tell whether a row that begins with 0 looks and counts as a national number."""
    digits, shape = row.digits, row.shape
    if not 8 <= len(digits) <= 13 or digits.startswith("00"):
        return False
    if len(row.groups[0]) == 4 and row.previous == 4:
        return False  # the end of 4539 1488 0343 6468
    if len(row.groups) == 1:
        return _is_number_of(_TRUNK_ZERO, "mobile", digits[1:])
    marks = set(re.sub(r"\d", "", shape)) - {" ", "(", ")"}
    if "/" in marks and shape.index("/") == 1:
        marks.discard("/")
    if len(marks) > 1 or "/" in marks or ("." in marks and " " in shape):
        return False
    if row.groups[0] == "0":
        return bool(_LONE_ZERO.fullmatch(shape)) and _is_number_of(_TRUNK_ZERO, "mobile", digits[1:])
    if not 2 <= len(row.groups[0]) <= 6 or any(len(group) == 1 for group in row.groups[1:]):
        return False
    pairs = all(len(group) == 2 for group in row.groups)
    if pairs and (len(row.groups) != _FRENCH_PAIRS or _is_counting(row.groups) or row.is_within_digits):
        return False
    return _is_number_of(_TRUNK_ZERO, "general", digits[1:])


def _is_counting(groups: Iterable[str]) -> bool:
    numbers = [int(group) for group in groups]
    return all(after - before == 1 for before, after in pairwise(numbers))


@cache
def _plans(regions: tuple[str, ...], kind: str) -> Any:
    """Return the numbering plans of regions as one pattern over national numbers."""
    patterns = set()
    for region in regions:
        plan = PhoneMetadata.metadata_for_region(region)
        part = plan and (plan.general_desc if kind == "general" else plan.mobile)
        if part and part.national_number_pattern:
            patterns.add(part.national_number_pattern)
    return re2.compile("|".join(f"(?:{pattern})" for pattern in sorted(patterns)))


def _is_number_of(regions: tuple[str, ...], kind: str, digits: str) -> bool:
    return _plans(regions, kind).fullmatch(digits) is not None


def _international(digits: str, groups: tuple[str, ...]) -> str | None:
    if "0" in groups[1:2]:  # +49 (0)171 …
        digits = groups[0] + "".join(groups[2:])
    return _parsed(digits)


@lru_cache(maxsize=4096)
def _parsed(digits: str) -> str | None:
    """Return the number in E.164, or None where no country has such numbers. Invented ones of a right length count."""
    try:
        number = phonenumbers.parse("+" + digits, None)
    except NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
