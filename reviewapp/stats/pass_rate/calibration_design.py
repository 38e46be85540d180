"""How the calibration labels came about decides which estimator is right; the product has to know it.

Labels sampled from the window are weighted into it. Labels drawn by outcome, or from other traffic, only tell the
judge's error rates, and TPR and TNR must then be taken to carry over.
"""

from enum import StrEnum

import numpy as np

from reviewapp.stats.contingency import weighted_table
from reviewapp.stats.estimate import Estimate, Population
from reviewapp.stats.pass_rate.labels_only import require_outcomes
from reviewapp.stats.pass_rate.post_stratified import post_stratified
from reviewapp.stats.pass_rate.rogan_gladen import lang_reiczigel
from reviewapp.stats.pass_rate.sample import LabelledSample
from reviewapp.stats.pass_rate.traffic import Traffic


class CalibrationDesign(StrEnum):
    """Where the labels that calibrate a judge come from."""

    SAMPLED_FROM_WINDOW = "sampled_from_window"
    OUTCOME_ENRICHED = "outcome_enriched"
    EXTERNAL = "external"


def calibrated_pass_rate(
    design: CalibrationDesign,
    traffic: Traffic,
    sample: LabelledSample,
    *,
    fail_cell: int = 0,
    pass_cell: int = 1,
    population: Population = "window",
    confidence: float = 0.95,
) -> Estimate:
    """Estimate the pass rate by the estimator that the design allows.

    `sampled_from_window`: `post_stratified`. The other two: Rogan–Gladen with the Lang–Reiczigel interval, about the
    process, over the two named cells; labels and traffic in other cells (unparsed, unscored) are left out, with a
    warning. There `sample.probability` need only be right within each outcome class.
    """
    if design is CalibrationDesign.SAMPLED_FROM_WINDOW:
        return post_stratified(traffic, sample, population=population, confidence=confidence).estimate
    require_outcomes(sample.y)
    if sample.judge is None:
        raise ValueError("calibration needs the verdict of every label")
    decided = np.isin(sample.judge, (fail_cell, pass_cell))
    table = weighted_table(
        sample.y[decided], sample.judge[decided] == pass_cell, 2, probability=sample.probability[decided]
    )
    judge_pass = int(traffic.n[pass_cell])
    n_verdicts = judge_pass + int(traffic.n[fail_cell])
    estimate = lang_reiczigel(table, judge_pass, n_verdicts, confidence=confidence)
    left_out = traffic.n_items - n_verdicts
    warnings = [*sample.warnings, *traffic.warnings, *estimate.warnings]
    warnings.append("assumes that TPR and TNR of the calibration set hold in this traffic")
    if left_out:
        warnings.append(f"{left_out} items without a verdict of pass or fail left out")
    return Estimate(
        value=estimate.value,
        low=estimate.low,
        high=estimate.high,
        method=estimate.method,
        n=estimate.n,
        confidence=confidence,
        population="process",
        undefined=estimate.undefined,
        warnings=tuple(warnings),
    )
