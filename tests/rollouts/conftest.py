"""Lea, who leads, and a rollout that is ready to be signed."""

import pytest

from tests.rollouts.world import bring_in, confirm, make


@pytest.fixture(autouse=True)
def _checkpoint_file(settings, tmp_path):
    settings.AUDIT_CHECKPOINTS = tmp_path / "checkpoints.jsonl"


@pytest.fixture
def lea(cast, project, api_of):
    return api_of(cast.lea)


@pytest.fixture
def ready(lea, cast, browser_of):
    """A rollout whose gates in front of the internal beta pass."""
    made = make(lea)
    bring_in(lea)
    confirm(browser_of(cast.lea), made["id"])
    return made["id"]
