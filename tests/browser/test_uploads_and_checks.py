"""In the browser: a check is tried while it is written, and a file is mapped, imported and found again."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from reviewapp.http.lines import Line
from reviewapp.jobs.models import Intent
from reviewapp.jobs.run import run_intent
from sampling.checks.publish import list_checks
from sampling.ingest.add import add_items
from tests.sampling.lines import item

SIZES = {"wide": {"width": 1280, "height": 800}, "narrow": {"width": 320, "height": 640}}
CSV = b"request id;prompt;answer\n7;Hi;Hello\n8;Hi\n"


def work():
    for intent in Intent.objects.filter(kind="import_upload", done_at=None):
        run_intent(intent.pk)


def store(project, *items):
    lines = [Line(number, each) for number, each in enumerate(items, start=1)]
    add_items(project=project, lines=lines, actor=None, now=timezone.now())


def test_what_a_check_finds_is_seen_while_it_is_written(project, cast, open_page):
    store(project, item("long", output="x" * 50), item("short", output="x"))
    page = open_page("/p/helpdesk/settings/checks", cast.lea)
    page.get_by_role("link", name="Has a length").click()
    trial = page.locator("#trial")
    expect(trial).to_contain_text("Give min, max, or both.")
    page.get_by_label("At most").fill("10")
    expect(trial).to_contain_text("50 characters, more than 10.")
    expect(trial).to_contain_text("The newest 2 items. Nothing is stored.")
    page.get_by_label("Name").fill("brief")
    page.get_by_role("button", name="Add the check").click()
    expect(page.get_by_role("status")).to_contain_text("brief is saved")
    assert list_checks(project.pk) == [{"name": "brief", "kind": "length", "max": 10}]


def test_a_file_is_mapped_and_imported_while_one_watches(project, cast, open_page):
    page = open_page("/p/helpdesk/items", cast.lea)
    page.get_by_role("link", name="Upload a file").click()
    page.get_by_label("JSON Lines, CSV or Parquet").set_input_files(
        {"name": "export.csv", "mimeType": "text/csv", "buffer": CSV}
    )
    page.get_by_role("button", name="Look at it").click()
    preview = page.locator("#preview")
    expect(preview).to_contain_text("1 of the first 2 rows would be refused.")
    page.get_by_label("prompt becomes").select_option("")
    expect(preview).to_contain_text("2 of the first 2 rows would be refused.")
    page.get_by_label("prompt becomes").select_option("input")
    expect(preview).to_contain_text("1 of the first 2")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("heading", name="Importing")).to_be_visible()
    work()
    expect(page.get_by_role("heading", name="Imported")).to_be_visible()
    expect(page.get_by_role("row", name="3 The row has 2 cells and the header 3.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download it with the reasons").click()
    assert b"8;Hi" in download.value.path().read_bytes()
    page.get_by_role("link", name="See the items").click()
    expect(page.get_by_role("link", name="Hi")).to_be_visible()


@pytest.mark.parametrize(("theme", "size"), [("light", "wide"), ("dark", "narrow")])
def test_the_pages_have_no_barriers_and_do_not_scroll_sideways(project, cast, open_page, find_barriers, theme, size):
    store(project, item("a"))
    page = open_page("/p/helpdesk/settings/checks?kind=contains", cast.lea, color_scheme=theme, viewport=SIZES[size])
    expect(page.locator("#trial")).to_contain_text("Fill in the form")
    for path in (None, "/p/helpdesk/uploads"):
        if path:
            page.goto(path)
        assert find_barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_label("JSON Lines, CSV or Parquet").set_input_files(
        {"name": "export.csv", "mimeType": "text/csv", "buffer": CSV}
    )
    page.get_by_role("button", name="Look at it").click()
    expect(page.locator("#preview")).to_be_visible()
    assert find_barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
