"""Lea, who may send items."""

import pytest

from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action


@pytest.fixture
def lea(project, cast, actor_of):
    return authorize(actor_of(cast.lea), "helpdesk", Action.ADD_ITEMS)
