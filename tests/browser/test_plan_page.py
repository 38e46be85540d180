"""The plan's page in a real browser: a rule built by clicking, a preview that follows, and no barriers."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from reviewapp.http.lines import cut_lines
from sampling.ingest.add import add_items
from sampling.models import PlanVersion
from tests.sampling.lines import item, ndjson

SIZES = {"wide": {"width": 1280, "height": 800}, "narrow": {"width": 320, "height": 640}}


@pytest.fixture
def items(project):
    """Forty items of two versions; ten of them are German."""
    made = (
        item(f"i{n}", system_version=f"v{n % 2}", metadata={"language": "de" if n % 4 == 0 else "en"})
        for n in range(40)
    )
    add_items(project=project, lines=cut_lines([ndjson(*made)]), actor=None, now=datetime.now(UTC))


def test_a_rule_is_built_by_clicking_previewed_and_published(items, cast, open_page, find_barriers):
    page = open_page("/p/helpdesk/plan", cast.lea, viewport=SIZES["wide"])
    outlook = page.locator("[data-outlook]")
    expect(outlook).to_contain_text("of 40")
    page.get_by_label("Base rate").fill("10")
    expect(outlook.locator("dd").first).to_have_text("4 of 40")
    page.get_by_role("button", name="Add a rule").press("Enter")
    expect(page.get_by_label("Rule", exact=True)).to_be_focused()
    page.keyboard.type("German")
    expect(outlook).to_contain_text("Rule 1, German: Write a percentage")
    page.get_by_label("Rate", exact=True).fill("50")
    page.get_by_role("button", name="Add a condition").click()
    page.get_by_label("Fact").select_option("metadata.language")
    page.get_by_label("Value of metadata.language", exact=True).fill("de")
    expect(outlook.locator("dd").first).to_have_text("8 of 40")  # 10 at one half, 30 at a tenth
    expect(outlook).to_contain_text("50 % of: metadata.language is “de”")
    expect(page.locator("[data-outlook-status]")).to_contain_text("8 of 40 items drawn a day")
    for size in SIZES.values():
        page.set_viewport_size(size)
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            assert find_barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Plan version 1 is published.")).to_be_visible()
    rule = {"name": "German", "when": {"metadata.language": {"eq": "de"}}, "rate": 0.5}
    assert PlanVersion.objects.get(version=1).rules == [rule]


def test_a_rule_is_removed_and_what_is_refused_can_be_mended(items, cast, open_page, console):
    console.expected = ("422",)
    page = open_page("/p/helpdesk/plan", cast.lea)
    page.get_by_role("button", name="Add a rule").click()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Nothing is published.")).to_be_visible()
    expect(page.get_by_text("Give the rule a name.")).to_be_visible()
    page.get_by_role("button", name="Remove the rule").press("Enter")
    expect(page.get_by_text("No rules: every item")).to_be_visible()
    expect(page.get_by_role("button", name="Add a rule")).to_be_focused()
    page.get_by_label("Base rate").fill("25")
    expect(page.locator("[data-outlook] dd").first).to_have_text("10 of 40")
    page.get_by_label("Reckon from").select_option("1")
    page.get_by_label("Base rate").press("Enter")  # previews, and publishes nothing
    expect(page.get_by_label("Base rate")).to_have_value("25")
    assert PlanVersion.objects.count() == 1


def test_it_reads_without_scripts(items, cast, open_page):
    page = open_page("/p/helpdesk/plan", cast.lea, java_script_enabled=False)
    page.get_by_label("Base rate").fill("50")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("[data-outlook] dd").first).to_have_text("20 of 40")
    page.get_by_role("button", name="Add a rule").click()
    page.get_by_label("Rule", exact=True).fill("German")
    page.get_by_label("Rate", exact=True).fill("100")
    page.get_by_label("Condition as JSON").fill('{"metadata.language": {"eq": "de"}}')
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Plan version 1 is published.")).to_be_visible()
