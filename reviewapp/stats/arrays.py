"""The arrays that go in and out, and the one check that numpy does not make: that codes and counts are whole."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def whole_numbers(values: ArrayLike, what: str) -> IntArray:
    """Return the values as integers; ValueError, naming `what` they are, when one is no whole number or NaN.

    A plain conversion would cut .9 down to 0 and turn NaN into some number.
    """
    given = np.asarray(values)
    if given.dtype.kind in "iub":
        return given.astype(np.int64, copy=False)
    number = np.asarray(given, np.float64)
    if not (np.abs(number) < 2**53).all() or (number != np.floor(number)).any():
        raise ValueError(f"{what} are whole numbers")
    return number.astype(np.int64)


def weighted_mean(weight: FloatArray, value: FloatArray) -> float:
    """Return Σ w v / Σ w; exactly the common value where all say the same, because rounding may not make a 1 .999…"""
    if (value == value[0]).all():
        return float(value[0])
    return float(weight @ value / weight.sum())


def kish(weight: FloatArray) -> float:
    """Return (Σ w)²/Σ w²: how many equally weighted units are worth as much (Kish 1965); at least one weight."""
    return float(weight.sum()) ** 2 / float(weight @ weight)
