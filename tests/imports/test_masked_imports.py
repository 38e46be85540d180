"""What comes from elsewhere to items that were masked: spans find their place, and what people wrote is masked."""

import pytest

from annotations.models import Decision, Label, Verdict
from tests.sampling.lines import item

URL = "/projects/helpdesk"
RUBRIC = {
    "questions": [
        {
            "key": "claims",
            "kind": "spans",
            "title": "What is wrong?",
            "target": "output",
            "required": False,
            "tags": [{"value": "false_claim", "label": "False"}],
        },
        {"key": "note", "kind": "text", "title": "Note", "required": False},
    ]
}
OUTPUT = "Write to anna@example.org, we never close."


@pytest.fixture
def lea(cast, project, api_of):
    client = api_of(cast.lea)
    client.put(f"{URL}/rubric", RUBRIC)
    client.post(f"{URL}/items", {"items": [item("a", output=OUTPUT), item("clean", output="We never close.")]})
    return client


def claim(part, text=OUTPUT):
    start = text.index(part)
    return [{"start": start, "end": start + len(part), "tag": "false_claim"}]


def send(client, what, *records, accepted=1):
    assert client.post(f"{URL}/{what}", list(records))["accepted"] == accepted


def quoted():
    label = Label.objects.get()
    return [label.item.output[span["start"] : span["end"]] for span in label.answers["claims"]]


@pytest.mark.parametrize(
    ("part", "stored"),
    [("we never close", "we never close"), ("anna", "[EMAIL_1]"), ("to anna@example.org, we", "to [EMAIL_1], we")],
)
def test_spans_over_the_text_as_it_was_sent_find_their_place(lea, part, stored):
    record = {"external_id": "a", "reviewer": "zoe", "answers": {"claims": claim(part)}}
    send(lea, "labels/import", record)
    assert quoted() == [stored]
    assert lea.post(f"{URL}/labels/import", [record])["duplicates"] == 1


def test_spans_of_our_own_export_and_of_items_without_masking_stay(lea):
    send(
        lea,
        "labels/import",
        {"external_id": "clean", "reviewer": "zoe", "answers": {"claims": claim("We", "We never")}},
    )
    assert quoted() == ["We"]
    row = next(iter(lea.get(f"{URL}/labels")["results"]))
    assert lea.post(f"{URL}/labels/import", [row])["duplicates"] == 1
    spans = claim("we never", "Write to [EMAIL_1], we never close.")
    own = {"external_id": "a", "reviewer": "zoe", "answers": {"claims": spans}, "source": "queue"}
    send(lea, "labels/import", own)
    assert Label.objects.get(item__external_id="a").answers["claims"] == spans


def test_an_answer_that_is_no_list_of_spans_is_refused_as_ever(lea):
    bad = {
        "external_id": "a",
        "reviewer": "zoe",
        "answers": {"claims": [{"start": "x", "end": 2, "tag": "false_claim"}]},
    }
    result = lea.post(f"{URL}/labels/import", [bad])
    assert (result["rejected"], result["errors"][0]["code"]) == (1, "answers_invalid")


def test_what_people_and_judges_wrote_is_masked(lea):
    label = {
        "external_id": "a",
        "reviewer": "zoe",
        "answers": {"note": "ask bea@example.org"},
        "comment": "bea@example.org",
    }
    send(lea, "labels/import", label)
    stored = Label.objects.get()
    assert (stored.answers["note"], stored.comment) == ("ask [EMAIL_2]", "[EMAIL_2]")
    verdict = {
        "judge": "strict",
        "judge_version": "1",
        "answers": {"note": "cy@example.org"},
        "rationale": "says cy@example.org",
    }
    send(lea, "verdicts/import", {"external_id": "a", **verdict, "raw": {"text": "cy@example.org"}})
    kept = Verdict.objects.get()
    assert (kept.answers, kept.rationale) == ({"note": "[EMAIL_2]"}, "says [EMAIL_2]")
    assert "cy@" not in kept.raw
    send(lea, "decisions?feed=desk", {"external_id": "later", "decision": {"refund_to": "DE89 3704 0044 0532 0130 00"}})
    assert Decision.objects.get().decision == {"refund_to": "[IBAN_1]"}


def test_with_masking_off_everything_stays(lea):
    lea.patch(URL, {"masking": "off"})
    send(lea, "labels/import", {"external_id": "clean", "reviewer": "zoe", "answers": {"note": "bea@example.org"}})
    send(lea, "decisions?feed=desk", {"external_id": "x", "decision": "bea@example.org"})
    assert Label.objects.get().answers["note"] == "bea@example.org"
    assert Decision.objects.get().decision == "bea@example.org"
