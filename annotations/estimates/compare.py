"""Two parts of the traffic beside each other, such as two versions live: a difference, its interval, a sentence."""

from collections import Counter
from dataclasses import dataclass, replace
from math import sqrt
from typing import NamedTuple

from annotations.estimates.means import mean_of
from annotations.estimates.weigh import Weighed
from reviewapp.http.errors import FieldError, InvalidError
from reviewapp.stats.difference import difference_of_estimates
from reviewapp.stats.estimate import Estimate, no_estimate


class Pair(NamedTuple):
    """Two values of a fact."""

    field: str
    a: str
    b: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions live: their rates, the difference first minus second, and that in a sentence."""

    field: str
    a: str
    b: str
    rate_a: Estimate
    rate_b: Estimate
    difference: Estimate
    sentence: str


def read_compare(text: str) -> Pair:
    """Return what `field:a,b` says, or raise InvalidError."""
    field, _, names = text.partition(":")
    a, comma, b = names.partition(",")
    if not (field and a and b and comma) or a == b:
        message = "Write compare as field:a,b, such as system_version:1.4,2.0."
        raise InvalidError(message, fields=(FieldError("compare", message),))
    return Pair(field, a, b)


def largest_pair(weighed: Weighed, field: str) -> Pair | None:
    """Return the two parts with most labels, the one that sorts last first: the newer version, as a rule."""
    counts = Counter(
        each.part for each, done in zip(weighed.drawn, weighed.done, strict=True) if done and each.part is not None
    )
    if len(counts) < 2:
        return None
    a, b = sorted((name for name, _ in counts.most_common(2)), reverse=True)
    return Pair(field, a, b)


def compare_parts(weighed: Weighed, pair: Pair) -> Comparison:
    """Return the difference of two parts of the traffic, about the process that produces them.

    Every item keeps the weight that it has in the whole traffic. The two are taken as independent.
    """
    if weighed.grading.figure == "shares":
        message = "Shares of options cannot be compared: ask about a question that says which answers pass."
        raise InvalidError(message, code="not_pass_fail", fields=(FieldError("compare", message),))
    a, b = (_rate(weighed.only({name})) for name in (pair.a, pair.b))
    points = weighed.grading.figure == "pass_rate"
    difference = difference_of_estimates(a, b) if points else _difference_of_means(a, b)
    return Comparison(pair.field, pair.a, pair.b, a, b, difference, _sentence(pair, difference, points=points))


def _rate(part: Weighed) -> Estimate:
    if part.grading.figure == "mean":
        return mean_of(part, "process")
    return part.rate("process").estimate


def _difference_of_means(a: Estimate, b: Estimate) -> Estimate:
    """The same as for rates (Zou & Donner 2008), on the scale of the rating."""
    missing = no_estimate(a.undefined or b.undefined or "no_labels", method="mover_difference", population="process")
    if a.value is None or b.value is None or a.low is None or b.low is None or a.high is None or b.high is None:
        return replace(missing, n=a.n + b.n)
    value = a.value - b.value
    return Estimate(
        value,
        value - sqrt((a.value - a.low) ** 2 + (b.high - b.value) ** 2),
        value + sqrt((a.high - a.value) ** 2 + (b.value - b.low) ** 2),
        "mover_difference",
        a.n + b.n,
        population="process",
        warnings=tuple(dict.fromkeys((*a.warnings, *b.warnings))),
    )


def _sentence(pair: Pair, difference: Estimate, *, points: bool) -> str:
    a, b = pair.a, pair.b
    if difference.value is None or difference.low is None or difference.high is None:
        return f"There is not enough evidence to compare {a} with {b}."
    scale, unit, verb = (100, "points", "passes") if points else (1, "on the scale", "is rated")
    more, less = ("more often", "less often") if points else ("higher", "lower")
    between = f"between {difference.low * scale:+.1f} and {difference.high * scale:+.1f} {unit}"
    if difference.low > 0:
        return f"{a} {verb} {more} than {b}: by {difference.value * scale:.1f} {unit}, {between} at 95 %."
    if difference.high < 0:
        return f"{a} {verb} {less} than {b}: by {-difference.value * scale:.1f} {unit}, {between} at 95 %."
    return f"The labels do not tell {a} and {b} apart: the difference is {between} at 95 %."
