"""The scheduler outlives a server that is away for a while."""

import pytest
from django.db import OperationalError
from redis.exceptions import ConnectionError as RedisIsAway

from reviewapp.management.commands import scheduler


@pytest.mark.django_db
def test_a_pass_goes_through():
    assert scheduler.sweep_once()


@pytest.mark.django_db
@pytest.mark.parametrize("error", [OperationalError("the database is starting up"), RedisIsAway("refused")])
def test_a_server_that_is_away_costs_a_warning(monkeypatch, caplog, error):
    def fail(**_):
        raise error

    monkeypatch.setattr(scheduler, "sweep", fail)
    monkeypatch.setattr(scheduler.connections, "close_all", lambda: None)
    assert not scheduler.sweep_once()
    assert "a server is away" in caplog.text


def test_sigterm_ends_it_with_success():
    with pytest.raises(SystemExit) as leaving:
        scheduler.leave()
    assert leaving.value.code == 0
