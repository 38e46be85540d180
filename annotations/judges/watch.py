"""Watching a judge's errors in production: on the uniform share of the draw, valid however often it is looked at.

An item below its plan's base rate is drawn whatever is known of it, so these items are an equal-probability sample.
Wrong on what people pass and wrong on what they fail are watched apart: when the system's pass rate moves, neither
does. The first stretch of each sets its band; an e-value against it of twenty or more flags the version.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from annotations.estimates.grading import FAIL, PASS, UNPARSED, UNSCORED, Grading, pass_grading_of
from annotations.judges.anchors import compare_anchors
from annotations.models import JudgeFlag, JudgeVersion
from annotations.quality.asked import get_question
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.models import Project
from reviewapp.accounts.roles import Action
from reviewapp.alerts.raise_alert import end_alert, raise_alert
from reviewapp.audit.record import record
from reviewapp.http.errors import FieldError, InvalidError, NotFoundError, RefusalError
from reviewapp.jobs.intents import add_intent
from reviewapp.jobs.models import Intent
from reviewapp.stats.sequential.error_band import THRESHOLD, ErrorBand, joint_e_value, watch_errors

KIND = "watch_judges"
FIRST = 30  # of each outcome, until a band is set
State = Literal["no_share", "collecting", "inside", "outside"]

_SHARE = """
SELECT v.answers -> %(key)s, v.answers IS NOT NULL,
    ARRAY(SELECT (b.answers -> %(key)s)::text FROM annotations_label b WHERE b.item_id = i.id
          AND b.withdrawn_at IS NULL AND b.superseded_by_id IS NULL AND NOT b.surplus AND b.source <> 'gold'
          AND b.answers ? %(key)s ORDER BY b.id),
    (SELECT a.answers -> %(key)s FROM annotations_adjudication a WHERE a.item_id = i.id AND a.superseded_by_id IS NULL)
FROM annotations_verdict v JOIN sampling_item i ON i.id = v.item_id
WHERE v.judge_version_id = %(version)s AND v.superseded_by_id IS NULL
    AND i.id IN (SELECT item_id FROM annotations_label WHERE project_id = %(project)s
                 UNION SELECT item_id FROM annotations_adjudication WHERE project_id = %(project)s)
    AND (%(since)s::timestamptz IS NULL OR i.received_at > %(since)s)
    AND EXISTS (SELECT FROM sampling_draw d JOIN sampling_planversion p ON p.id = d.plan_version_id
                WHERE d.item_id = i.id AND d.selected AND d.u < p.base_rate)
ORDER BY i.received_at, i.id
"""
_DUE = """
SELECT p.id FROM accounts_project p WHERE EXISTS (
    SELECT FROM annotations_judgeversion v JOIN annotations_judge j ON j.id = v.judge_id WHERE j.project_id = p.id)
"""


@dataclass(frozen=True, slots=True)
class Watch:
    """How a version stands: the three rates, the evidence that any of them left its band, the flag if it stands."""

    question: str
    state: State
    n: int
    e_value: float
    bands: list[ErrorBand]
    flag: JudgeFlag | None
    history: list[JudgeFlag]


def read_watch(version: JudgeVersion, *, question: str | None) -> Watch:
    """Return how a version stands on a pass/fail question. Raises InvalidError for one that is none."""
    project_id = version.judge.project_id
    asked = get_question(project_id, question)
    grading = pass_grading_of(asked)
    history = list(
        JudgeFlag.objects.filter(judge_version=version, question=asked["key"]).select_related("over_by").order_by("-pk")
    )
    flag = next((each for each in history if each.over_at is None), None)
    since = max((each.over_at for each in history if each.over_at is not None), default=None)
    rows = _share(version, asked["key"], since)
    bands = _bands(rows, grading)
    e_value = joint_e_value(bands)
    state: State = "inside"
    if flag is not None or e_value >= THRESHOLD:
        state = "outside"
    elif not rows:
        state = "no_share"
    elif all(band.edge is None for band in bands):
        state = "collecting"
    return Watch(asked["key"], state, len(rows), e_value, bands, flag, history)


def watch_version(version: JudgeVersion, *, question: str | None, now: datetime) -> JudgeFlag | None:
    """Flag a version whose errors left their band, and tell the project's channels; return a new flag."""
    found = read_watch(version, question=question)
    if found.flag is not None or found.e_value < THRESHOLD:
        return None
    project = version.judge.project
    worst = max(found.bands, key=lambda band: band.e_value)
    moved = compare_anchors(version, question=found.question).sentence
    reason = (
        f"{worst.name}: {worst.errors_since} of the last {worst.n_since}, against {worst.errors_first} of the first"
        f" {worst.n_first} (at most {(worst.edge or 0) * 100:.0f} %). {moved}"
    )
    name = f"{version.judge.name} {version.version}"
    try:
        with transaction.atomic():
            flag = JudgeFlag.objects.create(
                project=project,
                judge_version=version,
                question=found.question,
                reason=reason,
                evidence={"e_value": found.e_value, "bands": [asdict(band) for band in found.bands]},
                raised_at=now,
            )
            record(
                "judge.flagged",
                now=now,
                actor=None,
                project_id=project.pk,
                object_kind="judge_version",
                object_id=version.pk,
                detail={"question": found.question, "e_value": found.e_value},
            )
            raise_alert(
                project,
                kind="judge",
                key=_alert_key(version, found.question),
                text=f"The judge {name} errs more than it did ({found.question}); estimates use labels alone. {reason}",
                path=reverse("judge_version", args=[project.slug, f"{version.judge.name}/{version.version}"]),
                now=now,
            )
    except IntegrityError:  # flagged by somebody else in the same moment
        return None
    return flag


def take_down_flag(access: Access, *, flag_id: int, reason: str, now: datetime) -> JudgeFlag:
    """End a flag with a reason: the watch begins anew with what arrives after. InvalidError without a reason."""
    require(access, Action.EDIT_PROJECT)
    reason = reason.strip()
    if not reason:
        message = "Say why: what moved, and what was done about it."
        raise InvalidError(message, fields=(FieldError("reason", message),))
    with transaction.atomic():
        flag = (
            JudgeFlag.objects.select_for_update(of=("self",))
            .select_related("judge_version__judge")
            .filter(project=access.project, pk=flag_id, over_at=None)
            .first()
        )
        if flag is None:
            raise NotFoundError("There is no such flag, or it was taken down already.")
        flag.over_at, flag.over_by, flag.over_reason = now, access.actor.user, reason[:2000]
        flag.save(update_fields=["over_at", "over_by", "over_reason"])
        record(
            "judge.flag_taken_down",
            now=now,
            actor=access.actor,
            project_id=access.project.pk,
            object_kind="judge_version",
            object_id=flag.judge_version_id,
            detail={"question": flag.question, "flag": flag.pk},
        )
        end_alert(access.project.pk, kind="judge", key=_alert_key(flag.judge_version, flag.question), now=now)
    return flag


def plan_watching(now: datetime) -> int:
    """Sweep step: ask once an hour for a look at each project that has judges; return how many were asked for."""
    hour = f"{now:%Y-%m-%dT%H}"
    with connection.cursor() as cursor:
        cursor.execute(_DUE)
        keys = {f"{hour}:{project_id}": project_id for (project_id,) in cursor.fetchall()}
    asked = Intent.objects.filter(kind=KIND, dedupe_key__startswith=f"{hour}:").values_list("dedupe_key", flat=True)
    missing = sorted(keys.keys() - set(asked))
    for key in missing:
        with transaction.atomic():
            add_intent(kind=KIND, key=key, payload={"project_id": keys[key]}, run_after=now, now=now)
    return len(missing)


def watch_judges(payload: dict[str, Any], now: datetime) -> None:
    """Job `watch_judges`: look at the newest versions of a project's judges, on its primary question."""
    project = Project.objects.get(pk=payload["project_id"])
    versions = JudgeVersion.objects.filter(judge__project=project).select_related("judge__project").order_by("-pk")
    for version in versions[:50]:
        try:
            watch_version(version, question=None, now=now)
        except RefusalError:  # the primary question is not pass or fail: there is no error to watch
            return


def _share(version: JudgeVersion, key: str, since: datetime | None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            _SHARE,
            {"key": key, "version": version.pk, "project": version.judge.project_id, "since": since},
        )
        return list(cursor.fetchall())


def _bands(rows: Sequence[tuple[Any, ...]], grading: Grading) -> list[ErrorBand]:
    missed: dict[int, list[int]] = {1: [], 0: []}
    unread: list[int] = []
    for answer, parsed, labels, decided in rows:
        verdict = grading.code(answer, parsed=parsed, scored=True)
        outcome = grading.outcome([decided] if decided is not None else labels)
        if verdict == UNSCORED or outcome is None:
            continue
        unread.append(int(verdict == UNPARSED))
        if verdict != UNPARSED:
            missed[int(outcome)].append(int(verdict == (FAIL if outcome else PASS)))
    return [
        watch_errors("Wrong on what people pass", missed[1], first=FIRST),
        watch_errors("Wrong on what people fail", missed[0], first=FIRST),
        watch_errors("Not readable", unread, first=FIRST),
    ]


def _alert_key(version: JudgeVersion, question: str) -> str:
    return f"{version.pk}:{question}"
