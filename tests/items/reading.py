"""Reading the HTML that was made of an item the way a browser would."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from sampling.items.show.view import show_item

VOID = {"br", "hr"}


@dataclass
class Element:
    """One element: its tag, attributes and children."""

    tag: str
    attributes: dict[str, str | None]
    children: list["Element | str"] = field(default_factory=list)

    @property
    def classes(self) -> set[str]:
        """The element's classes."""
        return set((self.attributes.get("class") or "").split())

    @property
    def text(self) -> str:
        """What `textContent` would be."""
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def all(self, tag: str = "", css: str = "") -> list["Element"]:
        """Return the elements below with that tag and class."""
        found = []
        for child in self.children:
            if isinstance(child, Element):
                if (not tag or child.tag == tag) and (not css or css in child.classes):
                    found.append(child)
                found += child.all(tag, css)
        return found


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def parse(html: str) -> Element:
    """Return the tree of well-formed HTML."""
    parser = _Parser()
    parser.feed(html)
    parser.close()
    assert parser.open == [parser.root]
    return parser.root


def shown(**fields: Any) -> Element:
    """Return what an item of these fields is shown as."""
    return parse(show_item({"external_id": "x", "input": "in", "output": "out", **fields}, prefix="t1"))


def written(item: Element, target: str) -> str:
    """Return the text of a target as the page holds it."""
    values = [one for one in item.all("div", "value") if one.attributes.get("data-target") == target]
    assert len(values) <= 1
    return "".join(one.text for value in values for one in value.all("div", "written"))
