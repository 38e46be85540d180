"""The labels behind a figure: every drawn item with what it counts, how much it weighs, and who said what."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple

import orjson
from django.db import connection

from annotations.estimates.pass_rate import Evidence
from annotations.estimates.rows import DrawnItem

Which = Literal["answered", "pass", "fail", "unresolved", "open", "drawn"]
PAGE = 50
WAITS = "answered, its hour is not covered yet"

_WHO = """
SELECT i.id, i.external_id,
    ARRAY(SELECT jsonb_build_array(b.reviewer_name, b.answers -> %s)::text FROM annotations_label b
          WHERE b.item_id = i.id AND b.withdrawn_at IS NULL AND b.superseded_by_id IS NULL AND NOT b.surplus
            AND b.source <> 'gold' AND b.answers ? %s ORDER BY b.id),
    (SELECT jsonb_build_array(u.username, a.answers -> %s)::text FROM annotations_adjudication a
     JOIN accounts_user u ON u.id = a.adjudicator_id WHERE a.item_id = i.id AND a.superseded_by_id IS NULL)
FROM sampling_item i WHERE i.id = ANY(%s)
"""


class Opinion(NamedTuple):
    """What a named person answered; `decided` marks the adjudicator's answer of record."""

    person: str
    answer: str
    decided: bool


class LabelBehind(NamedTuple):
    """One drawn item: its verdict, π with the upstream factor, response rate of its cell, and weight if answered."""

    external_id: str
    hour: datetime
    part: str | None
    verdict: str
    state: str
    probability: float
    response: float
    weight: float | None
    opinions: list[Opinion]


class LabelsBehind(NamedTuple):
    """A page of the items, heaviest first, and how many there are in all."""

    rows: list[LabelBehind]
    total: int


def list_labels_behind(
    evidence: Evidence, *, which: Which, part: str | None = None, verdict: str | None = None, offset: int = 0
) -> LabelsBehind:
    """Return the drawn items behind a figure: of one part or verdict cell where named, from `offset` on."""
    weighed = evidence.weighed
    cells = weighed.grading.cells
    chosen = [
        (each, chance, rate, done)
        for each, chance, rate, done in zip(weighed.drawn, weighed.chance, weighed.answered, weighed.done, strict=True)
        if _is(each, which, counts=bool(done))
        and (part is None or (each.part or "") == part)
        and (verdict is None or cells[each.verdict] == verdict)
    ]
    chosen.sort(key=lambda found: (found[1] * (found[2] or 1.0), found[0].item_id))
    page = chosen[offset : offset + PAGE]
    who = _read_who([each.item_id for each, *_ in page], weighed.grading.question["key"])
    rows = [
        LabelBehind(
            external_id=who[each.item_id][0],
            hour=each.hour,
            part=each.part,
            verdict=cells[each.verdict],
            state=_state(each, weighed.grading.figure, cells) if done or each.outcome is None else WAITS,
            probability=float(chance),
            response=float(rate),
            weight=float(1 / (chance * rate)) if done else None,
            opinions=who[each.item_id][1],
        )
        for each, chance, rate, done in page
    ]
    return LabelsBehind(rows, len(chosen))


def _is(each: DrawnItem, which: Which, *, counts: bool) -> bool:
    match which:
        case "drawn":
            return True
        case "answered":
            return counts
        case "pass" | "fail":
            return counts and each.outcome == (1 if which == "pass" else 0)
        case "unresolved":
            return each.is_unresolved
        case "open":
            return not counts and not each.is_unresolved


def _state(each: DrawnItem, figure: str, cells: Sequence[str]) -> str:
    if each.outcome is None:
        return "unresolved" if each.is_unresolved else "not answered"
    if figure == "pass_rate":
        return "pass" if each.outcome else "fail"
    return f"{each.outcome:g}" if figure == "mean" else cells[int(each.outcome)]


def _read_who(item_ids: list[int], key: str) -> dict[int, tuple[str, list[Opinion]]]:
    with connection.cursor() as cursor:
        cursor.execute(_WHO, [key, key, key, item_ids])
        return {
            item_id: (
                external_id,
                [
                    *(_opinion(each, decided=False) for each in labels),
                    *([] if decided is None else [_opinion(decided, decided=True)]),
                ],
            )
            for item_id, external_id, labels, decided in cursor.fetchall()
        }


def _opinion(text: str, *, decided: bool) -> Opinion:
    person, answer = orjson.loads(text)
    words = answer if isinstance(answer, str) else "no answer" if answer is None else orjson.dumps(answer).decode()
    return Opinion(person, words, decided)
