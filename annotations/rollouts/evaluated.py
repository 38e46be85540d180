"""Figures of evaluations, for gates: those of the newest finished evaluation of a version."""

from datetime import datetime

from annotations.datasets.variety import count_different
from annotations.evaluations.gate import MIN_COVERAGE
from annotations.evaluations.metrics import find_metric
from annotations.evaluations.read import LatestScores, latest_scores
from annotations.rollouts.gates import Measured
from reviewapp.accounts.models import Project


def measure_evaluation(
    project: Project,
    system_version: str,
    *,
    metric: str,
    dataset: str | None,
    tag: str | None = None,
    since: datetime | None = None,
) -> Measured:
    """Return a metric of the newest finished evaluation of a version (over a dataset, a tag), or why there is none."""
    later = f" since {since:%Y-%m-%d %H:%M} UTC" if since else ""
    over = (f" over {dataset}" if dataset else "") + (f" over a version tagged {tag}" if tag else "")
    found = latest_scores(project, system_version, dataset=dataset, dataset_tag=tag, since=since)
    if found is None:
        return Measured.nothing(f"Version {system_version} was not evaluated{over}{later} yet.")
    run = f"Evaluation {found.evaluation_id} ({found.dataset}, version {found.version})"
    known = find_metric(metric)
    estimate = found.scores.get(metric)
    if known is None or estimate is None or estimate.value is None:
        return Measured.nothing(f"{run} did not measure {metric}.", 0 if estimate is None else estimate.n)
    if found.coverage < MIN_COVERAGE and metric != "error_rate":
        return Measured.nothing(f"{run} has answers to {found.coverage:.0%} of its rows only.", estimate.n)
    variety = "" if tag is None else _variety(found)
    return Measured(estimate.value, estimate.low, estimate.high, estimate.n, f"{run}.{variety}")


def _variety(found: LatestScores) -> str:
    """Say of chosen cases how many differ: whoever signs must not take copies for so many cases."""
    different = count_different(found.version_id)
    if different in {None, found.rows}:
        return ""
    return f" Counting equal and nearly equal inputs once, its {found.rows} cases are {different}."
