"""The desk beyond the plain path: looking back, revising, escalating, revealing, and what the keys mean when."""

import pytest
from playwright.sync_api import expect

from annotations.models import Escalation, Label, Lease, Reveal
from annotations.rubrics.publish import publish_rubric
from reviewapp.accounts.models import Project
from tests.browser.test_labelling import labels, on_screen, saved
from tests.conftest import NOW, RUBRIC
from tests.queue.items import add_items
from tests.queue.services import claim_one, submit


@pytest.fixture
def items(project):
    return add_items(project, [number / 10 for number in range(6)])


@pytest.fixture
def open_desk(items, cast, open_page):
    """Rui's screen, with the first item on it."""

    def opened(**options):
        page = open_page("/p/helpdesk/review", cast.rui, **options)
        expect(page.get_by_role("heading", name="Item item-0")).to_be_focused()
        return page

    return opened


@pytest.fixture
def desk(open_desk):
    return open_desk()


@pytest.fixture
def no_undo(project):
    Project.objects.filter(pk=project.pk).update(undo_seconds=0)


@pytest.fixture
def revealing(project):
    Project.objects.filter(pk=project.pk).update(reveal_after_commit=True)


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def label_two(page):
    press(page, "1", "Enter")
    on_screen(page, "item-1")
    press(page, "2", "Enter")
    on_screen(page, "item-2")
    saved(page)


class TestLookingBack:
    def test_k_goes_back_through_ones_labels_and_j_returns_to_the_work(self, desk):
        label_two(desk)
        press(desk, "1")
        press(desk, "k")
        expect(desk.get_by_role("heading", name="Item item-1")).to_be_focused()
        expect(desk.get_by_role("radio", name="Fail")).to_be_checked()
        expect(desk.get_by_role("radio", name="Pass")).to_be_disabled()
        press(desk, "k")
        on_screen(desk, "item-0")
        press(desk, "2", "s")  # what is looked at does not change by keys that answer
        expect(desk.get_by_role("radio", name="Pass")).to_be_checked()
        press(desk, "j")
        on_screen(desk, "item-1")
        press(desk, "j")
        expect(desk.get_by_role("heading", name="Item item-2")).to_be_focused()
        expect(desk.get_by_role("radio", name="Pass")).to_be_checked()

    def test_after_the_window_z_lists_the_last_labels_to_change_one(self, no_undo, cast, desk):
        label_two(desk)
        press(desk, "z")
        expect(desk.get_by_role("dialog")).to_contain_text("item-1")
        submit(cast.rui, claim_one(cast.rui))  # an answer on a slow line arrives, and the list is still what it was
        press(desk, "2")
        on_screen(desk, "item-0")
        press(desk, "2", "Enter")
        expect(desk.get_by_text("Say why in a few words.")).to_be_visible()
        desk.keyboard.type("I read it again")
        press(desk, "Control+Enter")
        on_screen(desk, "item-2")
        saved(desk)
        stands = Label.objects.filter(item__external_id="item-0", superseded_by=None).get()
        assert (stands.answers, stands.revision_reason) == ({"verdict": "fail"}, "I read it again")

    def test_a_changed_label_shows_what_it_said_before(self, no_undo, desk):
        label_two(desk)
        press(desk, "k", "z", "1")
        desk.get_by_label("Why it changes").fill("slip")
        press(desk, "Control+Enter")
        saved(desk)
        press(desk, "k")
        expect(desk.get_by_text("You changed it: slip")).to_be_visible()
        expect(desk.get_by_role("radio", name="Pass")).to_be_checked()
        press(desk, "d")
        expect(desk.get_by_role("radio", name="Fail")).to_be_checked()

    def test_escape_leaves_a_change_and_then_the_history(self, desk):
        label_two(desk)
        press(desk, "k", "z", "1", "Escape")
        expect(desk.get_by_text("Your label", exact=True)).to_be_visible()
        expect(desk.get_by_role("radio", name="Fail")).to_be_checked()
        press(desk, "Escape")
        on_screen(desk, "item-2")
        assert Label.objects.count() == 2

    def test_with_no_labels_there_is_nothing_to_look_back_at(self, desk):
        press(desk, "k")
        expect(desk.locator("#announce")).to_have_text("You have no labels here yet.")
        on_screen(desk, "item-0")


class TestPassingOn:
    def test_an_escalation_takes_a_note_and_what_was_answered(self, desk):
        press(desk, "2", "f")
        press(desk, "Control+Enter")
        expect(desk.get_by_text("Write what you are unsure about.")).to_be_visible()
        desk.keyboard.type("Which policy holds?")
        press(desk, "Control+Enter")
        expect(desk.get_by_role("heading", name="Item item-1")).to_be_focused()
        saved(desk)
        row = Escalation.objects.get()
        assert (row.note, row.answers, row.reviewer_name) == ("Which policy holds?", {"verdict": "fail"}, "rui")

    def test_escape_keeps_the_item_and_a_note_stays_with_the_one_it_is_about(self, cast, desk):
        press(desk, "f", "Escape")
        on_screen(desk, "item-0")
        press(desk, "f")
        desk.keyboard.type("Which policy holds?")
        # Meanwhile another tab goes on with the item.
        taken = Lease.objects.get(task__item__external_id="item-0").task_id
        tell = "([name, task]) => new BroadcastChannel(name).postMessage({kind: 'taken', tasks: [task]})"
        desk.evaluate(tell, [f"review.tab:helpdesk:{cast.rui.pk}:", taken])
        on_screen(desk, "item-1")
        press(desk, "Control+Enter")
        notice = desk.locator(".notice")
        expect(notice).to_contain_text("item-0 left this screen before that: nothing was sent about it.")
        expect(notice).to_contain_text("Which policy holds?")
        on_screen(desk, "item-1")
        saved(desk)
        assert not Escalation.objects.exists()


class TestReveal:
    def test_what_was_hidden_is_shown_once_it_is_saved_and_enter_goes_on(self, revealing, open_desk):
        desk = open_desk()
        press(desk, "1", "Enter")
        revealed = desk.locator(".revealed")
        expect(revealed).to_contain_text("AI-DECISION")
        on_screen(desk, "item-0")
        press(desk, "Enter")
        expect(desk.get_by_role("heading", name="Item item-1")).to_be_focused()
        assert labels("answers") == [({"verdict": "pass"},)]

    def test_a_mind_changed_by_it_is_a_revision(self, revealing, open_desk):
        desk = open_desk()
        press(desk, "1", "Enter")
        expect(desk.locator(".revealed")).to_be_visible()
        press(desk, "z", "2")
        desk.get_by_label("Why it changes").fill("I had overlooked the price")
        press(desk, "Control+Enter")
        on_screen(desk, "item-1")
        saved(desk)
        first = Label.objects.exclude(superseded_by=None).get()
        assert Reveal.objects.get().label == first
        assert first.superseded_by.answers == {"verdict": "fail"}

    def test_a_slow_line_does_not_keep_the_person(self, revealing, open_desk, console):
        console.expected = ("ERR_FAILED",)
        desk = open_desk()
        held = []
        desk.route("**/label", lambda route: held.append(route))  # noqa: PLW0108
        press(desk, "1", "Enter")
        on_screen(desk, "item-1")
        for route in held:
            route.continue_()
        saved(desk)
        expect(desk.locator(".revealed")).to_have_count(0)
        press(desk, "k")
        desk.get_by_role("button", name="Show what was hidden").click()
        expect(desk.locator(".revealed")).to_contain_text("SECRET-MODEL")
        # Nor does one that is cut before it is shown.
        desk.unroute("**/label")
        desk.route("**/reveal", lambda route: route.abort())
        press(desk, "Escape", "1", "Enter")
        expect(desk.locator(".notice")).to_contain_text("What was hidden about item-1 is not shown")
        on_screen(desk, "item-2")


class TestKeys:
    def test_the_list_holds_what_means_something_now(self, desk):
        press(desk, "?")
        keys = desk.locator("#help-keys")
        expect(keys).to_contain_text("Pass")
        expect(keys).to_contain_text("your last labels")
        expect(keys).not_to_contain_text("back to work")
        press(desk, "Escape")
        label_two(desk)
        press(desk, "?")
        expect(keys).to_contain_text("undo the last submit")
        press(desk, "Escape", "k")
        expect(desk.locator(".past")).to_be_visible()
        press(desk, "?")
        expect(keys).to_contain_text("change it, with a reason")
        expect(keys).not_to_contain_text("escalate")

    def test_keys_do_nothing_while_held_down_composed_or_with_a_modifier(self, desk):
        fire = """(more) => document.activeElement.dispatchEvent(
            new KeyboardEvent("keydown", {key: "1", bubbles: true, cancelable: true, ...more}))"""
        for more in ({"repeat": True}, {"isComposing": True}, {"ctrlKey": True}, {"altKey": True}, {"metaKey": True}):
            desk.evaluate(fire, more)
        expect(desk.get_by_role("radio", name="Pass")).not_to_be_checked()
        desk.evaluate(fire, {})
        expect(desk.get_by_role("radio", name="Pass")).to_be_checked()

    def test_keys_are_those_printed_on_the_keyboard(self, desk):
        fire = """(more) => document.activeElement.dispatchEvent(
            new KeyboardEvent("keydown", {bubbles: true, cancelable: true, ...more}))"""
        desk.evaluate(fire, {"key": "ы", "code": "KeyS"})
        expect(desk.get_by_role("dialog")).to_contain_text("Why skip this item?")
        press(desk, "Escape")
        desk.evaluate(fire, {"key": "F", "code": "KeyF"})  # Caps Lock
        expect(desk.get_by_role("dialog")).to_contain_text("What should an adjudicator decide?")

    def test_with_single_keys_off_control_enter_still_submits(self, desk):
        press(desk, "?", "Tab")
        with desk.expect_response("**/keys"):
            press(desk, "Space")
        press(desk, "Escape", "1", "z", "k", "s")
        expect(desk.get_by_role("radio", name="Pass")).not_to_be_checked()
        desk.get_by_role("radio", name="Pass").check()
        press(desk, "Control+Enter")
        on_screen(desk, "item-1")


class TestGuidelines:
    def test_what_changed_is_shown_until_it_is_read(self, project, desk, open_desk):
        panel = desk.locator("#guidelines")
        with desk.expect_response("**/read"):
            panel.get_by_role("button", name="I have read them").click()
        expect(panel.get_by_role("heading", name="Guidelines")).to_be_focused()
        body = {**RUBRIC, "guidelines": "Pass what you would sign.\n\n> **Good:** short\n> **Bad:** long"}
        publish_rubric(project=project, body=body, actor=None, now=NOW)
        desk.reload()
        on_screen(desk, "item-0")
        expect(desk.get_by_role("button", name="Guidelines changed")).to_be_visible()
        expect(panel.locator(".change").first).to_have_text("Pass what you would sendsign.")
        expect(panel.locator(".example.good")).to_have_text("Good: short")
        with desk.expect_response("**/read"):
            panel.get_by_role("button", name="I have read them").click()
        expect(panel.locator(".change")).to_have_count(0)
        expect(desk.locator("#guidelines-badge")).to_be_hidden()

    def test_a_version_that_comes_while_working_brings_its_guidelines(self, project, desk, console):
        console.expected = ("ERR_FAILED",)
        publish_rubric(project=project, body={**RUBRIC, "guidelines": "Be strict."}, actor=None, now=NOW)
        desk.route("**/guidelines?version=2", lambda route: route.abort(), times=1)  # then it is asked for again
        for number in range(4):
            on_screen(desk, f"item-{number}")
            press(desk, "1", "Enter")
        expect(desk.locator("#guidelines")).to_contain_text("Be strict.")


def test_time_counts_while_somebody_is_there(desk, console):
    console.expected = ("409",)  # ten minutes of the page are none of the server's
    desk.clock.install()
    desk.reload()
    on_screen(desk, "item-0")
    desk.clock.run_for(20_000)
    press(desk, "Shift")
    desk.clock.run_for(600_000)  # gone for ten minutes: one of them counts
    press(desk, "1", "Enter")
    desk.clock.run_for(2_000)
    saved(desk)
    expect(desk.get_by_role("heading", name="Item item-0")).to_be_hidden()
    assert 79_000 < Label.objects.get().duration_ms < 90_000
