"""Guidelines as safe HTML: Markdown without raw HTML, then an allow-list without images.

A line that begins with **Good:** or **Bad:** is an example, and looks like one.
"""

import re
from collections.abc import Iterator, Sequence

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

TAGS = {
    "a", "blockquote", "br", "code", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "span", "strong",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
_EXAMPLE = re.compile(r"(good|bad)( example)?:?$", re.IGNORECASE)


def render_guidelines(text: str) -> SafeString:
    """Return the HTML of a guideline text; whatever is written in it, no script, style, form or image comes out.

    Headings start at the second level: the page has its own first.
    """
    tokens = _markdown.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1]) + 1)}"
        if token.type == "inline" and token.children:
            token.children = [child for line in _lines(token.children) for child in _marked(line)]
    html = _markdown.renderer.render(tokens, _markdown.options, {})
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href"}, "ol": {"start"}},
        allowed_classes={"span": {"example", "good", "bad"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    return mark_safe(clean)  # noqa: S308 — cleaned in the line above


def _lines(children: Sequence[Token]) -> Iterator[list[Token]]:
    line: list[Token] = []
    for child in children:
        line.append(child)
        if child.type in {"softbreak", "hardbreak"}:
            yield line
            line = []
    yield line


def _marked(line: list[Token]) -> list[Token]:
    """Return the line, inside an element of its own where it begins as an example does."""
    words = [token for token in line if token.content or token.nesting]  # an empty text may stand before the bold word
    if len(words) < 3 or words[0].type != "strong_open" or words[2].type != "strong_close":
        return line
    found = _EXAMPLE.match(words[1].content.strip())
    if found is None:
        return line
    opening = Token("example_open", "span", 1, attrs={"class": f"example {found[1].lower()}"})
    return [opening, *line, Token("example_close", "span", -1)]
