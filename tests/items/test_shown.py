"""How an item reads: conversations, tools, passages and what cites them, steps, trees, marks and placeholders."""

import pytest

from sampling.items.show.hidden import find_any
from tests.items.reading import shown

CONTEXT = [
    {"id": "doc-1", "title": "Warranty", "source": "kb/warranty.md", "text": "24 months.", "score": 0.9, "tags": ["a"]},
    {"id": "doc-2", "text": "No limescale."},
]


def cites(item):
    """Return the text and the passage's number of each citation."""
    return [(one.text, one.attributes["href"].removeprefix("#t1-p")) for one in item.all("a", "cite")]


def unwrap(text, **fields):
    """Return the citations of a plain text."""
    return cites(shown(output=text, **fields))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("So it is [doc-1].", [("[doc-1]", "1")]),
        ("So it is [Doc 2] and [source: 1].", [("[Doc 2]", "2"), ("[source: 1]", "1")]),
        ("Both [1, 2] or [1; doc-2]", [("1", "1"), ("2", "2"), ("1", "1"), ("doc-2", "2")]),
        ("From [1-2]", [("1", "1"), ("2", "2")]),
        ("As [^2] and 【1†source】", [("[^2]", "2"), ("【1†source】", "1")]),
        ("Title [Warranty], file [kb/warranty.md]", [("[Warranty]", "1"), ("[kb/warranty.md]", "1")]),
        ("None of [3], [], [x], a[0], [1](2), [doc-3]", []),
    ],
)
def test_a_citation_leads_to_the_passage_of_that_name_and_else_stays_text(text, found):
    assert unwrap(text, context=CONTEXT) == found


def test_passages_without_names_are_cited_by_position_and_numbers_given_win():
    assert unwrap("[1] [2]", context=["a", "b"]) == [("[1]", "1"), ("[2]", "2")]
    assert unwrap("[1] [7]", context=[{"index": 7, "text": "a"}, {"index": 1, "text": "b"}]) == [
        ("[1]", "2"),
        ("[7]", "1"),
    ]


def test_passages_are_found_in_retrievals_and_the_context_comes_first():
    steps = [{"name": "search", "kind": "retrieval", "output": {"results": [{"text": "r", "id": "r-9"}], "took": 3}}]
    item = shown(output="[1] [r-9]", context=["c"], steps=steps)
    assert cites(item) == [("[1]", "1"), ("[r-9]", "2")]
    assert [one.text for one in item.all("span", "label")] == ["1", "r-9"]
    # In retrieved passages nothing is a citation: they are what is cited.
    assert unwrap("x", context=["[1]"]) == []


def test_lines_of_a_context_that_begin_with_a_name_are_places_to_lead_to():
    item = shown(output="**So** [2].", context="[1] First.\n[2] Second [1].")
    assert [(one.text, one.attributes["id"]) for one in item.all("b", "place")] == [("[1]", "t1-p1"), ("[2]", "t1-p2")]
    assert cites(item) == [("[2]", "2"), ("[2]", "2")]  # in both readings


def test_nothing_is_a_citation_in_code():
    assert unwrap("`a[1]`\n\n    b[2]\n\n```\nc[1]\n```\n**x**", context=CONTEXT) == [
        ("[1]", "1"),
        ("[2]", "2"),
        ("[1]", "1"),
    ]


def test_a_passage_tells_what_else_is_known_of_it():
    item = shown(context=CONTEXT)
    first, second = item.all("li", "passage")
    assert first.all("strong")[0].text == "Warranty"
    assert first.all("span", "beside")[0].text == "score 0.9"
    assert first.all("details", "more")[0].all("span", "key")[0].text == "tags"
    assert not second.all("details")


def test_a_conversation_has_turns_with_tools_called_and_answering():
    call = {"id": "c1", "function": {"name": "track", "arguments": '{"parcel": "NW-1"}'}}
    item = shown(
        input=[
            {"role": "developer", "content": "Be kind."},
            {
                "role": "user",
                "content": [{"type": "text", "text": "Where?"}, {"type": "image_url", "image_url": {"url": "x"}}],
            },
            {"role": "assistant", "content": "", "tool_calls": [call, "odd"]},
            {"role": "tool", "tool_call_id": "c1", "content": '{"late": true}'},
            {"role": "critic", "content": {"ok": False}, "name": "Cleo"},
            {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}, "refusal": None},
            {"role": "user", "content": None},
        ],
        output=[
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "Hm."},
                    {"type": "tool_use", "id": "c2", "name": "pay", "input": {"eur": 3}},
                    {"type": "tool_result", "tool_use_id": "c2", "content": "no", "is_error": True},
                    {"type": "strange", "x": 1},
                ],
            }
        ],
    )
    assert [one.text for one in item.all("p", "who")] == [
        "Developer", "User", "Assistant", "Tool · track", "critic · Cleo", "Assistant", "User", "Assistant",
    ]  # fmt: skip
    blocks = [(*(one.classes - {"block"}), one.all("summary")[0].text) for one in item.all("details", "block")]
    assert blocks == [
        ("media", "Image url, not shown"),
        ("call", "Calls track"),
        ("call", "Calls a tool"),
        ("call", "Calls f"),
        ("thought", "Thinking"),
        ("call", "Calls pay"),
        ("result", "Answer of pay failed"),
    ]
    assert [one.text for one in item.all("span", "string") if "NW" in one.text] == ["NW-1"]


def test_steps_are_a_line_of_time_that_says_where_it_first_failed():
    item = shown(
        steps=[
            {"name": "plan", "kind": "model", "output": "x" * 2_000, "latency_ms": 12},
            {"name": "pay", "kind": "tool", "error": {"code": 402}, "latency_ms": 1_250.0},
            {"name": "tell", "kind": "tool", "error": "again"},
            {"name": "nothing", "kind": "other"},
        ]
    )
    (sum_up,) = item.all("p", "steps-sum")
    assert sum_up.text == "4 steps · step 2, pay failed first"
    assert sum_up.all("a")[0].attributes["href"] == "#t1-s2"
    steps = item.all("li", "step")
    assert ["failed" in step.classes for step in steps] == [False, True, True, False]
    assert [one.text for step in steps for one in step.all("span", "took")] == ["12 ms", "1.2 s"]
    assert ["open" in step.all("details")[0].attributes for step in steps] == [False, True, True, True]


def test_json_is_a_tree_also_where_it_came_as_text():
    item = shown(input={"a": {"b": [1, True, None]}, "c": []}, output='{"note": "two\\nlines"}')
    assert [one.text for one in item.all("span", "key")] == ["a", "b", "c", "note"]
    assert [one.text for one in item.all("span", "word")] == ["true", "null", "[]"]
    assert item.all("span", "long")[0].text == "two\nlines"


@pytest.mark.parametrize("output", [{"a": list(range(3_001))}, '{"a": ', "[1] not JSON", '"x"', {}])
def test_what_is_no_tree_or_too_large_for_one_is_text(output):
    assert not shown(output=output).all("div", "tree")


def test_deep_json_is_text():
    deep = []
    for _ in range(45):
        deep = [deep]
    assert not shown(output={"a": deep}).all("div", "tree")


def test_markdown_is_rendered_where_it_says_more_than_the_text():
    item = shown(output="# One\n\n- **two**\n\n| a |\n|--:|\n| 1 |\n\n```py\nx = 1\n```\n\n> q\n\nline\nbreak ~~no~~")
    (prose,) = item.all("div", "prose")
    assert [len(prose.all(tag)) for tag in ("h4", "li", "table", "pre", "blockquote", "br", "s")] == [1] * 7
    assert prose.all("span", "language")[0].text == "py"
    assert prose.all("td", "right")


@pytest.mark.parametrize(
    "output",
    [
        "Plain words, two lines.\nNo more.",
        "5 * 3 and a_b",
        "a" + "\n**b**" * 5_000,
        "|a" * 101 + "\n" + "|-" * 101 + "\n|b" * 90,
    ],
)
def test_plain_long_or_excessive_texts_are_shown_as_written(output):
    assert not shown(output=output).all("div", "prose")


def test_a_placeholder_says_what_stood_there():
    item = shown(output="Write to [EMAIL_1] or [NATIONAL_ID_2], not [FOO_1].")
    assert [(one.text, one.attributes["data-means"].split(".")[0]) for one in item.all("span", "masked")] == [
        ("[EMAIL_1]", "Here stood an e-mail address"),
        ("[NATIONAL_ID_2]", "Here stood a national id number"),
    ]


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("a\u202eb", ["RLO"]),
        ("a\u200b\u200b\u200bb", ["ZWSP×3"]),
        ("x\U000e0068\U000e0069", ["TAGS “hi”"]),
        ("x" + "".join(chr(0xE0000 + ord("a")) for _ in range(80)), [f"TAGS “{'a' * 60}…”"]),
        ("a\ufe01\ufe02", ["VS×2"]),
        ("a\ufe01", ["VS"]),
        ("a\rb", ["CR"]),
        ("\x1b[0m", ["U+001B"]),
        ("a\u200db", ["ZWJ"]),
        ("\u200dé", ["ZWJ"]),
        ("\U0001f3f4\U000e0067", ["TAGS “g”"]),
        # What belongs to the writing is left alone.
        ("\U0001f469\u200d\U0001f680 می\u200cخواهم 1\ufe0f\u20e3 ❤\ufe0f a\r\nb", []),
        ("\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", []),
    ],
)
def test_what_nobody_would_see_is_marked(text, marks):
    assert [one.attributes["data-mark"] for one in shown(output=text).all("i", "mark")] == marks
    assert find_any(text) == bool(marks)


def test_placeholders_beyond_the_budget_are_plain():
    assert len(shown(output="[IP_1]" * 2_500).all("span", "masked")) == 2_000


def test_details_are_shown_of_the_fields_that_are_known():
    item = shown(model="m-1", confidence=0.5, feedback=None, metadata={"team": "a"})
    assert [one.text for one in item.all("dt")] == ["Model", "Confidence", "Metadata"]


def test_a_long_context_is_folded():
    assert "open" not in shown(context="long " * 1_000).all("details", "fold")[0].attributes


def test_the_switch_is_there_where_something_is_shown_otherwise_than_as_written():
    assert not [one for one in shown(output="plain").all("button") if "data-raw" in one.attributes]
    assert [one for one in shown(output="**bold**").all("button") if "data-raw" in one.attributes]
