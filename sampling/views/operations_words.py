"""Figures of operations in words: numbers, times and amounts as one reads them, and what moved as sentences."""

from collections.abc import Callable
from typing import NamedTuple

from sampling.operations.figures import Figures
from sampling.operations.movers import Metric, Mover
from sampling.operations.tally import ALL

NONE = "–"
FIELD_WORDS = {
    "system_version": "system version",
    "model": "model",
    "prompt_version": "prompt version",
    "user_ref": "user",
}


class Words(NamedTuple):
    """Figures as they are shown."""

    items: str
    share: str
    errors: str
    error_rate: str
    check_failure_rate: str
    p50: str
    p90: str
    p99: str
    input_tokens: str
    output_tokens: str
    tokens: str
    cost: str
    cost_per_item: str


def figures_words(figures: Figures, *, of: int | None = None) -> Words:
    """Return figures in words; `of` is what the share is taken of."""
    return Words(
        items=count(figures.items),
        share=percent(figures.items / of if of else None),
        errors=count(figures.errors),
        error_rate=percent(figures.error_rate),
        check_failure_rate=percent(figures.check_failure_rate),
        p50=milliseconds(figures.latency_p50_ms),
        p90=milliseconds(figures.latency_p90_ms),
        p99=milliseconds(figures.latency_p99_ms),
        input_tokens=large(figures.input_tokens),
        output_tokens=large(figures.output_tokens),
        tokens=large(figures.input_tokens + figures.output_tokens),
        cost=dollars(figures.cost_usd) if figures.cost_per_item_usd is not None else NONE,
        cost_per_item=dollars(figures.cost_per_item_usd),
    )


def count(value: float) -> str:
    """Return a whole number with its thousands apart."""
    return f"{value:,.0f}"


def large(value: float) -> str:
    """Return a number in three digits or so: 950, 12.3 k, 4.56 M."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= 10 * size or (value >= size > 1e3):
            return f"{value / size:.3g} {unit}"
    return f"{value:,.0f}"


def percent(value: float | None) -> str:
    """Return a share in percent."""
    if value is None:
        return NONE
    if 0 < value < 0.001:
        return "< 0.1 %"
    return f"{value * 100:.1f} %"


def milliseconds(value: float | None) -> str:
    """Return a time in the unit that suits it."""
    if value is None:
        return NONE
    if value < 1000:
        return f"{value:.3g} ms" if value < 100 else f"{value:.0f} ms"
    if value < 60_000:
        return f"{value / 1000:.3g} s"
    return f"{value / 60_000:.3g} min"


def dollars(value: float | None) -> str:
    """Return an amount in US dollars, with as many digits as say something."""
    if value is None:
        return NONE
    if value == 0 or value >= 100:
        return f"${value:,.0f}"
    if value >= 0.1:
        return f"${value:.2f}"
    return f"${float(f'{value:.2g}'):.9f}".rstrip("0")


_METRICS: dict[Metric, tuple[str, Callable[[float], str]]] = {
    "items": ("share of items", percent),
    "error_rate": ("error rate", percent),
    "check_failure_rate": ("share of items that fail a check", percent),
    "latency_p50_ms": ("median latency", milliseconds),
    "latency_p90_ms": ("p90 latency", milliseconds),
    "cost_per_item_usd": ("cost of an item", dollars),
}


class Moved(NamedTuple):
    """What moved, in a sentence; `tone` is bad for what one would rather not see rise, else none."""

    sentence: str
    tone: str
    field: str
    value: str | None


def mover_words(mover: Mover) -> Moved:
    """Return a mover as a sentence."""
    verb = "rose" if mover.after > mover.before else "fell"
    tone = "" if mover.metric == "items" else {"rose": "bad", "fell": "good"}[verb]
    return Moved(_whole(mover, verb) if mover.field == ALL else _part(mover, verb), tone, mover.field, mover.value)


def _whole(mover: Mover, verb: str) -> str:
    if mover.metric == "items":
        return f"Items {verb} from {count(mover.before)} to {count(mover.after)}."
    name, words = _METRICS[mover.metric]
    return f"The {name} {verb} from {words(mover.before)} to {words(mover.after)}."


def _part(mover: Mover, verb: str) -> str:
    field = FIELD_WORDS[mover.field]
    what = f"{field.capitalize()} {mover.value}" if mover.value else f"Items without a {field}"
    name, words = _METRICS[mover.metric]
    if mover.metric == "items" and not mover.before:
        return f"{what} is new, with {percent(mover.after)} of the items."
    if mover.metric == "items" and not mover.after:
        return f"{what} is gone; it had {percent(mover.before)} of the items."
    return f"{what}: the {name} {verb} from {words(mover.before)} to {words(mover.after)}."
