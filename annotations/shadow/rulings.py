"""Who was right where the AI and people differ: found blind, and what it makes of both error rates."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from math import nan
from typing import NamedTuple

from django.db import connection, transaction

from annotations.imports.heirs import end_superseded, reserve_ids
from annotations.models import ShadowRuling
from annotations.models.shadow import Finding
from annotations.shadow.pairs import Pair, Pairs
from annotations.shadow.rules import Rule
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import digest, record
from reviewapp.http.errors import FieldError, InvalidError
from reviewapp.stats.estimate import Estimate, Population, no_estimate
from reviewapp.stats.pass_rate.labels_only import labels_only
from reviewapp.stats.pass_rate.sample import LabelledSample, labelled_sample
from reviewapp.stats.signoff.paired import NonInferiority, weighted_non_inferiority
from sampling.draws.numbers import draw_numbers, purpose_salt

LONGEST_NOTE = 10_000
RULINGS = "shadow rulings"
AGREED, OPEN = "agreed", "open"  # beside the findings
CHOICES = ("first", "second", "both_wrong", "both_defensible", "guideline_unclear")


class Case(NamedTuple):
    """A disagreement as it is shown: two answers in an order that tells nothing."""

    pair: Pair
    sides: tuple[str, str]
    ai_side: int

    @property
    def key(self) -> str:
        """What tells these two answers from others to the same item."""
        return sha256("\0".join(self.sides).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Rulings:
    """How the disagreements were found, and what follows. Agreed items count as right on both sides.

    Rates are weighted and clustered by session, as the agreement is; `counts` are plain.
    Until every disagreement is ruled on, the error rates are the bounds that the open ones leave (`method`
    `bounds_of_open_cases`), and the difference is not defined.
    """

    n_disagreements: int
    n_ruled: int
    counts: dict[str, int]
    ai_error: Estimate
    human_error: Estimate
    non_inferiority: NonInferiority | None


def list_cases(pairs: Pairs, rule: Rule, *, salt: str) -> list[Case]:
    """Return the disagreements in an order by a keyed hash, so that those ruled on first are a random part of them."""
    rows = [row for row in pairs.decided if not rule.same(row.human or "", row.ai)]
    numbers = draw_numbers(salt=salt, purpose=RULINGS, external_ids=[row.external_id for row in rows])
    keyed = purpose_salt(salt, f"{RULINGS} sides")
    ordered = sorted(zip(numbers, rows, strict=True), key=lambda each: each[0])
    return [_case(row, keyed) for _, row in ordered]


def open_cases(pairs: Pairs, rule: Rule, *, salt: str) -> list[Case]:
    """Return the cases that nobody ruled on as they stand now."""
    ruled = _standing(pairs)
    return [
        case for case in list_cases(pairs, rule, salt=salt) if not _is_ruled(ruled.get(case.pair.item_id), case.pair)
    ]


def rule_on(access: Access, *, pairs: Pairs, case: Case, choice: str, note: str, now: datetime) -> ShadowRuling:
    """Store what an adjudicator found; an earlier ruling on the item is superseded. Raises InvalidError."""
    require(access, Action.ADJUDICATE)
    note = note.strip()
    if choice not in CHOICES:
        raise InvalidError(fields=(FieldError("choice", f"Choose one of {', '.join(CHOICES)}."),))
    if len(note) > LONGEST_NOTE or "\0" in note:
        raise InvalidError(fields=(FieldError("note", f"At most {LONGEST_NOTE:,} characters of text."),))
    finding = _finding(choice, case.ai_side)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM sampling_item WHERE id = %s FOR NO KEY UPDATE", [case.pair.item_id])
        before = ShadowRuling.objects.filter(
            item_id=case.pair.item_id, source=pairs.source.key, superseded_by=None
        ).first()
        new_id = next(reserve_ids(ShadowRuling, 1))
        if before is not None:
            end_superseded(ShadowRuling, {before.pk: new_id})
        stored = ShadowRuling.objects.create(
            id=new_id,
            project=access.project,
            item_id=case.pair.item_id,
            source=pairs.source.key,
            sides=list(case.sides),
            ai_side=case.ai_side,
            finding=finding,
            note=note,
            ruled_by=access.actor.user,
            created_at=now,
        )
        record(
            "shadow.ruled",
            now=now,
            actor=access.actor,
            project_id=access.project.pk,
            object_kind="shadow_ruling",
            object_id=stored.pk,
            detail={
                "item": case.pair.item_id,
                "finding": finding,
                "note_sha256": digest(note),
                "supersedes": before.pk if before else None,
            },
        )
    return stored


def withdraw_ruling(access: Access, *, ruling_id: int, now: datetime) -> None:
    """Take one's own last ruling back: it is superseded by none, and the case is open again."""
    require(access, Action.ADJUDICATE)
    with transaction.atomic():
        ruling = (
            ShadowRuling.objects.select_for_update()
            .filter(project=access.project, pk=ruling_id, ruled_by=access.actor.user, superseded_by=None)
            .first()
        )
        if ruling is None:
            return
        ruling.superseded_by = ruling  # it ends without an heir
        ruling.save(update_fields=["superseded_by"])
        record(
            "shadow.ruling_withdrawn",
            now=now,
            actor=access.actor,
            project_id=access.project.pk,
            object_kind="shadow_ruling",
            object_id=ruling.pk,
        )


def count_rulings(pairs: Pairs | None, rule: Rule) -> Rulings:
    """Return what was found about the pairs as they stand; a ruling on answers that changed since does not count."""
    rows = pairs.decided if pairs else []
    differing = [row for row in rows if not rule.same(row.human or "", row.ai)]
    ruled = _standing(pairs) if pairs else {}
    counts = dict.fromkeys(Finding.values, 0)
    found: dict[int, str] = {row.item_id: OPEN for row in differing}
    for row in differing:
        ruling = ruled.get(row.item_id)
        if ruling is not None and _is_ruled(ruling, row):
            counts[ruling.finding] += 1
            found[row.item_id] = ruling.finding
    judged = [(row, found.get(row.item_id, AGREED)) for row in rows]
    n_ruled = sum(counts.values())
    if n_ruled < len(differing) or not rows:
        ai, human = (_bounds(judged, side) for side in (Finding.AI_ERROR, Finding.HUMAN_ERROR))
        return Rulings(len(differing), n_ruled, counts, ai, human, None)
    clear = [(row, each) for row, each in judged if each != Finding.GUIDELINE_UNCLEAR]
    ai, human = (
        _rate(_sample([(row, float(each in {side, Finding.BOTH_WRONG})) for row, each in clear]))
        for side in (Finding.AI_ERROR, Finding.HUMAN_ERROR)
    )
    apart = {Finding.HUMAN_ERROR.value: 1.0, Finding.AI_ERROR.value: -1.0}
    difference = _sample([(row, apart.get(each, 0.0)) for row, each in clear])
    return Rulings(
        len(differing),
        n_ruled,
        counts,
        ai,
        human,
        weighted_non_inferiority(difference, rule.spec.margin) if clear else None,
    )


def _standing(pairs: Pairs) -> dict[int, ShadowRuling]:
    ids = [row.item_id for row in pairs.rows]
    found = ShadowRuling.objects.filter(item_id__in=ids, source=pairs.source.key, superseded_by=None)
    return {ruling.item_id: ruling for ruling in found}


def _is_ruled(ruling: ShadowRuling | None, row: Pair) -> bool:
    """Tell whether a ruling is about the answers that stand now."""
    return (
        ruling is not None and ruling.sides[ruling.ai_side] == row.ai and ruling.sides[1 - ruling.ai_side] == row.human
    )


def _case(row: Pair, keyed: str) -> Case:
    ai_side = hmac.new(keyed.encode(), row.external_id.encode(), sha256).digest()[0] & 1
    human = row.human or ""
    return Case(row, (row.ai, human) if ai_side == 0 else (human, row.ai), ai_side)


def _finding(choice: str, ai_side: int) -> Finding:
    if choice in {"first", "second"}:
        right = 0 if choice == "first" else 1
        return Finding.HUMAN_ERROR if right == ai_side else Finding.AI_ERROR
    return Finding(choice)


def _sample(judged: Sequence[tuple[Pair, float]]) -> LabelledSample:
    """Return what counts of each pair, with its weight and its session."""
    return labelled_sample(
        [value for _, value in judged],
        [nan if row.probability is None else row.probability for row, _ in judged],
        cluster=[row.session or f"item {row.item_id}" for row, _ in judged],
    )


def _rate(sample: LabelledSample) -> Estimate:
    return labels_only(sample, population="process") if sample.n else _no_pairs("hajek_wilson", "process")


def _bounds(judged: Sequence[tuple[Pair, str]], side: Finding) -> Estimate:
    """Return where the rate lies whatever is found of the open cases; it has no sampling interval in it."""
    method = "bounds_of_open_cases"
    known = [(1 / row.probability, each) for row, each in judged if row.probability]
    if not known:
        return _no_pairs(method, "window")
    whole = sum(weight for weight, _ in known)
    low = sum(weight for weight, each in known if each in {side, Finding.BOTH_WRONG}) / whole
    high = min(low + sum(weight for weight, each in known if each == OPEN) / whole, 1.0)
    return Estimate((low + high) / 2, low, high, method, len(known), None, 1.0, "window")


def _no_pairs(method: str, population: Population) -> Estimate:
    return no_estimate("no_pairs", method=method, population=population)
