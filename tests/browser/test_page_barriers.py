"""Pages of figures have no serious barrier and do not scroll sideways where it is narrow; nor has the way to them."""

from playwright.sync_api import expect

from tests.queue.items import add_items

PAGES = ("quality", "quality/reviewers", "estimates", "shadow", "operations", "rollouts")


def test_narrow_pages_and_their_menu_have_no_barriers(project, cast, open_page, find_barriers):
    add_items(project, [0.1, 0.2])
    page = open_page("/p/helpdesk/", cast.olga, color_scheme="dark", viewport={"width": 320, "height": 640})
    menu = page.get_by_role("button", name="Overview and all other pages")
    expect(page.get_by_role("navigation", name="Project")).to_be_hidden()
    menu.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Overview")).to_be_focused()
    assert find_barriers(page) == []
    page.keyboard.press("Escape")
    expect(menu).to_be_focused()
    for path in PAGES:
        page.goto(f"/p/helpdesk/{path}")
        assert find_barriers(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
