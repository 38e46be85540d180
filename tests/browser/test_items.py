"""The list of items and an item's page in a real browser: filters built by keyboard, the way there and back."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from annotations.models import Task
from reviewapp.http.lines import cut_lines
from sampling.ingest.add import add_items
from sampling.plans.filters import parse_filter
from sampling.plans.filters_match import compile_filter
from tests.conftest import NOW
from tests.sampling.lines import item, ndjson

URL = "/p/helpdesk/items"
SIZES = {"wide": {"width": 1280, "height": 800}, "narrow": {"width": 320, "height": 640}}


@pytest.fixture
def stored(project):
    """Thirty items of two versions, slower and slower."""
    lines = ndjson(
        *(
            item(
                f"i{n}",
                system_version=f"v{n % 2}",
                latency_ms=n,
                metadata={"tier": "gold" if n % 3 else "basic", "vip": n % 5 == 0},
                steps=[{"name": "search", "kind": "tool", "error": "timeout"}],
            )
            for n in range(30)
        )
    )
    add_items(project=project, lines=cut_lines([lines]), actor=None, now=NOW)


def shown(page):
    return page.locator("tr[data-item] .item-meta .mono").all_inner_texts()


def where(page):
    return json.loads(parse_qs(urlsplit(page.url).query)["where"][0])


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def arrive(page, name):
    """Wait until an item's page is there and its keys act."""
    expect(page.get_by_role("heading", name=f"Item {name}", level=1)).to_be_attached()
    page.wait_for_load_state("load")


def test_a_filter_is_built_by_keyboard_alone(stored, cast, open_page):
    page = open_page(URL, cast.vic)
    page.get_by_label("Search input, output and context").focus()
    press(page, "Tab", "Tab", "Enter")  # over the search's button, to the filter
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Add a condition")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Fact", exact=True)).to_be_focused()
    expect(page.get_by_label("Fact", exact=True).locator("option[value=latency_ms]")).to_be_attached()
    page.keyboard.type("latency_ms")
    page.keyboard.press("Tab")
    expect(page.get_by_label("What to ask of latency_ms")).to_have_value("gt")
    press(page, "Tab")
    page.keyboard.type("26")
    press(page, "Tab", "Tab", "Enter")  # over the way to remove it, to the next condition
    page.keyboard.type("system_version")
    press(page, "Tab", "Tab")
    page.keyboard.type("v1")
    page.keyboard.press("Enter")
    expect(page.locator(".chip").first).to_contain_text("latency_ms > 26")
    assert where(page) == {"latency_ms": {"gt": 26}, "system_version": {"eq": "v1"}}
    assert shown(page) == ["i29", "i27"]


def test_groups_lists_and_types_are_built_by_clicking(stored, cast, open_page):
    page = open_page(URL, cast.vic)
    page.locator("summary.button", has_text="Filter").click()
    page.get_by_role("button", name="Add a group of conditions").click()
    page.get_by_label("How many of these conditions").nth(1).select_option("none")
    page.get_by_label("Fact", exact=True).select_option("metadata.tier")
    page.get_by_label("What to ask of metadata.tier").select_option("in")
    page.get_by_label("basic", exact=True).check()
    page.get_by_role("button", name="Add a condition").last.click()
    page.get_by_label("Fact", exact=True).nth(1).select_option("metadata.vip")
    page.get_by_label("Value of metadata.vip", exact=True).select_option("true")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".chip")).to_have_count(2)
    assert where(page) == {"metadata.vip": {"eq": True}, "not": {"metadata.tier": {"in": ["basic"]}}}
    assert shown(page) == ["i25", "i20", "i10", "i5"]


def test_json_and_clicks_are_two_sides_of_one_filter(stored, cast, open_page):
    page = open_page(f'{URL}?where={{"any":[{{"latency_ms":{{"lt":2}}}},{{"model":{{"exists":true}}}}]}}', cast.vic)
    page.locator("summary.button", has_text="Filter").click()
    expect(page.get_by_label("How many of these conditions")).to_have_value("any")
    expect(page.get_by_label("Value of latency_ms", exact=True)).to_have_value("2")
    page.get_by_text("Filter as JSON").first.click()
    text = page.get_by_label("Filter as JSON")
    text.fill('{"latency_ms": ')
    expect(page.locator("[data-filter-problem]")).to_have_text("This is not JSON yet.")
    expect(page.get_by_label("Value of latency_ms", exact=True)).to_have_value("2")
    text.fill('{"latency_ms": {"lt": 1}}')
    expect(page.get_by_label("Value of latency_ms", exact=True)).to_have_value("1")
    page.get_by_label("Value of latency_ms", exact=True).fill("3")
    expect(text).to_have_value('{ "latency_ms": { "lt": 3 } }')
    page.get_by_role("button", name="Remove the condition on latency_ms").click()
    expect(text).to_have_value("")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#count strong")).to_have_text("30 items")
    assert urlsplit(page.url).query == ""


BODIES = [
    {},
    {"latency_ms": {"gt": 1, "lte": 5}, "system": {"eq": "a"}},
    {"latency_ms": {"gt": 1}, "all": [{"latency_ms": {"lt": 3}}, {"system": {"ne": "a"}}]},
    {"any": [{"latency_ms": {"gt": 4}}, {"not": {"system": {"in": ["a", "b"]}}}]},
    {"not": {"any": [{"latency_ms": {"lt": 2}}, {"system": {"eq": "a"}}]}},
    {"not": {"all": [{"latency_ms": {"lt": 2}}, {"system": {"eq": "a"}}]}},
    {"not": {"latency_ms": {"lt": 2}}},
    {"not": {"not": {"latency_ms": {"lt": 2}, "system": {"exists": True}}}},
    {"not": {"system": {"exists": False}}},
    {"all": [{"latency_ms": {"gt": 1}}, {"latency_ms": {"gt": 3}}]},
    {"any": [{"system": {"eq": "b"}}], "not": {"latency_ms": {"eq": 3}}},
    {"any": [{"any": [{"system": {"eq": "b"}}, {"latency_ms": {"eq": 1}}]}, {"system": {"contains": "z"}}]},
]


def test_turning_json_into_a_tree_and_back_never_changes_what_is_meant(stored, cast, open_page):
    page = open_page(URL, cast.vic)
    script = """async bodies => {
        const tree = await import("/static/js/filters/tree.js");
        return bodies.map(body => tree.bodyOf(tree.treeOf(body)));
    }"""
    facts = [{"latency_ms": ms, "system": name} for ms in (None, 1, 2, 3, 5) for name in (None, "a", "b", "xyz")]
    for before, after in zip(BODIES, page.evaluate(script, BODIES), strict=True):
        one, two = compile_filter(parse_filter(before)), compile_filter(parse_filter(after))
        assert [one(each) for each in facts] == [two(each) for each in facts], (before, after)


def test_the_way_to_an_item_along_the_list_and_back_to_its_row(stored, cast, open_page):
    page = open_page(f"{URL}?q=parcel", cast.vic)
    press(page, "j", "j", "Enter")
    arrive(page, "i28")
    expect(page.get_by_text("step 1, search")).to_be_visible()
    expect(page.locator(".find .count")).to_have_text("1 of 1")
    page.keyboard.press("j")
    arrive(page, "i27")
    page.keyboard.press("k")
    arrive(page, "i28")
    page.get_by_role("link", name="Back to the list").click()
    expect(page.locator("tr.visited")).to_contain_text("i28")
    page.go_back()
    page.go_back()
    page.go_back()
    page.go_back()
    expect(page.locator("tr.visited .item-link")).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_label("Search input, output and context")).to_be_focused()


def test_ticked_rows_are_sent_to_review_and_a_list_is_saved_as_a_view(stored, cast, open_page):
    Task.objects.all().delete()  # without a plan everything was drawn
    page = open_page(f"{URL}?q=parcel", cast.lea)
    page.get_by_role("button", name="Send ticked to review").click()
    expect(page.get_by_label("Reason for the review").first).to_be_visible()
    page.get_by_label("Tick i29", exact=True).check()
    page.get_by_label("Tick i27", exact=True).check()
    expect(page.locator("[data-ticked]")).to_have_text("2 ticked")
    page.get_by_label("Reason for the review").first.fill("odd")
    page.get_by_role("button", name="Send 2 to review").click()
    expect(page.locator(".messages")).to_contain_text("2 items are sent to review.")
    expect(page.locator("tr[data-item]", has_text="i29")).to_contain_text("sent to review")
    page.get_by_label("Tick all of this page").check()
    expect(page.locator("[data-ticked]")).to_have_text("30 ticked")
    page.locator("summary.button", has_text="Views").click()
    page.get_by_label("Save this list as").fill("Parcels")
    page.keyboard.press("Enter")
    expect(page.locator(".messages")).to_contain_text("“Parcels” is saved.")
    assert set(parse_qs(urlsplit(page.url).query)) == {"view"}
    page.get_by_label("Search input, output and context").fill("way")
    page.keyboard.press("Enter")
    expect(page.locator("summary.button", has_text="Parcels *")).to_be_visible()
    page.goto(f"{URL}/i5")
    page.locator("summary.button", has_text="Send to review").click()
    page.get_by_label("Reason for the review").fill("odd")
    page.keyboard.press("Enter")
    expect(page.locator(".messages")).to_contain_text("1 item is sent to review.")
    expect(page.get_by_text("Reason: odd")).to_be_visible()


@pytest.mark.parametrize(("theme", "size"), [("light", "wide"), ("dark", "narrow")])
def test_no_barriers(stored, cast, open_page, find_barriers, theme, size):
    where = '{"latency_ms":{"gt":3},"any":[{"metadata.tier":{"in":["gold"]}},{"feedback":{"exists":false}}]}'
    page = open_page(f"{URL}?q=parcel&where={where}", cast.olga, color_scheme=theme, viewport=SIZES[size])
    expect(page.locator("#count strong")).to_contain_text("items")
    assert find_barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("summary.button", has_text="Filter").click()
    expect(page.get_by_label("gold", exact=True)).to_be_checked()
    assert find_barriers(page, within="#finder") == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.press("Escape")
    expect(page.get_by_label("gold", exact=True)).to_be_hidden()
    page.goto(f"{URL}/i9")
    assert find_barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_scripts_the_filter_is_json(stored, cast, open_page):
    page = open_page(URL, cast.vic, java_script_enabled=False)
    page.locator("summary.button", has_text="Filter").click()
    page.get_by_label("Filter as JSON").fill('{"latency_ms": {"gt": 27}}')
    page.get_by_role("button", name="Apply").click()
    assert shown(page) == ["i29", "i28"]
