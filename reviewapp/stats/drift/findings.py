"""From many monitored features to the few worth an alert: large enough to matter, and not by chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from reviewapp.stats.multiple_testing import benjamini_hochberg, benjamini_yekutieli

Kind = Literal["categorical", "numeric", "binned", "text", "vector", "rate"]
Verdict = Literal["drifted", "too_small_to_matter", "may_be_chance", "stable", "no_evidence"]

# Cramer's V; D; PSI above its no-drift mean; AUC; difference of rates. Vectors have no floor: p-value only.
EFFECT_FLOORS: Mapping[Kind, float] = MappingProxyType(
    {"categorical": 0.1, "numeric": 0.1, "binned": 0.1, "text": 0.6, "vector": 0.0, "rate": 0.03}
)


@dataclass(frozen=True)
class Measurement:
    """One feature's test: its effect size in the unit of its kind, and its p-value; None where undefined."""

    feature: str
    kind: Kind
    effect: float | None
    p_value: float | None


@dataclass(frozen=True)
class Finding:
    """The verdict on one feature; `adjusted_p` after controlling the false discovery rate over all of them.

    `drifted`: both conditions hold. `too_small_to_matter`: significant, below the floor. `may_be_chance`: above the
    floor, not significant. `no_evidence`: the test was undefined.
    """

    feature: str
    kind: Kind
    verdict: Verdict
    effect: float | None
    floor: float
    adjusted_p: float | None


def _verdict(*, significant: bool, large: bool) -> Verdict:
    if significant:
        return "drifted" if large else "too_small_to_matter"
    return "may_be_chance" if large else "stable"


def drift_findings(
    measurements: Sequence[Measurement],
    *,
    alpha: float = 0.05,
    floors: Mapping[Kind, float] = EFFECT_FLOORS,
    dependent: bool = False,
) -> tuple[Finding, ...]:
    """Judge every feature, in the order given: p-value below alpha after Benjamini-Hochberg, and |effect| >= floor.

    `dependent` switches to Benjamini-Yekutieli, for features that may be negatively related. Features without a test
    do not count among the hypotheses.
    """
    tested = [m.p_value for m in measurements if m.p_value is not None and m.effect is not None]
    control = benjamini_yekutieli if dependent else benjamini_hochberg
    adjusted = iter(np.asarray(control(tested, alpha).adjusted))
    found = []
    for m in measurements:
        floor = floors[m.kind]
        if m.p_value is None or m.effect is None:
            found.append(Finding(m.feature, m.kind, "no_evidence", m.effect, floor, None))
            continue
        p = float(next(adjusted))
        verdict = _verdict(significant=p <= alpha, large=abs(m.effect) >= floor)
        found.append(Finding(m.feature, m.kind, verdict, m.effect, floor, p))
    return tuple(found)
