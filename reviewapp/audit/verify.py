"""Recomputing the chain, of the database or of an exported file, until the first row that is not as it was sealed."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from reviewapp.audit.chain import FIELDS, GENESIS, link
from reviewapp.audit.models import AuditCheckpoint, AuditEvent, AuditSeal, AuditSealer

_BATCH = 5_000


class TamperedError(Exception):
    """The chain does not hold; the text names the first bad row."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was recomputed and held."""

    events: int
    checkpoints: int
    unsealed: int
    sha256: str


def verify_database() -> Verified:
    """Recompute every seal and compare every checkpoint. Raises `TamperedError` at the first bad row."""
    hashes = {point.position: point for point in AuditCheckpoint.objects.order_by("position")}
    lines = list(_read_checkpoint_file())
    expected: dict[int, list[tuple[str, str]]] = {}
    for position, point in hashes.items():
        expected.setdefault(position, []).append((point.sha256, f"checkpoint of {point.at.isoformat()}"))
    for line in lines:
        expected.setdefault(line["position"], []).append((line["sha256"], f"checkpoint file, {line['at']}"))
    position, sha256 = 0, GENESIS
    for seal, event in _sealed_events():
        name = f"event {seal.event_id}" + (f" ({event['action']}, {event['at'].isoformat()})" if event else "")
        if seal.position != position + 1:
            raise TamperedError(f"Seal {position + 1} is missing; {name} follows seal {position}.")
        if event is None:
            raise TamperedError(f"Seal {seal.position}: {name} is missing.")
        if seal.previous_sha256 != sha256 or seal.sha256 != link(sha256, event):
            raise TamperedError(f"Seal {seal.position}: {name} is not as it was sealed.")
        position, sha256 = seal.position, seal.sha256
        for hashed, where in expected.pop(position, []):
            if hashed != sha256:
                raise TamperedError(f"Seal {position}: {name} is not as the {where} has it.")
    if expected:
        missing = min(expected)
        raise TamperedError(f"Seal {missing} is missing, which the {expected[missing][0][1]} names.")
    return Verified(events=position, checkpoints=len(hashes), unsealed=_count_unsealed(), sha256=sha256)


def _sealed_events() -> Iterator[tuple[AuditSeal, dict[str, Any] | None]]:
    after = 0
    while seals := list(AuditSeal.objects.filter(position__gt=after).order_by("position")[:_BATCH]):
        ids = [seal.event_id for seal in seals]
        events = {event["id"]: event for event in AuditEvent.objects.filter(pk__in=ids).values(*FIELDS)}
        for seal in seals:
            yield seal, events.get(seal.event_id)
        after = seals[-1].position


def _read_checkpoint_file() -> Iterator[dict[str, Any]]:
    path: Path = settings.AUDIT_CHECKPOINTS
    if path.exists():
        with path.open(encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _checkpoint(line, number)


def _checkpoint(line: str, number: int) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(line)
        return {"at": str(found["at"]), "position": int(found["position"]), "sha256": str(found["sha256"])}
    except (ValueError, TypeError, KeyError):
        raise TamperedError(f"Line {number} of the checkpoint file is no checkpoint.") from None


def _count_unsealed() -> int:
    """Return how many events wait to be sealed. Raises `TamperedError` for one that was put in behind the sealer."""
    place = AuditSealer.objects.filter(pk=1).first()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.id, e.action FROM audit_auditevent e"
            " WHERE NOT EXISTS (SELECT 1 FROM audit_auditseal s WHERE s.event_id = e.id) ORDER BY e.id"
        )
        waiting = cursor.fetchall()
    if waiting and place is not None and waiting[0][0] <= place.sealed_below:
        raise TamperedError(f"Event {waiting[0][0]} ({waiting[0][1]}) was put in after all around it was sealed.")
    return len(waiting)


def verify_export(lines: Iterable[str]) -> Verified:
    """Recompute exported events: JSON Lines, or pages of `GET …/audit` as they were answered.

    A project's export has gaps where other projects' events stand: each event is held to the hash before it that is
    exported with it, and events that follow each other to one another.
    """
    count, unsealed, last = 0, 0, (0, GENESIS)
    rows = sorted(_exported(lines), key=lambda row: float("inf") if row["position"] is None else row["position"])
    for row in rows:
        name = f"event {row.get('id')} ({row.get('action')}, {row.get('at')})"
        if row["position"] is None:
            unsealed += 1
            continue
        position, previous = last
        if row["position"] == position + 1 and row["previous_sha256"] != previous:
            raise TamperedError(f"Seal {row['position']}: {name} does not follow the event before it.")
        if _link(row) != row["sha256"]:
            raise TamperedError(f"Seal {row['position']}: {name} is not as it was sealed.")
        last = (row["position"], row["sha256"])
        count += 1
    return Verified(events=count, checkpoints=0, unsealed=unsealed, sha256=last[1])


def _link(row: Mapping[str, Any]) -> str | None:
    """Return the hash of an exported event; None where its time is none."""
    try:
        return link(row["previous_sha256"], row)
    except (TypeError, ValueError):
        return None


def _exported(lines: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    needed = {*FIELDS, "position", "previous_sha256", "sha256"}
    text = "".join(lines)
    try:
        whole = json.loads(text)
        found = whole["results"] if isinstance(whole, dict) and "results" in whole else whole
        rows = found if isinstance(found, list) else [found]
    except json.JSONDecodeError:
        rows = [_parse(line, number) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    for number, row in enumerate(rows, 1):
        event = {"actor_name": row["actor"], **row} if isinstance(row, dict) and "actor" in row else row
        if not isinstance(event, dict) or not needed <= set(event) or not _is_place(event["position"]):
            raise TamperedError(f"Row {number} is no exported audit event.")
        yield event


def _is_place(position: Any) -> bool:
    return position is None or (isinstance(position, int) and position > 0)


def _parse(line: str, number: int) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        raise TamperedError(f"Line {number} is not JSON: {error.msg}.") from None
