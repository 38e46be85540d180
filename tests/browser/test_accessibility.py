"""No page has a serious barrier, in either theme, wide or narrow."""

import pytest
from playwright.sync_api import expect

from tests.queue.items import add_items

SIZES = {"wide": {"width": 1280, "height": 800}, "narrow": {"width": 320, "height": 640}}


@pytest.mark.parametrize(("theme", "size"), [("light", "wide"), ("dark", "narrow")])
@pytest.mark.parametrize("path", ["/p/helpdesk/", "/p/helpdesk/settings", "/p/helpdesk/review", "/"])
def test_a_page_has_no_barriers_and_does_not_scroll_sideways(
    project, cast, open_page, find_barriers, path, theme, size
):
    add_items(project, [0.1, 0.2])
    page = open_page(path, cast.olga, color_scheme=theme, viewport=SIZES[size])
    if path.endswith("review"):
        expect(page.get_by_role("heading", name="Item item-0")).to_be_visible()
    assert find_barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("theme", "size"), [("light", "wide"), ("dark", "narrow")])
def test_the_page_of_the_api_has_no_barriers_and_does_not_scroll_sideways(cast, open_page, find_barriers, theme, size):
    page = open_page("/api/docs", cast.olga, color_scheme=theme, viewport=SIZES[size])
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # All endpoints are drawn by one template: two of each group stand for them.
    page.evaluate("document.querySelectorAll('article:nth-of-type(n+3)').forEach((article) => article.remove())")
    assert find_barriers(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_sign_in_page_has_no_barriers(db, open_page, find_barriers, theme):
    assert find_barriers(open_page("/", color_scheme=theme)) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("key", ["s", "?"])
def test_the_dialogs_have_no_barriers(project, cast, open_page, find_barriers, key, theme):
    add_items(project, [0.1])
    page = open_page("/p/helpdesk/review", cast.rui, color_scheme=theme)
    expect(page.get_by_role("heading", name="Item item-0")).to_be_visible()
    page.keyboard.press(key)
    expect(page.get_by_role("dialog")).to_be_visible()
    # What lies behind the dialog is inert, and axe takes the dialog for its background.
    assert find_barriers(page, within="dialog[open]") == []


def test_a_chosen_theme_is_painted_by_the_server(project, cast, open_page):
    page = open_page("/", cast.rui, color_scheme="light")
    page.get_by_text("rui", exact=True).click()
    page.get_by_label("Dark").check()
    page.goto("/p/helpdesk/")
    assert 'data-theme="dark"' in page.request.get("/").text()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
