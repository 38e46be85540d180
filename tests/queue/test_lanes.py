"""What was chosen by hand shares the reviewers with what chance has drawn: in turn, never more than half."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from annotations.models import ClaimCursor, Task, Watermark
from annotations.models.queue import Lane
from annotations.queue.invariants import list_violations
from annotations.queue.send import MAX_ITEMS, send_to_review
from annotations.queue.sweep import raise_watermarks
from reviewapp.accounts.access import Access, Actor
from reviewapp.accounts.roles import Role
from reviewapp.audit.models import AuditEvent
from tests.conftest import NOW
from tests.queue.items import add_items, age_cursors, store_items
from tests.queue.services import access_of, claim, claim_one, submit

URL = "/projects/helpdesk/tasks"


def send(person, items, *, now=None, **more):
    names = [item.external_id for item in items]
    return send_to_review(access_of(person), external_ids=names, reason="odd", now=now or timezone.now(), **more)


def lanes(tasks):
    by_id = dict(Task.objects.values_list("pk", "lane"))
    letters = {Lane.CHOSEN: "c", Lane.ESTIMATION: "e", Lane.URGENT: "u"}
    return "".join(letters[by_id[task.id]] for task in tasks)


def test_one_at_a_time_the_lanes_alternate_beginning_with_chance(project, cast):
    add_items(project, [number / 20 for number in range(10)])
    send(cast.lea, store_items(project, 10, prefix="hand"))
    assert "".join(lanes([claim_one(cast.rui)]) for _ in range(12)) == "ecececececec"


def test_several_at_once_they_alternate_as_well_and_across_calls(project, cast):
    add_items(project, [number / 20 for number in range(10)])
    send(cast.lea, store_items(project, 10, prefix="hand"))
    assert [lanes(claim(cast.rui, count).tasks) for count in (3, 2, 1, 4, 1)] == ["ece", "ce", "c", "ecec", "e"]


def test_a_lane_without_work_leaves_the_reviewers_to_the_other(project, cast):
    send(cast.lea, store_items(project, 4, prefix="hand"))
    assert lanes(claim(cast.rui, 3).tasks) == "ccc"
    add_items(project, [0.1, 0.2, 0.3])
    assert lanes(claim(cast.rui, 9).tasks) == "ecee"


def test_urgent_work_comes_first_and_takes_every_second_place_before_the_chosen(project, cast):
    add_items(project, [number / 20 for number in range(10)])
    send(cast.lea, store_items(project, 2, prefix="hand"))
    Watermark.objects.filter(lane=Lane.URGENT).delete()  # as in a project from before that lane
    add_items(project, [0.3, 0.1, 0.2], prefix="urgent", urgent=True)
    given = [claim_one(cast.rui) for _ in range(5)]
    assert lanes(given) == "ueueu"
    assert [task.item["external_id"] for task in given[::2]] == ["urgent-1", "urgent-2", "urgent-0"]
    assert lanes(claim(cast.rui, 9).tasks) == "ececeeeee"
    assert [task.item["external_id"] for task in claim(cast.bea, 3).tasks] == ["item-9"]
    assert Task.objects.filter(n_leases=1).count() == 15
    assert list_violations(project.pk) == []


def test_whoever_has_done_the_urgent_ones_sees_new_ones_within_seconds_and_first(project, cast):
    add_items(project, [number / 20 for number in range(10)])
    assert lanes(claim(cast.rui, 2).tasks) == "ee"
    add_items(project, [0.8], need=2, prefix="early", urgent=True)
    assert lanes(claim(cast.rui, 3).tasks) == "uee"
    add_items(project, [0.1], prefix="late", urgent=True)  # ranks behind the cursor
    age_cursors()
    assert lanes(claim(cast.rui, 2).tasks) == "ue"
    assert lanes(claim(cast.bea, 2).tasks) == "ue"
    raise_watermarks(NOW)
    assert Watermark.objects.get(project=project, lane=Lane.URGENT).rank == float("inf")
    assert lanes(claim(cast.bea, 9).tasks) == "eeee"


def test_the_chosen_are_served_in_the_order_in_which_they_were_sent(project, cast):
    first = store_items(project, 3, prefix="first")
    send(cast.lea, reversed(first), now=NOW)
    send(cast.lea, store_items(project, 2, prefix="second"), now=timezone.now())
    given = [task.item["external_id"] for task in claim(cast.rui, 9).tasks]
    assert given == ["first-2", "first-1", "first-0", "second-0", "second-1"]


def test_what_is_sent_while_a_cursor_is_trusted_is_found_at_once(project, cast):
    add_items(project, [number / 20 for number in range(6)])
    send(cast.lea, store_items(project, 1, prefix="early"))
    assert lanes(claim(cast.rui, 3).tasks) == "ece"
    send(cast.lea, store_items(project, 1, prefix="late"))
    assert claim_one(cast.rui).item["external_id"] == "late-0"


def test_whoever_has_done_all_the_chosen_is_not_made_to_look_through_them_at_every_claim(project, cast):
    add_items(project, [number / 20 for number in range(8)])
    send(cast.lea, store_items(project, 2, prefix="hand"), overlap=2)
    assert lanes(claim(cast.rui, 4).tasks) == "ecec"
    assert lanes(claim(cast.rui, 2).tasks) == "ee"
    age_cursors()
    aged = ClaimCursor.objects.get(reviewer=cast.rui, lane=Lane.CHOSEN)
    assert lanes(claim(cast.rui, 1).tasks) == "e"
    again = ClaimCursor.objects.get(reviewer=cast.rui, lane=Lane.CHOSEN)
    assert (again.since - aged.since, again.is_next) == (timedelta(minutes=1), True)


def test_nothing_for_you_is_honest_about_both_lanes(project, cast):
    send(cast.lea, store_items(project, 1, prefix="hand"), overlap=2)
    submit(cast.rui, claim_one(cast.rui))
    assert claim(cast.rui).why == "seen_by_you"
    assert lanes(claim(cast.bea).tasks) == "c"
    assert claim(cast.ada).why == "leased_by_others"


def test_a_lane_that_ran_empty_costs_nothing_once_it_is_swept(project, cast):
    send(cast.lea, store_items(project, 1, prefix="hand"))
    submit(cast.rui, claim_one(cast.rui))
    raise_watermarks(NOW)
    assert Watermark.objects.get(project=project, lane=Lane.CHOSEN).rank == float("inf")


def test_a_task_that_there_is_already_stays_as_it_is(project, cast):
    drawn = add_items(project, [0.1, 0.2, 0.3], prefix="drawn")
    submit(cast.rui, claim_one(cast.rui))
    claim_one(cast.bea)
    sent = send(cast.lea, [*drawn, *store_items(project, 1, prefix="hand")], overlap=3)
    assert (sent.created, sent.reopened, sent.existing, sent.unknown) == (1, 0, 3, [])
    assert [(task.external_id, task.outcome, task.state) for task in sent.tasks] == [
        ("drawn-0", "existing", "done"),
        ("drawn-1", "existing", "in_work"),
        ("drawn-2", "existing", "open"),
        ("hand-0", "created", "open"),
    ]
    assert set(Task.objects.filter(item__in=drawn).values_list("lane", "need", "reason")) == {(1, 1, "")}
    assert Task.objects.get(item__external_id="hand-0").need == 3
    assert list_violations(project.pk) == []


def test_what_was_given_up_at_the_horizon_is_opened_again_as_chosen_by_hand(project, cast):
    (item, other) = add_items(project, [0.1, 0.2], need=2)
    submit(cast.rui, claim_one(cast.rui))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE annotations_task SET closed_reason = 'horizon' WHERE item_id = %s", [item.pk])
        cursor.execute("UPDATE annotations_queuecounter SET open = open - 1 WHERE shard = 0")
        cursor.execute("UPDATE annotations_task SET closed_reason = 'escalated' WHERE item_id = %s", [other.pk])
        cursor.execute("UPDATE annotations_queuecounter SET open = open - 2 WHERE shard = 0")
    sent = send(cast.lea, [item, other])
    assert (sent.created, sent.reopened, sent.existing) == (0, 1, 1)
    assert [(task.outcome, task.state) for task in sent.tasks] == [("existing", "closed"), ("reopened", "in_work")]
    task = Task.objects.get(item=item)
    assert (task.lane, task.need, task.reason, task.is_open) == (Lane.CHOSEN, 2, "odd", True)
    assert lanes(claim(cast.bea).tasks) == "c"
    assert list_violations(project.pk) == []


def test_by_a_filter_over_http_with_the_reason_kept_and_on_record(project, cast, api_of):
    store_items(project, 3, prefix="hand")
    lea = api_of(cast.lea, "ingest")
    body = {"where": {"external_id": {"contains": "hand"}}, "reason": " looks wrong ", "overlap": 2}
    sent = lea.post(URL, body, status=201)
    assert (sent["created"], sent["existing"], sent["unknown"]) == (3, 0, [])
    assert {(task["outcome"], task["state"]) for task in sent["tasks"]} == {("created", "open")}
    assert set(Task.objects.values_list("reason", "need", "lane")) == {("looks wrong", 2, Lane.CHOSEN)}
    event = AuditEvent.objects.get(action="tasks.sent")
    assert (event.detail["created"], event.actor_name) == (3, "lea")
    assert "looks wrong" not in str(event.detail)
    assert lea.post(URL, body, status=201)["existing"] == 3
    assert AuditEvent.objects.filter(action="tasks.sent").count() == 1


def test_a_label_on_a_chosen_item_has_no_probability(project, cast, api_of):
    send(cast.lea, store_items(project, 1, prefix="hand"))
    submit(cast.rui, claim_one(cast.rui))
    (row,) = api_of(cast.lea).get("/projects/helpdesk/resolutions")["results"]
    assert (row["external_id"], row["probability"]) == ("hand-0", None)


def test_ids_that_nobody_knows_are_told_and_the_others_sent(project, cast, api_of):
    store_items(project, 1, prefix="hand")
    names = ["nowhere", "hand-0", "a\0b", "\ud800", "hand-0"]
    sent = send_to_review(access_of(cast.lea), external_ids=names, reason="odd", now=NOW)
    assert (sent.created, sent.unknown) == (1, ["nowhere", "a\0b", "\ud800"])
    assert send_to_review(access_of(cast.lea), external_ids=[], reason="odd", now=NOW).tasks == []


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"reason": "odd"}, "external_ids"),
        ({"reason": "odd", "external_ids": ["a"], "where": {}}, "external_ids"),
        ({"reason": " ", "external_ids": ["a"]}, "reason"),
        ({"reason": "x" * 1001, "external_ids": ["a"]}, "reason"),
        ({"reason": "odd", "external_ids": ["a"], "overlap": 51}, "overlap"),
        ({"reason": "odd", "external_ids": ["a"] * 2, "overlap": 0}, "overlap"),
        ({"reason": "odd", "external_ids": [str(number) for number in range(MAX_ITEMS + 1)]}, "external_ids"),
        ({"reason": "odd", "where": {"colour": {"eq": 1}}}, "where.colour"),
        ({"external_ids": ["a"]}, "reason"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_place(project, cast, api_of, body, path):
    (field,) = api_of(cast.lea).post(URL, body, status=422)["error"]["fields"]
    assert field["path"] == path


def test_a_filter_that_finds_too_many_is_refused_rather_than_cut_short(project, cast, api_of, monkeypatch):
    monkeypatch.setattr("annotations.queue.send.MAX_ITEMS", 2)
    store_items(project, 3)
    refused = api_of(cast.lea).post(URL, {"reason": "odd", "where": {}}, status=422)["error"]
    assert refused["code"] == "too_many_items"
    assert not Task.objects.exists()


def test_only_the_reviewers_of_an_open_project_see_the_reason(project, cast):
    send(cast.lea, store_items(project, 1, prefix="hand"))
    assert claim_one(cast.rui).reason is None
    project.blind = False
    project.save()
    send(cast.lea, store_items(project, 1, prefix="other"))
    assert claim_one(cast.bea).reason == "odd"


@pytest.mark.parametrize(("name", "status"), [("lea", 302), ("ada", 302), ("rui", 403), ("vic", 403), ("stan", 404)])
def test_a_list_sends_its_ticked_items_and_comes_back(project, cast, browser_of, name, status):
    store_items(project, 2, prefix="hand")
    fields = {"external_id": ["hand-0", "hand-1"], "reason": "odd", "next": "/p/helpdesk/review?x=1"}
    response = browser_of(getattr(cast, name)).post("/p/helpdesk/send-to-review", fields)
    assert response.status_code == status
    if status == 302:
        assert response["Location"] == "/p/helpdesk/review?x=1"
    assert Task.objects.count() == (2 if status == 302 else 0)


def test_a_list_says_what_became_of_what_it_sent(project, cast, browser_of):
    store_items(project, 2, prefix="hand")
    lea = browser_of(cast.lea)

    def told(**fields):
        page = lea.post("/p/helpdesk/send-to-review", {"reason": "odd", **fields}, follow=True)
        return [str(message) for message in page.context["messages"]]

    assert told(external_id="hand-0", next="https://elsewhere.example") == ["1 item is sent to review."]
    assert told(where='{"external_id": {"contains": "hand"}}') == [
        "1 item is sent to review. 1 had a review task already and keeps it."
    ]
    assert told(where="{") == ["Not JSON: Expecting property name enclosed in double quotes at line 1, column 2."]
    assert told(external_id="hand-0", reason=" ")[0].endswith("Say why these are to be reviewed.")


@pytest.mark.django_db(transaction=True)
def test_the_same_items_sent_by_several_people_at_once_get_one_task_each(project, cast):
    items = store_items(project, 60, prefix="hand")

    def run(number):
        try:
            access = Access(actor=Actor(user=cast.lea), project=project, role=Role.LEAD)
            names = [item.external_id for item in items[number * 10 : number * 10 + 40]]
            return send_to_review(access, external_ids=names[:: 1 if number % 2 else -1], reason="odd", now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as people:
        sent = list(people.map(run, range(3)))
    assert sum(each.created for each in sent) == 60
    assert Task.objects.count() == 60
    assert list_violations(project.pk) == []
