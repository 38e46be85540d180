"""A person's path through item after item by keyboard alone, for each kind of question, every label stored once."""

import re
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import expect

from annotations.models import Label
from annotations.queue.invariants import list_violations
from tests.browser.screen import ANSWER, INVOICE, SCHEMA, options, press


class Path(NamedTuple):
    """A question, the output it is asked about, and by item: the keys (a text is typed) and what must be stored.

    `by_place` says that the answer names candidates by their place on the screen, which differs from item to item.
    """

    question: dict[str, Any]
    keys: Any
    answer: Any
    output: Any = ANSWER
    by_place: bool = False


class Typed(str):
    """Text that is typed rather than a key that is pressed."""


PATHS = {
    "choice": Path(
        {"kind": "choice", "options": options("Pass", "Fail")},
        lambda n: [str(n % 2 + 1), "Enter"],
        lambda n: ["pass", "fail"][n % 2],
    ),
    "multi_choice": Path(
        {"kind": "multi_choice", "options": options("Tone", "Facts", "Other")},
        lambda n: [str(n % 3 + 1), str((n + 1) % 3 + 1), "Enter"],
        lambda n: sorted([["tone", "facts", "other"][n % 3], ["tone", "facts", "other"][(n + 1) % 3]]),
    ),
    "rating": Path({"kind": "rating", "min": 1, "max": 5}, lambda n: [str(n % 5 + 1), "Enter"], lambda n: n % 5 + 1),
    "text": Path({"kind": "text"}, lambda n: ["n", Typed(f"s{n}z"), "Control+Enter"], lambda n: f"s{n}z"),
    "spans": Path(
        {"kind": "spans", "target": "output", "tags": options("Wrong", "Rude")},
        lambda n: ["m", *["ArrowRight"] * (n % 3), "Control+Shift+ArrowRight", "1", "Control+Enter"],
        None,
    ),
    "pairwise": Path(
        {"kind": "pairwise", "candidates": ["a", "b"]},
        lambda n: [str(n % 2 + 1), "Enter"],
        lambda n: n % 2,
        {"a": "one", "b": "two"},
        by_place=True,
    ),
    "ranking": Path(
        {"kind": "ranking", "candidates": ["a", "b"]},
        lambda n: [str(n % 2 + 1), "Enter"],
        lambda n: [n % 2, 1 - n % 2],
        {"a": "one", "b": "two"},
        by_place=True,
    ),
    "correction": Path(
        {"kind": "correction"},
        lambda n: ["n", "Control+End", Typed(f" {n}"), "Control+Enter"],
        lambda n: f"{ANSWER} {n}",
    ),
    "json": Path(
        {"kind": "json", "schema": SCHEMA, "prefill": "output"},
        lambda n: ["n", "Control+a", Typed(f"B-{n}"), "Control+Enter"],
        lambda n: {**INVOICE, "number": f"B-{n}", "date": "2026-11-20"},
        {**INVOICE, "date": "2026-11-20"},
    ),
}


@pytest.mark.parametrize("count", [4, pytest.param(50, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", PATHS)
def test_a_day_by_keyboard_alone(ask, project, kind, count):
    path = PATHS[kind]
    page = ask({"key": "it", **path.question}, output=path.output, count=count)
    number = -1
    for _ in range(count):
        number = another_on_screen(page, number)
        for key in path.keys(number):
            page.keyboard.type(key) if isinstance(key, Typed) else press(page, key)
    expect(page.get_by_role("heading", name="All done")).to_be_visible()
    expect(page.locator("#saving")).to_be_empty()
    labels = list(Label.objects.order_by("item_id"))
    assert [label.item.external_id for label in labels] == [f"item-{number}" for number in range(count)]
    for number, label in enumerate(labels):
        assert label.answers["it"] == expected(path, number, label)
    assert list_violations(project.pk) == []


def another_on_screen(page, last):
    """Wait for an item other than the last one; return its number. Two requests may bring theirs in either order."""
    heading = page.get_by_role("heading", name=re.compile(rf"^Item item-(?!{last}$)\d+$"))
    expect(heading).to_be_visible()
    return int(heading.inner_text().rpartition("-")[2])


def expected(path, number, label):
    """Return what must be stored of an item."""
    given = label.answers["it"]
    if path.answer is None:  # spans: one word, whose quote is in the details
        (span,) = given
        assert span["tag"] == "wrong"
        assert ANSWER[span["start"] : span["end"]].strip()
        return given
    answer = path.answer(number)
    if path.by_place:
        order = label.details["it"]["order"]
        return [order[place] for place in answer] if isinstance(answer, list) else order[answer]
    # The order of several choices is the rubric's.
    return given if isinstance(answer, list) and sorted(given) == answer else answer
