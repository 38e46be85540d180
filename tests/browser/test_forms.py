"""Corrections and structured answers in a real browser: forms, raw JSON and differences in step."""

import json

from playwright.sync_api import expect

from annotations.models import Draft, Label
from tests.browser.screen import ANSWER, INVOICE, SCHEMA, here, press, submitted


def test_a_text_is_corrected_and_the_difference_shown(ask):
    page = ask({"key": "fixed", "kind": "correction"})
    press(page, "n")
    expect(page.get_by_role("textbox", name="Question fixed")).to_be_focused()
    press(page, "Control+End", *["Backspace"] * 10)
    page.keyboard.type(" a message.")
    expect(here(page).locator(".measure")).to_have_text("2 removed, 2 added: 15 % of the words")
    expect(here(page).locator(".difference del")).to_have_text("an email")
    expect(here(page).locator(".difference ins")).to_have_text("a message")
    press(page, "Escape", "d")
    expect(here(page).locator(".difference")).to_be_hidden()
    press(page, "Enter")
    assert submitted(page) == {"fixed": "Our hours are 9 to 5. You will recieve a message."}
    assert Label.objects.get().details["fixed"] == {"removed": 2, "added": 2, "changed": 0.1538}


def test_a_correction_goes_back_to_the_original_and_says_that_nothing_was_wrong(ask):
    page = ask({"key": "fixed", "kind": "correction"})
    press(page, "n")
    page.keyboard.type("X")
    page.get_by_role("button", name="Reset").press("Enter")
    expect(here(page).locator(".measure")).to_have_text("Nothing changed")
    press(page, "Escape", "Enter")
    assert submitted(page) == {"fixed": ANSWER}


def test_an_optional_correction_left_as_it_was_is_no_answer(ask):
    # Controls make line feeds of the line ends: that is nobody's correction.
    page = ask({"key": "fixed", "kind": "correction", "required": False}, output="Our hours\r\nare 9 to 5.\r\n")
    expect(here(page).locator(".measure")).to_have_text("Nothing changed")
    press(page, "Enter")
    assert submitted(page) == {}


def test_the_last_message_of_a_conversation_is_corrected(ask):
    # Few characters and many bytes: browsers refuse to send more than 64 KB in a way that outlives the page.
    long = "字" * 22_000
    turns = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": long}]
    page = ask({"key": "fixed", "kind": "correction"}, output=turns)
    press(page, "n", "Control+End")
    page.keyboard.type("!")
    press(page, "Control+Enter")
    assert submitted(page) == {"fixed": [turns[0], {"role": "assistant", "content": f"{long}!"}]}


def test_an_object_is_corrected_as_a_form_and_as_raw_json_in_step(ask):
    page = ask({"key": "fixed", "kind": "correction"}, output={**INVOICE, "left": "a\r\nb", "more": "a\r\nb"})
    expect(here(page).get_by_label("Number", exact=True)).to_have_value("A-17")
    here(page).get_by_label("More", exact=True).press("Control+End")
    page.keyboard.type("c")
    here(page).get_by_label("Amount", exact=True).focus()
    press(page, "Control+a")
    page.keyboard.type("9.5")
    raw = here(page).get_by_label("as raw JSON")
    texts = {"left": "a\r\nb", "more": "a\r\nbc"}  # controls make line feeds of the line ends
    assert json.loads(raw.input_value()) == {**INVOICE, **texts, "lines": [{"text": "Tube", "amount": 9.5}]}
    raw.fill(raw.input_value().replace("A-17", "A-18"))
    expect(here(page).get_by_label("Number", exact=True)).to_have_value("A-18")
    with page.expect_response("**/draft"):
        raw.fill("{")
    expect(here(page).locator(".raw .problem")).to_contain_text("Not JSON yet")
    assert Draft.objects.get().answers["fixed"]["number"] == "A-18"  # what was there before is not lost meanwhile
    press(page, "Control+Enter")
    expect(here(page).locator(".question > .problem")).to_have_text("The raw JSON cannot be read.")
    raw.fill(json.dumps({**INVOICE, "number": "A-19", "lines": []}))
    press(page, "Control+Enter")
    assert submitted(page) == {"fixed": {**INVOICE, "number": "A-19", "lines": []}}


def test_a_form_from_a_schema_is_filled_in_by_keyboard(ask):
    page = ask({"key": "data", "kind": "json", "schema": SCHEMA})
    press(page, "n")
    expect(here(page).get_by_label("Number", exact=True)).to_be_focused()
    page.keyboard.type("B-1")
    press(page, "Tab")
    page.keyboard.type("02282026")
    press(page, "Tab", "Tab", "Tab", "Tab")
    expect(here(page).get_by_label("Currency")).to_have_value("0")
    page.get_by_role("button", name="Add to Lines").press("Enter")
    expect(here(page).get_by_label("Text")).to_be_focused()
    page.keyboard.type("Tube")
    press(page, "Tab")
    page.keyboard.type("-3")
    press(page, "Control+Enter")
    expect(here(page).get_by_text("At least 0.")).to_be_visible()
    expect(here(page).get_by_label("Amount", exact=True)).to_have_attribute("aria-invalid", "true")
    here(page).get_by_label("Amount", exact=True).fill("3")
    expect(here(page).get_by_text("At least 0.")).to_be_hidden()
    press(page, "Control+Enter")
    assert submitted(page) == {
        "data": {"number": "B-1", "date": "2026-02-28", "currency": "EUR", "lines": [{"text": "Tube", "amount": 3}]}
    }


def test_a_form_begins_with_the_output_and_says_what_it_lacks(ask):
    page = ask({"key": "data", "kind": "json", "schema": SCHEMA, "prefill": "output"}, output=INVOICE)
    expect(here(page).get_by_label("Paid")).to_have_value("1")
    expect(here(page).get_by_label("Currency")).to_have_value("")
    press(page, "Enter")
    expect(here(page).get_by_text("This is required.")).to_be_visible()
    here(page).get_by_label("Date").fill("2026-01-31")
    page.get_by_role("button", name="Remove Line 1").press("Enter")
    press(page, "Control+Enter")
    expect(here(page).get_by_text("At least 1 entries.")).to_be_visible()
    page.get_by_role("button", name="Add to Lines").press("Enter")
    here(page).get_by_label("Text").fill("Bell")
    here(page).get_by_label("Amount", exact=True).fill("4")
    press(page, "Control+Enter")
    assert submitted(page)["data"] == {
        "number": "A-17",
        "date": "2026-01-31",
        "paid": False,
        "lines": [{"text": "Bell", "amount": 4}],
    }


def test_what_only_the_server_knows_is_shown_at_its_field(ask, console):
    console.expected = ("422",)
    schema = {
        "type": "object",
        "properties": {"lines": {"type": "array", "items": {"type": "string", "pattern": "^x"}}},
    }
    page = ask({"key": "data", "kind": "json", "schema": schema, "prefill": "output"}, output={"lines": ["x1", "y2"]})
    press(page, "Enter")
    expect(here(page).get_by_label("Lines 2", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(here(page).locator(".field .problem:visible")).to_contain_text("'y2' does not have the form")
    here(page).get_by_label("Lines 2", exact=True).fill("x2")
    press(page, "Control+Enter")
    assert submitted(page) == {"data": {"lines": ["x1", "x2"]}}
