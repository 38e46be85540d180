"""How an item behaves in a real browser: readings, citations, links, search; hostile text; exact texts."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from annotations.rubrics.publish import publish_rubric
from sampling.items.content import ItemContent
from tests.browser.items import HARD, SLOT, on_screen, send_items
from tests.browser.test_spans import RUBRIC
from tests.conftest import NOW
from tests.items.test_hostile import ATTACKS, everywhere

CONVERSATION = {
    "input": [
        {"role": "user", "content": "Where is NW-1? Write to [EMAIL_1]."},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c", "function": {"name": "track", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "c", "content": '{"late": [1, 2]}'},
    ],
    "output": "It is **late** [doc-2]. See [the terms](https://shop.example/terms).\n\n| a | b |\n|---|--:|\n| x | 1 |",
    "context": [{"id": "doc-1", "text": "On time."}, {"id": "doc-2", "title": "Delays", "text": "word " * 1_200}],
    "steps": [
        {"name": "plan", "kind": "model", "output": "```py\nx = 1\n```"},
        {"name": "pay", "kind": "tool", "input": {"eur": 3}, "error": "declined", "latency_ms": 12.0},
    ],
}


@pytest.fixture
def look_at(project, cast, api_of, open_page):
    """`look_at(item)`: Rui's screen with that item on it."""

    def start(item, **options):
        send_items(api_of(cast.olga), item)
        page = open_page("/p/helpdesk/review", cast.rui, **options)
        on_screen(page)
        return page

    return start


def test_a_citation_leads_to_its_passage_and_back(look_at):
    page = look_at(CONVERSATION)
    passage = page.locator(f"{SLOT} .passage").nth(1)
    expect(passage).to_be_hidden()  # a long context is folded
    page.locator(f"{SLOT} .reading a.cite", has_text="doc-2").click()
    expect(passage).to_be_focused()
    page.get_by_role("button", name="Back to the citation").click()
    expect(page.locator(f"{SLOT} a.cite", has_text="doc-2").first).to_be_focused()
    page.locator(f"{SLOT} .steps-sum a").click()
    expect(page.locator(f"{SLOT} .step.failed")).to_be_focused()


def test_a_link_says_where_it_leads_and_takes_nothing_along(look_at):
    page = look_at(CONVERSATION)
    page.context.route("https://shop.example/**", lambda route: route.fulfill(body="there"))
    expect(page.get_by_text("https://shop.example/terms", exact=True)).to_be_visible()
    with page.expect_popup() as opened:
        page.get_by_role("button", name="the terms").click()
    assert opened.value.evaluate("[window.opener, document.referrer]") == [None, ""]


def test_the_step_that_failed_is_named_in_the_note_by_a_press(look_at):
    page = look_at(CONVERSATION)
    page.locator(f"{SLOT} .step.failed").get_by_role("button", name="Name it in the note").click()
    page.keyboard.type("must not pay")
    expect(page.get_by_role("textbox", name="Note")).to_have_value("Step 2, pay: must not pay")


def test_one_key_shows_everything_as_it_was_written_until_it_is_pressed_again(look_at):
    page = look_at(CONVERSATION)
    written = page.locator(f"{SLOT} [data-target=output] > .written")
    expect(written).to_be_hidden()
    page.keyboard.press("r")
    expect(written).to_contain_text("It is **late** [doc-2].")
    expect(page.get_by_role("button", name="As written")).to_have_attribute("aria-pressed", "true")
    page.reload()
    on_screen(page)
    expect(written).to_be_visible()
    page.keyboard.press("r")
    expect(page.locator(f"{SLOT} .prose table")).to_be_visible()


def test_words_are_found_in_what_is_shown_also_where_it_is_folded(look_at):
    page = look_at(CONVERSATION)
    page.keyboard.press("/")
    page.keyboard.type("WORD")
    count = page.locator(f"{SLOT} .find .count")
    expect(count).to_have_text("1 of 1200")
    expect(page.locator(f"{SLOT} .passage").nth(1)).to_be_visible()
    page.keyboard.press("Enter")
    expect(count).to_have_text("2 of 1200")
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    expect(count).to_have_text("1200 of 1200")
    page.get_by_role("searchbox").fill("nowhere (")
    expect(count).to_have_text("Not found")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Find")).to_be_focused()
    assert page.evaluate("CSS.highlights.get('found-words').size") == 0


def test_hostile_text_loads_nothing_and_runs_nothing(project, cast, api_of, open_page, live_server):
    item = {**everywhere("\n\n".join(ATTACKS)), "external_id": "hostile", "model": None}
    item["steps"] = [{**step, "name": step["name"][:900]} for step in item["steps"]]
    send_items(api_of(cast.olga), item)
    page = open_page("/", cast.rui)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.add_init_script("window.alert = () => (window.attacked = true)")
    page.goto("/p/helpdesk/review")
    on_screen(page)
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    page.keyboard.press("r")
    page.keyboard.press("r")
    assert (
        page.locator(f"{SLOT} .item-pane").locator("img, script, style, iframe, form, svg, link, [style]").count() == 0
    )
    assert page.evaluate("window.attacked") is None
    assert [url for url in asked if not url.startswith(live_server.url)] == []


def test_browser_and_server_have_the_same_texts(look_at):
    items = [
        {"input": HARD, "output": HARD, "context": [HARD, HARD]},
        {
            "input": [
                {"role": "user", "content": HARD},
                {"role": "assistant", "content": [{"type": "text", "text": HARD}]},
            ],
            "output": {"\U0001f680": [HARD, 1.0, 1e21], "b": None, "10": {}, "9": "x"},
            "context": {"documents": [{"text": HARD}]},
            "steps": [
                {"name": "s", "kind": "tool", "output": {"a": HARD}},
                {"name": "e", "kind": "tool", "error": HARD},
            ],
        },
        {"input": "x", "output": "\n\x0b\x7f\x85\u2028 lone\r end\n\n" + HARD * 300},
    ]
    page = look_at(items[0])
    for item in items:
        content = ItemContent(item["input"], item["output"], item.get("context"), item.get("steps"))
        targets = ["input", "output", "context", *(f"steps.{number}" for number in range(len(item.get("steps", []))))]
        texts = {target: content.text(target) for target in targets}
        html = show(item)
        read = page.evaluate(
            """async ([html, item, targets]) => {
                const { targetText } = await import("/static/js/review/target_text.js");
                const box = document.createElement("div");
                box.innerHTML = html;
                return targets.map((target) => [
                    box.querySelector(`[data-target="${target}"] > .written`)?.textContent ?? "",
                    targetText(item, target),
                ]);
            }""",
            [html, item, targets],
        )
        assert read == [[texts[target], texts[target]] for target in targets]


def show(item):
    from sampling.items.show.view import show_item

    return show_item(item, prefix="t")


def test_spans_of_others_lie_where_their_quotes_say(project, cast, api_of, open_page):
    """The sample is from HaluEval (Li et al., EMNLP 2023; MIT, © 2020 RUCAIBox); offsets count code points."""
    lines = Path(__file__).with_name("halueval.jsonl").read_text(encoding="utf-8").splitlines()
    publish_rubric(project=project, body=RUBRIC, actor=None, now=NOW)
    api = api_of(cast.olga)
    for sample in map(json.loads, lines):
        spans = [{"start": span["start"], "end": span["end"], "tag": "false_claim"} for span in sample["spans"]]
        send_items(api, {key: sample[key] for key in ("external_id", "input", "output")})
        (task,) = api_of(cast.rui).post("/projects/helpdesk/tasks/claim")["tasks"]
        assert task["item"]["external_id"] == sample["external_id"]
        draft = {"lease": task["lease"]["token"], "answers": {"facts": spans}}
        api_of(cast.rui).put(f"/tasks/{task['id']}/draft", draft)
        api_of(cast.rui).post(f"/tasks/{task['id']}/release", {"lease": task["lease"]["token"]})
        page = open_page("/p/helpdesk/review", cast.rui)
        rows = page.locator(f"{SLOT} .span-row .span-quote")
        expect(rows).to_have_count(len(spans))
        quotes = [span["text"] for span in sorted(sample["spans"], key=lambda span: (span["start"], span["end"]))]
        assert [row.removesuffix("…") for row in rows.all_text_contents()] == [quote[:160] for quote in quotes]
        page.get_by_role("button", name="Skip").click()
        page.get_by_role("button", name="Skip it").click()
        expect(page.get_by_role("heading", name="Nothing left for you")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_item_has_no_barriers_in_either_reading(look_at, find_barriers, theme):
    page = look_at(CONVERSATION, color_scheme=theme, viewport={"width": 1280, "height": 1000})
    page.evaluate("for (const fold of document.querySelectorAll('.slot:not([hidden]) details')) fold.open = true")
    page.keyboard.press("/")
    page.keyboard.type("late")
    expect(page.locator(f"{SLOT} .find .count")).to_have_text("1 of 2")
    assert find_barriers(page) == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert find_barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    assert find_barriers(page) == []
