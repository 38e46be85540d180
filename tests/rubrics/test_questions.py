"""What a rubric may ask: every mistake is refused with its place and its reason."""

import pytest

from annotations.rubrics.publish import parse_rubric
from annotations.rubrics.questions import is_positive, is_shown, primary_question
from reviewapp.http.errors import InvalidError

AB = [{"value": "a", "label": "A"}, {"value": "b", "label": "B"}]
CHOICE = {"key": "q", "kind": "choice", "title": "?", "options": AB}
RATING = {"key": "r", "kind": "rating", "title": "?", "min": 1, "max": 5}
PAIR = {"key": "p", "kind": "pairwise", "title": "?", "candidates": ["a", "b"]}
SPANS = {"key": "s", "kind": "spans", "title": "?", "target": "output", "tags": AB}
JSON = {"key": "j", "kind": "json", "title": "?", "schema": {"type": "object"}}
TEXT = {"key": "t", "kind": "text", "title": "?"}

EVERY_KIND = [
    {**CHOICE, "positive": ["a"]},
    {"key": "m", "kind": "multi_choice", "title": "?", "options": AB, "min": 0, "max": 2},
    {**RATING, "labels": {"1": "poor", "5": "good"}, "positive_from": 4},
    TEXT,
    SPANS,
    PAIR,
    {"key": "k", "kind": "ranking", "title": "?", "candidates": ["a", "b", "c"]},
    {"key": "c", "kind": "correction", "title": "?", "target": "output"},
    {**JSON, "prefill": "output"},
]


def hot(question, **keys):
    """Return the question with keys for its options."""
    name = "tags" if "tags" in question else "options"
    return {**question, name: [{**option, "hotkey": keys.get(option["value"])} for option in question[name]]}


def problems(*questions):
    with pytest.raises(InvalidError) as refusal:
        parse_rubric({"questions": list(questions)})
    assert refusal.value.code == "rubric_invalid"
    return [(field.path, field.message) for field in refusal.value.fields]


def test_every_kind_of_question_is_taken():
    parsed = parse_rubric({"questions": EVERY_KIND})
    assert [question.kind for question in parsed.questions] == [question["kind"] for question in EVERY_KIND]


@pytest.mark.parametrize(
    ("question", "path", "says"),
    [
        ({**CHOICE, "options": AB[:1]}, "options", "at least 2"),
        ({**CHOICE, "title": "a\0b"}, "title", "NUL"),
        ({**CHOICE, "options": [AB[0], AB[0]]}, "", "same value"),
        ({**CHOICE, "positive": ["c"]}, "", "which is no option"),
        ({**CHOICE, "positive": ["a", "b"]}, "", "nothing could ever fail"),
        ({**CHOICE, "colour": "red"}, "colour", "not permitted"),
        ({**CHOICE, "kind": "multi_choice", "min": 3}, "", "min asks for 3 of 2"),
        ({**CHOICE, "kind": "multi_choice", "min": 2, "max": 1}, "", "max is below min"),
        ({**RATING, "max": 1}, "", "above min"),
        ({**RATING, "max": 500}, "", "at most 101 steps"),
        ({**RATING, "labels": {"9": "far"}}, "", "not on the scale"),
        ({**RATING, "labels": ["a", "b", "c"]}, "", "two for the ends, or 5"),
        ({**RATING, "labels": ["a", "b"], "min": "low"}, "min", "integer"),
        ({**RATING, "labels": ["", "b"]}, "labels.1", "at least 1"),
        ({**RATING, "positive_from": 1}, "", "positive_from"),
        ({**RATING, "positive_from": 6}, "", "positive_from"),
        ({**SPANS, "target": "metadata"}, "target", "match"),
        ({**SPANS, "target": "steps.01"}, "target", "match"),
        ({**SPANS, "tags": [AB[0], AB[0]]}, "", "same value"),
        ({**PAIR, "candidates": ["a", "a"]}, "", "the same"),
        ({**PAIR, "candidates": ["a", "tie"]}, "", "called tie"),
        ({**PAIR, "candidates": ["a", "b", "c"]}, "candidates", "at most 2"),
        ({**PAIR, "kind": "ranking", "candidates": ["a", "b", "a"]}, "", "the same"),
        ({"key": "c", "kind": "correction", "title": "?", "target": "input"}, "target", "output"),
        ({**JSON, "schema": {"type": "strange"}}, "", "strange"),
        ({**JSON, "schema": {"$schema": "http://json-schema.org/draft-07/schema#"}}, "", "2020-12"),
        ({**JSON, "schema": {"$schema": 5}}, "", "2020-12"),
        ({**JSON, "schema": {"$ref": "https://example.org/x.json"}}, "", "must stay within the schema"),
        ({**JSON, "schema": {"$ref": "#/$defs/none"}}, "", "nothing at"),
        ({**JSON, "schema": {"$ref": "#"}}, "", "without end"),
        ({**JSON, "schema": {"if": {"type": "object"}, "$ref": "#"}}, "", "without end"),
        ({**JSON, "schema": {"pattern": "(?=x)"}}, "", "RE2"),
        ({**JSON, "schema": {"properties": {"n": {"patternProperties": {"(?<=a)b": {}}}}}}, "", "RE2"),
        ({**JSON, "schema": {"patternProperties": {"a": {}}, "unevaluatedProperties": False}}, "", "together"),
        ({**JSON, "schema": {"description": "x" * 100_001}}, "", "100,000 bytes"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_at_its_place(question, path, says):
    ((found, message),) = problems(question)
    assert found == f"questions.0.{path}".removesuffix(".")
    assert says in message


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["poor", "good"], {"1": "poor", "5": "good"}),
        (list("abcde"), {"1": "a", "2": "b", "3": "c", "4": "d", "5": "e"}),
        ({"3": "fair"}, {"3": "fair"}),
    ],
)
def test_labels_of_a_scale_are_kept_by_number(given, kept):
    (question,) = parse_rubric({"questions": [{**RATING, "labels": given}]}).questions
    assert question.labels == kept


def test_a_word_that_is_no_kind_is_refused():
    ((path, message),) = problems({"key": "q", "kind": "stars", "title": "?"})
    assert path == "questions.0"
    assert "stars" in message


def test_names_that_look_like_keywords_are_no_keywords():
    schema = {"properties": {"pattern": {"type": "string"}, "$ref": {"const": {"pattern": "(?="}}}}
    parse_rubric({"questions": [{**JSON, "schema": schema}]})


def test_schemas_that_explode_are_refused():
    bomb = {f"l{n}": {"allOf": [{"$ref": f"#/$defs/l{n + 1}"}] * 2} for n in range(40)}
    schema = {"$defs": {**bomb, "l40": {}}, "$ref": "#/$defs/l0"}
    ((_, message),) = problems({**JSON, "schema": schema})
    assert "without end" in message


def test_a_rubric_may_claim_letters_of_the_page_and_a_key_in_two_questions():
    assert len(parse_rubric({"questions": [hot(CHOICE, a="p", b="f"), hot(SPANS, a="f", b="x")]}).questions) == 2


@pytest.mark.parametrize(
    ("questions", "path", "says"),
    [
        ([hot(CHOICE, a="?")], "questions.0.options.0.hotkey", "one of the page's own keys"),
        ([hot(CHOICE, a="p", b="p")], "questions.0.options.1.hotkey", "stands for both 'a' of 'q' and 'b' of 'q'"),
        ([hot(SPANS, a="p", b="p")], "questions.0.tags.1.hotkey", "both 'a' of 's' and 'b' of 's'"),
        ([hot(CHOICE, a=" ")], "questions.0.options.0.hotkey", "match"),
        ([CHOICE, CHOICE], "questions.1.key", "two questions have the key 'q'"),
        ([{**CHOICE, "primary": True}, {**RATING, "primary": True}], "questions.1.primary", "only one"),
        ([{**CHOICE, "show_if": {"question": "q", "in": ["a"]}}], "questions.0.show_if", "no earlier"),
        ([TEXT, {**CHOICE, "show_if": {"question": "t", "in": ["a"]}}], "questions.1.show_if", "no earlier"),
        ([CHOICE, {**TEXT, "show_if": {"question": "q", "in": ["c"]}}], "questions.1.show_if", "do not exist: c"),
        ([RATING, {**TEXT, "show_if": {"question": "r", "in": [5, 6]}}], "questions.1.show_if", "do not exist: 6"),
        (
            [{**PAIR, "tie": False}, {**TEXT, "show_if": {"question": "p", "in": ["tie"]}}],
            "questions.1.show_if",
            "do not exist: tie",
        ),
    ],
)
def test_questions_that_do_not_fit_together_are_refused_at_their_place(questions, path, says):
    ((found, message),) = problems(*questions)
    assert found == path
    assert says in message


@pytest.mark.parametrize(
    ("asked", "value"),
    [(CHOICE, "a"), ({**CHOICE, "kind": "multi_choice"}, "b"), (RATING, 3), (PAIR, "tie"), (PAIR, "b")],
)
def test_choices_ratings_and_comparisons_can_show_a_question(asked, value):
    parse_rubric({"questions": [asked, {**TEXT, "show_if": {"question": asked["key"], "in": [value]}}]})


def test_a_list_shows_a_question_by_any_of_its_values():
    question = {**TEXT, "show_if": {"question": "m", "in": ["b", "c"]}}
    assert is_shown(question, {"m": ["a", "b"]})
    assert not is_shown(question, {"m": ["a"]})
    assert not is_shown(question, {})


def test_the_primary_question_is_the_marked_one_else_the_first_that_can_fail():
    graded = {**RATING, "positive_from": 3}
    assert primary_question([TEXT, CHOICE]) is None
    assert primary_question([CHOICE, graded, {**CHOICE, "key": "z", "positive": ["a"]}]) == "r"
    assert primary_question([graded, {**PAIR, "primary": True}]) == "p"


def test_pass_and_fail_come_from_the_question():
    assert is_positive({**CHOICE, "positive": ["a"]}, "a") is True
    assert is_positive({**CHOICE, "positive": ["a"]}, "b") is False
    assert [is_positive({**RATING, "positive_from": 4}, n) for n in (3, 4)] == [False, True]
    assert is_positive(PAIR, "a") is None
