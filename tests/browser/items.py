"""Items for the pages in the browser, sent in by the door."""

from typing import Any

from playwright.sync_api import Page, expect

SLOT = ".slot:not([hidden])"
TEXT = f"{SLOT} .written[role=textbox]"

# Emoji with joiners and tags, combining marks, both directions, CRLF, hidden characters, Markdown, placeholders.
HARD = (
    "a\U0001f469\u200d\U0001f680b e\u0301\u0323x \U0001f1ec\U0001f1e7 \u202eabc\u202c zero\u200bwidth\r\n"
    "مرحبا بالعالم\r\n"
    "שלום עולם and English\r\n"
    "[EMAIL_1] **bold** text [1] \U0001f98a end."
)


def send_items(api: Any, *items: dict[str, Any]) -> None:
    """Send items in; each needs an output, the rest has a default."""
    filled = [{"external_id": f"item-{number}", "input": "question", **item} for number, item in enumerate(items)]
    answer = api.post("/projects/helpdesk/items", {"items": filled})
    assert answer["accepted"] == len(items), answer


def on_screen(page: Page) -> None:
    """Wait for an item."""
    expect(page.locator(f"{SLOT} h2")).to_be_focused()


def saved(page: Page) -> None:
    """Wait until everything is saved."""
    expect(page.locator("#saving")).to_be_empty()
