"""Marking spans: by keyboard and by mouse, on texts that are hard to count in."""

import pytest
from playwright.sync_api import expect

from annotations.models import Label
from annotations.rubrics.publish import publish_rubric
from tests.browser.items import HARD, SLOT, TEXT, on_screen, saved, send_items
from tests.conftest import NOW

RUBRIC = {
    "questions": [
        {
            "key": "facts",
            "kind": "spans",
            "target": "output",
            "title": "What is wrong?",
            "tags": [
                {"value": "false_claim", "label": "False claim", "hotkey": "F"},
                {"value": "tone", "label": "Tone"},
            ],
        },
    ]
}
AT = """([element, position]) => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    for (let at = 0; walker.nextNode(); at += walker.currentNode.length) {
        if (position >= at + walker.currentNode.length) continue;
        const range = document.createRange();
        range.setStart(walker.currentNode, position - at);
        const box = range.getBoundingClientRect();
        return [box.x, box.y + box.height / 2];
    }
}"""


@pytest.fixture
def marking(project, cast, api_of, open_page):
    """`marking(output)`: Rui's screen with an item of that output, to be marked."""

    def start(output=HARD, rubric=RUBRIC, **options):
        publish_rubric(project=project, body=rubric, actor=None, now=NOW)
        send_items(api_of(cast.olga), {"output": output})
        page = open_page("/p/helpdesk/review", cast.rui, **options)
        on_screen(page)
        if "show_if" not in str(rubric):
            expect(page.locator(TEXT)).to_be_visible()  # its script is one of those that come later
        return page

    return start


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def marked(page):
    """Return the text under each run of marks, with the numbers of its tags."""
    return page.locator(f"{SLOT} mark.span").evaluate_all("marks => marks.map((mark) => mark.textContent)")


def point(page, text, needle, offset=0):
    units = len(text[: text.index(needle)].encode("utf-16-le")) // 2 + offset
    return page.evaluate(AT, [page.locator(TEXT).element_handle(), units])


def drag(page, start, end):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=5)
    page.mouse.up()


def submitted(page):
    """Submit, and return the spans of the stored label with the texts that Python finds there."""
    press(page, "Control+Enter")
    expect(page.get_by_role("heading", name="All done")).to_be_visible()
    saved(page)
    label = Label.objects.get(withdrawn_at=None)
    return [(span["tag"], span["start"], span["end"]) for span in label.answers["facts"]], label


def test_spans_are_marked_by_keyboard_alone_and_count_code_points(marking):
    page = marking()
    press(page, "m", "ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight", "Shift+F")  # the astronaut is one character
    press(page, "ArrowLeft", "ArrowRight", "ArrowRight", "Shift+ArrowRight", "1", "2")
    press(page, "Control+End", "Control+Shift+ArrowLeft", "Control+Shift+ArrowLeft", "Control+Shift+ArrowLeft", "2")
    stored, label = submitted(page)
    texts = [HARD[start:end] for _, start, end in stored]
    assert texts == ["\U0001f469\u200d\U0001f680b", "e\u0301\u0323", "\U0001f98a end."]
    assert [tag for tag, _, _ in stored] == ["false_claim", "tone", "tone"]
    assert label.details["facts"]["quotes"] == texts


def test_spans_are_marked_by_mouse_across_scripts_and_may_overlap(marking):
    page = marking()
    drag(page, point(page, HARD, "עולם"), point(page, HARD, "and", 3))
    page.get_by_role("group", name="Tag the selection").get_by_role("button", name="Tone").click()
    drag(page, point(page, HARD, "שלום"), point(page, HARD, "עולם", 4))
    press(page, "Shift+F")
    assert marked(page) == ["שלום ", "עולם", " and"]
    # Where two lie above each other there are two lines, each with the pattern of its tag.
    assert {"n2", "a0", "b1"} <= set(page.locator("mark").nth(1).get_attribute("class").split())
    stored, _ = submitted(page)
    assert [(tag, HARD[start:end]) for tag, start, end in stored] == [
        ("false_claim", "שלום עולם"),
        ("tone", "עולם and"),
    ]


def test_ends_are_adjusted_by_keys_and_by_dragging_and_changes_are_undone(marking):
    text = "one two three four five"
    page = marking(text)
    drag(page, point(page, text, "two"), point(page, text, "two", 3))
    press(page, "Shift+F")
    page.locator(f"{SLOT} .span-row .pick").focus()
    press(page, "Control+ArrowRight", "ArrowLeft", "Shift+ArrowRight")
    assert marked(page) == ["wo thre"]
    press(page, "2", "Control+z", "Control+z")
    assert marked(page) == ["two"]
    press(page, "Control+Shift+z")
    assert marked(page) == ["wo thre"]
    box = page.locator(f"{SLOT} .grip-end").bounding_box()
    drag(page, (box["x"] + box["width"] - 3, box["y"] + box["height"] - 4), point(page, text, "four", 4))
    box = page.locator(f"{SLOT} .grip-start").bounding_box()
    drag(page, (box["x"] + 3, box["y"] + box["height"] - 4), point(page, text, "one"))
    assert marked(page) == ["one two three four"]
    page.mouse.click(*point(page, text, "three", 1))
    press(page, "Delete")
    assert marked(page) == []
    page.get_by_role("button", name="Undo this change").click()
    assert marked(page) == ["one two three four"]
    stored, _ = submitted(page)
    assert stored == [("false_claim", 0, 18)]


def test_a_draft_and_an_undone_label_bring_the_spans_back(marking, cast):
    page = marking()
    with page.expect_response("**/draft"):
        drag(page, point(page, HARD, "שלום"), point(page, HARD, "שלום", 4))
        press(page, "Shift+F")
    page.reload()
    on_screen(page)
    expect(page.locator(f"{SLOT} .span-row")).to_be_visible()
    assert marked(page) == ["שלום"]
    press(page, "Control+Enter")
    expect(page.get_by_role("heading", name="All done")).to_be_visible()
    press(page, "z")
    on_screen(page)
    assert marked(page) == ["שלום"]
    page.get_by_role("button", name="Remove False claim").click()
    press(page, "Control+Enter")
    expect(page.get_by_text("Answer this question.")).to_be_visible()
    page.get_by_role("button", name="Nothing to mark").click()
    stored, _ = submitted(page)
    assert stored == []


def test_the_text_stays_what_it_is_whatever_is_typed_into_it(marking):
    page = marking("keep **this**")
    page.locator(TEXT).focus()
    press(page, "q", "Space", "Backspace", "Control+b", "Control+v", "Control+x")
    page.keyboard.insert_text("from an input method")
    expect(page.locator(TEXT)).to_have_text("keep **this**")
    press(page, "r")
    expect(page.locator(f"{SLOT} .prose strong")).to_be_visible()
    press(page, "m")
    expect(page.locator(TEXT)).to_be_focused()
    press(page, "Escape")
    expect(page.get_by_role("button", name="False claim").first).to_be_focused()


def test_nearly_a_megabyte_is_marked_at_its_very_end(marking):
    text = ("The quick \U0001f98a jumps over the lazy dog. " * 20 + "\r\n") * 1_050 + "The end \U0001f680."
    assert len(text.encode()) > 830_000
    page = marking(text)
    press(page, "m", "Control+End", *["Shift+ArrowLeft"] * 6, "Shift+F")
    expect(page.locator(f"{SLOT} .span-row")).to_be_visible()
    stored, _ = submitted(page)
    assert [text[start:end] for _, start, end in stored] == ["end \U0001f680."]


def test_a_hidden_question_lets_go_of_its_text(marking):
    choice = {
        "key": "verdict",
        "kind": "choice",
        "title": "Right?",
        "options": [{"value": "pass", "label": "Yes"}, {"value": "fail", "label": "No"}],
    }
    shown_if = {**RUBRIC["questions"][0], "show_if": {"question": "verdict", "in": ["fail"]}}
    page = marking("plain text", {"questions": [choice, shown_if]})
    expect(page.locator(TEXT)).to_have_count(0)
    press(page, "2")
    expect(page.locator(TEXT)).to_have_count(1)
    press(page, "m", "Control+a", "Shift+F")
    assert marked(page) == ["plain text"]
    page.get_by_role("radio", name="Yes").check()
    expect(page.locator(TEXT)).to_have_count(0)
    assert marked(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_marking_has_no_barriers(marking, find_barriers, theme):
    page = marking(color_scheme=theme, viewport={"width": 1280, "height": 900})
    press(page, "m", "Control+Shift+ArrowRight", "Shift+F", "Control+a", "2", "Shift+Home")
    page.locator(f"{SLOT} .span-row .pick").first.focus()
    assert find_barriers(page) == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert find_barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
