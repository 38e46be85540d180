"""From a project without a rubric to its first label: a template, changes by clicking, publishing, reviewing."""

import re

from playwright.sync_api import expect

from annotations.models import Label, RubricVersion
from annotations.projects import create_project
from reviewapp.accounts.projects import ProjectSpec
from tests.browser.screen import on_screen, press
from tests.conftest import NOW
from tests.queue.items import add_items


def test_template_then_publish_then_review(cast, open_page, find_barriers, console):
    console.expected = ("409",)
    spec = ProjectSpec(slug="bare", name="Bare", sampling_salt="salt")
    add_items(create_project(owner=cast.olga, spec=spec, rubric=None, actor=None, now=NOW), [0.1, 0.2])
    page = open_page("/p/bare/review", cast.olga)
    page.get_by_role("link", name="Write the rubric").click()
    page.get_by_role("link", name="Pass or fail, with reasons").click()

    # What is clicked and the JSON are in step, and the preview is answered by its own keys.
    verdict = page.get_by_role("group", name=re.compile("^1"))
    verdict.get_by_role("textbox", name="Question", exact=True).fill("Good enough?")
    preview = page.get_by_role("region", name="As its reviewer sees it")
    expect(preview.get_by_role("group", name="Good enough?")).to_be_visible()
    preview.get_by_role("region", name="Item in the preview").focus()
    press(page, "q")
    expect(preview.get_by_role("radio", name="Fail")).to_be_checked()
    expect(preview.get_by_role("group", name="What is wrong with it?")).to_be_visible()
    page.get_by_role("button", name="JSON").click()
    assert '"Good enough?"' in page.get_by_label("Questions, as a JSON list").input_value()
    page.get_by_role("button", name="By clicking").click()

    # A key that is taken is refused with its reason, at its field.
    key = page.get_by_label("Key", exact=True).first
    key.fill("?")
    expect(verdict.get_by_text("one of the page's own keys")).to_be_visible()
    expect(key).to_have_attribute("aria-invalid", "true")
    key.fill("y")
    expect(verdict.get_by_text("one of the page's own keys")).to_have_count(0)

    # Moving up by button keeps the focus on the button; what cannot be is said, and taken back.
    page.get_by_role("button", name="Duplicate question 3").click()
    page.get_by_role("button", name="Move question 4 up").click()
    expect(page.get_by_role("button", name="Move question 3 up")).to_be_focused()
    page.get_by_role("button", name="Delete question 3").click()
    assert find_barriers(page) == []

    # What is being written survives the page.
    page.reload()
    expect(page.get_by_text("What you were writing is here again.")).to_be_visible()
    page.goto("/p/bare/settings/rubric?template=factuality")  # nor does another beginning take its place unasked
    expect(page.get_by_text("What you were writing is here again.")).to_be_visible()
    expect(page.get_by_text("The form holds")).to_be_hidden()
    expect(page.get_by_label("Key", exact=True).first).to_have_value("y")
    page.get_by_role("button", name="Publish version 1").click()
    expect(page.get_by_text("Rubric version 1 is published.")).to_be_visible()
    stored = RubricVersion.objects.get()
    assert [question["key"] for question in stored.questions] == ["verdict", "reasons", "note"]
    assert stored.questions[0]["options"][0]["hotkey"] == "y"

    page.goto("/p/bare/review")
    on_screen(page, 0)
    press(page, "y", "Enter")
    on_screen(page, 1)
    expect(page.locator("#saving")).to_be_empty()
    assert Label.objects.get().answers == {"verdict": "pass"}
