"""Which corrected rate applies to a calibration set, and why: it depends on how the labelled items were chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from annotations.judges.pairs import Pair
from reviewapp.stats.estimate import Estimate
from reviewapp.stats.pass_rate.calibration_design import CalibrationDesign

Rate = Literal["post_stratified", "rogan_gladen"]


@dataclass(frozen=True, slots=True)
class Applies:
    """The rate to read (None where there is none), the kind of calibration set, and the reason in words."""

    rate: Rate | None
    design: CalibrationDesign
    why: str


def which_applies(
    pairs: Sequence[Pair], *, post_stratified: Estimate, rogan_gladen: Estimate, flagged: bool
) -> Applies:
    """Return which of the corrected rates is right for these usable pairs.

    Labels drawn by chance from the window are weighted into it. Where there are none, error rates from other labels
    carry over at best, and only Rogan-Gladen asks for nothing else. A flagged judge corrects nothing.
    """
    drawn = sum(pair.probability is not None for pair in pairs)
    design = CalibrationDesign.SAMPLED_FROM_WINDOW if drawn else CalibrationDesign.EXTERNAL
    if flagged:
        return Applies(None, design, "the judge is flagged: its errors left their band, so read labels alone")
    if not pairs:
        return Applies(None, design, "no item has both a verdict and an answer of record")
    if drawn and post_stratified.value is not None:
        why = f"{drawn} of the {len(pairs)} labelled items were drawn from this traffic with known probability"
        if drawn < len(pairs):
            why += "; only these enter it, the others were chosen by hand or brought in"
        return Applies("post_stratified", design, why)
    if rogan_gladen.value is not None:
        why = (
            "none of the labelled items was drawn from this traffic: they tell the judge's error rates alone, and it is"
            " right only if these hold here, too"
        )
        return Applies("rogan_gladen", design, why)
    return Applies(None, design, "the labels suffice for none of the corrections")
