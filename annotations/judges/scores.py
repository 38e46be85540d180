"""What a judge's scores say: read as the probability of a pass, how true they are, and whether to recalibrate them."""

from collections.abc import Sequence
from dataclasses import dataclass

from annotations.judges.pairs import Pair
from reviewapp.stats.calibration.acceptance import accept_recalibration
from reviewapp.stats.calibration.platt import LogitLine, calibration_line, fit_platt
from reviewapp.stats.calibration.reliability import (
    CalibrationError,
    ReliabilityBin,
    expected_calibration_error,
    reliability_diagram,
)
from reviewapp.stats.calibration.scores import brier_score
from reviewapp.stats.estimate import Estimate


@dataclass(frozen=True, slots=True)
class Recalibration:
    """Whether Platt's curve predicts unseen sessions better than the raw score, and the curve.

    `gain` is the drop in log-loss, its limits ± one standard error; `line` has slope 1 and intercept 0 for scores that
    are true already.
    """

    accepted: bool
    gain: Estimate
    platt: LogitLine
    line: LogitLine


@dataclass(frozen=True, slots=True)
class ScoreFigures:
    """The scores of the items that have one in [0, 1]."""

    n: int
    brier: Estimate
    reliability: list[ReliabilityBin]
    error: CalibrationError
    recalibration: Recalibration


def describe_scores(pairs: Sequence[Pair], *, weighted: bool, seed: int) -> ScoreFigures | None:
    """Describe the scores of usable pairs; None where none of them has one."""
    scored = [pair for pair in pairs if pair.score is not None and 0 <= pair.score <= 1]
    if not scored:
        return None
    scores = [float(pair.score or 0) for pair in scored]
    truths = [int(pair.outcome or 0) for pair in scored]
    weights = [1 / pair.probability if weighted and pair.probability else 1.0 for pair in scored]
    sessions = [pair.session for pair in scored]
    accepted = accept_recalibration(scores, truths, sessions, fit_platt, weights, seed=seed)
    return ScoreFigures(
        n=len(scored),
        brier=brier_score(scores, truths, weights),
        reliability=list(reliability_diagram(scores, truths, weights)),
        error=expected_calibration_error(scores, truths, weights, seed=seed),
        recalibration=Recalibration(
            accepted.accepted,
            accepted.gain,
            fit_platt(scores, truths, weights),
            calibration_line(scores, truths, weights),
        ),
    )
