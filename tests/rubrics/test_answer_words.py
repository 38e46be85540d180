"""Answers in words, as they stand beside each other on an item's page."""

import pytest

from annotations.labels.words import answer_words

FALSE = {"value": "f", "label": "False"}


@pytest.mark.parametrize(
    ("question", "answer", "words"),
    [
        ({"kind": "spans", "tags": [FALSE]}, [{"start": 1, "end": 3, "tag": "f"}], "False: 1–3"),
        ({"kind": "choice", "options": [{"value": "a", "label": "Ay"}]}, "a", "Ay"),
        ({"kind": "choice", "options": []}, "gone", "gone"),
        ({"kind": "multi_choice", "options": [{"value": "a", "label": "Ay"}]}, ["a", "b"], "Ay, b"),
        ({"kind": "multi_choice", "options": []}, [], "none"),
        ({"kind": "rating", "labels": {"1": "bad"}}, 1, "1 (bad)"),
        ({"kind": "rating"}, 3, "3"),
        ({"kind": "ranking"}, ["b", "a"], "b > a"),
        ({"kind": "pairwise"}, "tie", "tie"),
        ({"kind": "text"}, "x" * 700, "x" * 600 + "…"),
        ({"kind": "json"}, {"a": 1}, '{\n  "a": 1\n}'),
        ({"kind": "text"}, None, ""),
        (
            {"kind": "spans", "tags": [{"value": "f", "label": "False"}]},
            [{"start": 1, "end": 3, "tag": "f"}],
            "False: 1–3",
        ),
        ({"kind": "spans", "tags": []}, [], "none"),
    ],
)
def test_answers_read_as_they_were_meant(question, answer, words):
    assert answer_words(question, answer) == words


def test_spans_are_told_by_what_they_quote():
    question = {"kind": "spans", "tags": [{"value": "f", "label": "False claim"}]}
    answer = [{"start": 1, "end": 3, "tag": "f"}, {"start": 5, "end": 6, "tag": "x"}]
    assert answer_words(question, answer, {"quotes": ["ab", ""]}) == "False claim: “ab”\nx: 5–6"
