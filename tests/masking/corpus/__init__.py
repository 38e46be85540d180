"""A labelled set for masking, written for the purpose: invented things in invented texts, and things that look alike.

Five parts with texts, things that look alike and seeds of their own. The recognisers were developed against
`development`; `second`, `third` and `fourth` were held out first, measured once each, and then learnt from as well;
`held_out` was written after that and is only measured. Nothing belongs to anybody: numbers are drawn at random and
given their checksums.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sampling.mask.kinds import Kind

_MARK = re.compile(r"⟦(?P<kind>[A-Z_]+)\|(?P<text>.*?)⟧", re.DOTALL)
HERE = Path(__file__).parent
LEARNT_FROM = ("development", "second", "third", "fourth")
HELD_OUT = "held_out"


@dataclass(frozen=True)
class Sample:
    """A text, and what is to be masked in it. `source` says where it comes from, for looking at misses."""

    text: str
    expected: tuple[tuple[int, int, Kind], ...]
    source: str


def read_marked(marked: str, source: str) -> Sample:
    """Return the sample of a text in which what is to be masked stands as ⟦KIND|text⟧."""
    text, expected, at = "", [], 0
    for match in _MARK.finditer(marked):
        text += marked[at : match.start()]
        expected.append((len(text), len(text) + len(match["text"]), Kind(match["kind"])))
        text += match["text"]
        at = match.end()
    return Sample(text + marked[at:], tuple(expected), source)


def written(part: str) -> Iterator[Sample]:
    """Yield the texts written by hand: one a line, `\\n` for a line end, `#` for a comment."""
    for number, line in enumerate((HERE / f"{part}.txt").read_text(encoding="utf-8").splitlines(), 1):
        if line and not line.startswith("#"):
            yield read_marked(line.replace("\\n", "\n"), f"{part}.txt:{number}")


def generated(part: str, *, things: int, alike: int) -> Iterator[Sample]:
    """Yield texts with drawn things: so many of each kind, and so many of each thing that only looks like one."""
    from tests.masking.corpus import carriers, negatives
    from tests.masking.corpus import things as drawn

    rng = random.Random(f"masking {part}")
    for kind, draw in drawn.draws(part).items():
        for _ in range(things):
            thing = draw(rng)
            marked = carriers.carry(rng, part, kind, thing)
            yield read_marked(marked, f"{part} {kind} {thing.how}")
    for name, draw_alike in negatives.DRAWS[part].items():
        for _ in range(alike):
            yield read_marked(draw_alike(rng), f"{part} {name}")


def samples(part: str, *, things: int = 300, alike: int = 30) -> list[Sample]:
    """Return all of a part."""
    found = [*written(part), *generated(part, things=things, alike=alike)]
    return list({sample.text: sample for sample in found}.values())  # some of what looks alike is always the same
