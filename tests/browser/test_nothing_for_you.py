"""An honest "nothing for you": why, and what happens next."""

import pytest
from playwright.sync_api import expect

from annotations.projects import create_project
from reviewapp.accounts.projects import ProjectSpec
from tests.conftest import NOW
from tests.queue.items import add_items


def shows(page, heading):
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    expect(page.get_by_role("button", name="Submit")).to_be_hidden()


def test_no_items_yet(project, cast, open_page):
    shows(open_page("/p/helpdesk/review", cast.rui), "No items yet")


def test_no_rubric_yet(cast, open_page, console):
    console.expected = ("409",)
    spec = ProjectSpec(slug="bare", name="Bare", sampling_salt="salt")
    add_items(create_project(owner=cast.olga, spec=spec, rubric=None, actor=None, now=NOW), [0.1])
    page = open_page("/p/bare/review", cast.olga)
    shows(page, "No questions yet")
    expect(page.get_by_role("main").get_by_role("link", name="Write the rubric")).to_be_visible()


def test_others_are_on_the_rest_and_when_the_next_is_free(project, cast, api_of, open_page):
    add_items(project, [0.1])
    api_of(cast.bea).post("/projects/helpdesk/tasks/claim")
    page = open_page("/p/helpdesk/review", cast.rui)
    shows(page, "Others are on the rest")
    expect(page.get_by_text("The next one is free at")).to_be_visible()


def test_what_is_left_needs_somebody_else(project, cast, open_page):
    add_items(project, [0.1], need=2)
    page = open_page("/p/helpdesk/review", cast.rui)
    expect(page.get_by_role("heading", name="Item item-0")).to_be_focused()
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    shows(page, "Nothing left for you")


@pytest.mark.parametrize("status", [500])
def test_a_silent_server_is_said_and_tried_again(project, cast, open_page, console, status):
    console.expected = (str(status),)
    add_items(project, [0.1])
    page = open_page("/", cast.rui)
    page.route("**/claim", lambda route: route.fulfill(status=status))
    page.goto("/p/helpdesk/review")
    shows(page, "The server does not answer")
    page.unroute("**/claim")
    page.get_by_role("button", name="Try now").click()
    expect(page.get_by_role("heading", name="Item item-0")).to_be_visible()
