"""Several people's answers as one, by kind."""

import pytest

from annotations.labels.combine import combine_answers

OPTIONS = [{"value": value, "label": value} for value in "abc"]
MULTI = {"kind": "multi_choice", "options": OPTIONS}
SPANS = {"kind": "spans"}
EITHER = {"kind": "json", "schema": {"type": "object", "maxProperties": 1}}
RANKING = {"kind": "ranking", "candidates": ["a", "b", "c"]}


def span(start, tag="t"):
    return {"start": start, "end": start + 2, "tag": tag}


@pytest.mark.parametrize(
    ("question", "given", "answer"),
    [
        ({"kind": "rating"}, [3, 4, 4], 4),
        ({"kind": "rating"}, [3, 4], None),
        ({"kind": "pairwise"}, ["a", "tie", "a"], "a"),
        ({"kind": "json"}, [{"x": 1, "y": 2}, {"y": 2, "x": 1}, {}], {"x": 1, "y": 2}),
        ({"kind": "json"}, [{"x": 1, "y": 2}, {"x": 1, "y": 3}, {"x": 2, "y": 2, "z": 1}], {"x": 1, "y": 2}),
        ({"kind": "json"}, [{"x": {"y": 1, "z": 2}}, {"x": {"y": 1}}, {"x": {"z": 2}}], {"x": {"y": 1, "z": 2}}),
        ({"kind": "json"}, [{"x": 1, "y": 2}, {"x": 1}], None),
        (EITHER, [{"x": 1}, {"x": 1}, {"y": 2}, {"y": 2}, {"x": 1, "y": 2}], None),
        ({"kind": "correction"}, ["a b", "a b", "a"], "a b"),
        (MULTI, [["a", "b"], ["b", "c"], ["b"]], ["b"]),
        (MULTI, [["c", "a"], ["a", "c"], ["b"]], ["a", "c"]),
        (MULTI, [["a"], ["a", "b"]], None),
        (MULTI, [["a"], ["b"], ["c"]], []),
        (SPANS, [[span(0), span(5)], [span(0)], [span(0), span(5, "u")]], [span(0)]),
        (SPANS, [[span(0)], []], None),
        (RANKING, [["a", "b", "c"], ["a", "c", "b"], ["b", "a", "c"]], ["a", "b", "c"]),
        (RANKING, [["a", "b", "c"], ["b", "c", "a"], ["c", "a", "b"]], None),
        (RANKING, [["a", "b", "c"], ["b", "a", "c"]], None),
    ],
)
def test_most_peoples_answer_by_kind(question, given, answer):
    assert combine_answers(question, given, by_majority=True) == (answer, False)
    assert combine_answers(question, given, by_majority=False) == (None, False)


@pytest.mark.parametrize(
    ("question", "given"),
    [(MULTI, [["a", "b"], ["b", "a"]]), (SPANS, [[span(0)], [span(0)]]), ({"kind": "json"}, [{"a": 1}])],
)
def test_equal_answers_are_the_answer(question, given):
    assert combine_answers(question, given, by_majority=False) == (given[0], True)
