"""A provider that is simulated, for judges that run here."""

import pytest

from annotations.judges.simulated import serve_simulated


@pytest.fixture
def stub(settings):
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    with serve_simulated() as simulation:
        yield simulation
