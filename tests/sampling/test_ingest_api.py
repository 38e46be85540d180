"""Items in over HTTP: what is taken, what is refused and how it is told, and who may."""

import gzip

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotations.models import Task
from annotations.projects import create_project
from reviewapp.accounts.projects import ProjectSpec
from reviewapp.audit.models import AuditEvent
from reviewapp.http import bodies
from sampling.ingest import add
from sampling.mask.refs import hash_ref
from sampling.models import Draw, Item, ItemKey
from sampling.plans.publish import parse_plan, publish_plan
from tests.conftest import NOW
from tests.sampling.lines import item, ndjson

URL = "/projects/helpdesk/items"
NDJSON = {"content_type": "application/x-ndjson"}
FULL = {
    "external_id": "full",
    "input": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
    "output": {"reply": "Hello\tthere\n\\o/ \u2028 é \U0001f600"},
    "context": ["a page", {"title": "another"}],
    "occurred_at": "2026-11-20T10:00:00+02:00",
    "system": "tab\there, \\backslash, line\nend",
    "system_version": "v2",
    "model": "m",
    "prompt_version": "p7",
    "decision": {"refund": True},
    "confidence": 0.75,
    "latency_ms": 812.5,
    "input_tokens": 12,
    "output_tokens": 10**12,
    "cost_usd": 0.0001,
    "user_ref": "u1",
    "session_ref": "s1",
    "trace_id": "t1",
    "span_id": "sp1",
    "feedback": -1,
    "sampling_probability": 0.5,
    "steps": [
        {"name": "search", "kind": "tool", "input": {"q": "parcel"}, "output": [1], "latency_ms": 3, "error": "slow"}
    ],
    "metadata": {"tier": "gold", "deep": {"list": [1, 2.5, None, "x"]}, "html": "<b>&amp;</b>"},
}


@pytest.fixture
def lea(cast, api_of):
    return api_of(cast.lea, "ingest", "read")


def send(client, *items, **extra):
    return client.post(URL, ndjson(*items), **NDJSON, **extra)


def test_an_item_with_every_field_comes_out_as_it_went_in(lea):
    assert send(lea, FULL) == {"accepted": 1, "duplicates": 0, "rejected": 0, "drawn": 1, "errors": []}
    found = lea.get(f"{URL}/full")
    stored = {name: found[name] for name in FULL}
    hashed = {name: hash_ref("salt", name, FULL[name]) for name in ("user_ref", "session_ref")}
    assert stored == {**FULL, **hashed, "occurred_at": "2026-11-20T08:00:00+00:00"}


def test_json_and_ndjson_and_gzip_are_the_same_to_us(lea):
    assert lea.post(URL, {"items": [item("a"), item("b")]})["accepted"] == 2
    assert send(lea, item("b"), item("c"))["accepted"] == 1
    packed = gzip.compress(ndjson(item("c"), item("d")))
    assert lea.post(URL, packed, **NDJSON, headers={"content-encoding": "gzip"})["accepted"] == 1
    assert ItemKey.objects.count() == Item.objects.count() == 4


def test_an_item_is_stored_under_its_id_with_its_draw_and_an_open_task(lea, project):
    send(lea, item("a"))
    key = ItemKey.objects.get(external_id="a")
    draw = Draw.objects.get(item_id=key.item_id)
    task = Task.objects.get(item_id=key.item_id)
    assert (draw.plan_version.version, draw.probability, draw.selected, draw.reasons) == (0, 1.0, True, ["base"])
    assert (task.rank, task.need) == (draw.u, project.overlap)


def test_what_is_not_drawn_is_stored_with_its_draw_and_without_a_task(lea, project):
    publish_plan(project=project, plan=parse_plan({"base_rate": 0}), actor=None, now=NOW)
    assert send(lea, item("a")) | {"errors": None} == {
        "accepted": 1, "duplicates": 0, "rejected": 0, "drawn": 0, "errors": None,
    }  # fmt: skip
    assert list(Draw.objects.values_list("selected", "probability", "reasons")) == [(False, 0.0, [])]
    assert not Task.objects.exists()


def test_the_rank_is_the_number_over_the_probability_and_the_need_the_overlap(lea, project):
    rule = {"name": 'say "hi", {ok}\\', "when": {"model": {"eq": "m"}}, "rate": 0.5, "overlap": 3}
    publish_plan(project=project, plan=parse_plan({"base_rate": 0, "rules": [rule]}), actor=None, now=NOW)
    assert send(lea, *(item(f"i{n}", model="m") for n in range(40)))["drawn"] == Task.objects.count() > 0
    for task in Task.objects.all():
        draw = Draw.objects.get(item=task.item)
        assert (task.rank, task.need, draw.reasons) == (draw.u / 0.5, 3, [rule["name"]])


def test_rules_see_when_an_item_was_received(lea, project):
    rule = {"name": "now", "when": {"received_at": {"gt": "2020-01-01"}}, "rate": 1}
    publish_plan(project=project, plan=parse_plan({"base_rate": 0, "rules": [rule]}), actor=None, now=NOW)
    assert send(lea, item())["drawn"] == 1


def test_the_first_of_an_id_wins(lea):
    result = send(lea, item("a", output="first"), item("a", output="second"), item("b"))
    assert (result["accepted"], result["duplicates"]) == (2, 1)
    result = send(lea, item("a", output="third"))
    assert (result["accepted"], result["duplicates"], result["drawn"]) == (0, 1, 0)
    assert lea.get(f"{URL}/a")["output"] == "first"
    assert Draw.objects.count() == 2


def test_another_project_may_have_the_same_id(lea, cast, api_of):
    spec = ProjectSpec(slug="sales", name="Sales")
    create_project(owner=cast.lea, spec=spec, rubric=None, actor=None, now=NOW)
    send(lea, item("a", output="helpdesk"))
    client = api_of(cast.lea, "ingest", "read", site=True)
    assert client.post("/projects/sales/items", {"items": [item("a", output="sales")]})["accepted"] == 1
    assert client.get("/projects/sales/items/a")["output"] == "sales"


def test_null_is_the_same_as_absent(lea):
    assert send(lea, item("a", confidence=None, metadata=None, sampling_probability=None, output=None))["accepted"] == 1
    found = lea.get(f"{URL}/a")
    assert (found["confidence"], found["metadata"], found["sampling_probability"], found["output"]) == (
        None, {}, 1.0, None,
    )  # fmt: skip


def test_ids_follow_the_order_in_which_items_were_sent(lea):
    names = ["z", "m", "a", "é", "B"]
    send(lea, *map(item, names))
    assert list(Item.objects.order_by("pk").values_list("external_id", flat=True)) == names


BAD = [
    (b"{", "not_json", ""),
    (b'{"confidence": NaN}', "not_json", ""),
    (b'{"input": "\xff"}', "not_json", ""),
    (b"[]", "invalid_value", ""),
    (b"3", "invalid_value", ""),
    (b'{"external_id": "a", "output": "x"}', "missing_field", "input"),
    (b'{"external_id": "a", "input": "x"}', "missing_field", "output"),
    (item(colour="red"), "unknown_field", "colour"),
    (item(steps=[{"name": "x", "kind": "tool", "cost": 1}]), "unknown_field", "steps.0.cost"),
    (item(""), "invalid_value", "external_id"),
    (item("x" * 513), "invalid_value", "external_id"),
    (item(7), "invalid_value", "external_id"),
    (item(input=7), "invalid_value", "input"),
    (item(input=None), "invalid_value", "input"),
    (item(input=[]), "invalid_value", "input"),
    (item(input=[{"role": "user", "content": "x"}, {"role": 7, "content": "x"}]), "invalid_value", "input.1"),
    (item(output=[{"role": "user"}]), "invalid_value", "output.0"),
    (item(context=7), "invalid_value", "context"),
    (item(occurred_at="yesterday"), "invalid_value", "occurred_at"),
    (item(occurred_at=1700000000), "invalid_value", "occurred_at"),
    (item(system="x" * 1001), "invalid_value", "system"),
    (item(confidence="0.5"), "invalid_value", "confidence"),
    (item(confidence=True), "invalid_value", "confidence"),
    (item(latency_ms=-1), "invalid_value", "latency_ms"),
    (item(input_tokens=1.5), "invalid_value", "input_tokens"),
    (item(output_tokens=10**12 + 1), "invalid_value", "output_tokens"),
    (item(cost_usd=1e154), "invalid_value", "cost_usd"),
    (item(feedback=2), "invalid_value", "feedback"),
    (item(feedback=True), "invalid_value", "feedback"),
    (item(sampling_probability=0), "invalid_value", "sampling_probability"),
    (item(sampling_probability=1.1), "invalid_value", "sampling_probability"),
    (item(sampling_probability=1e-155), "invalid_value", "sampling_probability"),
    (item(steps={}), "invalid_value", "steps"),
    (item(steps=[{"name": "x", "kind": "magic"}]), "invalid_value", "steps.0.kind"),
    (item(steps=[{"name": "x", "kind": "tool", "error": 7}]), "invalid_value", "steps.0.error"),
    (item(metadata=[]), "invalid_value", "metadata"),
    (item(input="a\0b"), "invalid_text", "input"),
    (item(metadata={"a": [{"b": "\0"}]}), "invalid_text", "metadata.a.0.b"),
    (item(metadata={"a": {"b\0": 1}}), "invalid_text", "metadata.a"),
    (b'{"external_id": "a", "input": "x", "output": {"a": ["\\udc00"]}}', "invalid_text", "output.a.0"),
    (b'{"external_id": "a", "input": "x", "output": "x", "metadata": {"\\ud800": 1}}', "invalid_text", "metadata"),
    (b'{"external_id": "a", "input": "x", "output": "x", "confidence": 1e400}', "invalid_value", "confidence"),
    (b'{"a":' * 65 + b"1" + b"}" * 65, "too_deep", ""),
    (item(input="x" * 1024 * 1024), "line_too_large", ""),
]


@pytest.mark.parametrize(("bad", "code", "path"), BAD, ids=lambda value: str(value)[:40])
def test_a_bad_line_is_refused_by_its_place_and_never_spoils_the_good_ones(lea, bad, code, path):
    result = send(lea, item("before"), b"", bad, item("after"))
    (error,) = result.pop("errors")
    assert result == {"accepted": 2, "duplicates": 0, "rejected": 1, "drawn": 2}
    assert (error["line"], error["code"], error["path"]) == (3, code, path)
    assert error["message"]


@pytest.mark.parametrize(("bad", "code", "path"), [row for row in BAD if isinstance(row[0], dict)], ids=str)
def test_the_same_is_refused_in_a_json_body(lea, bad, code, path):
    result = lea.post(URL, {"items": [item("before"), bad, item("after")]})
    assert result["accepted"] == 2
    assert [(error["line"], error["code"], error["path"]) for error in result["errors"]] == [(2, code, path)]


def test_text_that_only_looks_like_nul_is_taken(lea):
    assert send(lea, item("a", input="\\u0000"))["accepted"] == 1
    assert lea.get(f"{URL}/a")["input"] == "\\u0000"


def test_a_hundred_errors_are_told_and_all_are_counted(lea):
    result = send(lea, *[b"{"] * 130)
    assert (result["rejected"], len(result["errors"]), result["errors"][-1]["line"]) == (130, 100, 100)


def test_no_items_are_no_error(lea):
    assert lea.post(URL, {"items": []})["accepted"] == 0
    assert not AuditEvent.objects.filter(action="items.added").exists()


def test_every_batch_is_on_record(lea, cast, project, monkeypatch):
    monkeypatch.setattr(add, "BATCH_LINES", 2)
    send(lea, *(item(f"i{n}") for n in range(5)))
    events = AuditEvent.objects.filter(action="items.added", project_id=project.pk)
    assert [event.detail for event in events.order_by("pk")] == [
        {"accepted": 2, "drawn": 2}, {"accepted": 2, "drawn": 2}, {"accepted": 1, "drawn": 1},
    ]  # fmt: skip
    assert {event.actor_id for event in events} == {cast.lea.pk}


def test_heavy_items_make_smaller_batches(lea, monkeypatch):
    monkeypatch.setattr(add, "BATCH_BYTES", 250)
    send(lea, *(item(f"i{n}", input="x" * 100) for n in range(4)))
    assert AuditEvent.objects.filter(action="items.added").count() == 2


def test_batches_before_the_source_breaks_off_stay_and_sending_again_completes(lea, monkeypatch):
    monkeypatch.setattr(add, "BATCH_LINES", 2)
    body = ndjson(*(item(f"i{n}") for n in range(5)))
    packed = gzip.compress(body)
    gz = {**NDJSON, "headers": {"content-encoding": "gzip"}}
    monkeypatch.setattr(bodies, "MAX_INFLATED_BYTES", len(body) - 1)
    monkeypatch.setattr(bodies, "_CHUNK", 64)
    refused = lea.post(URL, packed, status=413, **gz)
    assert refused["error"]["code"] == "inflated_too_large"
    assert Item.objects.count() == 4
    monkeypatch.setattr(bodies, "MAX_INFLATED_BYTES", len(body))
    assert lea.post(URL, packed, **gz)["accepted"] == 1


def test_a_body_of_another_kind_is_refused(lea):
    assert lea.post(URL, b"a,b", status=415, content_type="text/csv")["error"]["code"] == "unsupported_media_type"
    assert lea.post(URL, {"rows": []}, status=422)["error"]["fields"][0]["path"] == "rows"
    assert lea.post(URL, b"{", status=400)["error"]["code"] == "malformed"


def test_who_may_send(cast, api_of):
    assert api_of(cast.olga, "ingest").post(URL, {"items": [item("a")]})["accepted"] == 1
    assert api_of(cast.lea, "read").post(URL, {"items": []}, status=403)["error"]["code"] == "missing_scope"
    for person in (cast.rui, cast.ada, cast.pat, cast.vic):
        assert api_of(person).post(URL, {"items": []}, status=403)["error"]["code"] == "forbidden"
    assert api_of(cast.stan).post(URL, {"items": []}, status=404)["error"]["code"] == "not_found"


def test_a_batch_takes_as_many_statements_for_300_items_as_for_3(lea):
    counts = []
    for prefix, many in (("a", 3), ("b", 300)):
        with CaptureQueriesContext(connection) as queries:
            send(lea, *(item(f"{prefix}{n}") for n in range(many)))
        counts.append(len(queries))
    assert counts[0] >= counts[1]
    assert counts[1] <= 15
