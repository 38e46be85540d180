"""The labelling path, by keyboard alone."""

import json
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime

import pytest
from playwright.sync_api import expect

from annotations.models import Draft, Guard, Label, Lease
from annotations.rubrics.publish import publish_rubric
from tests.conftest import NOW
from tests.queue.items import add_items

CONDITIONAL = {
    "guidelines": "# How\n\nPass what you would **send**.",
    "questions": [
        {
            "key": "verdict",
            "kind": "choice",
            "title": "Would you send it?",
            "options": [{"value": "pass", "label": "Yes"}, {"value": "fail", "label": "No", "hotkey": "f"}],
            "positive": ["pass"],
        },
        {
            "key": "why",
            "kind": "choice",
            "title": "Why not?",
            "options": [{"value": "facts", "label": "Facts"}, {"value": "tone", "label": "Tone"}],
            "show_if": {"question": "verdict", "in": ["fail"]},
        },
        {"key": "note", "kind": "text", "title": "Note", "required": False, "max_length": 200},
    ],
}


@pytest.fixture
def items(project):
    return add_items(project, [0.1, 0.2, 0.3])


@pytest.fixture
def desk(items, cast, open_page):
    """Rui's screen, with the first item on it."""
    page = open_page("/p/helpdesk/review", cast.rui)
    expect(page.get_by_role("heading", name="Item item-0")).to_be_focused()
    return page


def on_screen(page, name):
    expect(page.get_by_role("heading", name=f"Item {name}")).to_be_visible()


def saved(page):
    expect(page.locator("#saving")).to_be_empty()


def labels(*fields):
    return list(Label.objects.order_by("id").values_list(*fields))


def test_two_keys_label_an_item_and_the_next_is_there(desk):
    desk.keyboard.press("1")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", name="Item item-1")).to_be_focused()
    expect(desk.locator("#today")).to_have_text("1")
    saved(desk)
    assert labels("answers", "reviewer_name") == [({"verdict": "pass"}, "rui")]


def test_the_next_item_is_painted_before_the_answer_is_saved(desk):
    held = []
    desk.route("**/label", lambda route: held.append(route))  # noqa: PLW0108 — Playwright wants a function of its own
    desk.keyboard.press("1")
    desk.keyboard.press("Enter")
    on_screen(desk, "item-1")
    expect(desk.locator("#saving")).to_have_text("1 saving…")
    for route in held:
        route.continue_()
    saved(desk)


def test_everything_is_labelled_by_keyboard_until_nothing_is_left(desk):
    for name in ("item-0", "item-1", "item-2"):
        on_screen(desk, name)
        desk.keyboard.press("2")
        desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", name="All done")).to_be_visible()
    assert [answers for (answers,) in labels("answers")] == [{"verdict": "fail"}] * 3


def test_a_note_and_a_comment_are_written_without_firing_keys(desk):
    desk.keyboard.press("1")
    desk.keyboard.press("n")
    desk.keyboard.type("s2z")
    desk.keyboard.press("Escape")
    desk.keyboard.press("e")
    desk.keyboard.type("2 zebras")
    desk.keyboard.press("Control+Enter")
    on_screen(desk, "item-1")
    saved(desk)
    assert labels("answers", "comment") == [({"verdict": "pass", "note": "s2z"}, "2 zebras")]


def test_a_missing_answer_is_said_at_its_question(desk):
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("Answer this question.")).to_be_visible()
    expect(desk.get_by_role("radio", name="Pass")).to_be_focused()
    on_screen(desk, "item-0")


def test_undo_brings_the_item_and_its_answers_back(desk):
    desk.keyboard.press("2")
    desk.keyboard.press("Enter")
    on_screen(desk, "item-1")
    desk.keyboard.press("z")
    on_screen(desk, "item-0")
    expect(desk.get_by_role("radio", name="Fail")).to_be_checked()
    expect(desk.locator("#today")).to_have_text("0")
    desk.keyboard.press("1")
    desk.keyboard.press("Enter")
    on_screen(desk, "item-1")
    saved(desk)
    assert [answers for (answers,) in Label.objects.filter(withdrawn_at=None).values_list("answers")] == [
        {"verdict": "pass"}
    ]


def test_a_draft_survives_a_reload_and_a_slow_clock(desk):
    """A clock that is two or three seconds slow: an answer's time, in whole seconds, shows it once and not the next."""

    def tell(route, seconds):
        answer = route.fetch()
        told = format_datetime(parsedate_to_datetime(answer.headers["date"]) + timedelta(seconds=seconds), usegmt=True)
        route.fulfill(response=answer, headers={**answer.headers, "date": told})

    desk.add_init_script("const now = Date.now; Date.now = () => now() - 2500")
    desk.route("**/claim", lambda route: tell(route, 1))
    desk.route("**/draft", lambda route: tell(route, -1))
    desk.reload()
    on_screen(desk, "item-0")
    for words in ("not", " finished"):
        with desk.expect_response("**/draft"):
            desk.keyboard.press("Escape")
            desk.keyboard.press("2")
            desk.keyboard.press("e")
            desk.keyboard.type(words)
    desk.reload()
    on_screen(desk, "item-0")
    expect(desk.get_by_role("radio", name="Fail")).to_be_checked()
    expect(desk.get_by_role("textbox", name="Comment")).to_have_value("not finished")
    assert Draft.objects.count() == 1


def test_a_skip_takes_a_reason_and_goes_on(desk):
    desk.keyboard.press("s")
    desk.keyboard.press("3")
    desk.keyboard.press("Enter")
    on_screen(desk, "item-1")
    saved(desk)
    assert Guard.objects.filter(reason="broken").count() == 1


def test_a_server_in_trouble_is_asked_again_with_the_same_submit(desk, console):
    console.expected = ("503",)
    seen = []

    def once_in_trouble(route):
        seen.append(json.loads(route.request.post_data)["submit_id"])
        if len(seen) == 1:
            route.fulfill(status=503, body="{}")
        else:
            route.continue_()

    desk.route("**/label", once_in_trouble)
    desk.keyboard.press("1")
    desk.keyboard.press("Enter")
    expect(desk.locator("#saving")).to_have_text("1 saving: not saved yet, trying again…")
    saved(desk)
    assert seen[0] == seen[1]
    assert len(labels("id")) == 1


def test_a_refused_answer_comes_back_with_the_problem_at_its_question(desk, console):
    console.expected = ("422",)
    refusal = {
        "code": "answers_invalid",
        "message": "Some answers do not fit.",
        "fields": [{"path": "answers.verdict", "message": "No."}],
    }
    desk.route("**/label", lambda route: route.fulfill(status=422, json={"error": refusal}))
    desk.keyboard.press("1")
    desk.keyboard.press("Enter")
    expect(desk.locator(".problem", has_text="No.")).to_be_visible()
    on_screen(desk, "item-0")
    expect(desk.locator("#today")).to_have_text("0")


def test_a_lost_lease_is_said_plainly_and_work_goes_on(desk, console):
    console.expected = ("409",)
    refusal = {"code": "lease_lost", "message": "Somebody else has it.", "fields": []}
    desk.route("**/label", lambda route: route.fulfill(status=409, json={"error": refusal}))
    desk.keyboard.press("1")
    desk.keyboard.press("Enter")
    expect(desk.locator(".notice")).to_contain_text("item-0 was not saved as your label. Somebody else has it.")
    on_screen(desk, "item-1")


def test_signing_in_again_elsewhere_lets_the_answer_through(desk, console):
    console.expected = ("401",)
    cookies = desk.context.cookies()
    desk.context.clear_cookies(name="sessionid")
    desk.keyboard.press("1")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", name="You have been signed out")).to_be_visible()
    desk.context.add_cookies(cookies)
    desk.get_by_role("button", name="I have signed in").click()
    saved(desk)
    assert len(labels("id")) == 1


def test_single_keys_can_be_turned_off_for_good(desk):
    desk.keyboard.press("?")
    desk.keyboard.press("Tab")
    with desk.expect_response("**/keys"):
        desk.keyboard.press("Space")
    desk.keyboard.press("Escape")
    desk.reload()
    on_screen(desk, "item-0")
    desk.keyboard.press("1")
    expect(desk.get_by_role("radio", name="Pass")).not_to_be_checked()


def test_a_question_that_is_not_shown_is_not_answered(project, cast, items, open_page):
    publish_rubric(project=project, body=CONDITIONAL, actor=None, now=NOW)
    page = open_page("/p/helpdesk/review", cast.rui)
    on_screen(page, "item-0")
    expect(page.get_by_role("group", name="Why not?")).to_be_hidden()
    page.keyboard.press("f")
    expect(page.get_by_role("group", name="Why not?")).to_be_visible()
    page.keyboard.press("2")
    expect(page.get_by_role("radio", name="Tone")).to_be_checked()
    page.keyboard.press(",")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    on_screen(page, "item-1")
    saved(page)
    assert labels("answers") == [({"verdict": "pass"},)]


def test_guidelines_open_and_close_by_key(desk):
    expect(desk.locator("#guidelines")).to_be_visible()
    desk.keyboard.press("g")
    expect(desk.locator("#guidelines")).to_be_hidden()
    desk.keyboard.press("g")
    expect(desk.get_by_role("heading", name="Guidelines")).to_be_focused()
    desk.keyboard.press("g")
    expect(desk.get_by_role("heading", name="Item item-0")).to_be_focused()


def test_two_tabs_work_on_different_items(desk):
    other = desk.context.new_page()
    other.goto("/p/helpdesk/review")
    on_screen(other, "item-2")
    on_screen(desk, "item-0")


def test_an_item_left_is_given_back(desk, cast, open_page):
    desk.goto("/")
    desk.get_by_role("link", name="Review Helpdesk").click()
    on_screen(desk, "item-0")
    assert Lease.objects.filter(shown_at__isnull=False).count() == 1


def test_hostile_text_is_shown_and_does_nothing(project, cast, open_page):
    (item,) = add_items(project, [0.5])
    item.input = "<img src=x onerror=alert(1)> \u202egnp.exe\u200b"
    item.output = [{"role": "assistant", "content": "<b>no</b>"}]
    item.context = {"a": ["<script>"], "deep": {"b": 1}}
    with_sql_update(item)
    page = open_page("/p/helpdesk/review", cast.rui)
    expect(page.get_by_text("<img src=x onerror=alert(1)>")).to_be_visible()
    assert page.locator(".mark").evaluate_all("marks => marks.map((mark) => mark.dataset.mark)") == ["RLO", "ZWSP"]
    assert page.locator(".item-pane img, .item-pane b, .item-pane script").count() == 0


def with_sql_update(item):
    """Items never change but in a test."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE sampling_item DISABLE TRIGGER USER")
        item.save()
        cursor.execute("ALTER TABLE sampling_item ENABLE TRIGGER USER")


def test_the_parts_work_like_the_joined_script(items, cast, open_page):
    page = open_page("/", cast.rui)
    page.context.unroute_all()
    page.goto("/p/helpdesk/review")
    on_screen(page, "item-0")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    on_screen(page, "item-1")
    saved(page)
    assert len(labels("id")) == 1
