"""What is shown as written is the stored text to the character, so that positions on the page are positions in it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampling.items.content import ItemContent, text_of
from sampling.items.show.text import CHUNKED_OVER, cut
from tests.items.reading import shown, written

# Postgres holds neither NUL nor lone surrogates; ingest refuses them.
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
HARD = [
    "a\r\nb\rc\n",
    "\U0001f469\u200d\U0001f680 e\u0301\u0323",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f 1\ufe0f\u20e3",
    "شلوم \u202eabc\u202c \u2067x\u2069 می\u200cخواهم",
    "a\u200bb\u200b\u200bc\ufeff \U000e0068\U000e0069 x\ufe00\ufe01\ufe02",
    "\x01\x08\x0b\x0c\x1b\x7f\x80\x9f\xa0\xad",
    "[1] [doc-2] [EMAIL_1] 【1†s】 <b>&amp;</b> [[1]]",
    "\n\nleading and trailing\n\n",
]


@pytest.mark.parametrize("text", HARD)
@pytest.mark.parametrize("target", ["input", "output", "context"])
def test_hard_texts_are_kept_to_the_character(text, target):
    assert written(shown(**{target: text}), target) == text


@given(texts)
def test_any_text_is_kept_to_the_character(text):
    item = shown(output=text, steps=[{"name": "s", "kind": "tool", "output": text}])
    assert written(item, "output") == written(item, "steps.0") == text


def test_every_form_of_value_is_kept_to_the_character():
    call = {"id": "c1", "function": {"name": "find", "arguments": '{"q": "[1]\u202e"}'}}
    fields = {
        "input": [{"role": "user", "content": "a\r\n"}, {"role": "assistant", "content": None, "tool_calls": [call]}],
        "output": {"b": ["x\u200b", 1.0, None], "a": {}},
        "context": [{"id": 1, "text": "**p**"}, "q"],
        "steps": [
            {"name": "a", "kind": "retrieval", "output": [{"text": "t"}], "input": "i"},
            {"name": "b", "kind": "tool", "input": {"x": 1}},
            {"name": "c", "kind": "tool", "error": "e"},
            {"name": "d", "kind": "model", "input": "same", "output": "same"},
        ],
    }
    item = shown(**fields)
    content = ItemContent(fields["input"], fields["output"], fields["context"], fields["steps"])
    for target in ("input", "output", "context", "steps.0", "steps.1", "steps.2", "steps.3"):
        assert written(item, target) == content.text(target)


def test_a_megabyte_is_kept_to_the_character_in_blocks():
    text = ("The quick brown \U0001f98a jumps over [1].\r\n" * 400 + "x" * 40_000 + "\n" * 5_000) * 16
    item = shown(output=text)
    assert written(item, "output") == text
    assert len(item.all("div", "chunk")) < len(text) / 500


@given(st.lists(st.sampled_from(["word ", "\n", "\r\n", "x" * 9_000, "\U0001f680"]), max_size=400))
def test_blocks_are_bounded_and_together_are_the_text(parts):
    text = "".join(parts)
    pieces = list(cut(text))
    assert "".join(pieces) == text
    assert all(0 < len(piece) <= 8_192 and piece.count("\n") <= 100 for piece in pieces)
    assert not any(one.endswith("\r") and two.startswith("\n") for one, two in pairwise(pieces))


def test_more_hidden_characters_than_can_be_marked_are_replaced_one_by_one():
    text = "a\u202e\u200b" * 4_000
    shown_text = written(shown(output=text), "output")
    assert len(shown_text) == len(text)
    assert shown_text.endswith("a\ufffd\ufffd")
    assert len(text) < CHUNKED_OVER


def test_a_value_of_nothing_is_said_to_be_nothing():
    for nothing in (None, ""):
        item = shown(output=nothing)
        assert [one.text for one in item.all("p", "absent")] == ["None: the input itself is judged"]
    assert text_of([{"role": "user", "content": ""}]) == ""
