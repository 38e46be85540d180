"""Erasing a person: nothing of what they said is left anywhere, and what was frozen says so."""

import io

import orjson
import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from annotations.datasets import freeze as freezing
from annotations.datasets.locks import lock_version, release_lock
from annotations.datasets.read import get_frozen
from annotations.models import DatasetRow, Label
from reviewapp.audit.models import AuditEvent
from sampling.models import Item
from tests.conftest import NOW
from tests.datasets.world import NDJSON, URL, bring, export, freeze
from tests.sampling.lines import item, ndjson

SECRET = "the blue llama"


def everything() -> str:
    """Return all text in the database, as far as it is about items."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND"
            " (table_name LIKE 'sampling%' OR table_name LIKE 'annotations%' OR table_name LIKE 'audit%')"
        )
        names = [row[0] for row in cursor.fetchall()]
        texts = []
        for name in names:
            cursor.execute(f'SELECT x::text FROM "{name}" x')
            texts += [row[0] for row in cursor.fetchall()]
    return "\n".join(texts)


@pytest.fixture
def lea(cast, project, api_of):
    client = api_of(cast.lea)
    client.post(f"{URL}/datasets", {"name": "evals"}, status=201)
    theirs = item("a", input=f"I ride {SECRET}", output=f"Nice, {SECRET}", user_ref="u-1", metadata={"pet": SECRET})
    bring(client, [theirs, item("b", input="Else", user_ref="u-2")], {"a": ["pass"], "b": ["fail"]})
    client.post(f"{URL}/feedback", {"external_id": "a", "value": -1, "comment": SECRET}, status=201)
    said = {"external_id": "a", "reviewer": "yan", "answers": {"verdict": "pass", "note": f"About {SECRET}"}}
    client.post(f"{URL}/labels/import", ndjson(said), **NDJSON)
    verdict = {"judge": "strict", "judge_version": "1", "rationale": SECRET, "answers": {"verdict": "pass"}}
    client.post(f"{URL}/verdicts/import", ndjson({"external_id": "a", **verdict}), **NDJSON)
    freeze(client)
    return client


def test_nothing_of_the_person_is_left_and_counts_stay_true(lea, cast, project, browser_of, tmp_path):
    before = lea.get(f"{URL}/pass-rate")["labels_only"]
    assert SECRET in everything()
    erased = lea.post(f"{URL}/erase", {"user_ref": "u-1"})
    assert (erased["items"], erased["elsewhere"]["dataset_rows"], erased["elsewhere"]["labels"]) == (1, 1, 2)
    assert SECRET not in everything()
    assert "u-1" not in orjson.dumps(list(AuditEvent.objects.values_list("detail", flat=True))).decode()
    version = lea.get(f"{URL}/datasets/evals/versions/1")
    assert (version["erased"], version["rows"]) == (1, 2)
    tombstone, other = map(orjson.loads, export(lea).splitlines())
    assert (tombstone["external_id"], tombstone["input"], tombstone["expected"]) == ("a", None, None)
    assert other["input"] == "Else"
    assert [orjson.loads(line)["id"] for line in export(lea, format="inspect").splitlines()] == ["b"]
    told = io.StringIO()
    call_command("export_dataset", "helpdesk", "evals@1", format="inspect", out=str(tmp_path / "x"), stdout=told)
    assert orjson.loads(told.getvalue())["rows"] == 1
    assert lea.get(f"{URL}/pass-rate")["labels_only"] == before
    assert freeze(lea)["rows"] == 1
    diff = lea.get(f"{URL}/datasets/evals/diff?from=1&to=2")
    assert diff["removed"] == [{"external_id": "a", "why": "erased"}]
    assert lea.post(f"{URL}/erase", {"user_ref": "u-1"})["items"] == 0
    assert lea.get(f"{URL}/items/a")["input"] is None
    assert browser_of(cast.lea).get("/p/helpdesk/items/a").status_code == 200
    for change in (
        lambda: Item.objects.filter(external_id="b").update(input="Other"),
        lambda: Item.objects.filter(external_id="a").update(output="Back"),
        lambda: Label.objects.filter(item__external_id="b").update(comment="Other"),
        lambda: DatasetRow.objects.filter(external_id="a").update(row="{}"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_a_person_who_is_erased_while_a_version_is_being_frozen_is_not_in_it(lea, settings, monkeypatch):
    """Whoever erases does not see the rows of a version that is not there yet."""
    everybody, copied = settings.ERASERS, freezing._copy_dropped

    def meanwhile(*args):
        settings.ERASERS = [name for name in everybody if not name.endswith("erase_rows")]
        lea.post(f"{URL}/erase", {"user_ref": "u-1"})
        settings.ERASERS = everybody
        copied(*args)

    monkeypatch.setattr(freezing, "_copy_dropped", meanwhile)
    freeze(lea)
    assert SECRET not in export(lea, version=2).decode()
    version = lea.get(f"{URL}/datasets/evals/versions/2")
    assert (version["erased"], version["rows"], version["erased_at"] is None) == (1, 2, False)


def test_a_version_that_is_relied_on_is_not_retired(lea, cast, project, browser_of):
    browser, address = browser_of(cast.lea), "/p/helpdesk/datasets/evals/versions/1/state"
    version = get_frozen(project, "evals")
    with transaction.atomic():
        lock_version(version, kind="evaluation", ref="7", now=NOW)
        lock_version(version, kind="evaluation", ref="7", now=NOW)
    assert lea.get(f"{URL}/datasets/evals/versions/1")["locks"] == [{"kind": "evaluation", "ref": "7"}]
    refused = browser.post(address, {"what": "retire"}, follow=True)
    assert b"relied on by evaluation 7" in refused.content
    release_lock(version, kind="evaluation", ref="7", now=NOW)
    browser.post(address, {"what": "retire"})
    lea.get(f"{URL}/datasets/evals/versions/latest", status=404)
    browser.post(address, {"what": "use"})
    browser.post(address, {"what": "describe", "tags": "gold, smoke", "note": "For release 7"})
    told = lea.get(f"{URL}/datasets/evals/versions/gold")
    assert (told["version"], told["tags"], told["note"]) == (1, ["gold", "smoke"], "For release 7")
