"""Two clients at once: every item is stored and drawn exactly once, and nobody waits for ever."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from annotations.models import Task
from reviewapp.http.lines import Line
from sampling.ingest import add
from sampling.ingest.add import add_items
from sampling.models import Draw, Item, ItemKey
from tests.conftest import NOW
from tests.sampling.lines import item


def send(project, names):
    try:
        lines = [Line(number, item(name)) for number, name in enumerate(names, start=1)]
        return add_items(project=project, lines=lines, actor=None, now=NOW)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_the_same_items_from_several_clients_at_once_are_stored_and_drawn_once(project, monkeypatch):
    monkeypatch.setattr(add, "BATCH_LINES", 25)
    names = [f"i{n}" for n in range(200)]
    orders = [random.Random(seed).sample(names, len(names)) for seed in range(4)]
    with ThreadPoolExecutor(4) as clients:
        results = list(clients.map(lambda order: send(project, order), orders))
    assert sum(result.accepted for result in results) == 200
    assert sum(result.duplicates for result in results) == 600
    assert sum(result.drawn for result in results) == 200
    for table in (ItemKey, Item, Draw, Task):
        assert table.objects.count() == 200
    assert set(ItemKey.objects.values_list("item_id", flat=True)) == set(Item.objects.values_list("pk", flat=True))


@pytest.mark.django_db(transaction=True)
def test_nothing_of_a_batch_stays_when_the_queue_cannot_take_it(project, settings):
    settings.QUEUE_FILL = f"{__name__}.refuse"
    with pytest.raises(RuntimeError, match="no queue today"):
        send(project, ["a"])
    assert not ItemKey.objects.exists()
    assert not Draw.objects.exists()
    settings.QUEUE_FILL = "annotations.queue.fill.open_tasks"
    assert send(project, ["a"]).accepted == 1


def refuse(**_):
    raise RuntimeError("no queue today")
