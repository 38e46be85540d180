"""What a claim costs, counted: statements, buffers, heap-only updates; not seconds."""

import json
import uuid

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotations.models import ClaimCursor, Lease
from annotations.models.queue import GuardState, Lane
from annotations.queue import claim
from annotations.queue.leases import renew_lease
from reviewapp.accounts.access import Actor, authorize
from reviewapp.accounts.roles import Action
from tests.queue.items import add_items

PAST = 2_000


@pytest.fixture
def long_queue(project, cast):
    """6,000 open items that need two labels, of which Rui has labelled the first 2,000."""
    add_items(project, [number / 6_000 for number in range(6_000)], need=2)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO annotations_guard (reviewer_id, task_id, project_id, state, token, rubric_id, reason, at)
            SELECT %s, id, project_id, %s, gen_random_uuid(), 1, '', now() FROM annotations_task
            WHERE project_id = %s ORDER BY rank LIMIT %s
            """,
            [cast.rui.pk, GuardState.LABELLED, project.pk, PAST],
        )
        cursor.execute("ANALYZE annotations_task, annotations_guard, annotations_watermark")


def buffers_of_claim(project, reviewer):
    """Count what a whole claim touches, from finding the task to writing its lease; nothing of it stays."""
    query = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {claim.claiming(blind=True)}"
    arguments = {
        "project": project.pk,
        "reviewer": reviewer.pk,
        "count": 1,
        "lease_seconds": 1200,
        "prefetch_seconds": 300,
        "trust_seconds": 30,
        "gold_rate": 0.05,
        "gold_salt": "golds",
    }
    fewest = 10**9  # of several: the plans settle, the catalogues are read, and what other tests left is passed over
    for _ in range(12):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(query, arguments)
            answer = cursor.fetchone()[0]
            transaction.set_rollback(True)
        plan = (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]
        fewest = min(fewest, plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
    return fewest


def test_a_claim_behind_the_cursor_touches_a_handful_of_buffers(project, cast, long_queue):
    ClaimCursor.objects.create(
        reviewer=cast.rui,
        project=project,
        lane=Lane.ESTIMATION,
        rank=(PAST - 1) / 6_000,
        task_id=2**62,
        since=timezone.now(),
    )
    assert buffers_of_claim(project, cast.rui) < PAST / 8


def test_urgent_work_that_one_has_done_costs_a_look_at_its_lane(project, cast, long_queue):
    """One lane more is probed, behind its own cursor."""
    values = {"reviewer": cast.rui, "project": project, "since": timezone.now(), "task_id": 2**62}
    ClaimCursor.objects.create(lane=Lane.ESTIMATION, rank=(PAST - 1) / 6_000, **values)
    before = buffers_of_claim(project, cast.rui)
    add_items(project, [number / 500 for number in range(500)], need=2, prefix="urgent", urgent=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO annotations_guard (reviewer_id, task_id, project_id, state, token, rubric_id, reason, at)"
            " SELECT %s, id, project_id, %s, gen_random_uuid(), 1, '', now() FROM annotations_task WHERE lane = %s",
            [cast.rui.pk, GuardState.LABELLED, Lane.URGENT],
        )
    ClaimCursor.objects.create(lane=Lane.URGENT, rank=1.0, **values)
    assert buffers_of_claim(project, cast.rui) < before + 40


def test_without_the_cursor_the_same_claim_walks_over_all_past_work(project, cast, long_queue):
    assert buffers_of_claim(project, cast.rui) > PAST


def test_submit_and_claim_next_needs_at_most_ten_statements(project, cast, api_of):
    add_items(project, [0.1, 0.2, 0.3])
    rui = api_of(cast.rui, "label")
    (first,) = rui.post("/projects/helpdesk/tasks/claim", {})["tasks"]

    def submit(task):
        body = {
            "lease": task["lease"]["token"],
            "answers": {"verdict": "pass"},
            "submit_id": str(uuid.uuid4()),
            "next": 1,
        }
        return rui.post(f"/tasks/{task['id']}/label", body, status=201)["tasks"][0]

    second = submit(first)  # the rubric is in memory from here on, and the token was touched
    with CaptureQueriesContext(connection) as queries:
        submit(second)
    statements = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert len(statements) <= 10, "\n".join(statements)


@pytest.mark.django_db(transaction=True)
def test_heartbeats_are_heap_only_updates(project, cast):
    add_items(project, [0.1])
    access = authorize(Actor(user=cast.rui), "helpdesk", Action.LABEL)
    claim.claim_tasks(access=access, count=1)
    lease = Lease.objects.get()
    before = lease_updates()
    for _ in range(50):
        renew_lease(access=access, task_id=lease.task_id, token=lease.token)
    updates, heap_only = (after - start for after, start in zip(lease_updates(), before, strict=True))
    assert updates == 50
    assert heap_only == updates


def lease_updates():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'annotations_lease'")
        return cursor.fetchone()
