"""The plan's page as people read it, and its form with what somebody typed."""

import pytest

from tests.pages.plan.plans import URL

TYPED = {
    "name": "Spring",
    "base_rate": "5",
    "overlap": "",
    "daily_target": "40",
    "rules-0-name": "slow",
    "rules-0-rate": "50",
    "rules-0-overlap": "2",
    "rules-0-when": '{"latency_ms": {"gt": 2000}}',
}


@pytest.fixture
def get(browser_of):
    """`get(person, query)`: status and text of the page."""

    def ask(person, query=""):
        response = browser_of(person).get(f"{URL}{query}")
        return response.status_code, response.content.decode()

    return ask


@pytest.fixture
def post(browser_of):
    """`post(person, action, **fields)`: status and text of what the form's button brings."""

    def send(person, action="preview", door="change", **fields):
        body = {"based_on": "0", **TYPED, **fields, "action": action}
        response = browser_of(person).post(f"{URL}/{door}", body, follow=True)
        return response.status_code, response.content.decode()

    return send
