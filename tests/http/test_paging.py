"""Cursors lead to the next page of their own list, and of no other."""

import pytest

from reviewapp.http.errors import MalformedError
from reviewapp.http.paging import page_of, read_cursor


def page(rows, limit=2, of="list"):
    return page_of(rows, limit=limit, of=of, key=lambda row: [row, "x"])


def test_one_row_more_than_the_limit_makes_a_cursor_of_the_last_one_shown():
    found = page([1, 2, 3])
    assert found.results == [1, 2]
    assert read_cursor(found.next, of="list") == [2, "x"]


@pytest.mark.parametrize("rows", [[], [1], [1, 2]])
def test_the_last_page_has_no_cursor(rows):
    assert page(rows) == (rows, None)


@pytest.mark.parametrize("text", [None, ""])
def test_no_cursor_is_the_first_page(text):
    assert read_cursor(text, of="list") is None


@pytest.mark.parametrize("kind", ["word", "pair", "accent", "shortened", "of another list"])
def test_what_is_no_cursor_of_this_list_is_malformed(kind):
    texts = {"word": "x", "pair": "1:2", "accent": "é", "shortened": page([1, 2, 3]).next[:-1]}
    with pytest.raises(MalformedError) as refused:
        read_cursor(texts.get(kind) or page([1, 2, 3], of="other").next, of="list")
    assert (refused.value.status, refused.value.code) == (400, "bad_cursor")
    assert [field.path for field in refused.value.fields] == ["cursor"]
