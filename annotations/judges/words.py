"""What a judge is good for, in plain sentences: usable for what, with which error, and what would change it."""

from dataclasses import dataclass
from typing import Literal

from reviewapp.stats.judge_description import RARE_CLASS_FLOOR, JudgeDescription, label_worth

State = Literal["flagged", "useful", "weak", "useless", "unknown"]
# One label beside the judge must be worth this many alone before it is worth running.
WORTH = 1.15


@dataclass(frozen=True, slots=True)
class Judgement:
    """The state of a judge version with its three sentences; `sentence` is all of them."""

    state: State
    usable_for: str
    error: str
    change: str

    @property
    def sentence(self) -> str:
        """All of it, in one paragraph."""
        return " ".join(part for part in (self.error, self.usable_for, self.change) if part)


def judge_in_words(judge: str, found: JudgeDescription, n: int, *, n_pass: int, flagged: bool = False) -> Judgement:
    """Return what may be said of a judge from `n` labelled items, `n_pass` of which people passed."""
    tpr, tnr, rarer = found.tpr, found.tnr, min(n_pass, n - n_pass)
    more = _more(rarer, "passes" if n_pass < n - n_pass else "fails")
    if not n:
        error = f"Nobody knows how good {judge} is: no item has both its verdict and an answer of record."
        return Judgement("unknown", "Use it for nothing yet.", error, "Label some of what it judged.")
    if tpr.value is None or tnr.value is None:
        one = "the one labelled item tells of one answer only."
        more_of_it = f"the {n} labelled items are all passes or all fails."
        error = f"{judge} cannot be judged yet: {one if n == 1 else more_of_it}"
        return Judgement("unknown", "Use it for nothing yet.", error, more)
    if found.youden_j.low is not None and found.youden_j.low <= 0:
        error = f"{judge} is not shown to be better than chance on these {n} items."
        change = more or "A better prompt or model would change that; more labels will not."
        return Judgement("useless", "Not worth using: read labels alone.", error, change)
    error = (
        f"{judge} recognises {tpr.value * 100:.0f} % of the passes and {tnr.value * 100:.0f} % of the fails of"
        f" {n} labelled items; its own rate is off by what it misses, the corrected ones are not."
    )
    if flagged:
        usable = "It is flagged: its errors have left the band they were in, and estimates use labels alone."
        return Judgement("flagged", usable, error, "Find out what moved, and take the flag down with the reason.")
    mcc = found.mcc.value
    worth = label_worth(mcc) if mcc is not None and -1 < mcc < 1 else None
    if worth is not None and worth < WORTH:
        usable = f"Hardly worth using: a label beside it is worth {worth:.2f} labels alone."
        return Judgement("weak", usable, error, more or "A better prompt or model would change that.")
    gain = f"a label beside it is worth {worth:.1f} alone" if worth is not None else "it never erred on them"
    usable = f"Worth using to make labels go further ({gain}), and to choose what people look at first"
    usable += f": {_right(found)}. It does not replace people where one wrong answer matters."
    return Judgement("useful", usable, error, more)


def _right(found: JudgeDescription) -> str:
    said = []
    for name, rate in (("passes", found.ppv), ("fails", found.npv)):
        if rate.low is not None and rate.high is not None:
            said.append(f"{rate.low * 100:.0f}–{rate.high * 100:.0f} % of its {name} are right")
    return ", ".join(said)


def _more(rarer: int, name: str) -> str:
    if rarer >= RARE_CLASS_FLOOR:
        return ""
    missing = RARE_CLASS_FLOOR - rarer
    return (
        f"{missing} more labelled {name} would make this firm: there are {rarer}, and {RARE_CLASS_FLOOR} is the floor."
    )
