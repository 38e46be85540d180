"""Numbers as people write them: groups of digits with blanks, dashes, dots and brackets between them.

One run of groups may hold a date, a card and a phone number one after the other, so every row of neighbouring groups is
looked at, the longest first, from left to right. What a row is, three recognisers say in this order: a card, a national
id, a phone number.
"""

from collections.abc import Callable, Iterator

from sampling.mask.cards import find_card
from sampling.mask.kinds import Finding, Kind
from sampling.mask.national_numbers import find_national_number
from sampling.mask.passage import Passage
from sampling.mask.phones import find_phone
from sampling.mask.rows import DigitRow, Run, list_runs

_RECOGNISERS: tuple[tuple[Kind, Callable[[DigitRow], str | None]], ...] = (
    (Kind.CARD, find_card),
    (Kind.NATIONAL_ID, find_national_number),
    (Kind.PHONE, find_phone),
)


def find_numbers(passage: Passage) -> Iterator[Finding]:
    """Yield the cards, national ids of digits, and phone numbers of a passage."""
    for run in list_runs(passage):
        first = 0
        while first < len(run):
            found, first = _find_from(run, first)
            if found is not None:
                yield found


def _find_from(run: Run, first: int) -> tuple[Finding | None, int]:
    """Return what the longest row from this group is that is anything, and the group to go on from."""
    if run.is_list_of_digits(first):
        return None, first + 1
    rows = run.rows_from(first)
    for kind, recognise in _RECOGNISERS:
        for behind, row in rows:
            value = recognise(row)
            if value is not None:
                return Finding(*row.passage.place(_opened(row), row.end), kind, value), behind
    return None, first + 1


def _opened(row: DigitRow) -> int:
    """Return where the row begins with the `+` or the bracket before it."""
    start = row.start
    folded = row.passage.folded
    if folded[start - 1 : start] == b"(" and b")" in folded[start : row.end]:
        start -= 1
    if folded[start - 1 : start] == b"+":
        start -= 1
    return start
