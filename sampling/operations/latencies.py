"""Latencies as sketches: small, merged exactly as if made of all values at once, and sharpest at the slow end.

REQ sketches (Cormode and others 2021, "Relative error streaming quantiles") by Apache DataSketches. Up to a few hundred
values they hold all of them; beyond that the rank of a p99 is off by a few hundredths of a percent, of a median by a
few tenths. Values are single precision.
"""

from collections.abc import Iterable, Sequence
from math import sqrt

import numpy as np
from datasketches import req_floats_sketch

K = 24


class Latencies:
    """A sketch of any number of latencies in milliseconds; empty to begin with."""

    __slots__ = ("_sketch",)

    def __init__(self, stored: bytes | None = None) -> None:
        self._sketch = req_floats_sketch(K) if stored is None else req_floats_sketch.deserialize(stored)

    def add(self, values: Sequence[float]) -> None:
        """Take in values."""
        if values:
            self._sketch.update(np.asarray(values, dtype=np.float32))

    def merge(self, stored: bytes | None) -> None:
        """Take in another sketch as it is stored."""
        if stored is not None:
            self._sketch.merge(req_floats_sketch.deserialize(stored))

    def take(self, other: "Latencies") -> None:
        """Take in another sketch, which stays as it is."""
        self._sketch.merge(other._sketch)

    def store(self) -> bytes | None:
        """Return what is stored of it; None where it is empty."""
        return None if self._sketch.is_empty() else bytes(self._sketch.serialize())

    @property
    def n(self) -> int:
        """How many values it stands for."""
        return int(self._sketch.n)

    def quantile(self, share: float) -> float | None:
        """Return the smallest value that at least this share of the values does not exceed; None without values."""
        return None if self._sketch.is_empty() else float(self._sketch.get_quantile(share, inclusive=True))

    def limits(self, share: float, z: float) -> tuple[float, float] | None:
        """Return values around a quantile of the process: those at ranks z standard errors away (order statistics)."""
        if self.n < 2:
            return None
        reach = z * sqrt(share * (1 - share) / self.n)
        low, high = max(share - reach, 0.0), min(share + reach, 1.0)
        found = [float(self._sketch.get_quantile(rank, inclusive=True)) for rank in (low, high)]
        return found[0], found[1]


def merged(parts: Iterable[bytes | None]) -> Latencies:
    """Return one sketch of all these."""
    whole = Latencies()
    for part in parts:
        whole.merge(part)
    return whole
