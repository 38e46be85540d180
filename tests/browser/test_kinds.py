"""Every kind of question answered in a real browser, by keyboard alone."""

import json
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from annotations.models import Label
from annotations.rubrics.publish import publish_rubric
from annotations.rubrics.word_changes import count_changes
from reviewapp.http.static_files import join_script
from sampling.items.content import ItemContent, text_of
from tests.conftest import NOW
from tests.queue.items import add_items

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


@pytest.fixture
def ask(project, cast, open_page):
    """`ask(questions, output)`: Rui's screen with two items of that output under that rubric."""

    def publish(*questions, output=ANSWER, count=2, **where) -> Page:
        body = {"questions": [{"title": f"Question {question['key']}", **question} for question in questions]}
        publish_rubric(project=project, body=body, actor=None, now=NOW)
        add_items(project, [0.1 * n for n in range(1, count + 1)], output=output)
        page = open_page("/p/helpdesk/review", cast.rui, **where)
        on_screen(page, 0)
        expect(here(page).get_by_text("Loading…")).to_have_count(0)
        return page

    return publish


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


def test_digits_go_from_question_to_question(ask):
    page = ask(
        {"key": "verdict", "kind": "choice", "options": options("Pass", "Fail")},
        {"key": "why", "kind": "multi_choice", "options": options("Tone", "Facts", "Other"), "max": 2},
        {"key": "stars", "kind": "rating", "min": 1, "max": 5, "labels": ["Poor", "Great"]},
    )
    press(page, "2", "1", "2", "3")
    expect(page.get_by_role("checkbox", name="Other")).not_to_be_checked()
    expect(page.locator("#announce")).to_have_text("At most 2.")
    # Enter goes on to the open question first, then submits.
    press(page, "Enter")
    expect(page.get_by_role("radio", name="1, Poor")).to_be_focused()
    press(page, "4", "Enter")
    assert submitted(page) == {"verdict": "fail", "why": ["tone", "facts"], "stars": 4}


def test_a_question_of_the_past_is_reached_by_comma_and_answered_anew(ask):
    page = ask(
        {"key": "one", "kind": "rating", "min": 1, "max": 3},
        {"key": "two", "kind": "rating", "min": 0, "max": 10},
    )
    press(page, "2", "0", ",", "3", "Enter")
    assert submitted(page) == {"one": 3, "two": 0}


def test_ten_on_a_scale_has_a_key_of_its_own(ask):
    page = ask({"key": "nps", "kind": "rating", "min": 0, "max": 10})
    press(page, "a", "Enter")
    assert submitted(page) == {"nps": 10}


def test_too_few_choices_are_said_at_the_question(ask):
    page = ask({"key": "why", "kind": "multi_choice", "options": options("Tone", "Facts", "Other"), "min": 2})
    press(page, "1", "Enter")
    expect(here(page).locator(".problem")).to_have_text("Choose at least 2.")
    press(page, "3")
    expect(here(page).locator(".problem")).to_have_count(0)
    press(page, "Enter")
    assert submitted(page) == {"why": ["tone", "other"]}


def test_the_better_of_two_is_chosen_by_its_place_on_the_screen(ask):
    page = ask({"key": "better", "kind": "pairwise", "candidates": ["a", "b"]}, output={"a": "one", "b": "two"})
    press(page, "2", "Enter")
    chosen = submitted(page)["better"]
    assert Label.objects.get().details["better"]["order"][1] == chosen


def test_candidates_are_ranked_by_keys_arrows_and_buttons(ask):
    page = ask(
        {"key": "order", "kind": "ranking", "candidates": ["a", "b", "c"]},
        output={"a": "one", "b": "two", "c": "three"},
    )
    press(page, "3", "1")
    expect(page.locator("#announce")).to_have_text("Answer 1 is 2 of 3.")
    places = here(page).locator(".ranking .pick")
    expect(places.nth(0)).to_have_accessible_name("Answer 3, 1 of 3")
    expect(places.nth(2)).to_have_accessible_name("Answer 2, 3 of 3")
    places.nth(2).focus()
    press(page, "Alt+ArrowUp", "ArrowUp", "Tab", "Tab")
    expect(page.get_by_role("button", name="Answer 3 down")).to_be_focused()
    press(page, "Enter")
    expect(places.nth(0)).to_have_accessible_name("Answer 2, 1 of 3")
    places.nth(0).press("Enter")  # on a whole ranking it submits
    ranking = submitted(page)["order"]
    order = Label.objects.get().details["order"]["order"]
    assert [order.index(candidate) for candidate in ranking] == [1, 2, 0]


def test_candidates_are_ranked_by_dragging(ask):
    page = ask({"key": "order", "kind": "ranking", "candidates": ["a", "b"]}, output={"a": "one", "b": "two"})
    first, second = here(page).locator(".rank").all()
    page.mouse.move(*middle(second))
    page.mouse.down()
    page.mouse.move(*middle(first), steps=4)
    x, y = middle(first)
    page.mouse.move(x, y - 30, steps=2)
    page.mouse.up()
    expect(here(page).locator(".ranking .pick").nth(0)).to_have_accessible_name("Answer 2, 1 of 2")


def middle(locator):
    box = locator.bounding_box()
    return box["x"] + 40, box["y"] + box["height"] / 2


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
    page = ask({"key": "fixed", "kind": "correction", "required": False})
    expect(here(page).locator(".measure")).to_have_text("Nothing changed")
    press(page, "Enter")
    assert submitted(page) == {}


def test_the_last_message_of_a_conversation_is_corrected(ask):
    turns = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Helo"}]
    page = ask({"key": "fixed", "kind": "correction"}, output=turns)
    press(page, "n", "End")
    page.keyboard.type("!")
    press(page, "Control+Enter")
    assert submitted(page) == {"fixed": [turns[0], {"role": "assistant", "content": "Helo!"}]}


def test_an_object_is_corrected_as_a_form_and_as_raw_json_in_step(ask):
    page = ask({"key": "fixed", "kind": "correction"}, output=INVOICE)
    expect(here(page).get_by_label("Number", exact=True)).to_have_value("A-17")
    here(page).get_by_label("Amount", exact=True).focus()
    press(page, "Control+a")
    page.keyboard.type("9.5")
    raw = here(page).get_by_label("as raw JSON")
    assert json.loads(raw.input_value()) == {**INVOICE, "lines": [{"text": "Tube", "amount": 9.5}]}
    raw.fill(raw.input_value().replace("A-17", "A-18"))
    expect(here(page).get_by_label("Number", exact=True)).to_have_value("A-18")
    raw.fill("{")
    expect(here(page).locator(".raw .problem")).to_contain_text("Not JSON yet")
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


def test_undo_and_a_reload_bring_every_kind_back(ask):
    page = ask(
        {"key": "why", "kind": "multi_choice", "options": options("Tone", "Facts")},
        {"key": "stars", "kind": "rating", "min": 1, "max": 5},
        {"key": "order", "kind": "ranking", "candidates": ["a", "b"]},
        {"key": "fixed", "kind": "correction"},
        output={"a": "one", "b": "two"},
    )
    press(page, "2", ".", "3", "1", "n")
    here(page).get_by_label("A", exact=True).fill("uno")
    with page.expect_response("**/draft"):
        press(page, "Control+Enter")
        on_screen(page, 1)
        press(page, "Escape", "z")
        on_screen(page, 0)
        page.get_by_role("textbox", name="Comment").fill("again")
    page.reload()
    on_screen(page, 0)
    expect(page.get_by_role("checkbox", name="Facts")).to_be_checked()
    expect(page.get_by_role("radio", name="3")).to_be_checked()
    expect(here(page).locator(".ranking .pick").nth(0)).to_have_accessible_name("Answer 1, 1 of 2")
    expect(here(page).get_by_label("A", exact=True)).to_have_value("uno")


def test_a_module_that_cannot_be_loaded_is_asked_for_again(ask, console, project, cast, open_page):
    console.expected = ("ERR_FAILED", "Failed to fetch")
    page = ask({"key": "fixed", "kind": "correction", "required": False}, {"key": "note", "kind": "text"})
    broken = []
    page.route("**/js/kinds.js", lambda route: route.abort() if not broken else route.continue_())
    page.reload()
    expect(here(page).get_by_text("This question could not be loaded.")).to_be_visible()
    page.get_by_role("textbox", name="Question note").fill("x")
    press(page, "Control+Enter")
    expect(here(page).get_by_text("This question is still loading.")).to_be_visible()
    broken.append("no more")
    page.goto("/p/helpdesk/review")
    press(page, "Enter")
    expect(here(page).locator(".measure")).to_be_visible()


KINDS = [
    {"key": "why", "kind": "multi_choice", "options": options("Tone", "Facts"), "max": 1},
    {"key": "better", "kind": "pairwise", "candidates": ["a", "b"]},
    {"key": "stars", "kind": "rating", "min": 1, "max": 5, "labels": {"1": "Poor", "3": "Fair", "5": "Great"}},
    {"key": "order", "kind": "ranking", "candidates": ["a", "b", "c"]},
    {"key": "fixed", "kind": "correction"},
    {"key": "data", "kind": "json", "schema": SCHEMA},
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_kind_has_a_barrier_or_scrolls_sideways(ask, find_barriers, scheme):
    output = {"a": "one", "b": "two", "c": ["list"]}
    page = ask(*KINDS, output=output, viewport={"width": 320, "height": 640}, color_scheme=scheme)
    expect(here(page).locator(".measure")).to_be_visible()
    page.get_by_role("button", name="Submit").click()
    expect(here(page).locator(".question > .problem").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert find_barriers(page) == []


def test_the_joined_modules_work_like_their_parts(ask, cast, open_page, project):
    def read(name):
        return (Path(settings.BASE_DIR) / "static" / name).read_text(encoding="utf-8")

    page = ask({"key": "fixed", "kind": "correction"}, output=INVOICE)
    joined = {name: join_script(f"js/{name}.js", read) for name in ("review", "kinds")}
    for name, text in joined.items():
        serve(page, f"**/js/{name}.js", text)
    page.route("**/static/js/*/**", lambda route: route.abort())
    page.reload()
    expect(here(page).get_by_label("Number", exact=True)).to_have_value("A-17")


def serve(page, address, script):
    page.route(address, lambda route: route.fulfill(body=script, content_type="text/javascript"))


TEXTS = [
    "as is\r\n\u202e",
    None,
    [{"role": "assistant", "content": "a"}, {"role": "tool", "content": None, "name": "t", "10": 1, "9": 2}],
    [{"type": "text", "text": "a"}, {"type": "text", "text": "🐕"}],
    {"b": 1.0, "a": [], "10": {}, "9": 1e21, "é": -0.0, "𝒳": 1.5e-9, "ﬀ": True, "n": None, "s": '\u2028\u0007"\\'},
    [1, 0.1, 12345678901234567890, "x", [[]]],
]
CHANGES = [
    ("the cat sat on the mat", "the dog sat on a mat"),
    ("", "two words"),
    ("你好世界。", "你好朋友。"),
    ('{"a": 1, "b": [2]}', '{"a": 1, "b": [3, 4]}'),
    (" ".join(f"a{n}" for n in range(300)), " ".join(f"b{n}" for n in range(300))),
    ("a b c d e f g", "g f e d c b a"),
]


def test_browser_and_server_read_the_same_text_and_count_the_same_changes(cast, open_page, project):
    page = open_page("/p/helpdesk/review", cast.rui)
    twin = "async value => (await import('/static/js/review/target_text.js')).textOf(value)"
    assert [page.evaluate(twin, value) for value in TEXTS] == [text_of(value) for value in TEXTS]
    step = "async item => (await import('/static/js/review/target_text.js')).targetText(item, 'steps.1')"
    steps = [{}, {"output": "", "input": {"q": 1}}]
    assert page.evaluate(step, {"steps": steps}) == ItemContent("i", "o", None, steps).text("steps.1")
    diff = "async ([a, b]) => (await import('/static/js/review/word_diff.js')).diffWords(a, b)"
    for pair in CHANGES:
        found = page.evaluate(diff, list(pair))
        assert (found["removed"], found["added"], round(found["changed"], 4)) == count_changes(*pair)
        pieces = found["pieces"]
        for kind, text in (("ins", pair[1]), ("del", pair[0])):
            words = " ".join(piece["text"] for piece in pieces if piece["kind"] in {"same", kind}).split()
            assert "".join(words) == "".join(text.split())
