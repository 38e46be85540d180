"""Random sequences of everything that one can do to the queue, compared step by step with the plain model."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.queue.machine import REVIEWERS, QueueMachine


@pytest.fixture
def machine(project, cast):
    """The machine, at work in the project with the cast."""
    people = {name: getattr(cast, name) for name in (*REVIEWERS, "lea")}
    project.extra_reviewers = 1
    project.skills_asked = [{"fact": "metadata.language", "value": "de", "skill": "german"}]
    cast.rui.memberships.update(skills=["german"])
    project.gold_rate = 0.4
    project.save()
    return type("QueueMachine", (QueueMachine,), {"people": people, "project": project})


def run(machine, *, examples, steps):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )


def test_the_queue_does_what_the_model_says(machine):
    run(machine, examples=25, steps=30)


@pytest.mark.slow
def test_the_queue_does_what_the_model_says_for_long(machine):
    run(machine, examples=500, steps=80)
