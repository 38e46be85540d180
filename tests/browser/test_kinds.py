"""Every kind of question answered in a real browser, by keyboard alone."""

from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import expect

from annotations.models import Label
from annotations.rubrics.word_changes import count_changes
from reviewapp.http.static_files import join_script
from sampling.items.content import ItemContent, text_of
from tests.browser.screen import INVOICE, SCHEMA, here, on_screen, options, press, submitted


def test_digits_go_from_question_to_question(ask):
    page = ask(
        {"key": "verdict", "kind": "choice", "options": options("Pass", "Fail")},
        {"key": "why", "kind": "multi_choice", "options": options("Tone", "Facts", "Other"), "max": 2},
        {"key": "stars", "kind": "rating", "min": 1, "max": 5, "labels": ["Poor", "Great"]},
        {"key": "note", "kind": "text"},
    )
    press(page, "2", "1", "2", "3")
    expect(page.get_by_role("checkbox", name="Other")).not_to_be_checked()
    expect(page.locator("#announce")).to_have_text("At most 2.")
    # Enter goes on to the open question first, then submits.
    press(page, "Enter")
    expect(page.get_by_role("radio", name="1, Poor")).to_be_focused()
    press(page, "4", "Enter")
    expect(page.get_by_role("textbox", name="Question note")).to_be_focused()
    press(page, "Control+Enter")
    expect(here(page).locator(".problem")).to_have_text("Answer this question.")
    page.keyboard.type("so")
    press(page, "Control+Enter")
    assert submitted(page) == {"verdict": "fail", "why": ["tone", "facts"], "stars": 4, "note": "so"}


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
