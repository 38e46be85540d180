"""No state of the desk has a serious barrier, in either theme, wide or narrow, and none scrolls sideways."""

import pytest
from playwright.sync_api import expect

from annotations.rubrics.publish import publish_rubric
from reviewapp.accounts.models import Project
from tests.browser.test_labelling import on_screen, saved
from tests.conftest import NOW, RUBRIC
from tests.queue.items import add_items

LOOKS = {
    "light, wide": {"color_scheme": "light", "viewport": {"width": 1280, "height": 800}},
    "dark, narrow": {"color_scheme": "dark", "viewport": {"width": 320, "height": 640}},
    # 1280 wide at 200 %.
    "dark, zoomed": {"color_scheme": "dark", "viewport": {"width": 640, "height": 400}, "reduced_motion": "reduce"},
}


@pytest.fixture(params=LOOKS)
def desk(request, project, cast, open_page):
    Project.objects.filter(pk=project.pk).update(undo_seconds=0, reveal_after_commit=True)
    add_items(project, [number / 10 for number in range(5)])
    publish_rubric(project=project, body={**RUBRIC, "guidelines": "> **Good:** a\n> **Bad:** b"}, actor=None, now=NOW)
    page = open_page("/p/helpdesk/review", cast.rui, **LOOKS[request.param])
    on_screen(page, "item-0")
    return page


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def test_no_state_has_barriers(desk, find_barriers, console):
    console.expected = ("ERR_FAILED", "401")

    def check(state, within="html"):
        assert find_barriers(desk, within) == [], state
        assert desk.evaluate("document.documentElement.scrollWidth <= innerWidth"), state

    press(desk, "Enter")
    expect(desk.get_by_text("Answer this question.")).to_be_visible()
    check("an answer is missing")
    for key, name in (("?", "Keys"), ("s", "Why skip"), ("f", "What should")):
        press(desk, "Escape", key)
        expect(desk.get_by_role("dialog")).to_contain_text(name)
        # What lies behind a dialog is inert, and axe takes the dialog for its background.
        check(name, "dialog[open]")
    press(desk, "Control+Enter")
    check("an escalation without a note", "dialog[open]")
    press(desk, "Escape", "1", "Enter")
    expect(desk.locator(".revealed")).to_be_visible()
    check("revealed")
    press(desk, "z", "Control+Enter")
    check("a change without a reason")
    press(desk, "Escape", "Escape", "Enter", "z")  # out of the field, out of the change
    expect(desk.get_by_role("dialog")).to_contain_text("Your last labels")
    check("the last labels", "dialog[open]")
    press(desk, "Escape", "k")
    expect(desk.locator(".past")).to_be_visible()
    check("looking back")
    press(desk, "Escape")
    expect(desk.locator(".past")).to_have_count(0)
    if desk.locator("#guidelines").is_hidden():
        press(desk, "g")
    check("guidelines")
    press(desk, "g")
    desk.route("**/api/v1/**", lambda route: route.abort())
    for _ in range(3):
        press(desk, "1", "Enter")
        desk.wait_for_timeout(2200)  # what is to be revealed is waited for
    expect(desk.get_by_role("heading", name="The server does not answer")).to_be_visible()
    check("no server")
    desk.unroute("**/api/v1/**")
    desk.context.clear_cookies(name="sessionid")
    # It tries again by itself; "Try now" may be gone before it is pressed.
    expect(desk.get_by_role("heading", name="You have been signed out")).to_be_visible(timeout=20_000)
    check("signed out", "dialog[open]")


def test_focus_follows_the_item_and_there_is_one_polite_region(desk):
    expect(desk.get_by_role("heading", name="Item item-0")).to_be_focused()
    assert desk.locator("[aria-live]:not([aria-live=off]), [role=status], [role=alert], [role=log]").count() == 1
    press(desk, "1", "Enter")
    expect(desk.locator(".revealed")).to_be_visible()
    expect(desk.get_by_role("heading", name="Item item-0")).to_be_focused()
    press(desk, "Enter")
    expect(desk.get_by_role("heading", name="Item item-1")).to_be_focused()
    saved(desk)


def test_an_ending_lease_is_said_and_extended_by_one_key(project, cast, open_page):
    Project.objects.filter(pk=project.pk).update(lease_seconds=30)
    add_items(project, [0.1])
    page = open_page("/", cast.rui)
    page.clock.install()
    page.goto("/p/helpdesk/review")
    on_screen(page, "item-0")
    expect(page.locator("#lease")).to_be_hidden()
    page.clock.run_for(22_000)
    expect(page.locator("#lease-text")).to_contain_text("Yours for 0:0")
    expect(page.locator("#announce")).to_have_text("This item will soon go back to the queue. Press x to keep it.")
    with page.expect_response("**/renew"):
        press(page, "x")
    expect(page.locator("#lease")).to_be_hidden()
