"""Many at once on a real server: what they were answered must be possible, and must be what is stored."""

import random
from collections import Counter

import pytest
from django.db import connection

from annotations.queue.claim import claim_tasks
from annotations.queue.invariants import list_violations
from reviewapp.accounts.models import Membership, User
from reviewapp.accounts.roles import Role
from tests.conftest import NOW
from tests.queue.crowd import Crowd, Worker
from tests.queue.history import Call, Stored, find_faults
from tests.queue.items import add_items
from tests.queue.services import access_of

NEEDS = {7: 1, 8: 2}


def given(reviewer, start, end, *, task=7, token="t", kind="claim", **more):
    return Call(kind, reviewer, start, end, given=((task, token),), **more)


def sent(reviewer, start, end, *, task=7, token="t", submit_id="s", label=1, **more):
    return Call("submit", reviewer, start, end, task=task, token=token, submit_id=submit_id, label=label, **more)


def label(reviewer="rui", *, number=1, task=7, submit_id="s", surplus=False, withdrawn=False):
    return Stored(number, task, reviewer, submit_id, surplus, withdrawn)


GOOD = {
    "nothing happened": ([], []),
    "a claim and its label": ([given("rui", 0, 1), sent("rui", 2, 3)], [label()]),
    "two at once where there are two seats": ([given("rui", 0, 1, task=8), given("bea", 0, 1, task=8, token="u")], []),
    "a seat changes hands after its time": (
        [given("rui", 0, 1), Call("age", "ada", 2, 3, aged=((7, "rui"),)), given("bea", 4, 5, token="u")],
        [],
    ),
    "a seat changes hands while it is given back": (
        [given("rui", 0, 1), Call("release", "rui", 2, 9, task=7, token="t"), given("bea", 3, 4, token="u")],
        [],
    ),
    "the same submit twice": (
        [given("rui", 0, 1), sent("rui", 2, 3), sent("rui", 4, 5)],
        [label()],
    ),
    "a label undone and done again": (
        [
            given("rui", 0, 1),
            sent("rui", 2, 3),
            given("rui", 4, 5, kind="undo", token="u", submit_id="s"),
            sent("rui", 6, 7, token="u", submit_id="s2", label=2),
        ],
        [label(withdrawn=True), label(number=2, submit_id="s2")],
    ),
    "a lost answer that was asked for again": (
        [given("rui", 0, 1), sent("rui", 2, 3, outcome="unknown", label=None), sent("rui", 4, 5)],
        [label()],
    ),
    "late answers kept as surplus": (
        [
            given("rui", 0, 1),
            Call("age", "ada", 2, 3, aged=((7, "rui"),)),
            given("bea", 4, 5, token="u"),
            sent("rui", 6, 7, outcome="lease_lost", label=None),
        ],
        [label(surplus=True)],
    ),
}

BAD = {
    "two people on one seat": ([given("rui", 0, 1), given("bea", 2, 3, token="u")], [], "has 1 seats"),
    "a seat given while its label stands": (
        [given("rui", 0, 1), sent("rui", 2, 3), given("bea", 4, 5, token="u")],
        [label()],
        "has 1 seats",
    ),
    "a renewed seat given to another": (
        [
            given("rui", 0, 1),
            Call("age", "ada", 2, 3, aged=((7, "rui"),)),
            Call("renew", "rui", 4, 5, task=7, token="t"),
            given("bea", 6, 7, token="u"),
        ],
        [],
        "has 1 seats",
    ),
    "a task given again to the one who holds it": (
        [given("rui", 0, 1, task=8), given("rui", 2, 3, task=8, token="u")],
        [],
        "who had it since",
    ),
    "a task given to the one who labelled it": (
        [given("rui", 0, 1, task=8), sent("rui", 2, 3, task=8), given("rui", 4, 5, task=8, token="u")],
        [label(task=8)],
        "who had it since",
    ),
    "a skipped task given again": (
        [given("rui", 0, 1), Call("skip", "rui", 2, 3, task=7, token="t"), given("rui", 4, 5, token="u")],
        [],
        "who had it since",
    ),
    "a label refused although its lease was held": (
        [given("rui", 0, 1), sent("rui", 2, 3, outcome="lease_lost", label=None)],
        [],
        "was refused",
    ),
    "an acknowledged label lost": ([given("rui", 0, 1), sent("rui", 2, 3)], [], "was acknowledged"),
    "an acknowledged label stored twice": (
        [given("rui", 0, 1), sent("rui", 2, 3)],
        [label(), label(number=2)],
        "was acknowledged",
    ),
    "an acknowledged label kept as surplus only": (
        [given("rui", 0, 1), sent("rui", 2, 3)],
        [label(surplus=True)],
        "was acknowledged",
    ),
    "a label that nobody sent": ([], [label()], "never sent"),
    "a label withdrawn by nobody": (
        [given("rui", 0, 1), sent("rui", 2, 3)],
        [label(withdrawn=True)],
        "nobody undid it",
    ),
    "an undo that did not last": (
        [given("rui", 0, 1), sent("rui", 2, 3), Call("undo", "rui", 4, 5, submit_id="s")],
        [label()],
        "it stands",
    ),
    "two labels of one person": (
        [
            given("rui", 0, 1, task=8),
            sent("rui", 2, 3, task=8),
            sent("rui", 4, 5, task=8, token="u", submit_id="s2", label=2),
        ],
        [label(task=8), label(number=2, task=8, submit_id="s2")],
        "two labels of one person",
    ),
    "more labels than the task needs": (
        [sent("rui", 2, 3), sent("bea", 2, 3, submit_id="s2", label=2)],
        [label(), label("bea", number=2, submit_id="s2")],
        "and has more",
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_the_checker_passes_what_a_sound_queue_may_answer(name):
    calls, stored = GOOD[name]
    assert find_faults(calls, stored, NEEDS) == []


@pytest.mark.parametrize("name", BAD)
def test_the_checker_rejects(name):
    calls, stored, fault = BAD[name]
    assert any(fault in found for found in find_faults(calls, stored, NEEDS))


@pytest.fixture
def people(project):
    """Twelve reviewers."""
    made = User.objects.bulk_create(User(username=f"reviewer-{number}", password="!") for number in range(12))
    Membership.objects.bulk_create(
        Membership(project=project, user=person, role=Role.REVIEWER, created_at=NOW) for person in made
    )
    project.undo_seconds = 3600
    project.save()
    return made


def assert_sound(crowd):
    for error in crowd.errors:
        raise error
    assert list_violations(crowd.project.pk) == []
    assert find_faults(crowd.calls, crowd.stored(), crowd.needs()) == []


def assert_no_seat_is_lost(crowd, people):
    """Whoever comes now is given every open task that they have not seen."""
    for person in people:
        while claim_tasks(access=access_of(person), count=50).tasks:
            pass
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM annotations_task t CROSS JOIN unnest(%s::bigint[]) AS person (id)"
            " WHERE t.is_open AND NOT EXISTS"
            " (SELECT 1 FROM annotations_guard g WHERE g.task_id = t.id AND g.reviewer_id = person.id)",
            [[person.pk for person in people]],
        )
        assert cursor.fetchone()[0] == 0


@pytest.mark.django_db(transaction=True)
def test_twelve_reviewers_at_once(project, people):
    add_items(project, [number / 300 for number in range(300)], need=2)
    crowd = Crowd(project)
    crowd.run([Worker(crowd, access_of(person), seed) for seed, person in enumerate(people)], turns=100)
    assert_sound(crowd)
    outcomes = Counter((call.kind, call.outcome) for call in crowd.calls)
    assert min(outcomes[kind, "ok"] for kind in ("claim", "submit", "undo", "renew", "release", "skip")) > 0
    assert_no_seat_is_lost(crowd, people)


@pytest.mark.django_db(transaction=True)
def test_the_last_few_tasks_with_everybody_after_them(project, people):
    add_items(project, [0.5] * 6, need=2)
    crowd = Crowd(project)
    crowd.run([Worker(crowd, access_of(person), 100 + seed) for seed, person in enumerate(people)], turns=30)
    assert_sound(crowd)


@pytest.mark.django_db(transaction=True)
def test_two_reviewers_in_five_tabs_each(project, people):
    add_items(project, [number / 200 for number in range(200)], need=2)
    crowd = Crowd(project)
    crowd.run([Worker(crowd, access_of(people[seed % 2]), 200 + seed) for seed in range(10)], turns=60)
    assert_sound(crowd)


@pytest.mark.django_db(transaction=True)
def test_connections_killed_in_the_middle(project, people):
    add_items(project, [number / 200 for number in range(200)], need=2)
    crowd = Crowd(project)
    chooser = random.Random(300)

    def kill_one():
        victims = list(crowd.pids.values())
        with connection.cursor() as cursor:
            # Wait for one that is in the middle of a transaction; the server's own time passes, not a sleep of ours.
            cursor.execute(
                "SELECT pid FROM pg_stat_activity WHERE pid = ANY (%s) AND xact_start IS NOT NULL", [victims]
            )
            found = [row[0] for row in cursor.fetchall()]
            if found and chooser.random() < 0.05:
                cursor.execute("SELECT pg_terminate_backend(%s)", [chooser.choice(found)])

    crowd.run(
        [Worker(crowd, access_of(person), 300 + seed) for seed, person in enumerate(people[:8])],
        turns=60,
        beside=kill_one,
    )
    assert_sound(crowd)
    assert any(call.outcome == "unknown" for call in crowd.calls)
