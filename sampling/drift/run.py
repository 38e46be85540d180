"""Comparing a project's traffic with that of before: nightly, and sooner while its traffic still doubles."""

from datetime import UTC, datetime
from typing import Any, Protocol

from django.conf import settings
from django.db import connection, transaction
from django.urls import reverse
from django.utils.module_loading import import_string

from reviewapp.accounts.access import Access, require
from reviewapp.accounts.models import Project
from reviewapp.accounts.roles import Action
from reviewapp.alerts.raise_alert import end_others, raise_alert
from reviewapp.jobs.intents import add_intent
from reviewapp.stats.drift.findings import Finding, drift_findings
from sampling.drift.measure import Measured
from sampling.drift.windows import ENOUGH, Sample, Windows, choose_windows, draw_sample
from sampling.models import DriftFinding, DriftReaction, DriftRun
from sampling.operations.read import Days

KIND = "compare_traffic"
DRIFTED = "drifted"
TOO_FEW = "too_few_items"
NOTHING_BEFORE = "nothing_before"

# Nightly where something came in since, and at once while a project is so young that its traffic has doubled.
_DUE = """
SELECT p.id FROM accounts_project p CROSS JOIN LATERAL (
    SELECT sum(d.items)::bigint AS n FROM sampling_operationsday d WHERE d.project_id = p.id AND d.field = ''
) c LEFT JOIN LATERAL (
    SELECT at, counted FROM sampling_driftrun WHERE project_id = p.id ORDER BY id DESC LIMIT 1
) r ON TRUE
WHERE c.n >= %(enough)s AND (r.at IS NULL OR c.n >= 2 * r.counted OR (r.at < %(today)s AND c.n <> r.counted))
"""


class Source(Protocol):
    """What a stage compares (`settings.DRIFT_SOURCES`)."""

    def __call__(self, project: Project, windows: Windows, sample: Sample, *, seed: int) -> list[Measured]:
        """Return the features that were measured in both windows."""


def plan_comparing(now: datetime) -> int:
    """Sweep step: ask for comparisons that are due; return how many."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"enough": 2 * ENOUGH, "today": today})
        due = [row[0] for row in cursor.fetchall()]
    with transaction.atomic():
        for project_id in due:
            ask_comparing(project_id, now=now)
    return len(due)


def ask_comparing(project_id: int, *, now: datetime) -> None:
    """Ask for a comparison, in the caller's transaction."""
    add_intent(kind=KIND, key=str(project_id), payload={"project_id": project_id}, now=now)


def compare_now(access: Access, *, now: datetime) -> None:
    """Ask for a comparison without waiting for the night."""
    require(access, Action.EDIT_PROJECT)
    with transaction.atomic():
        ask_comparing(access.project.pk, now=now)


def compare_traffic(payload: dict[str, Any], now: datetime) -> None:
    """Job `compare_traffic`: measure every feature, store what was found, and tell what is new."""
    project = Project.objects.get(pk=payload["project_id"])
    windows, counted = choose_windows(project.pk)
    run = DriftRun(project=project, at=now, counted=counted)
    if windows is None:
        return
    run.baseline = windows.baseline
    run.before_first, run.before_last = windows.before
    run.after_first, run.after_last = windows.after
    sample = Sample(draw_sample(project.pk, windows.before), draw_sample(project.pk, windows.after))
    run.n_before, run.n_after = len(sample.before), len(sample.after)
    if min(run.n_before, run.n_after) < ENOUGH:
        run.undefined = TOO_FEW if run.n_before else NOTHING_BEFORE
        run.save()
        return
    seed = _seed(project.pk, windows.after)
    measured = [each for name in settings.DRIFT_SOURCES for each in _source(name)(project, windows, sample, seed=seed)]
    found = drift_findings([each.measurement for each in measured])
    _store(run, measured, found, now=now)
    _tell(project, run, now=now)


def _source(name: str) -> Source:
    source: Source = import_string(name)
    return source


def _seed(project_id: int, days: Days) -> int:
    """Return the seed of a comparison: the same days are compared the same way."""
    return project_id * 100_003 + (days.last.toordinal() if days.last else 0)


def _store(run: DriftRun, measured: list[Measured], found: tuple[Finding, ...], *, now: datetime) -> None:
    """Keep a comparison with all it measured, what drifted with since when."""
    before = DriftRun.objects.filter(project=run.project, undefined="").order_by("-pk").first()
    since = dict(before.findings.filter(verdict=DRIFTED).values_list("feature", "since")) if before else {}
    run.save()
    DriftFinding.objects.bulk_create(
        DriftFinding(
            run=run,
            feature=finding.feature,
            kind=finding.kind,
            verdict=finding.verdict,
            effect=finding.effect,
            floor=finding.floor,
            p_value=each.p_value,
            adjusted_p=finding.adjusted_p,
            sentence=each.sentence,
            examples=each.examples,
            detail=each.detail,
            since=(since.get(finding.feature) or now) if finding.verdict == DRIFTED else None,
        )
        for each, finding in zip(measured, found, strict=True)
    )


def _tell(project: Project, run: DriftRun, *, now: datetime) -> None:
    """Raise an alert of what drifted and is not meant; end all others, also of what is no longer there to compare."""
    meant = accepted_features(project.pk, run)
    drifted = [each for each in run.findings.filter(verdict=DRIFTED) if each.feature not in meant]
    end_others(project.pk, kind="drift", keys=[each.feature for each in drifted], now=now)
    for finding in drifted:
        raise_alert(
            project,
            kind="drift",
            key=finding.feature,
            # Values of items stay inside: the page shows them to those who may see items.
            text=f"The traffic has changed: {finding.feature} of {run.after_first:%-d %b} to {run.after_last:%-d %b}"
            f" against {run.before_first:%-d %b} to {run.before_last:%-d %b}.",
            path=f"{reverse('operations', args=[project.slug])}#drift",
            now=now,
        )


def accepted_features(project_id: int, run: DriftRun) -> set[str]:
    """Return the features whose present change somebody has said is meant."""
    since = dict(run.findings.filter(verdict=DRIFTED).values_list("feature", "since"))
    reactions = DriftReaction.objects.filter(project_id=project_id, feature__in=since).select_related("finding")
    return {each.feature for each in reactions if each.finding.since == since[each.feature]}
