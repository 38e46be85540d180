"""One validator: what each kind accepts, keeps beside the answer, and refuses with the place of the mistake."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.labels.answers import check_answers, needs_item
from reviewapp.http.errors import InvalidError
from sampling.items.content import ItemContent

TEXT = "Der Hund 🐕 bellt; e\u0301 und שלום.\r\nEnde"
ITEM = ItemContent(input="in", output=TEXT, context=None, steps=[{"name": "s", "kind": "tool", "output": "found"}])
PAIR = ItemContent(input="in", output={"a": "one", "b": "two", "c": "three"})


def options(*values):
    return [{"value": value, "label": value} for value in values]


QUESTIONS = {
    "choice": {"options": options("pass", "fail")},
    "multi_choice": {"options": options("tone", "facts", "other"), "max": 2},
    "rating": {"min": 1, "max": 5},
    "text": {"max_length": 5},
    "spans": {"target": "output", "tags": options("claim", "name")},
    "pairwise": {"candidates": ["a", "b"], "tie": True},
    "ranking": {"candidates": ["a", "b", "c"]},
    "correction": {"target": "output"},
    "json": {
        "schema": {
            "type": "object",
            "required": ["total", "lines"],
            "additionalProperties": False,
            "properties": {
                "total": {"type": "number", "minimum": 0},
                "currency": {"enum": ["EUR", "USD"]},
                "day": {"type": "string", "format": "date"},
                "code": {"type": "string", "pattern": "^[A-Z]+$"},
                "lines": {"type": "array", "uniqueItems": True, "items": {"$ref": "#/$defs/line"}},
            },
            "$defs": {"line": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}},
        }
    },
}


def question(kind, key="q", **more):
    return {"key": key, "kind": kind, "title": "?", "required": True, **QUESTIONS[kind], **more}


def check(kind, answer, item=ITEM, **more):
    return check_answers([question(kind, **more)], {"q": answer}, item)


def refusals(kind, answer, item=ITEM, **more):
    with pytest.raises(InvalidError) as refusal:
        check(kind, answer, item, **more)
    assert refusal.value.code == "answers_invalid"
    return [(field.path, field.message) for field in refusal.value.fields]


@pytest.mark.parametrize(
    ("kind", "answer", "item"),
    [
        ("choice", "pass", ITEM),
        ("multi_choice", ["facts", "tone"], ITEM),
        ("rating", 5, ITEM),
        ("text", "five!", ITEM),
        ("spans", [], ITEM),
        ("spans", [{"start": 0, "end": len(TEXT), "tag": "claim"}], ITEM),
        ("pairwise", "b", PAIR),
        ("pairwise", "tie", PAIR),
        ("pairwise", "a", None),
        ("ranking", ["c", "a", "b"], PAIR),
        ("correction", "better", ITEM),
        ("correction", {"any": "thing"}, None),
        ("correction", [{"role": "assistant", "content": "x"}], ItemContent("i", [{"role": "user", "content": "y"}])),
        ("correction", "new", ItemContent("i", None)),
        ("json", {"total": 1.5, "lines": [{"name": "x"}], "day": "2026-02-28", "code": "AB"}, ITEM),
    ],
)
def test_a_valid_answer_is_kept_as_given(kind, answer, item):
    assert check(kind, answer, item).answers == {"q": answer}


@pytest.mark.parametrize(
    ("kind", "answer", "path", "says"),
    [
        ("choice", "maybe", "", "one of pass, fail"),
        ("choice", ["pass"], "", "one of pass, fail"),
        ("multi_choice", "tone", "", "a list of options"),
        ("multi_choice", ["tone", "x"], "1", "one of tone"),
        ("multi_choice", ["tone", {}], "1", "one of tone"),
        ("multi_choice", ["tone", "tone"], "1", "twice"),
        ("multi_choice", ["tone", "facts", "other"], "", "at most 2"),
        ("multi_choice", [], "", "needs an answer"),
        ("rating", 0, "", "from 1 to 5"),
        ("rating", 6, "", "from 1 to 5"),
        ("rating", 2.5, "", "whole number"),
        ("rating", True, "", "whole number"),
        ("rating", "4", "", "whole number"),
        ("text", "sixsix", "", "at most 5"),
        ("text", 3, "", "must be text"),
        ("text", "a\x00", "", "NUL"),
        ("text", "a\ud800", "", "half of a character"),
        ("spans", "all", "", "a list of spans"),
        ("spans", [{"start": 0, "end": 1, "tag": "claim"}] * 1001, "", "1,000"),
        ("spans", [{"start": 0, "end": 1, "tag": "claim"}, {"start": 5, "end": 5, "tag": "claim"}], "1", "empty"),
        ("spans", [{"start": 5, "end": 2, "tag": "claim"}], "0", "empty"),
        ("spans", [{"start": -1, "end": 2, "tag": "claim"}], "0", "from 0"),
        ("spans", [{"start": 0, "end": 2.0, "tag": "claim"}], "0", "whole numbers"),
        ("spans", [{"start": False, "end": 2, "tag": "claim"}], "0", "whole numbers"),
        ("spans", [{"start": 0, "end": len(TEXT) + 1, "tag": "claim"}], "0", "The text has"),
        ("spans", [{"start": 0, "end": 3, "tag": "x"}], "0", "one of claim, name"),
        ("spans", [{"start": 0, "end": 3}], "0", "start, end and tag"),
        ("spans", [{"start": 0, "end": 3, "tag": "claim", "note": ""}], "0", "start, end and tag"),
        ("spans", [{"start": 0, "end": 3, "tag": "claim", "quote": "Die"}], "0", "not the text that stands there"),
        ("spans", [{"start": 0, "end": 3, "tag": "claim", "quote": 3}], "0", "quote"),
        ("correction", {"a": 1}, "", "The output is text"),
        ("correction", 3, "", "corrected text or object"),
        ("correction", [1], "", "corrected text or object"),
        ("correction", "a\x00b", "", "NUL"),
        ("correction", "x" * 1_000_000, "", "1,000,000 bytes"),
        ("json", [], "", "Expected an object"),
        ("json", {"total": -1, "lines": []}, "total", "At least 0"),
        ("json", {"total": 1}, "lines", "required"),
        ("json", {"total": 1, "lines": [{}]}, "lines.0.name", "required"),
        ("json", {"total": "1", "lines": []}, "total", "Expected a number"),
        ("json", {"total": 1, "lines": [], "currency": "GBP"}, "currency", "one of EUR, USD"),
        ("json", {"total": 1, "lines": [], "day": "2026-02-30"}, "day", "no valid date"),
        ("json", {"total": 1, "lines": [], "code": "ab"}, "code", "form"),
        ("json", {"total": 1, "lines": [], "more": 1}, "more", "not expected"),
        ("json", {"total": 1, "lines": [{"name": "x"}, {"name": "x"}]}, "lines.1", "twice"),
        ("json", {"total": float("nan"), "lines": []}, "", "finite"),
        ("json", {"total": 2**70, "lines": []}, "", "64 bits"),
        ("json", {"a\x00": 1}, "", "NUL"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(kind, answer, path, says):
    ((found, message),) = refusals(kind, answer)
    assert found == f"answers.q.{path}".removesuffix(".")
    assert says in message


def test_numbers_that_a_browser_rounds_are_those_of_the_output():
    long, other, twins = 1234567890123456789, -(2**62) - 1, [2**60 + 1, 2**60 + 2]
    item = ItemContent("i", {"id": long, "of": [other, 7], "twins": twins})
    seen = {"id": 1234567890123456800, "of": [-4611686018427388000, 8], "twins": [1152921504606847000] * 2}
    kept = {"id": long, "of": [other, 8], "twins": seen["twins"]}
    form = [{"key": "q", "kind": "json", "title": "?", "schema": {}, "prefill": "output"}]
    correction = [{"key": "q", "kind": "correction", "title": "?", "target": "output"}]
    for questions in (form, correction):
        assert needs_item(questions)
        assert check_answers(questions, {"q": seen}, item).answers == {"q": kept}


@pytest.mark.parametrize("kind", ["pairwise", "ranking"])
@pytest.mark.parametrize("output", ["text", {"a": "only"}, None])
def test_nobody_prefers_what_is_not_there(kind, output):
    answer = "a" if kind == "pairwise" else ["a", "b", "c"]
    ((path, message),) = refusals(kind, answer, ItemContent("i", output))
    assert path == "answers.q"
    assert "Skip it" in message


@pytest.mark.parametrize(("answer", "tie"), [("c", True), ("tie", False), (["a"], True)])
def test_a_preference_is_one_of_the_two_or_an_allowed_tie(answer, tie):
    assert "one of a, b" in refusals("pairwise", answer, PAIR, tie=tie)[0][1]


@pytest.mark.parametrize("answer", [["a", "b"], ["a", "b", "b"], ["a", "b", "c", "a"], "abc", ["a", "b", 3]])
def test_a_ranking_has_every_candidate_once(answer):
    assert "each once" in refusals("ranking", answer, PAIR)[0][1]


def test_all_mistakes_come_at_once():
    spans = [{"start": 3, "end": 3, "tag": "claim"}, {"start": 0, "end": 1, "tag": "x"}]
    with pytest.raises(InvalidError) as refusal:
        check_answers([question("rating", "r"), question("spans", "s")], {"s": spans, "ghost": 1}, ITEM)
    assert [field.path for field in refusal.value.fields] == [
        "answers.ghost",
        "answers.r",
        "answers.s.0",
        "answers.s.1",
    ]


def test_a_rating_sent_as_a_float_is_a_whole_number():
    assert check("rating", 4.0).answers["q"] == 4


def test_at_least_two_may_be_asked_for_and_none_allowed():
    assert "at least 2" in refusals("multi_choice", ["tone"], min=2)[0][1]
    assert check("multi_choice", [], min=0).answers == {"q": []}
    assert check("multi_choice", [], required=False).answers == {}


def test_spans_are_sorted_told_once_and_quoted_in_code_points():
    dog, first = {"start": 9, "end": 10, "tag": "name"}, {"start": 0, "end": 8, "tag": "claim"}
    over = {"start": 4, "end": 9, "tag": "claim"}
    found = check("spans", [dog, over, {**first, "quote": "Der"}, dog])
    assert found.answers == {"q": [first, over, dog]}
    assert found.details == {"q": {"quotes": ["Der Hund", "Hund ", "🐕"]}}


def test_quotes_are_short():
    long = ItemContent("i", "x" * 500)
    found = check("spans", [{"start": 0, "end": 500, "tag": "claim"}], long)
    assert found.details["q"]["quotes"] == ["x" * 80]


def test_without_the_item_what_was_quoted_is_kept_and_no_limit_known():
    found = check("spans", [{"start": 900, "end": 905, "tag": "claim", "quote": "words"}], None)
    assert found.details == {"q": {"quotes": ["words"]}}
    assert check("spans", [{"start": 900, "end": 905, "tag": "claim"}], None).details == {}


def test_a_step_is_marked_in_its_output():
    assert check("spans", [{"start": 0, "end": 5, "tag": "name"}], target="steps.0").details["q"] == {
        "quotes": ["found"]
    }
    assert "The text has 0" in refusals("spans", [{"start": 0, "end": 1, "tag": "name"}], target="steps.1")[0][1]


def test_how_much_a_correction_changed_is_kept():
    item = ItemContent("i", "the cat sat on the mat")
    assert check("correction", "the dog sat on a mat", item).details == {
        "q": {"removed": 2, "added": 2, "changed": 0.3333}
    }
    assert check("correction", "the cat sat on the mat", item).details["q"]["changed"] == 0


CHAIN = [
    question("choice", "verdict"),
    question("multi_choice", "why", show_if={"question": "verdict", "in": ["fail"]}),
    question("rating", "how_bad", show_if={"question": "why", "in": ["facts"]}),
    question("text", "note", required=False, show_if={"question": "how_bad", "in": [4, 5]}),
]


@pytest.mark.parametrize(
    ("answers", "kept"),
    [
        ({"verdict": "pass", "why": ["facts"], "how_bad": 5, "note": "n"}, {"verdict": "pass"}),
        ({"verdict": "fail", "why": ["tone"], "how_bad": 5, "note": "n"}, {"verdict": "fail", "why": ["tone"]}),
        (
            {"verdict": "fail", "why": ["tone", "facts"], "how_bad": 3, "note": "n"},
            {"verdict": "fail", "why": ["tone", "facts"], "how_bad": 3},
        ),
        (
            {"verdict": "fail", "why": ["facts"], "how_bad": 4, "note": "n"},
            {"verdict": "fail", "why": ["facts"], "how_bad": 4, "note": "n"},
        ),
    ],
)
def test_what_a_chain_of_conditions_hides_is_not_stored(answers, kept):
    assert check_answers(CHAIN, answers).answers == kept


def test_a_hidden_question_need_not_be_answered_nor_be_right():
    assert check_answers(CHAIN, {"verdict": "pass", "why": "nonsense"}).answers == {"verdict": "pass"}


def test_only_questions_about_the_content_need_the_item():
    assert not needs_item([question("choice"), question("rating"), question("json"), question("text")])
    assert all(needs_item([question(kind)]) for kind in ("spans", "pairwise", "ranking", "correction"))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("tie"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@given(kind=st.sampled_from(sorted(QUESTIONS)), answer=anything)
def test_whatever_is_sent_is_kept_or_refused_and_what_is_kept_is_valid_again(kind, answer):
    item = PAIR if kind in {"pairwise", "ranking"} else ITEM
    try:
        kept = check(kind, answer, item).answers
    except InvalidError as refusal:
        paths = [field.path for field in refusal.fields]
    else:
        paths = []
        assert check_answers([question(kind)], kept, item).answers == kept
    assert all(path == "answers.q" or path.startswith("answers.q.") for path in paths)


@given(text=st.text(max_size=60), data=st.data())
def test_spans_within_the_text_are_kept_and_quote_it(text, data):
    item = ItemContent("i", text)
    ends = data.draw(st.lists(st.tuples(st.integers(0, 70), st.integers(0, 70), st.sampled_from(["claim", "name"]))))
    spans = [{"start": start, "end": end, "tag": tag} for start, end, tag in ends]
    wrong = [index for index, (start, end, _) in enumerate(ends) if not start < end <= len(text)]
    if wrong:
        assert [path for path, _ in refusals("spans", spans, item)] == [f"answers.q.{index}" for index in wrong]
        return
    found = check("spans", spans, item)
    kept = found.answers["q"]
    assert kept == sorted(kept, key=lambda span: (span["start"], span["end"], span["tag"]))
    assert {tuple(span.values()) for span in kept} == {tuple(span.values()) for span in spans}
    if kept:
        assert found.details["q"]["quotes"] == [text[span["start"] : span["end"]] for span in kept]
