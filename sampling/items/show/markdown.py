"""Markdown of unknown origin as HTML: no HTML of its own, no images, and links that say where they lead.

Links are buttons that carry their address: browsers look up and prefetch what anchors name before anybody clicks, which
would let an answer carry out what it knows. The address stands behind every link's text.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, cast

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from sampling.items.show.text import Reading, show_text

MARKDOWN_UP_TO = 20_000
_MOST_CELLS = 8_000  # each row is filled up to all columns, so that few characters could make a great many cells
_LONGEST_ADDRESS = 300

_MAY_BE = re.compile(r"[*_`#>|~\[<&\\]|^\s*(?:[-+]|\d{1,9}[.)])\s|^ {4}|\n[-=]{2,}\s*$", re.MULTILINE)
_PLAIN = frozenset({"paragraph_open", "paragraph_close", "text", "softbreak"})
_TAGS = {
    "a", "b", "blockquote", "br", "button", "code", "div", "em", "h4", "h5", "h6", "hr", "i", "li", "ol", "p", "pre",
    "s", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "draggable"},
    "button": {"type", "data-href"},
    "div": {"tabindex", "role", "aria-label"},
    "i": {"data-mark", "title"},
    "ol": {"start"},
    "span": {"data-means", "tabindex"},
}
_CLASSES = {
    "a": {"cite"},
    "button": {"go"},
    "div": {"table-wrap"},
    "i": {"mark"},
    "span": {"address", "language", "masked", "no-image", "no-link"},
    "td": {"right", "center"},
    "th": {"right", "center"},
}


def show_markdown(text: str, reading: Reading) -> str | None:
    """Return the HTML of a Markdown text, or None where it would read as the text itself does, or is too long."""
    if len(text) > min(MARKDOWN_UP_TO, reading.budget.markdown) or not _MAY_BE.search(text):
        return None
    lines = text.split("\n")
    if len(lines) * max(line.count("|") for line in lines) > _MOST_CELLS:
        return None
    tokens = _markdown.parse(text)
    inner = (child for token in tokens if token.type == "inline" for child in token.children or ())
    if all(token.type in _PLAIN or token.type == "inline" for token in tokens) and all(
        token.type in _PLAIN for token in inner
    ):
        return None
    reading.budget.markdown -= len(text)
    html = _markdown.renderer.render(tokens, _markdown.options, cast(Any, _Env(reading)))
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes=_CLASSES,
        url_schemes=set(),
        link_rel=None,
    )


@dataclass
class _Env:
    """What the rules share: how texts are read, and the open links, each with the address to tell behind it."""

    reading: Reading
    links: list[tuple[str, str]] = field(default_factory=list)

    def plainly(self) -> Reading:
        """Return the reading for texts in which nothing is a citation: code, addresses, and links' own texts."""
        return Reading(budget=self.reading.budget)


Rule = Callable[[Token, _Env], str]


def _as_markdown_it_calls_it(rule: Rule) -> Callable[[Any, Sequence[Token], int, OptionsDict, Any], str]:
    return lambda _renderer, tokens, index, _options, env: rule(tokens[index], env)


def _text(token: Token, env: _Env) -> str:
    return show_text(token.content, env.plainly() if env.links else env.reading)


def _code(token: Token, env: _Env) -> str:
    return f"<code>{show_text(token.content, env.plainly())}</code>"


def _code_block(token: Token, env: _Env) -> str:
    language = token.info.strip()[:40]
    label = f'<span class="language">{show_text(language, env.plainly())}</span>' if language else ""
    return f"{label}<pre>{_code(token, env)}</pre>"


def _image(token: Token, env: _Env) -> str:
    said = show_text(token.content or "no description", env.plainly())
    return f'<span class="no-image">Image, not shown: {said}</span>{_address(str(token.attrs["src"]), env)}'


def _link_open(token: Token, env: _Env) -> str:
    address = str(token.attrs["href"])
    opens = address.lower().startswith(("https://", "http://"))
    env.links.append(("button" if opens else "span", "" if token.markup == "autolink" else address))
    return f'<button type="button" class="go" data-href="{escape(address)}">' if opens else '<span class="no-link">'


def _link_close(_: Token, env: _Env) -> str:
    tag, address = env.links.pop()
    return f"</{tag}>{_address(address, env) if address else ''}"


def _address(address: str, env: _Env) -> str:
    cut = address if len(address) <= _LONGEST_ADDRESS else f"{address[:_LONGEST_ADDRESS]}… ({len(address)} characters)"
    return f'<span class="address">{show_text(cut, env.plainly())}</span>'


def _cell(token: Token, _: _Env) -> str:
    side = str(token.attrs.get("style", "")).removeprefix("text-align:")
    return f'<{token.tag} class="{side}">' if side in {"right", "center"} else f"<{token.tag}>"


def _heading(token: Token, _: _Env) -> str:
    # Below the page's own headings: the item is h2, its parts are h3.
    return f"<{'/' if token.nesting < 0 else ''}h{min(6, int(token.tag[1]) + 3)}>"


_RULES: dict[str, Rule] = {
    "text": _text,
    "code_inline": _code,
    "code_block": _code_block,
    "fence": _code_block,
    "image": _image,
    "link_open": _link_open,
    "link_close": _link_close,
    "table_open": lambda _, __: '<div class="table-wrap" tabindex="0" role="region" aria-label="Table"><table>',
    "table_close": lambda _, __: "</table></div>",
    "th_open": _cell,
    "td_open": _cell,
    "heading_open": _heading,
    "heading_close": _heading,
}
_markdown = MarkdownIt("commonmark", {"html": False, "breaks": True})
_markdown.enable(["table", "strikethrough"])
for _name, _rule in _RULES.items():
    _markdown.add_render_rule(_name, _as_markdown_it_calls_it(_rule))
