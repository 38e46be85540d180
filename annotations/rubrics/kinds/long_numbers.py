"""Whole numbers of more than 53 bits, such as ids: a browser rounds them when it reads them.

A form begins with the output, so what comes back holds what the browser made of its numbers. Where that is so, nobody
meant to change them.
"""

from collections.abc import Iterator
from typing import Any

from sampling.items.content import number_text

_EXACT = 2**53


def restore_long_numbers(answer: Any, original: Any) -> Any:
    """Return the answer with the original's whole numbers in place of what a browser rounds them to.

    Where two of them are rounded to the same, nobody knows which was meant: the answer stays as it came.
    """
    rounded: dict[int, int | None] = {}
    for number in set(_long_numbers(original)):
        shown = int(number_text(number))
        rounded[shown] = None if shown in rounded else number
    return _replaced(answer, {shown: number for shown, number in rounded.items() if number is not None})


def _long_numbers(value: Any) -> Iterator[int]:
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _long_numbers(one)
    elif type(value) is int and abs(value) > _EXACT:
        yield value


def _replaced(value: Any, exact: dict[int, int]) -> Any:
    if not exact:
        return value
    if isinstance(value, dict):
        return {name: _replaced(one, exact) for name, one in value.items()}
    if isinstance(value, list):
        return [_replaced(one, exact) for one in value]
    return exact.get(value, value) if type(value) is int else value
