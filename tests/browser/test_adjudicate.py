"""Adjudicating by keyboard alone."""

from playwright.sync_api import expect

from annotations.models import Adjudication, GuidelineTodo
from annotations.rubrics.publish import publish_rubric
from tests.browser.screen import here, on_screen, press
from tests.conftest import NOW, RUBRIC
from tests.queue.items import add_items
from tests.queue.services import claim_one, submit

FIXED = {"key": "fixed", "kind": "correction", "title": "Correct it", "required": False}
FACTS = {
    "key": "marks",
    "kind": "spans",
    "title": "What is wrong",
    "target": "output",
    "required": False,
    "tags": [{"value": "false", "label": "False"}],
}


def test_a_case_is_decided_by_keyboard_and_the_next_one_comes(project, cast, open_page):
    body = {**RUBRIC, "questions": [*RUBRIC["questions"], FIXED, FACTS]}
    publish_rubric(project=project, body=body, actor=None, now=NOW)
    add_items(project, [0.1, 0.2], need=2, output="Open from 9 to 5.")
    marked = {"start": 0, "end": 4, "tag": "false"}
    for person, verdict, fixed, marks in (
        (cast.rui, "pass", "Open from 9 to 6.", [marked]),
        (cast.bea, "fail", "Closed from 9 to 6.", [marked, {"start": 10, "end": 11, "tag": "false"}]),
    ):
        submit(person, claim_one(person), answers={"verdict": verdict, "fixed": fixed, "marks": marks})
        submit(person, claim_one(person), answers={"verdict": verdict})
    page = open_page("/p/helpdesk/adjudicate", cast.ada)
    on_screen(page, 0)
    expect(page.locator("#disagreements")).to_have_text("2")
    expect(here(page).locator(".case-about")).to_contain_text("3 questions differ")
    opinions = here(page).get_by_role("list", name="Answers to: Would you send it?")
    expect(opinions.get_by_role("listitem")).to_have_count(2)
    expect(opinions.locator("mark")).to_have_count(2)
    marks = here(page).get_by_role("list", name="Answers to: What is wrong")
    expect(marks.locator("mark")).to_have_text("False: “9”")
    expect(here(page).get_by_role("textbox", name="Correct it")).to_have_value("Open from 9 to 6.")
    expect(page.get_by_text("rui")).to_have_count(0)
    press(page, "j")
    expect(here(page).get_by_role("radio", checked=True)).to_have_count(1)
    press(page, "2", "u")
    page.keyboard.type("Is Sunday a day?")
    press(page, "Escape", "e")
    page.keyboard.type("Closed on Sundays.")
    press(page, "Control+Enter")
    on_screen(page, 1)
    expect(page.locator("#decided")).to_contain_text("was rui")
    decided = Adjudication.objects.get()
    assert decided.answers == {"verdict": "fail", "fixed": "Open from 9 to 6.", "marks": [marked]}
    assert (decided.note, decided.error_type) == ("Closed on Sundays.", "guideline_unclear")
    assert GuidelineTodo.objects.get().text == "Is Sunday a day?"
    press(page, "e")
    page.keyboard.type("On second thoughts")
    press(page, "Escape", "s")
    expect(page.get_by_role("heading", name="Only what you put aside is left")).to_be_visible()
    page.get_by_role("button", name="Get it back").click()
    on_screen(page, 1)
    reason = here(page).get_by_role("textbox", name="Reason, for the reviewers")
    expect(reason).to_have_value("On second thoughts")
    press(page, "z", "z")
    on_screen(page, 0)
    expect(page.locator("#waiting")).to_be_hidden()
    expect(here(page)).to_have_count(1)
    expect(here(page).get_by_role("textbox", name="Reason, for the reviewers")).to_have_value("Closed on Sundays.")
