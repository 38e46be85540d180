"""The story of a rollout: the work of each day beside what was told; and the way back from where it is."""

import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotations.rollouts.create import find_rollout
from annotations.rollouts.story import story_of
from annotations.rollouts.watch import watch_rollouts
from reviewapp.accounts.access import Access, Actor
from reviewapp.accounts.roles import Role
from tests.conftest import NOW
from tests.rollouts.world import bring_in, gate, make, send, sign
from tests.sampling.lines import item

PAGE = "/p/helpdesk/rollouts"


def texts(client, rollout_id):
    return [line["text"] for line in client.get(f"/rollouts/{rollout_id}/report?format=json")["story"]]


def label(client, numbers, who, answer="pass"):
    rows = [{"external_id": f"i{k}", "reviewer": who, "answers": {"verdict": answer}} for k in numbers]
    send(client, "labels/import", rows)


def test_the_story_has_the_labels_decisions_and_versions_of_each_day(lea, cast, api_of, browser_of, project):
    with time_machine.travel("2026-03-02T09:00:00Z", tick=False):
        made = make(lea)
        send(lea, "items", [item(f"i{k}", system_version="2.0", decision="yes") for k in range(40)])
        send(lea, "items", [item("other", system_version="9")])
        label(lea, range(16), "zoe")
        label(lea, range(3), "kim")
        send(lea, "labels/import", [{"external_id": "other", "reviewer": "zoe", "answers": {"verdict": "pass"}}])
        watch_rollouts(timezone.now())
    with time_machine.travel("2026-03-03T08:00:00Z", tick=False):
        send(lea, "decisions?feed=desk", [{"external_id": f"i{k}", "decision": "yes"} for k in range(7)])
        send(lea, "decisions?feed=desk", [{"external_id": "i8", "decision": "yes", "assisted": True}])
    with time_machine.travel("2026-03-03T09:00:00Z", tick=False):
        for who, k in (("ana", 20), ("bob", 21), ("cid", 22), ("dan", 23), ("eve", 24)):
            label(lea, [k], who)
        watch_rollouts(timezone.now())
    with time_machine.travel("2026-03-04T09:00:00Z", tick=False):
        label(lea, [30], "zoe")
        api_of(cast.ada).post("/items/i0/resolve", {"project": "helpdesk", "answers": {"verdict": "fail"}})
        lea.put("/projects/helpdesk/plan", {"base_rate": 0.5, "rules": []})
        told = texts(lea, made["id"])
        page = browser_of(cast.vic).get(f"{PAGE}/{made['id']}").content.decode()
    worked = [text for text in told if " by " in text or " from " in text]
    assert worked == [
        "The first: 19 labels by zoe, kim",
        "The first: 7 decisions of people from desk",
        "5 labels by ana, bob, cid, dan and 1 more",
        "1 label by zoe",
        "The first: 1 answer of record by ada",
    ]
    assert told.index("quality: the 20 that were asked for are there") > told.index(worked[0])
    assert told.count("quality: the 20 that were asked for are there") == 1
    assert any(text.startswith("Plan, version") for text in told)
    assert all(text in page for text in worked)
    assert "/p/helpdesk/items?where=" in page
    assert "/p/helpdesk/shadow?system_version=2.0" in page


def test_a_long_story_takes_no_more_questions_and_ends_somewhere(lea, cast, browser_of, project):
    def ask(rollout_id):
        with CaptureQueriesContext(connection) as asked:
            answer = browser.get(f"{PAGE}/{rollout_id}")
        return len(asked), answer.content.decode().count("<li")

    browser = browser_of(cast.vic)
    made = make(lea)
    bring_in(lea, n=3)
    few, _ = ask(made["id"])
    access = Access(Actor(user=cast.lea), project, Role.LEAD)
    rollout = find_rollout(access, made["id"])
    rollout.events.model.objects.bulk_create(
        rollout.events.model(rollout=rollout, kind="gate", text=f"Line {n}", by=cast.lea, at=NOW) for n in range(300)
    )
    bring_in(lea, n=300, prefix="more")
    many, lines = ask(made["id"])
    assert many <= few + 1 <= 60
    assert 200 < len(story_of(rollout)) < 250
    assert lines < 260


def test_the_page_goes_back_to_any_earlier_stage_and_keeps_what_was_not_taken(lea, cast, api_of, browser_of, ready):
    pat, ann = api_of(cast.pat, "rollout"), api_of(cast.ann, "rollout")
    lead, page = browser_of(cast.lea), f"{PAGE}/{ready}"
    for stage in ("internal_beta", "general_availability"):
        bundle = pat.post(f"/rollouts/{ready}/evidence", status=201)
        for approver in (pat, ann):
            sign(approver, ready, bundle, to_stage=stage)
    shown = lead.get(page).content.decode()
    assert '<option value="internal_beta">Internal beta: 100 % get it (internal)</option>' in shown
    assert '<option value="shadow">Shadow: nobody gets it</option>' in shown
    typed = {"do": "rollback", "reason": "It swears at “everybody”", "to_stage": "general_availability"}
    refused = lead.post(f"{page}/act", typed, follow=True).content.decode()
    assert "An earlier stage than" in refused
    assert 'value="It swears at “everybody”"' in refused
    done = lead.post(f"{page}/act", {**typed, "to_stage": "shadow"}, follow=True).content.decode()
    assert "Rolled back: the version is in shadow now, and nobody gets it." in done
    assert 'id="back-to"' not in done
    assert "It swears at “everybody”" in done
    # Gates that are refused are not typed twice.
    text = '{"internal_beta": [{"name": "mine", "metric": "nothing", "at_least": 1}]}'
    refused = lead.post(f"{page}/act", {"do": "gates", "gates": text, "reason": "late"}, follow=True).content.decode()
    assert "&quot;name&quot;: &quot;mine&quot;" in refused
    form = {"system_version": "7.0", "baseline": "2.0", "gates": text}
    again = lead.post(f"{PAGE}/make", form, follow=True).content.decode()
    assert "&quot;name&quot;: &quot;mine&quot;" in again
    assert 'value="7.0"' in again
    assert 'value="7.0"' not in lead.get(PAGE).content.decode()


def test_a_breach_is_one_click_from_the_way_back(lea, cast, api_of, browser_of, ready):
    bundle = api_of(cast.pat, "rollout").post(f"/rollouts/{ready}/evidence", status=201)
    for approver in (cast.pat, cast.ann):
        sign(api_of(approver, "rollout"), ready, bundle)
    bring_in(lea, n=60, fails=55, prefix="bad")
    assert gate(lea.get(f"/rollouts/{ready}"), "quality")["state"] == "fail"
    shown = browser_of(cast.lea).get(f"{PAGE}/{ready}").content.decode()
    assert "Roll back to shadow now" in shown
    assert 'name="reason" value="quality fails: The lower limit is' in shown
    assert "Roll back to shadow now" not in browser_of(cast.vic).get(f"{PAGE}/{ready}").content.decode()
