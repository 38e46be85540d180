"""CSV that streams and that a spreadsheet does not compute."""

import csv
import io
from datetime import UTC, datetime

import pytest

from reviewapp.http.csv_rows import csv_cell, csv_rows


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
def test_text_that_looks_like_a_formula_is_quoted(text):
    assert csv_cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (-4, -4),
        (0.5, 0.5),
        ("a=b", "a=b"),
        ({"a": [1]}, '{"a":[1]}'),
        (datetime(2026, 11, 21, tzinfo=UTC), "2026-11-21T00:00:00+00:00"),
    ],
)
def test_other_values_stand_as_they_are(value, cell):
    assert csv_cell(value) == cell


def test_rows_can_be_read_back():
    data = b"".join(csv_rows(["id", "text"], [[1, 'a "b",\nc'], [2, "ü"]]))
    assert list(csv.reader(io.StringIO(data.decode(), newline=""))) == [["id", "text"], ["1", 'a "b",\nc'], ["2", "ü"]]


def test_pieces_come_while_rows_are_still_made():
    rows = iter([["x" * 1000]] * 10_000)
    next(csv_rows(["text"], rows))
    assert len(list(rows)) > 9900


def test_a_lone_surrogate_does_not_stop_the_file():
    assert b"".join(csv_rows(["t"], [["a\ud800"]])) == b"t\r\na?\r\n"
