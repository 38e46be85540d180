"""The reviewer's screen in a few words, for the tests of kinds of question."""

from playwright.sync_api import expect

from annotations.models import Label

ANSWER = "Our hours are 9 to 5. You will recieve an email."
INVOICE = {"number": "A-17", "paid": False, "lines": [{"text": "Tube", "amount": 8.5}]}
SCHEMA = {
    "type": "object",
    "required": ["number", "date", "lines"],
    "properties": {
        "number": {"type": "string"},
        "date": {"type": "string", "format": "date"},
        "email": {"type": "string", "format": "email"},
        "currency": {"enum": ["EUR", "USD"], "default": "EUR"},
        "paid": {"type": "boolean"},
        "lines": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/line"}},
    },
    "$defs": {
        "line": {
            "title": "Line",
            "type": "object",
            "required": ["text", "amount"],
            "properties": {"text": {"type": "string"}, "amount": {"type": "number", "minimum": 0}},
        }
    },
}


def options(*labels):
    return [{"value": label.lower(), "label": label} for label in labels]


def on_screen(page, number):
    expect(page.get_by_role("heading", name=f"Item item-{number}")).to_be_visible()


def here(page):
    """Return the slot on screen; the next one is rendered behind it."""
    return page.locator(".slot:not([hidden])")


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def submitted(page):
    """Return the one label's answers, once it is stored."""
    on_screen(page, 1)
    expect(page.locator("#saving")).to_be_empty()
    return Label.objects.get(withdrawn_at=None).answers
