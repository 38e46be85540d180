"""Items in with personal data, and out without: placeholders, references, and settings over the API."""

import orjson
import pytest

from reviewapp.accounts.models import Project
from sampling.mask.refs import hash_ref
from sampling.models import Draw, Item, ItemMask, Original
from tests.sampling.lines import item, ndjson

URL = "/projects/helpdesk/items"
NDJSON = {"content_type": "application/x-ndjson"}
EMAIL, PHONE, CARD = "anna.smith@example.org", "+49 171 2345678", "4111 1111 1111 1111"


@pytest.fixture
def lea(cast, api_of):
    return api_of(cast.lea)


def send(client, *items):
    answer = client.post(URL, ndjson(*items), **NDJSON)
    assert answer["rejected"] == 0, answer["errors"]
    return answer


def sent_and_read(client, **fields):
    send(client, item("a", **fields))
    return client.get(f"{URL}/a")


def test_the_same_thing_is_the_same_placeholder_in_all_of_an_item(lea):
    found = sent_and_read(
        lea,
        input=[
            {"role": "user", "content": f"I am {EMAIL}, call {PHONE}."},
            {"role": "assistant", "content": "bob@x.example?"},
        ],
        output={"text": f"We wrote to {EMAIL.upper()} and called 0171 2345678."},
        context=[f"Customer {EMAIL}", {"card": CARD}],
        decision={"send_to": EMAIL},
        steps=[
            {
                "name": "crm",
                "kind": "tool",
                "input": {"q": EMAIL},
                "output": [PHONE],
                "error": f"no {EMAIL}",
                "latency_ms": 3,
            }
        ],
        metadata={"owner": "bob@x.example", "by": {EMAIL: 1}},
    )
    assert found["input"] == [
        {"role": "user", "content": "I am [EMAIL_1], call [PHONE_1]."},
        {"role": "assistant", "content": "[EMAIL_2]?"},
    ]
    assert found["output"] == {"text": "We wrote to [EMAIL_1] and called [PHONE_1]."}
    assert found["context"] == ["Customer [EMAIL_1]", {"card": "[CARD_1]"}]
    assert found["decision"] == {"send_to": "[EMAIL_1]"}
    assert found["steps"] == [
        {
            "name": "crm",
            "kind": "tool",
            "input": {"q": "[EMAIL_1]"},
            "output": ["[PHONE_1]"],
            "error": "no [EMAIL_1]",
            "latency_ms": 3,
        }
    ]
    assert found["metadata"] == {"owner": "[EMAIL_2]", "by": {"[EMAIL_1]": 1}}


def test_nothing_of_it_is_anywhere_in_the_database(lea):
    sent_and_read(lea, input=f"{EMAIL} {PHONE} {CARD}", user_ref=EMAIL, metadata={"mail": EMAIL})
    for model in (Item, Draw, ItemMask, Original):
        assert "anna" not in repr(list(model.objects.values())).lower()
    assert not Original.objects.exists()


def test_each_kind_has_its_placeholder(lea):
    texts = {
        "EMAIL": EMAIL,
        "PHONE": "(415) 555-2671",
        "CARD": "5555 5555 5555 4444",
        "IBAN": "DE89 3704 0044 0532 0130 00",
        "NATIONAL_ID": "536-90-4399",
        "IP": "192.168.17.4",
        "MAC": "00:1B:44:11:3A:B7",
        "URL": "postgres://bob:s3cr3t@db.example.com/shop",
        "SECRET": "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    }
    found = sent_and_read(lea, output="\n".join(f"It is {text} ." for text in texts.values()))
    assert found["output"] == "\n".join(f"It is [{kind}_1] ." for kind in texts)


def test_texts_without_personal_data_are_stored_byte_for_byte(lea):
    text = 'Order 4711-2023, version 2.10.4, 12:30 on 2026-11-21: "ok" <b>ü\\n</b> [EMAIL_1] \u200d 🧑‍💻'
    assert sent_and_read(lea, input=text, metadata={"n": 12345678901, "x": 1.5})["input"] == text
    assert not ItemMask.objects.exists()


def test_numbers_that_are_personal_become_placeholders_too(lea):
    numbers = {
        "card": 4111111111111111,
        "phone": 4917123456789,
        "ssn": 536904399.0,
        "order": 4917123456789,
        "ms": 1731123456789,
    }
    found = sent_and_read(lea, metadata=numbers)
    assert found["metadata"] == {
        "card": "[CARD_1]", "phone": "[PHONE_1]", "ssn": "[NATIONAL_ID_1]", "order": 4917123456789, "ms": 1731123456789,
    }  # fmt: skip


def test_two_keys_that_would_become_one_stay_two(lea):
    found = sent_and_read(lea, metadata={EMAIL: 1, EMAIL.upper(): 2, "[EMAIL_2]": 3})
    assert sorted(found["metadata"].values()) == [1, 2, 3]
    assert "anna" not in orjson.dumps(found).decode().lower()


def test_placeholders_that_were_sent_keep_their_meaning(lea):
    found = sent_and_read(
        lea, input="[EMAIL_1] and [EMAIL_3] wrote", output=f"{EMAIL} and bob@x.example and cy@x.example"
    )
    assert found["input"] == "[EMAIL_1] and [EMAIL_3] wrote"
    assert found["output"] == "[EMAIL_2] and [EMAIL_4] and [EMAIL_5]"


def test_masked_text_sent_again_stays_as_it_is(lea):
    text = (
        f"{EMAIL}, {PHONE}, {CARD}, password: hunter2!, key sk-proj-abcDEF1234567890abcDEF12, https://u:p@h.example/x"
    )
    once = sent_and_read(lea, input=text)["input"]
    send(lea, item("again", input=once))
    assert lea.get(f"{URL}/again")["input"] == once


def test_references_are_hashed_and_still_group_and_are_found(lea, project):
    send(lea, item("a", user_ref="u-17", session_ref="s-1"), item("b", user_ref="u-17"), item("c", user_ref="u-18"))
    found = {each["external_id"]: each for each in lea.get(URL)["results"]}
    assert found["a"]["user_ref"] == found["b"]["user_ref"] == hash_ref("salt", "user_ref", "u-17")
    assert found["a"]["user_ref"] not in {"u-17", found["c"]["user_ref"]}
    for where, names in (
        ({"user_ref": {"eq": "u-17"}}, {"a", "b"}),
        ({"user_ref": {"eq": found["a"]["user_ref"]}}, {"a", "b"}),
        ({"not": {"user_ref": {"in": ["u-17", "u-19"]}}}, {"c"}),
        ({"any": [{"session_ref": {"eq": "s-1"}}, {"all": [{"user_ref": {"ne": "u-17"}}]}]}, {"a", "c"}),
    ):
        listed = lea.get(URL, data={"where": orjson.dumps(where).decode()})
        assert {each["external_id"] for each in listed["results"]} == names


def test_a_plan_draws_the_user_that_its_rule_names(lea):
    rule = {"name": "vip", "when": {"user_ref": {"eq": "u-17"}}, "rate": 1}
    lea.put("/projects/helpdesk/plan", {"base_rate": 0, "rules": [rule]})
    assert send(lea, item("a", user_ref="u-17"), item("b", user_ref="u-18"))["drawn"] == 1
    preview = lea.post("/projects/helpdesk/plan/preview", {"base_rate": 0, "rules": [rule]})
    assert (preview["n_items"], preview["rules"][0]["n_items"]) == (2, 1)


def test_with_masking_off_everything_is_as_it_was_sent(lea):
    assert lea.patch("/projects/helpdesk", {"masking": "off"})["masking"] == "off"
    found = sent_and_read(lea, input=EMAIL, user_ref="u-17", metadata={"card": 4111111111111111})
    assert (found["input"], found["user_ref"], found["metadata"]) == (EMAIL, "u-17", {"card": 4111111111111111})


def test_a_change_of_the_mode_holds_for_items_from_then_on(lea):
    lea.patch("/projects/helpdesk", {"masking": "off"})
    send(lea, item("before", input=EMAIL, user_ref="u-17"))
    lea.patch("/projects/helpdesk", {"masking": "mask"})
    send(lea, item("after", input=EMAIL, user_ref="u-17"))
    assert lea.get(f"{URL}/before")["input"] == EMAIL
    assert lea.get(f"{URL}/after")["input"] == "[EMAIL_1]"
    where = orjson.dumps({"user_ref": {"eq": "u-17"}}).decode()
    assert len(lea.get(URL, data={"where": where})["results"]) == 2


def test_a_projects_own_patterns_mask_what_they_match_and_of_a_group_only_the_group(lea, project):
    patterns = [
        {"name": "staff", "pattern": r"\bEMP-[0-9]{6}\b"},
        {"name": "name after a greeting", "pattern": r"(?i)\bdear ([A-Z][a-z]+)"},
    ]
    assert lea.patch("/projects/helpdesk", {"masking_patterns": patterns})["masking_patterns"] == patterns
    found = sent_and_read(
        lea, input="Dear Anna, EMP-123456 and EMP-654321 and EMP-123456", metadata={"EMP-123456": "EMP-1"}
    )
    assert found["input"] == "Dear [CUSTOM_1], [CUSTOM_2] and [CUSTOM_3] and [CUSTOM_2]"
    assert found["metadata"] == {"[CUSTOM_2]": "EMP-1"}
    assert Project.objects.get().masking_patterns == patterns


def test_a_project_is_made_with_its_masking(cast, api_of):
    cast.olga.is_superuser = True
    cast.olga.save()
    body = {
        "slug": "desk",
        "name": "Desk",
        "masking": "reversible",
        "masking_patterns": [{"name": "n", "pattern": "x1"}],
    }
    made = api_of(cast.olga, "admin", site=True).post("/projects", body, status=201)
    assert (made["masking"], made["masking_patterns"]) == ("reversible", body["masking_patterns"])


@pytest.mark.parametrize(
    ("patterns", "path"),
    [
        ([{"name": "a", "pattern": "("}], "masking_patterns.0.pattern"),
        ([{"name": "a", "pattern": "(?=x)"}], "masking_patterns.0.pattern"),
        ([{"name": "a", "pattern": "x*"}], "masking_patterns.0.pattern"),
        ([{"name": "a", "pattern": "(a)(b)"}], "masking_patterns.0.pattern"),
        ([{"name": "a", "pattern": "(x{1000}){1000}"}], "masking_patterns.0.pattern"),
        ([{"name": "", "pattern": "x"}], "masking_patterns.0.name"),
        ([{"name": "a", "pattern": "x"}, {"name": "a", "pattern": "y"}], "masking_patterns.1.name"),
        ([{"name": f"n{n}", "pattern": "x"} for n in range(21)], "masking_patterns"),
    ],
)
def test_patterns_that_cannot_be_are_refused_at_their_place(lea, patterns, path):
    answer = lea.patch("/projects/helpdesk", {"masking_patterns": patterns}, status=422)
    assert [field["path"] for field in answer["error"]["fields"]] == [path]
    assert Project.objects.get().masking_patterns == []


def test_a_batch_is_told_apart_item_by_item(lea):
    items = [item(f"i{n}", input=f"{n} " + (f"user{n}@x.example" if n % 7 == 0 else "nothing")) for n in range(100)]
    send(lea, *items)
    masked = {name for name, text in Item.objects.values_list("external_id", "input") if "[EMAIL_1]" in text}
    assert masked == {f"i{n}" for n in range(0, 100, 7)}
    assert not Item.objects.filter(input__contains="@").exists()


def test_a_comment_gets_numbers_that_the_item_does_not_have(lea):
    send(lea, item("a", input=EMAIL, metadata={"second": "[EMAIL_2]"}))
    body = {"external_id": "a", "value": -1, "comment": f"{EMAIL} is angry"}
    assert lea.post("/projects/helpdesk/feedback", body, status=201)["comment"] == "[EMAIL_3] is angry"
    lea.patch("/projects/helpdesk", {"masking": "off"})
    assert lea.post("/projects/helpdesk/feedback", body, status=201)["comment"] == f"{EMAIL} is angry"
