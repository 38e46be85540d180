"""From no judge to a calibrated one in the browser, as a data scientist does it for the first time."""

from playwright.sync_api import expect

from tests.judges.running import work
from tests.sampling.lines import item, ndjson

NDJSON = {"content_type": "application/x-ndjson"}
ANSWERS = {"pass": "Here you are. [pass]", "fail": "No idea. [fail]"}


def test_from_no_judge_to_a_calibrated_one(project, cast, api_of, open_page, find_barriers):
    lea = api_of(cast.lea)
    names = {f"{said}-{n}": said for n in range(20) for said in ANSWERS}
    items = [item(name, output=ANSWERS[said], system_version=name[-1]) for name, said in names.items()]
    lea.post("/projects/helpdesk/items", ndjson(*items), **NDJSON)
    labels = [{"external_id": name, "reviewer": "zoe", "answers": {"verdict": said}} for name, said in names.items()]
    lea.post("/projects/helpdesk/labels/import", ndjson(*labels), **NDJSON)

    page = open_page("/p/helpdesk/judges", cast.lea, viewport={"width": 390, "height": 844})
    page.get_by_role("link", name="New version").click()
    page.get_by_role("button", name="Begin with the simulated provider").click()
    page.get_by_label("Judge", exact=True).fill("careful")
    page.get_by_role("button", name="Try on 12 dev items").click()
    expect(page.get_by_role("region", name="dev items")).to_contain_text("12 of 12 as people say")
    page.get_by_role("button", name="Freeze as a version").click()

    estimate = page.get_by_role("region", name="What it would come to")
    expect(estimate).to_contain_text("described by the 40 that people answered")
    page.get_by_role("button", name="Add a condition").first.click()
    page.get_by_label("Fact").select_option("system_version")
    page.get_by_label("Value of system_version", exact=True).fill("3")
    expect(estimate).to_contain_text("Thirty labelled items tell something")
    assert find_barriers(page) == []
    page.get_by_role("button", name="Remove the condition on system_version").click()
    expect(estimate).to_contain_text("described by the 40")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("The run has begun")
    work()
    page.get_by_role("link", name="Show what it is good for").click()
    report = page.get_by_role("region", name="What it is good for")
    expect(report).to_contain_text("worth using")
    assert find_barriers(page) == []
