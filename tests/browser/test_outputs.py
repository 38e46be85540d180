"""Outputs of an evaluation on the reviewer's screen: by keyboard, like any item, and changed afterwards."""

from playwright.sync_api import expect

from annotations.models import EvaluationGrade
from reviewapp.accounts.models import Project
from tests.browser.test_labelling import saved
from tests.evaluations.world import bring, evaluate, outputs
from tests.queue.test_outputs import close_review


def test_outputs_are_graded_by_keyboard_and_a_grade_is_changed_with_a_reason(cast, project, api_of, open_page):
    lea = api_of(cast.lea)
    bring(lea, 3)
    close_review()
    Project.objects.filter(pk=project.pk).update(undo_seconds=0)
    run = evaluate(lea, outputs(3), people={"sample": 2, "show_expected": True})
    page = open_page("/p/helpdesk/review", cast.rui)
    passes = page.get_by_role("radio", name="It passes")  # of what is on screen: what is fetched ahead is hidden
    expect(passes).not_to_be_checked()
    expect(page.get_by_text("Expected answer").locator("visible=true")).to_have_count(1)
    expect(page.get_by_role("button", name="Escalate")).to_be_hidden()
    expect(page.locator("#left")).to_have_text("2")
    for key in ("f", "1", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#left")).to_have_text("1")
    expect(passes).not_to_be_checked()
    for key in ("1", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("heading", name="All done")).to_be_visible()
    saved(page)
    page.keyboard.press("k")
    expect(passes).to_be_checked()
    for key in ("z", "2"):
        page.keyboard.press(key)
    page.get_by_label("Why it changes").fill("Misread")
    page.keyboard.press("Control+Enter")
    saved(page)
    assert EvaluationGrade.objects.get(superseded_by=None, passes=False).revision_reason == "Misread"
    assert lea.get(f"/evaluations/{run['id']}")["scores"]["people.pass_rate"]["value"] == 0.5
