"""A simulated model that knows what was planted in the demo, and errs on purpose, as a fair judge would.

What it does not know (an attack, an answer whose customer data was masked) it fails four times of five.
"""

from collections.abc import Mapping
from functools import cache

from annotations.demo.story import fraction, read_truths
from annotations.judges.fence import visible

MODEL = "planted-answers"
_RIGHT = {"pass": 0.98, "fail": 0.95}
_UNKNOWN_PASSES = 0.2


def passes(answer: str) -> bool:
    """Return whether it lets an answer pass."""
    truth = _known().get(answer.strip())
    if truth is None:
        return fraction(answer, MODEL) < _UNKNOWN_PASSES
    is_right = fraction(answer, MODEL) < _RIGHT[truth]
    return (truth == "pass") is is_right


@cache
def _known() -> Mapping[str, str]:
    """Return the planted verdicts by answer, as a judge is shown it."""
    return {visible(output).strip(): verdict for output, verdict in read_truths()}
