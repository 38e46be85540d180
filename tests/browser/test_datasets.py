"""A dataset's page in the browser: the preview follows the form, and nothing on the pages is a barrier."""

from playwright.sync_api import expect

from tests.datasets.world import URL, bring, conversations, freeze


def test_the_preview_follows_the_recipe_and_pages_have_no_barriers(project, cast, api_of, open_page, find_barriers):
    lea = api_of(cast.lea)
    lea.post(f"{URL}/datasets", {"name": "evals"}, status=201)
    bring(lea, conversations(6), {f"q-{k:03}": ["pass"] for k in range(6)})
    freeze(lea, splits={"dev": 0.5, "test": 0.5})
    size = {"width": 320, "height": 800}
    page = open_page("/p/helpdesk/datasets/evals", cast.lea, color_scheme="dark", viewport=size)
    preview = page.get_by_role("region", name="What it would choose now")
    expect(preview).to_contain_text("fewer than 5 rows: fail")
    page.get_by_label("At most so many rows").fill("4")
    expect(preview).to_contain_text("2: beyond the limit")
    assert find_barriers(page) == []
    page.get_by_role("link", name="1", exact=True).click()
    expect(page.get_by_role("heading", name="Version 1")).to_be_visible()
    assert find_barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
