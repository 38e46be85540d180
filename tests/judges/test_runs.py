"""Runs of judges through the API, against a simulated provider that speaks the real protocols over HTTP."""

import orjson
import pytest

from annotations.judges.simulated import SAYS
from annotations.models import JudgeCall, JudgeProvider, JudgeRun, JudgeSpend, Task, Verdict
from reviewapp.accounts.models import ProjectSecret
from reviewapp.audit.models import AuditEvent
from sampling.models import ItemFact
from tests.conftest import NOW
from tests.judges.running import P, add_provider, add_version, begin, run, work
from tests.sampling.lines import item


@pytest.fixture
def lea(cast, project, api_of):
    return api_of(cast.lea)


def send(client, *outputs, **fields):
    items = [item(f"i{nth}", output=output, **fields) for nth, output in enumerate(outputs)]
    client.post(f"{P}/items", {"items": items})


def test_a_run_judges_every_item_once_and_says_what_it_cost(lea, project, stub):
    send(lea, "Gladly. [pass]", "No. [fail]", "[broken] \u200bbits")
    add_provider(lea, stub, api_key="sk-test-1 ")  # as it comes from a clipboard
    assert "sk-test-1" not in str(lea.get(f"{P}/providers"))
    assert b"sk-test-1" not in bytes(ProjectSecret.objects.get().data)
    assert lea.post(f"{P}/providers/stub/test", {})["ok"] is True
    version = add_version(lea, params={"temperature": 0, "max_tokens": 100})
    before = lea.post(f"{version}/estimate", {})
    assert (before["items"], before["is_exact"]) == (3, True)
    assert before["cost_usd"] > 0
    stub.asked.clear()
    found = run(lea, version)
    assert found["state"] == "done"
    assert [found[name] for name in ("total", "done", "failed", "unparsed", "cached")] == [3, 2, 0, 1, 0]
    assert len(stub.asked) == 4  # the broken reply was asked about once more
    assert set(stub.keys) == {"sk-test-1"}
    tokens = found["tokens"]
    assert found["cost_usd"] == pytest.approx((tokens["input"] + 2 * tokens["output"]) / 1e6)
    assert (found["reserved_usd"], found["uncertain_usd"], found["eta_s"]) == (0, 0, 0)
    spend = JudgeSpend.objects.get()
    assert (spend.reserved_nusd, spend.cost_nusd) == (0, round(found["cost_usd"] * 1e9))
    told = {each: lea.get(f"{P}/items/{each}")["verdicts"][0] for each in ("i0", "i1", "i2")}
    assert [told[each]["answers"] for each in ("i0", "i1", "i2")] == [{"verdict": "pass"}, {"verdict": "fail"}, None]
    assert told["i0"]["rationale"] == SAYS
    facts = ItemFact.objects.filter(name="verdict.strict.verdict", value__isnull=False)
    assert sorted(facts.values_list("value", flat=True)) == ["fail", "pass"]
    # The item is fenced with a word that it cannot know, in the user's turn, and what is hidden is shown.
    body = next(each for each in stub.asked if "bits" in str(each))
    assert "bits" not in body["messages"][0]["content"]
    assert "\\u{200b}bits" in body["messages"][1]["content"]
    assert body["response_format"]["json_schema"]["schema"]["properties"]["verdict"]["enum"] == ["pass", "fail"]
    assert AuditEvent.objects.filter(action="judge_run.ended").count() == 1
    # Once more: all from the cache, at no cost, and no verdict is stored twice.
    stub.asked.clear()
    again = run(lea, version)
    assert [again[name] for name in ("done", "unparsed", "cached", "cost_usd")] == [2, 1, 3, 0]
    assert stub.asked == []
    assert Verdict.objects.count() == 3


def test_calls_of_a_worker_that_died_are_uncertain_and_repeated(lea, project, stub, monkeypatch):
    """It dies with two calls under way, then between storing a body and reading it; then somebody flushes Valkey."""
    from annotations.judges import work as worker
    from reviewapp.jobs.models import Intent

    send(lea, *["[pass]"] * 6)
    add_provider(lea, stub)
    number = begin(lea, add_version(lea, params={"concurrency": 2}))
    real = worker._Piece._turn
    deaths = iter(["in flight", "unread"])

    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    def die(piece, caller, outcomes):
        how = next(deaths, None) if outcomes else None
        if how == "unread":
            monkeypatch.setattr(
                worker._Piece, "_feed", lambda *args, **kwargs: (_ for _ in ()).throw(KeyboardInterrupt)
            )
        if how == "in flight":
            raise KeyboardInterrupt
        return real(piece, caller, outcomes)

    monkeypatch.setattr(worker._Piece, "_turn", die)
    feed = worker._Piece._feed
    for _ in range(2):
        intent = Intent.objects.get(kind="run_judge", done_at=None)
        with pytest.raises(KeyboardInterrupt):
            worker.run_piece(intent.payload, intent.created_at)
        monkeypatch.setattr(worker._Piece, "_feed", feed)
    from django_rq import get_connection

    get_connection("default").flushdb()
    work()
    found = lea.get(f"/judge-runs/{number}")
    assert [found[name] for name in ("state", "total", "done", "cached")] == ["done", 6, 6, 0]
    uncertain = JudgeCall.objects.filter(state="uncertain")
    assert 1 <= uncertain.count() <= 4
    assert found["uncertain_usd"] == pytest.approx(sum(call.reserved_nusd for call in uncertain) / 1e9)
    assert JudgeCall.objects.filter(state="settled").count() == 6
    assert JudgeRun.objects.get().reserved_nusd == 0
    assert Verdict.objects.count() == 6


def test_a_piece_that_was_overtaken_stores_and_moves_nothing(lea, project, stub):
    """Stopped and resumed while calls were under way: the old piece is not heard, and no money is moved twice."""
    from annotations.judges.ending import end_piece
    from annotations.judges.ledger import Settled, Wanted, reserve, settle, settle_left_behind
    from annotations.judges.work import run_piece
    from annotations.models.judge_runs import CallState
    from reviewapp.jobs.models import Intent
    from sampling.models import Item

    send(lea, "[pass]")
    add_provider(lea, stub)
    number = begin(lea, add_version(lea))
    JudgeRun.objects.update(state="running")
    wanted = [Wanted(Item.objects.get().pk, "k", "stub", "openai", "small", 5000)]
    (call,) = reserve(number, wanted, piece=1, now=NOW).calls
    assert lea.get(f"/judge-runs/{number}")["reserved_usd"] == 5e-6
    assert reserve(number, wanted, piece=2, now=NOW).ended is True
    assert settle_left_behind(number, now=NOW) == 1
    settle(number, [Settled(call, CallState.SETTLED, cost_nusd=100, raw="{}")], now=NOW)
    end_piece(number, piece=7, pause="no", waiting_for="", wait=0, all_chosen=True)
    told = lea.get(f"/judge-runs/{number}")
    assert [told[name] for name in ("state", "reserved_usd", "cost_usd", "uncertain_usd")] == ["running", 0, 0, 5e-6]
    Intent.objects.filter(kind="run_judge").update(failed_at=NOW, last_error="ValueError: oh")
    assert lea.get(f"/judge-runs/{number}")["reason"].endswith("ValueError: oh")
    assert lea.post(f"/judge-runs/{number}/resume")["state"] == "queued"
    work()
    assert lea.get(f"/judge-runs/{number}")["done"] == 1
    # Stopped, and its worker killed before the last calls came back: their money is uncertain, not under way for ever.
    JudgeRun.objects.update(state="running")
    reserve(number, wanted, piece=JudgeRun.objects.get().chunk, now=NOW)
    lea.post(f"/judge-runs/{number}/stop")
    run_piece({"run_id": number, "chunk": JudgeRun.objects.get().chunk}, NOW)
    told = lea.get(f"/judge-runs/{number}")
    assert [told[name] for name in ("state", "reserved_usd", "uncertain_usd")] == ["stopped", 0, 1e-5]


def test_budgets_pause_a_run_before_the_call_that_would_break_them(lea, project, stub):
    send(lea, *["[pass]"] * 5)
    add_provider(lea, stub)
    version = add_version(lea, params={"max_tokens": 1000, "concurrency": 1})
    number = begin(lea, version, budget_usd=0.003)
    work()
    found = lea.get(f"/judge-runs/{number}")
    assert found["state"] == "paused"
    assert "The run's budget of $0.003 is used up" in found["reason"]
    assert 0 < found["done"] < 5
    assert found["cost_usd"] <= 0.003
    lea.put(f"{P}/judge-budgets", {"day_usd": 0.0001})
    lea.post(f"/judge-runs/{number}/resume", {"budget_usd": 1})
    work()
    assert "a day is used up" in lea.get(f"/judge-runs/{number}")["reason"]
    assert lea.put(f"{P}/judge-budgets", {"day_usd": 1, "total_usd": 2})["spent_usd"] == found["cost_usd"]
    assert lea.post(f"/judge-runs/{number}/stop")["state"] == "stopped"
    lea.post(f"/judge-runs/{number}/resume")
    work()
    assert [lea.get(f"/judge-runs/{number}")[name] for name in ("state", "done")] == ["done", 5]
    lea.post(f"/judge-runs/{number}/resume", status=409)


def test_parameters_that_a_model_does_not_take_are_left_out(lea, project, stub):
    """Reasoning models refuse `max_tokens` and a temperature of 0 by name, eight calls at once; that is remembered."""
    send(lea, *["[pass]"] * 12)
    add_provider(lea, stub)
    version = add_version(lea, params={"temperature": 0, "seed": 7, "concurrency": 8})
    said = {
        "max_tokens": "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead.",
        "temperature": "Unsupported value: 'temperature' does not support 0 with this model.",
    }
    refused = {name: orjson.dumps({"error": {"message": words}}) for name, words in said.items()}
    stub.behave = lambda nth: next(((400, {}, refused[name]) for name in refused if name in stub.asked[nth - 1]), None)
    found = run(lea, version)
    assert [found[name] for name in ("state", "done")] == ["done", 12]
    body = stub.asked[-1]
    assert (body["max_completion_tokens"], body["seed"], "response_format" in body) == (500, 7, True)
    assert JudgeProvider.objects.get().learnt == {"small": {"without": ["max_tokens", "temperature"]}}
    JudgeProvider.objects.update(learnt={})
    assert lea.post(f"{P}/providers/stub/test", {})["ok"] is True
    stub.behave = lambda nth: (400, {}, b'{"error": {"message": "Unsupported parameter: \'colour\'."}}')
    found = lea.post(f"{P}/providers/stub/test", {})
    assert (found["ok"], "'colour'" in found["message"]) == (False, True)


def test_what_a_provider_answers_wrong_is_tried_again_or_told(lea, project, stub):
    """429 with a wait, a server error, no structured output; then a bad key, which pauses until a person acts."""
    send(lea, "[pass]", "[pass]")
    add_provider(lea, stub)
    version = add_version(lea, params={"concurrency": 1})
    no_schema = b'{"error": {"message": "response_format json_schema is not supported"}}'
    # Who has not paid yet is told where to, each time that they ask too fast: that is no want of credit.
    slow = b'{"error": {"code": "rate_limit_exceeded", "message": "Limit: 3 / min. Pay at https://a.example/account/billing"}}'
    first = {
        1: (429, {"Retry-After": "0.05"}, slow),
        2: (500, {}, b"oops"),
        3: (500, {}, no_schema),
        4: (400, {}, no_schema),
        5: (200, {}, b'{"error": {"message": "The model is down", "code": 502}}'),
    }
    stub.behave = first.get
    found = run(lea, version)
    assert [found[name] for name in ("state", "done")] == ["done", 2]
    assert "response_format" not in stub.asked[-1]
    assert JudgeProvider.objects.get().learnt == {"small": {"form": "plain"}}
    stub.headers = {"x-ratelimit-limit-requests": "6000", "x-ratelimit-limit-tokens": "900000"}
    send(lea, *["[fail]"] * 2, metadata={"round": 2})
    lea.post(f"{P}/items", {"items": [item("late", output="[pass]")]})
    # A key that no header can hold, and one that is wrong: neither is ever quoted.
    add_provider(lea, stub, name="typo", api_key="sk-tést-2")
    unsent = lea.post(f"{P}/providers/typo/test", {})
    assert (unsent["ok"], "st-2" in str(unsent), "Authorization" in unsent["message"]) == (False, False, True)
    stub.behave = lambda nth: (401, {}, b'{"error": {"message": "Incorrect API key"}}')
    paused = run(lea, version)
    assert paused["state"] == "paused"
    assert "answered 401" in paused["reason"]
    assert "Incorrect API key" in paused["reason"]
    stub.behave = lambda nth: None
    lea.post(f"/judge-runs/{paused['id']}/resume")
    work()
    assert lea.get(f"/judge-runs/{paused['id']}")["state"] == "done"
    assert JudgeProvider.objects.get(name="stub").learnt["small"]["rpm"] == 6000


def test_a_fallback_of_the_other_protocol_answers_where_the_first_cannot(lea, project, stub, settings):
    send(lea, "[pass]", "[fail]")
    add_provider(lea, stub, models=[{"name": "small"}])
    add_provider(lea, stub, name="other", kind="anthropic")
    version = add_version(lea, fallback=["other"], params={"samples": 3})
    stub.behave = lambda nth: None if stub.paths[nth - 1].endswith("/messages") else (404, {}, b"no such model")
    found = run(lea, version)
    assert [found[name] for name in ("state", "done")] == ["done", 2]
    assert JudgeCall.objects.filter(provider="other", state="settled").count() == 6
    asked = next(body for body in stub.asked if "system" in body)
    assert asked["tool_choice"] == {"type": "tool", "name": "verdict"}
    assert {verdict.score for verdict in Verdict.objects.all()} == {0.0, 1.0}


def test_a_cascade_asks_checks_then_the_small_model_then_the_large_then_a_person(lea, project, stub):
    lea.patch(P, {"checks": [{"name": "short", "kind": "length", "max": 60}]})
    send(lea, "x" * 100, "Sure. [pass]", "Hm. [odd]", "Hm. [lost]")
    lea.put(f"{P}/plan", {"base_rate": 0, "rules": []})
    add_provider(lea, stub)

    def reply(body):
        text = str(body["messages"][1]["content"])
        if "[lost]" in text or ("[odd]" in text and body["model"] == "small"):
            return "I would rather not say."
        return '{"rationale": "fine", "verdict": "pass"}'

    stub.reply = reply
    cascade = {
        "checks": ["short"],
        "checks_answers": {"verdict": "fail"},
        "stronger": {"provider": "stub", "model": "large"},
        "person": True,
    }
    found = run(lea, add_version(lea, cascade=cascade))
    assert found["stages"] == {"checks": 1, "first": 1, "stronger": 2, "person": 1}
    assert [found[name] for name in ("done", "unparsed")] == [3, 1]
    assert found["saved_usd"] > 0
    assert len([body for body in stub.asked if body["model"] == "large"]) == 3
    answers = {v.item.external_id: v.answers for v in Verdict.objects.select_related("item")}
    assert answers == {"i0": {"verdict": "fail"}, "i1": {"verdict": "pass"}, "i2": {"verdict": "pass"}, "i3": None}
    assert ItemFact.objects.get(item__external_id="i3", name="hint.strict_unsure").value is True
    assert Task.objects.get(item__external_id="i3", lane__gte=0).reason in {None, "", "The judge strict was not sure."}


def test_examples_come_from_train_alone_and_versions_are_frozen(lea, project, stub):
    from annotations.judges.pairs import SHARES, SPLITS
    from annotations.models import JudgeVersion
    from reviewapp.stats.sampling.splits import hash_split
    from sampling.draws.numbers import purpose_salt

    send(lea, *[f"Answer {n}." for n in range(40)])
    labels = [
        {"external_id": f"i{n}", "reviewer": "zoe", "answers": {"verdict": "pass" if n % 2 else "fail"}}
        for n in range(40)
    ]
    lea.post(f"{P}/labels/import", {"labels": labels})
    add_provider(lea, stub)
    version = add_version(lea, examples_from="train", examples=4)
    spec = JudgeVersion.objects.get().spec
    from sampling.models import Item

    names = list(Item.objects.filter(pk__in=spec["example_ids"]).values_list("external_id", flat=True))
    keyed = purpose_salt(project.sampling_salt, SPLITS)
    assert len(names) == 4
    assert {hash_split(keyed, name, SHARES) for name in names} == {"train"}
    assert {answers["verdict"] for answers in spec["example_answers"]} == {"pass", "fail"}
    found = run(lea, version, sample=5)
    assert (found["total"], found["done"]) == (5, 5)
    prompt = stub.asked[0]["messages"][1]["content"]
    assert prompt.count("<<<example output") >= 3
    assert lea.get(version)["spec"]["prompt"].startswith("{{ guidelines }}")
    share = run(lea, version, sample=0.4)
    assert share["cached"] == min(5, share["total"])  # one number an item: the larger sample holds the smaller


REFUSED = [
    ({"prompt": "{{ output.__class__ }}"}, "prompt"),
    ({"prompt": "{{ 'a' * 100000000 }}"}, "prompt"),
    ({"prompt": "{{ 'a'.ljust(100000000) }}"}, "prompt"),
    ({"prompt": "{{ secret }}"}, "prompt"),
    ({"prompt": "{% for"}, "prompt"),
    ({"model": "huge"}, "model"),
    ({"provider": "nobody"}, "provider"),
    ({"params": {"samples": 99}}, "params.samples"),
    ({"params": {"messages": []}}, "params.messages"),
    ({"cascade": {"checks": ["x"]}}, "cascade.checks_answers"),
    ({"cascade": {"checks": ["x"], "checks_answers": {"verdict": "meh"}}}, "cascade.checks_answers"),
]


def test_a_version_that_could_not_run_is_refused_with_its_place(lea, project, stub):
    add_provider(lea, stub)
    lea.post(f"{P}/judges", {"name": "strict", "questions": ["verdict"]}, status=201)
    for fields, place in REFUSED:
        body = {"provider": "stub", "model": "small", "prompt": "{{ output }}", **fields}
        refused = lea.post(f"{P}/judges/strict/versions", body, status=422)
        assert refused["error"]["fields"][0]["path"] == place, fields


def test_providers_and_judges_that_must_not_be_are_refused(lea, project, stub, settings):
    settings.OUTBOUND_ALLOW = []
    body = {"name": "in", "kind": "openai", "base_url": "http://127.0.0.1:1/v1", "models": [{"name": "m"}]}
    assert lea.post(f"{P}/providers", body, status=422)["error"]["code"] == "address_refused"
    own = {**body, "kind": "simulated", "api_key_env": "SECRET_KEY"}
    assert lea.post(f"{P}/providers", own, status=422)["error"]["fields"][0]["path"] == "api_key_env"
    simulated = {**body, "kind": "simulated", "api_key_env": "STUB_API_KEY"}
    lea.post(f"{P}/providers", simulated, status=201)
    lea.post(f"{P}/providers", simulated, status=409)
    assert "not set on the server" in lea.post(f"{P}/providers/in/test", {})["message"]
    changed = {"kind": "simulated", "models": [{"name": "m"}], "rpm": 100}
    assert lea.patch(f"{P}/providers/in", changed)["api_key_env"] is None
    assert SAYS in lea.post(f"{P}/providers/in/test", {"model": "m"})["message"]
    lea.post(f"{P}/judges", {"name": "a.b", "questions": ["verdict"]}, status=422)
    lea.post(f"{P}/judges", {"name": "a", "questions": ["nope"]}, status=422)
    lea.post(f"{P}/judges", {"name": "a", "questions": ["verdict"]}, status=201)
    lea.post(f"{P}/judges", {"name": "a", "questions": ["verdict"]}, status=409)
