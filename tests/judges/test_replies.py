"""Whatever a provider or a model says: what it may not break, and what it may not move."""

import orjson
import pytest

from annotations.models import JudgeProvider
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
    too_long = "maximum context length is 8192 tokens, your messages are 9000 (142 in the response_format schemas)"
    refusal = {"error": {"code": "context_length_exceeded", "message": too_long}}
    too_large = "Request too large for small on tokens per min (TPM): Limit 10000, Requested 12345."
    never = {"error": {"code": "rate_limit_exceeded", "message": too_large}}

    def behave(nth):
        if nth == len(bodies) + 2:
            return 400, {}, orjson.dumps(refusal)
        if nth > len(bodies) + 2:
            return 429, {"Retry-After": "0"}, orjson.dumps(never)
        return 200, {}, orjson.dumps({"choices": bodies[nth - 1 : nth], "usage": [1]})

    bring(lea, len(bodies) + 3)  # then one without any reply, one that is too long, one that no minute has room for
    add_provider(lea, stub)
    stub.behave = behave
    params = {"score": "logprobs", "concurrency": 1, "repair": False}
    found = run(lea, add_version(lea, params=params))
    assert [found[name] for name in ("state", "done", "unparsed", "failed")] == ["done", 3, 3, 2]
    assert JudgeProvider.objects.get().learnt == {}  # an item that is too long says nothing of structured output


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
