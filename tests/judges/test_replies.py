"""Whatever a provider or a model says: what it may not break, and what it may not move."""

import orjson
import pytest

from sampling.models import ItemFact
from tests.judges.running import P, add_provider, add_version, run
from tests.sampling.lines import item


@pytest.fixture
def lea(cast, project, api_of):
    return api_of(cast.lea)


def bring(client, n):
    client.post(f"{P}/items", {"items": [item(f"i{nth}", output="[pass]") for nth in range(n)]})


def test_whatever_a_model_replies_ends_its_item_and_not_the_run(lea, project, stub):
    """NUL characters, probabilities that are none, usage that is none: unparsed or read, and the run is done."""
    passes = '{"verdict": "pass"}'
    tokens = [[{"token": passes, "logprob": each}] for each in (None, 1000)]
    bodies = [
        {"message": {"content": '{"verdict": "pass", "\\u0000x": 1}'}},
        {"message": {"content": "", "refusal": "no \x00 way"}},
        {"message": {"content": passes}, "logprobs": {"content": ["x", 1]}},
        *({"message": {"content": passes}, "logprobs": {"content": each}} for each in tokens),
    ]
    bring(lea, len(bodies) + 1)  # of the last one there is nothing
    add_provider(lea, stub)
    stub.behave = lambda nth: (200, {}, orjson.dumps({"choices": bodies[nth - 1 : nth], "usage": [1]}))
    params = {"score": "logprobs", "concurrency": 1, "repair": False}
    found = run(lea, add_version(lea, params=params))
    assert [found[name] for name in ("state", "done", "unparsed")] == ["done", 3, 3]


def test_what_a_judge_chosen_by_hand_says_raises_no_probability(lea, project, stub):
    lea.put(f"{P}/plan", {"base_rate": 0, "rules": [{"name": "doubt", "when": {"hint.strict": {"lt": 2}}, "rate": 1}]})
    bring(lea, 2)
    add_provider(lea, stub)
    version = add_version(lea, params={"samples": 2})
    run(lea, version, where={"external_id": {"eq": "i0"}})
    assert ItemFact.objects.get(name="hint.strict").value == 1
    assert [draw["selected"] for draw in lea.get(f"{P}/items/i0")["draws"]] == [False]
    run(lea, version)
    assert [draw["selected"] for draw in lea.get(f"{P}/items/i1")["draws"]] == [False, True]
    lea.post(f"{version}/runs", {"sample": "inf"}, status=422)
    lea.post(f"{P}/judges", {"name": "a\0", "questions": ["verdict"]}, status=422)
    lea.get(f"{P}/judges/a%00b/versions/1", status=404)
