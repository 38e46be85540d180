"""What is masked in single texts: ways of writing, disguises, what is left alone, and texts of any size."""

import random

import orjson
import pytest

from sampling.mask.kinds import Finding, Kind, merged
from sampling.mask.passage import Passage
from sampling.mask.prefilter import SUSPICIOUS
from sampling.mask.recognise import RECOGNISERS, find_all
from tests.masking.corpus import HELD_OUT, LEARNT_FROM, samples


def found(text, key=""):
    return [(str(finding.kind), text[finding.start : finding.end]) for finding in find_all(text, key=key)]


@pytest.mark.parametrize(
    ("text", "kind", "part"),
    [
        ("call ٠١٧١ ٢٣٤٥٦٧٨ now", "PHONE", "٠١٧١ ٢٣٤٥٦٧٨"),
        ("card ４１１１ １１１１ １１１１ １１１１", "CARD", "４１１１ １１１１ １１１１ １１１１"),
        ("４１１１－１１１１－１１１１－１１１１", "CARD", "４１１１－１１１１－１１１１－１１１１"),
        ("anna＠example．org", "EMAIL", "anna＠example．org"),
        ("an\u200bna@exa\u200bmple.org!", "EMAIL", "an\u200bna@exa\u200bmple.org"),
        ("4111\u200b1111\u200d1111\u00ad1111", "CARD", "4111\u200b1111\u200d1111\u00ad1111"),
        ("+49\u00a0171\u202f2345678", "PHONE", "+49\u00a0171\u202f2345678"),
        ("536\u201190\u20114399", "NATIONAL_ID", "536\u201190\u20114399"),
        ("𝟒𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏", "CARD", "𝟒𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏"),
        ("4️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣", "CARD", "4️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1"),
        ("écris à zoé@exemple.example", "EMAIL", "zoé@exemple.example"),
        ("邮箱anna@example.cn。", "EMAIL", "anna@example.cn"),
        ("to anna [at] example [dot] org", "EMAIL", "anna [at] example [dot] org"),
        ('{"text":"thanks\\n0171 2345678"}', "PHONE", "0171 2345678"),
        ("https:\\/\\/u:p@h.example\\/x", "URL", "https:\\/\\/u:p@h.example\\/x"),
        ("-----BEGIN PRIVATE KEY-----\nQUJD\nREVG", "SECRET", "-----BEGIN PRIVATE KEY-----\nQUJD\nREVG"),
        ("call me: 555-0123", "PHONE", "555-0123"),
        ("(415) 555-2671x12", "PHONE", "(415) 555-2671"),
    ],
)  # fmt: skip
def test_disguises_are_seen_through(text, kind, part):
    assert found(text) == [(kind, part)]


@pytest.mark.parametrize(
    "text",
    [
        "anna at example dot com", "a n n a @ e x a m p l e . o r g", "1-800-FLOWERS",
        "my number is zero one seven one",
        "the password is swordfish", "4111 1111 1111 1112", "DE89 3704 0044 0532 0130 01", "000-12-3456",
        "999.999.999.999", "127.0.0.1 and ::1 and 0.0.0.0 and 255.255.255.0", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff",
        "git@github.com:org/repo.git", "logo@2x.png", "https://example.com/?token=no", "",
    ],
)  # fmt: skip
def test_what_is_not_caught_or_must_not_be_stays(text):
    assert found(text) == []


def test_the_key_above_a_value_counts_as_its_words():
    assert found("hunter2", key="userPassword") == [("SECRET", "hunter2")]
    assert found("4155552671", key="phoneNumber") == [("PHONE", "4155552671")]
    assert found("4155552671", key="order_number") == []
    assert found("536904399", key="SSN") == [("NATIONAL_ID", "536904399")]
    assert found("ok", key="Телефон") == []


def test_the_nearest_word_of_the_same_clause_decides():
    assert found("about order 4711, call 98765432") == [("PHONE", "98765432")]
    assert found("call about order 98765432") == []
    assert found("Call me! The id is 98765432") == []
    assert found("98765432 (mobile)") == [("PHONE", "98765432")]


def test_findings_that_overlap_become_one_so_that_nothing_shows_through():
    assert found("https://anna@example.org:pw@h.example/?token=abcdef1234567") == [
        ("URL", "https://anna@example.org:pw@h.example/?token=abcdef1234567")
    ]
    joined = list(
        merged([Finding(0, 5, Kind.PHONE, "a"), Finding(3, 9, Kind.EMAIL, "b"), Finding(9, 12, Kind.IP, "c")])
    )
    assert joined == [Finding(0, 9, Kind.EMAIL, "a b"), Finding(9, 12, Kind.IP, "c")]


@pytest.mark.parametrize(
    ("unit", "many"),
    [
        ("1", 0), ("1 ", 0), ("a@", 0), ("(", 0), ("\u200b", 0), ("-----BEGIN PRIVATE KEY-----", 1), ("password ", 0),
        ("anna@example.org ", 1), ("+49 171 2345678 ", 1), ("2001:db8::1 ", 1), ("a.", 0), ("http://", 0),
    ],
)  # fmt: skip
def test_long_texts_of_any_kind_are_read_in_one_go(unit, many):
    text = unit * (200_000 // len(unit))
    assert len(find_all(text)) == many * (200_000 // len(unit))


def test_one_thing_in_a_megabyte_is_found():
    text = "the quick brown fox " * 50_000 + "anna@example.org"
    assert found(text) == [("EMAIL", "anna@example.org")]


_DISGUISES = [str.maketrans(*pair) for pair in (
    (" ", "\u00a0"), (" ", "\u2009"), ("-", "\u2011"), ("-", "\uff0d"),
    ("0123456789", "٠١٢٣٤٥٦٧٨٩"), ("0123456789", "０１２３４５６７８９"),
    (" ", "\n"), (" ", "\t"), (".", "\uff0e"), ("@", "\uff20"), ("1", "\U0001d7cf"), ("e", "\uff45"),
)]  # fmt: skip


@pytest.mark.parametrize("part", [*LEARNT_FROM, HELD_OUT])
def test_the_quick_look_never_misses_what_the_close_look_finds(part):
    rng = random.Random(part)
    for sample in samples(part, things=60, alike=4):
        for disguise in (str.maketrans("", ""), rng.choice(_DISGUISES)):
            text = sample.text.translate(disguise)
            if any(True for recognise in RECOGNISERS for _ in recognise(Passage(text))):
                assert SUSPICIOUS.search(orjson.dumps({"": text})), text
                assert SUSPICIOUS.search(orjson.dumps([{"role": "user", "content": text}])), text
