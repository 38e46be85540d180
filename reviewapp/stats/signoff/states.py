"""What a sign-off page says about a pass rate that is looked at every day."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from reviewapp.stats.estimate import Estimate
from reviewapp.stats.sequential.beta_binomial import confidence_sequence, e_value_above, e_value_below

State = Literal["collecting", "certified", "failing", "open"]


@dataclass(frozen=True)
class SequentialView:
    """The evidence about one version (or one segment of its traffic) against its bar, valid at every look.

    `e_value_above` speaks against "pass rate <= bar", `e_value_below` against "pass rate >= bar"; `sequence` is the
    two-sided confidence sequence.
    """

    state: State
    bar: float
    e_value_above: float
    e_value_below: float
    sequence: Estimate


def sequential_view(
    passes: float,
    failures: float,
    *,
    bar: float,
    alpha: float = 0.05,
    min_labels: int = 50,
    segment_failing: bool = False,
    certified_before: bool = False,
) -> SequentialView:
    """Return the state to show for labels drawn with equal probability.

    In this order: `certified` if it once was (for this version: a new model, prompt or judge version starts a new
    sequence); `collecting` below `min_labels`; `failing` when the whole sequence lies below the bar; `certified` when
    the e-value reaches 1/alpha and no segment is failing; else `open`.
    """
    sequence = confidence_sequence(passes, failures, alpha)
    above, below = e_value_above(passes, failures, bar), e_value_below(passes, failures, bar)
    state: State = "open"
    if certified_before:
        state = "certified"
    elif passes + failures < min_labels:
        state = "collecting"
    elif sequence.high is not None and sequence.high < bar:
        state = "failing"
    elif above >= 1 / alpha and not segment_failing:
        state = "certified"
    return SequentialView(state, bar, above, below, sequence)


@dataclass(frozen=True)
class StageRule:
    """What a stage of a rollout asks for: fixed before its first label.

    The bar is `relief` below the project's; segments may be at most `segment_relief` below it as they stand.
    """

    relief: float
    e_value: float
    min_labels: int
    segment_relief: float | None

    def holds(self, passes: int, failures: int, p0: float, critical_segments: Sequence[SequentialView] = ()) -> bool:
        """Whether the counts reach the e-value at p0 - relief, with enough labels and no critical segment in the way.

        A critical segment is in the way when it is failing or, for stages with `segment_relief`, has no labels or a
        pass rate below p0 - segment_relief. All segments must do: no correction for their number is needed.
        """
        if passes + failures < self.min_labels or any(view.state == "failing" for view in critical_segments):
            return False
        if self.segment_relief is not None:
            floor = p0 - self.segment_relief
            if any(view.sequence.value is None or view.sequence.value < floor for view in critical_segments):
                return False
        return e_value_above(passes, failures, p0 - self.relief) >= self.e_value


INTERNAL_BETA = StageRule(relief=0.05, e_value=10, min_labels=0, segment_relief=None)
GENERAL_AVAILABILITY = StageRule(relief=0.0, e_value=20, min_labels=200, segment_relief=0.05)
