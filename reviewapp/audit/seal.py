"""Sealing events into the chain, behind the writers, and writing checkpoints where others can keep them."""

import os
from datetime import datetime, timedelta

import orjson
import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max

from reviewapp.audit.chain import FIELDS, GENESIS, link
from reviewapp.audit.models import AuditCheckpoint, AuditEvent, AuditSeal, AuditSealer

_log = structlog.get_logger(__name__)
_LOCK = 0x7365616C  # any number that nothing else locks
_BATCH = 5_000
_BATCHES = 20
_MARGIN = 1_000  # ids are given out a moment before their transaction has a number
CHECKPOINT_AFTER = timedelta(minutes=1)

_UNSEALED = """
    SELECT e.id FROM audit_auditevent e
    WHERE e.id > %s AND NOT EXISTS (SELECT 1 FROM audit_auditseal s WHERE s.event_id = e.id)
    ORDER BY e.id LIMIT %s
"""
_TRANSACTIONS = """
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint
"""


def seal_events(now: datetime) -> int:
    """Seal what was committed and is not sealed yet; return how many events. A step of the sweep."""
    sealed = 0
    for _ in range(_BATCHES):
        count = _seal_batch()
        sealed += count
        if count < _BATCH:
            break
    if sealed or AuditSeal.objects.exists():
        _write_checkpoint_if_due(now)
    return sealed


def seal_now(*, now: datetime) -> AuditCheckpoint | None:
    """Seal everything committed so far and write a checkpoint at once; None where nothing was ever done."""
    while _seal_batch() == _BATCH:
        pass
    return _write_checkpoint(now)


def _seal_batch() -> int:
    """Seal the next events, in the order of their ids as far as they are committed.

    An event whose transaction is still running is not seen, and sealed later, behind those that are: `sealed_below`
    stops in front of the oldest such transaction, so none is passed over.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            cursor.execute(_TRANSACTIONS)
            oldest, next_one = cursor.fetchone()
            place, _ = AuditSealer.objects.get_or_create(pk=1)
            if place.seen_at_transaction > next_one:  # restored into a younger cluster, whose transactions count anew
                place.seen_to = place.seen_at_transaction = 0
            cursor.execute(_UNSEALED, [place.sealed_below, _BATCH])
            ids = [row[0] for row in cursor.fetchall()]
        _seal(ids)
        if len(ids) < _BATCH and place.seen_at_transaction <= oldest:  # all that ran then are over
            place.sealed_below = max(place.sealed_below, place.seen_to - _MARGIN)
            place.seen_to = AuditEvent.objects.aggregate(last=Max("pk"))["last"] or 0
            place.seen_at_transaction = next_one
        place.save()
    return len(ids)


def _seal(ids: list[int]) -> None:
    last = AuditSeal.objects.order_by("-position").first()
    position, sha256 = (last.position, last.sha256) if last else (0, GENESIS)
    seals = []
    for event in AuditEvent.objects.filter(pk__in=ids).order_by("pk").values(*FIELDS):
        position, previous = position + 1, sha256
        sha256 = link(previous, event)
        seals.append(AuditSeal(position=position, event_id=event["id"], previous_sha256=previous, sha256=sha256))
    AuditSeal.objects.bulk_create(seals)


def _write_checkpoint_if_due(now: datetime) -> None:
    last = AuditCheckpoint.objects.order_by("-position").first()
    if last is None or now - last.at >= CHECKPOINT_AFTER:
        _write_checkpoint(now)


def _write_checkpoint(now: datetime) -> AuditCheckpoint | None:
    """Write where the chain stands into the database, a file and the log; where nothing was added, return the last."""
    last = AuditSeal.objects.order_by("-position").first()
    if last is None:
        return None
    checkpoint, made = AuditCheckpoint.objects.get_or_create(
        position=last.position, defaults={"sha256": last.sha256, "at": now}
    )
    if made:
        line = {"at": now.isoformat(), "position": last.position, "sha256": last.sha256}
        _log.info("audit_checkpoint", **line)
        with settings.AUDIT_CHECKPOINTS.open("ab") as file:
            file.write(orjson.dumps(line) + b"\n")
            file.flush()
            os.fsync(file.fileno())
    return checkpoint
