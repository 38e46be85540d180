"""Items stored as they are sent."""

import pytest

from reviewapp.http.lines import cut_lines
from sampling.ingest.add import add_items
from tests.conftest import NOW
from tests.sampling.lines import ndjson


@pytest.fixture
def store(project):
    """`store(item, …)`: the items are stored as they are, and due."""
    project.masking = "off"

    def add(*items):
        result = add_items(project=project, lines=cut_lines([ndjson(*items)]), actor=None, now=NOW)
        assert result.accepted == len(items), result.errors

    return add
