"""A project with items that people decided, its lead as a program and in the browser."""

import random

import pytest

from tests.sampling.lines import item
from tests.shadow.world import WORDS, send


@pytest.fixture
def lea(cast, project, api_of):
    return api_of(cast.lea)


@pytest.fixture
def decided(lea):
    """120 items of two versions with decisions of a manual process, half of which came before their items."""
    chance = random.Random(7)
    items, decisions = [], []
    for n in range(120):
        human = chance.choice(WORDS)
        ai = human if chance.random() < 0.85 else chance.choice(WORDS)
        items.append(
            item(
                f"i{n}",
                decision=ai,
                system_version="2.0" if n % 3 else "1.0",
                confidence=round(chance.random(), 3),
                latency_ms=100 + n,
                session_ref=f"s{n // 2}",
                metadata={"language": "de" if n % 4 else "fr"},
            )
        )
        decisions.append({"external_id": f"i{n}", "decision": human, "duration_ms": 60_000, "decider": f"p{n % 3}"})
    send(lea, "decisions?feed=desk", decisions[:60])
    send(lea, "items", items)
    send(lea, "decisions?feed=desk", decisions[60:])
    return [(row, each["decision"], row["decision"]) for row, each in zip(items, decisions, strict=True)]


@pytest.fixture
def lea_page(cast, project, browser_of):
    return browser_of(cast.lea)
