"""What evidence rests on is held: the dataset versions of its evaluations are locked while a sign-off may use them."""

from collections.abc import Sequence
from datetime import datetime

from annotations.datasets.locks import LockKind, lock_version, release_all
from annotations.evaluations.read import LatestScores, latest_scores
from annotations.models import DatasetLock, DatasetRow, DatasetVersion, EvidenceBundle, Rollout
from annotations.models.rollouts import RolloutStage
from annotations.rollouts.create import gates_in_force, next_stage, tell
from annotations.rollouts.spec import Gate
from annotations.rollouts.verifier import NEEDED
from reviewapp.http.errors import ConflictError

_KIND: LockKind = "sign-off"


def evaluations_behind(rollout: Rollout, gates: Sequence[Gate]) -> list[tuple[Gate, LatestScores]]:
    """Return the gates that an evaluation answers, each with the evaluation that does now."""
    found, since = [], gates_in_force(rollout).counts_from
    for gate in gates:
        if gate.evaluation is not None:
            scores = latest_scores(
                rollout.project,
                rollout.system_version,
                dataset=gate.dataset,
                dataset_tag=gate.dataset_tag,
                since=since,
            )
            if scores is not None:
                found.append((gate, scores))
    return found


def hold_datasets(bundle: EvidenceBundle, behind: Sequence[tuple[Gate, LatestScores]], *, now: datetime) -> None:
    """Lock the dataset versions that the bundle's figures rest on. In the caller's transaction.

    Raises ConflictError for one that is retired: nothing new may rely on it.
    """
    versions = DatasetVersion.objects.select_related("dataset")
    for version in versions.filter(pk__in={scores.version_id for _, scores in behind}).order_by("pk"):
        try:
            lock_version(version, kind=_KIND, ref=str(bundle.pk), now=now)
        except ConflictError as refusal:
            said = (
                f"A gate rests on an evaluation over {version.dataset.name}, version {version.version}, which is out of"
                " use. Evaluate over a newer version, or take this one back into use."
            )
            raise ConflictError(said, code=refusal.code) from None


def settle_holds(rollout: Rollout, *, now: datetime) -> None:
    """Release what bundles hold that nobody can sign any more. In the caller's transaction."""
    bundles = list(rollout.bundles.prefetch_related("signoffs"))
    held = _held([bundle.pk for bundle in bundles])
    for bundle in bundles:
        if bundle.pk in held and not _is_in_use(bundle, rollout, now=now):
            release_all(kind=_KIND, ref=str(bundle.pk), now=now)


def release_expired(now: datetime) -> int:
    """Release what expired evidence holds; return how many bundles did. A step of the sweep."""
    held = {int(ref) for ref in DatasetLock.objects.filter(kind=_KIND, released_at=None).values_list("ref", flat=True)}
    late = EvidenceBundle.objects.filter(pk__in=held, expires_at__lte=now)
    released = 0
    for bundle in late.select_related("rollout").prefetch_related("signoffs").order_by("pk"):
        if not _is_in_use(bundle, bundle.rollout, now=now):
            release_all(kind=_KIND, ref=str(bundle.pk), now=now)
            released += 1
    return released


def _is_in_use(bundle: EvidenceBundle, rollout: Rollout, *, now: datetime) -> bool:
    """Tell whether a bundle was approved, which holds for good, or can still be."""
    decisions = [each.approves for each in bundle.signoffs.all()]
    if decisions.count(True) >= NEEDED:
        return True
    is_of_now = rollout.moved_at <= bundle.created_at and next_stage(rollout) == bundle.to_stage
    return all(decisions) and now < bundle.expires_at and is_of_now


def _held(bundles: Sequence[int]) -> set[int]:
    refs = [str(pk) for pk in bundles]
    locks = DatasetLock.objects.filter(kind=_KIND, ref__in=refs, released_at=None)
    return {int(ref) for ref in locks.values_list("ref", flat=True)}


def holders_of(locks: Sequence[DatasetLock]) -> dict[str, EvidenceBundle]:
    """Return the evidence behind locks of sign-offs, by the lock's ref."""
    refs = [int(lock.ref) for lock in locks if lock.kind == _KIND]
    bundles = EvidenceBundle.objects.filter(pk__in=refs).select_related("rollout").order_by("pk")
    return {str(bundle.pk): bundle for bundle in bundles}


def tell_erased(project_id: int, item_ids: list[int], now: datetime) -> dict[str, int]:  # noqa: ARG001 — the seam's
    """Tell each rollout whose evidence rests on rows that were erased just now. Runs after the rows were emptied."""
    emptied = DatasetRow.objects.filter(item_id__in=item_ids, erased_at=now).values_list("version_id", flat=True)
    rows: dict[int, int] = {}
    for version_id in emptied:
        rows[version_id] = rows.get(version_id, 0) + 1
    locks = DatasetLock.objects.filter(version_id__in=rows, kind=_KIND, released_at=None)
    for lock in locks.select_related("version__dataset").order_by("pk"):
        bundle = EvidenceBundle.objects.select_related("rollout").get(pk=int(lock.ref))
        n = rows[lock.version_id]
        what = f"{lock.version.dataset.name}, version {lock.version.version}"
        stage = RolloutStage(bundle.to_stage).label.lower()
        said = f"{n} {'row was' if n == 1 else 'rows were'} erased of {what}, on which the evidence for {stage} rests"
        tell(bundle.rollout, "erased", said, now=now, detail={"dataset": what, "rows": n})
    return {}
