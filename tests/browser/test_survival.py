"""Nothing is lost, stored twice or sent as somebody else, with lines cut, servers killed and sessions ended."""

import contextlib
import json
import os
import signal

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect

from annotations.models import Draft, Lease
from annotations.queue.invariants import list_violations
from annotations.queue.sweep import free_expired_leases
from tests.browser.test_labelling import labels, on_screen, saved
from tests.conftest import RUBRIC
from tests.queue.items import add_items, end_leases
from tests.whole.running import installation, lines_of

# What a cut line says; and a page that went away may give an item back when the next one has it already.
ON_SCREEN = ".slot:not([hidden]) [data-item-heading]"
CUT = ("ERR_FAILED", "/release")


@pytest.fixture
def items(project):
    return add_items(project, [number / 100 for number in range(12)])


@pytest.fixture
def desk(items, cast, open_page):
    page = open_page("/p/helpdesk/review", cast.rui)
    on_screen(page, "item-0")
    page.on("dialog", lambda dialog: dialog.accept())
    return page


@pytest.fixture(autouse=True)
def _queue_stays_sound(project):
    yield
    assert list_violations(project.pk) == []


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def sign_in(page, person, live_server):
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])


def cut(page):
    page.route("**/label", lambda route: route.abort())


def label_first_two(page):
    press(page, "1", "Enter")
    on_screen(page, "item-1")
    press(page, "2", "Enter")
    expect(page.locator("#saving")).to_contain_text("2 saving")


class TestUnsentWork:
    def test_it_survives_a_reload_and_is_stored_once(self, desk, console):
        console.expected = CUT
        cut(desk)
        label_first_two(desk)
        desk.unroute("**/label")
        desk.reload()
        on_screen(desk, "item-2")
        saved(desk)
        assert sorted(labels("item__external_id", "answers")) == [
            ("item-0", {"verdict": "pass"}),
            ("item-1", {"verdict": "fail"}),
        ]

    def test_it_survives_a_tab_that_is_gone(self, desk, console):
        console.expected = CUT
        cut(desk)
        label_first_two(desk)
        context = desk.context
        desk.close()
        page = context.new_page()
        console.listen(page)
        page.goto("/p/helpdesk/review")
        on_screen(page, "item-2")
        saved(page)
        expect(page.locator("#today")).to_have_text("2")
        assert len(labels("id")) == 2

    def test_an_answer_that_arrived_unheard_is_not_stored_again(self, desk, console):
        console.expected = CUT

        def arrive_unheard(route):
            route.fetch()
            route.abort()

        desk.route("**/label", arrive_unheard)
        press(desk, "1", "Enter")
        expect(desk.locator("#saving")).to_contain_text("trying again")
        desk.unroute("**/label")
        desk.reload()
        saved(desk)
        on_screen(desk, "item-1")
        assert len(labels("id")) == 1

    def test_an_answer_cut_off_on_its_way_is_asked_for_again(self, desk):
        def cut_off(route):
            answer = route.fetch()
            route.fulfill(response=answer, body=answer.body()[: len(answer.body()) // 2])

        desk.route("**/label", cut_off, times=1)
        keep_labelling(desk, 3)  # what came along with that answer is here as well
        saved(desk)
        expect(desk.locator("#today")).to_have_text("3")
        assert sorted(labels("item__external_id")) == [(f"item-{number}",) for number in range(3)]

    def test_leaving_with_it_warns(self, desk, console):
        console.expected = CUT
        cut(desk)
        press(desk, "1", "Enter")
        expect(desk.locator("#saving")).to_contain_text("trying again")
        ask = "() => !dispatchEvent(new Event('beforeunload', {cancelable: true}))"
        assert desk.evaluate(ask)
        desk.unroute("**/label")
        saved(desk)
        assert not desk.evaluate(ask)

    def test_what_was_never_sent_is_undone_at_once(self, desk, console):
        console.expected = CUT
        cut(desk)
        label_first_two(desk)
        press(desk, "z")
        on_screen(desk, "item-1")
        expect(desk.get_by_role("radio", name="Fail")).to_be_checked()
        press(desk, "1", "Enter")
        desk.unroute("**/label")
        saved(desk)
        assert [answers for (answers,) in labels("answers")] == [{"verdict": "pass"}, {"verdict": "pass"}]

    def test_a_skip_and_an_escalation_are_kept_too(self, desk, console):
        console.expected = CUT
        desk.route("**/tasks/*/*", lambda route: route.abort())
        press(desk, "s", "Enter")
        on_screen(desk, "item-1")
        press(desk, "f")
        desk.keyboard.type("Which one?")
        press(desk, "Control+Enter")
        expect(desk.locator("#saving")).to_contain_text("2 saving")
        desk.unroute("**/tasks/*/*")
        desk.reload()
        on_screen(desk, "item-2")
        saved(desk)
        with connection.cursor() as cursor:
            cursor.execute("SELECT array_agg(state ORDER BY task_id) FROM annotations_guard WHERE state IN (3, 6)")
            assert cursor.fetchone()[0] == [3, 6]


class TestSomebodyElse:
    def test_it_is_never_sent_as_who_signed_in_meanwhile(self, desk, cast, console, live_server):
        console.expected = ("403",)
        sign_in(desk, cast.bea, live_server)
        press(desk, "1", "Enter")
        expect(desk.get_by_role("heading", name="This page is rui's")).to_be_visible()
        assert labels("id") == []
        sign_in(desk, cast.rui, live_server)
        desk.get_by_role("button", name="I have signed in").click()
        saved(desk)
        assert labels("reviewer_name") == [("rui",)]

    def test_the_next_persons_page_says_that_it_waits_and_sends_nothing(self, desk, cast, console, live_server):
        console.expected = CUT
        cut(desk)
        label_first_two(desk)
        desk.unroute("**/label")
        sign_in(desk, cast.bea, live_server)
        desk.goto("/p/helpdesk/review")
        expect(desk.locator(".notice")).to_contain_text("2 answers that rui gave on this machine")
        keep_labelling(desk, 1)
        saved(desk)
        assert labels("reviewer_name") == [("bea",)]
        sign_in(desk, cast.rui, live_server)
        desk.goto("/p/helpdesk/review")
        expect(desk.locator("#today")).to_have_text("2")
        saved(desk)
        assert sorted(labels("reviewer_name")) == [("bea",), ("rui",), ("rui",)]


class TestTwoTabs:
    def test_an_item_that_went_on_in_another_tab_leaves_this_one(self, desk, console):
        end_leases()  # a laptop slept
        free_expired_leases(timezone.now())
        other = desk.context.new_page()
        console.listen(other)
        other.goto("/p/helpdesk/review")
        on_screen(other, "item-0")
        expect(desk.get_by_role("heading", name="Item item-0")).to_be_hidden()
        expect(desk.locator("#announce")).to_have_text("You went on with that item in another tab.")
        press(other, "1", "Enter")
        saved(other)
        assert labels("item__external_id") == [("item-0",)]

    def test_the_other_tab_leaves_what_this_one_still_has_to_send(self, desk, console):
        console.expected = CUT
        cut(desk)
        label_first_two(desk)
        other = desk.context.new_page()
        console.listen(other)
        other.goto("/p/helpdesk/review")
        on_screen(other, "item-2")
        saved(other)
        assert labels("id") == []
        desk.unroute("**/label")
        saved(desk)
        assert len(labels("id")) == 2


class TestAnotherMachine:
    def test_a_draft_is_found_there_and_the_first_machine_is_told(self, desk, cast, open_page, console):
        console.expected = ("409",)
        with desk.expect_response("**/draft"):
            press(desk, "2", "e")
            desk.keyboard.type("not finished")
        there = open_page("/p/helpdesk/review", cast.rui)
        on_screen(there, "item-2")  # the first machine keeps what it has until it is asked for
        there.get_by_role("button", name="Continue it here").click()
        on_screen(there, "item-0")
        expect(there.get_by_role("radio", name="Fail")).to_be_checked()
        expect(there.get_by_role("textbox", name="Comment")).to_have_value("not finished")
        with desk.expect_response("**/draft"):
            desk.keyboard.type(" at all")
        expect(desk.locator(".notice")).to_contain_text("item-0 left this screen")
        expect(desk.locator(".notice details")).to_contain_text("What you had written")
        on_screen(desk, "item-1")
        assert Draft.objects.get().comment == "not finished"

    def test_what_a_dead_tab_held_comes_again_here(self, desk, console):
        with desk.expect_response("**/draft"):
            press(desk, "2")
        context = desk.context
        desk.evaluate("() => { window.fetch = () => new Promise(() => {}) }")  # it dies without a word
        desk.close()
        page = context.new_page()
        console.listen(page)
        page.goto("/p/helpdesk/review")
        on_screen(page, "item-0")
        expect(page.get_by_role("radio", name="Fail")).to_be_checked()
        assert Lease.objects.filter(shown_at__isnull=False).count() == 1


def keep_labelling(page, number):
    """Label so many items as fast as they come, whatever the line does."""
    for _ in range(number):
        heading = page.locator(ON_SCREEN)
        heading.wait_for(timeout=60_000)
        before = heading.inner_text()
        press(page, "1", "Enter")
        gone = "([shown, before]) => document.querySelector(shown)?.innerText !== before"
        page.wait_for_function(gone, arg=[ON_SCREEN, before])


@pytest.mark.parametrize("seconds", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_a_line_that_is_cut_loses_nothing(desk, console, seconds):
    console.expected = ("ERR_INTERNET_DISCONNECTED",)
    keep_labelling(desk, 2)
    saved(desk)
    expect(desk.locator(".slot").nth(1)).to_be_attached()  # the next one is here: work goes on without a line
    desk.context.set_offline(True)
    keep_labelling(desk, 2)
    desk.wait_for_timeout(seconds * 1000)
    expect(desk.locator("#saving")).to_contain_text("saving: not saved yet")
    desk.context.set_offline(False)
    keep_labelling(desk, 4)
    expect(desk.locator("#saving")).to_be_empty(timeout=30_000)
    assert sorted(labels("item__external_id")) == [(f"item-{number}",) for number in range(8)]


def test_a_killed_server_and_an_ended_session_in_one_sitting(tmp_path, browser, console):
    """The published page of a whole installation: kill -9 in the middle, then signed out in the middle."""
    console.expected = ("net::ERR_", "502", "401")
    tmp_path.chmod(0o755)
    lines = "".join(
        json.dumps({"external_id": f"i{number}", "input": "?", "output": "!"}) + "\n" for number in range(9)
    )
    (tmp_path / "items.jsonl").write_text(lines, encoding="utf-8")
    (tmp_path / "spec.json").write_text(
        json.dumps({"slug": "loop", "name": "Loop", "rubric": RUBRIC}), encoding="utf-8"
    )
    with installation(tmp_path / "data", "--no-demo") as running:
        running.command("create_user", "olga", "--password", "a long pass phrase")
        running.command("create_project", "loop", "--owner", "olga", "--spec", str(tmp_path / "spec.json"))
        running.command("ingest", "loop", str(tmp_path / "items.jsonl"))
        context = browser.new_context(base_url=running.url)
        page = context.new_page()
        console.listen(page)
        sign_in_by_form(page)
        page.goto("/p/loop/review")
        keep_labelling(page, 2)
        for pid in running.pids_of("gunicorn"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        keep_labelling(page, 4)
        page.locator(ON_SCREEN).wait_for(timeout=60_000)
        context.clear_cookies(name="sessionid")
        press(page, "1", "Enter")
        with context.expect_page() as opened:
            page.get_by_role("link", name="Sign in in a new tab").click(timeout=30_000)
        sign_in_by_form(opened.value)
        expect(opened.value.get_by_role("heading", name="You are signed in")).to_be_visible()
        opened.value.close()
        page.bring_to_front()
        with contextlib.suppress(PlaywrightError):  # coming back closes the dialog by itself
            page.get_by_role("button", name="I have signed in").click(timeout=2_000)
        keep_labelling(page, 2)
        expect(page.get_by_role("heading", name="All done")).to_be_visible(timeout=30_000)
        expect(page.locator("#saving")).to_be_empty()
        owner = running.client(running.token("loop", "olga", "read"))
        kept = lines_of(owner.get("/projects/loop/labels?format=jsonl").content)
        console.over = True
        context.close()
    assert sorted(label["external_id"] for label in kept) == [f"i{number}" for number in range(9)]


def sign_in_by_form(page):
    if page.url == "about:blank":
        page.goto("/accounts/login/")
    page.locator("[name=login]").fill("olga")
    page.locator("[name=password]").fill("a long pass phrase")
    page.locator("form:has([name=login]) [type=submit]").first.click()
    page.wait_for_load_state()
