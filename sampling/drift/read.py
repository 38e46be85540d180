"""What the newest comparison found, and what people say of it."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from reviewapp.accounts.access import Access, Actor, require
from reviewapp.accounts.models import Project
from reviewapp.accounts.roles import Action
from reviewapp.alerts.raise_alert import end_alert
from reviewapp.audit.record import digest, record
from reviewapp.http.errors import FieldError, InvalidError, NotFoundError
from sampling.drift.run import DRIFTED, accepted_features, ask_comparing
from sampling.models import DriftBaseline, DriftFinding, DriftReaction, DriftRun

MAX_REASON = 500


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A finding and its state: `new` in this run, `ongoing`, `accepted` as meant; empty where nothing drifted."""

    finding: DriftFinding
    state: str


@dataclass(frozen=True, slots=True)
class Drift:
    """The newest comparison; None where there was none yet."""

    run: DriftRun
    findings: list[ShownFinding]

    @property
    def drifted(self) -> list[ShownFinding]:
        """Return what drifted, what nobody has accepted first."""
        return sorted((each for each in self.findings if each.state), key=lambda each: each.state == "accepted")

    @property
    def n_open(self) -> int:
        """Return how many changes nobody has said are meant: the metric `drift_findings`."""
        return sum(each.state in {"new", "ongoing"} for each in self.findings)


def find_drift(project_id: int) -> Drift | None:
    """Return what the newest comparison of the project found, None where there was none yet."""
    run = DriftRun.objects.filter(project_id=project_id).select_related("baseline").order_by("-pk").first()
    if run is None:
        return None
    found = list(run.findings.order_by("pk"))
    accepted = accepted_features(project_id, run) if any(each.verdict == DRIFTED for each in found) else set()
    return Drift(run, [ShownFinding(each, _state(each, run, accepted)) for each in found])


def _state(finding: DriftFinding, run: DriftRun, accepted: set[str]) -> str:
    if finding.verdict != DRIFTED:
        return ""
    if finding.feature in accepted:
        return "accepted"
    return "new" if finding.since == run.at else "ongoing"


def accept_drift(access: Access, finding_id: int, *, reason: str, now: datetime) -> DriftFinding:
    """Say that a change is meant, and why: nobody is told of it again until it was over and came back."""
    require(access, Action.EDIT_PROJECT)
    reason = reason.strip()
    if not reason or len(reason) > MAX_REASON:
        message = f"Say in up to {MAX_REASON} characters why this change is meant."
        raise InvalidError(message, fields=(FieldError("reason", message),))
    project = access.project
    with transaction.atomic():
        finding = DriftFinding.objects.filter(run__project=project, pk=finding_id, verdict=DRIFTED).first()
        if finding is None:
            raise NotFoundError("There is no such change in this project.")
        reaction = DriftReaction.objects.create(
            project=project, finding=finding, feature=finding.feature, reason=reason, by=access.actor.user, at=now
        )
        end_alert(project.pk, kind="drift", key=finding.feature, now=now)
        record(
            "drift.accepted",
            now=now,
            actor=access.actor,
            project_id=project.pk,
            object_kind="drift_reaction",
            object_id=reaction.pk,
            detail={"finding": finding.pk, "reason_sha256": digest(reason)},
        )
    return finding


def set_baseline(
    project: Project, *, first: date | None, last: date | None, why: str, actor: Actor | None, now: datetime
) -> DriftBaseline:
    """Compare with these days from now on (a sign-off's, say); without days, with the four weeks before."""
    if (first is None) != (last is None) or (first is not None and last is not None and first > last):
        message = "Give the first and the last day, in this order, or neither."
        raise InvalidError(message, fields=(FieldError("first", message),))
    with transaction.atomic():
        baseline = DriftBaseline.objects.create(
            project=project,
            first_day=first,
            last_day=last,
            why=why[:MAX_REASON],
            set_by=actor.user if actor else None,
            set_at=now,
        )
        ask_comparing(project.pk, now=now)
        record(
            "drift.baseline_set",
            now=now,
            actor=actor,
            project_id=project.pk,
            object_kind="drift_baseline",
            object_id=baseline.pk,
            detail={"first": str(first) if first else None, "last": str(last) if last else None},
        )
    return baseline
