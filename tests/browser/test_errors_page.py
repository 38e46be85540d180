"""Error analysis in a real browser, by keyboard alone: read, name, give, undo, filter; and no barriers."""

from playwright.sync_api import expect

from annotations.models import FailureMode, ModeAssignment, RubricVersion
from tests.failures.test_failure_modes_api import POLICY, RUDE, label, send

SIZES = ({"width": 1280, "height": 800}, {"width": 320, "height": 640})


def shown():
    rows = ModeAssignment.objects.filter(withdrawn_at=None).order_by("item__external_id", "mode__value")
    return list(rows.values_list("item__external_id", "mode__value"))


def test_notes_are_read_by_keyboard_and_become_a_question(cast, project, api_of, open_page, find_barriers):
    lea = api_of(cast.lea)
    send(lea, [f"i{n}" for n in range(8)])
    notes = (RUDE, POLICY)
    label(lea, {f"i{n}": {"verdict": "fail", "note": notes[n % 2]} for n in range(8)})
    order = [row["external_id"] for row in lea.get("/projects/helpdesk/failure-notes")["results"]]
    page = open_page("/p/helpdesk/quality/errors", cast.lea, viewport=SIZES[0])
    current = page.locator(".note-card.current")
    expect(current).to_have_attribute("data-item", order[0])
    expect(page.locator("[data-groups]")).to_contain_text("4 notes")
    page.keyboard.press("n")
    page.keyboard.type("Rude tone")
    page.keyboard.press("Enter")
    expect(current.get_by_role("button", name="Rude tone")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-mode-row]")).to_contain_text("1 noted")
    page.keyboard.press("j")
    expect(current).to_have_attribute("data-item", order[1])
    for key in ("1", "u", "0"):
        with page.expect_response("**/failure-modes/assign"):
            page.keyboard.press(key)
    expect(current).to_have_attribute("data-item", order[2])
    expect(page.locator("[data-n-read]")).to_have_text("2")
    assert shown() == sorted([(order[0], "rude_tone"), (order[1], None)])
    assert ModeAssignment.objects.filter(withdrawn_at__isnull=False).count() == 1
    page.keyboard.press("/")
    page.keyboard.type("refund")
    page.keyboard.press("Enter")
    expect(page.locator("[data-meant]")).to_contain_text("4 items with “refund”")
    for size in SIZES:
        page.set_viewport_size(size)
        assert find_barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Ask reviewers for these").click()
    expect(page.get_by_text("Reviewers are asked for these modes.")).to_be_visible()
    assert FailureMode.objects.get().value == "rude_tone"
    assert RubricVersion.objects.filter(project=project).count() == 2
