"""Two reviewers at the API, and the invariants of the queue after whatever they did."""

import pytest

from annotations.queue.invariants import list_violations

# Their assertions should tell what differed, as those of a test do.
pytest.register_assert_rewrite("tests.queue.machine", "tests.queue.same_rows")


@pytest.fixture
def rui(cast, api_of):
    return api_of(cast.rui, "label", "read")


@pytest.fixture
def bea(cast, api_of):
    return api_of(cast.bea, "label", "read")


@pytest.fixture
def sound(project):
    """The queue keeps its invariants, whatever the test did."""
    yield
    assert list_violations(project.pk) == []
