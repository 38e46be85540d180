"""Corrections for many claims: the Benjamini-Hochberg example, statsmodels as oracle, and their order."""

import gc
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats import multitest

from reviewapp.stats.multiple_testing import (
    benjamini_hochberg,
    benjamini_yekutieli,
    bonferroni,
    e_benjamini_hochberg,
    holm,
    mean_e_value,
    product_e_value,
)
from tests.stats.reference import vector

METHODS = {"holm": holm, "bh": benjamini_hochberg, "by": benjamini_yekutieli, "bonferroni": bonferroni}
ORACLE = {"holm": "holm", "bh": "fdr_bh", "by": "fdr_by", "bonferroni": "bonferroni"}


@pytest.fixture(scope="module", autouse=True)
def _no_garbage_collection() -> Iterator[None]:
    """Keep the oracle from collecting the garbage of the whole process at each of its calls."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gc, "collect", lambda: 0)
        yield


p_values = st.lists(st.floats(0, 1), max_size=30)


@pytest.mark.parametrize("name", METHODS)
def test_reference_p_values(name):
    reference = vector("multiple_testing")
    result = METHODS[name](reference["inputs"]["p"], reference["inputs"]["alpha"])
    assert result.rejected.sum() == reference["expected"][name]["rejected"]
    assert result.adjusted == pytest.approx(reference["expected"][name]["adjusted"], abs=1e-12)


@pytest.mark.parametrize("name", METHODS)
@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_adjusted_p_values_are_those_of_statsmodels_in_any_order(name, p):
    assert METHODS[name](p).adjusted == pytest.approx(multitest.multipletests(p, method=ORACLE[name])[1], abs=1e-12)


@given(p=p_values)
def test_holm_rejects_what_bonferroni_rejects_and_hochberg_what_holm_rejects(p):
    assert np.all(bonferroni(p).rejected <= holm(p).rejected)
    assert np.all(holm(p).rejected <= benjamini_hochberg(p).rejected)
    assert np.all(benjamini_yekutieli(p).rejected <= benjamini_hochberg(p).rejected)


@pytest.mark.parametrize("method", [*METHODS.values(), e_benjamini_hochberg])
def test_no_hypotheses_no_rejections(method):
    result = method([])
    assert len(result.rejected) == len(result.adjusted) == 0


def test_e_values_by_hand():
    # m = 4, alpha .05. Sorted: 90, 50, 20, 0; thresholds m / (k alpha) = 80, 40, 26.7, 20.
    # 90 >= 80, 50 >= 40, 20 < 26.7, 0 < 20: the two largest are rejected. Adjusted: 4/90 and 4/(2*50) -> both .04
    # (the running minimum from below), 4/(3*20) = .0667, and 1 for the e-value of 0.
    result = e_benjamini_hochberg([20.0, 90.0, 0.0, 50.0])
    assert result.rejected.tolist() == [False, True, False, True]
    assert result.adjusted == pytest.approx([4 / 60, 0.04, 1.0, 0.04])


def test_combined_e_values():
    assert mean_e_value([30.0, 0.0, 6.0]) == pytest.approx(12.0)
    assert product_e_value([4.0, 0.5, 3.0]) == pytest.approx(6.0)


@pytest.mark.parametrize("combine", [mean_e_value, product_e_value])
def test_nothing_to_combine_is_refused(combine):
    with pytest.raises(ValueError, match="no e-values"):
        combine([])


@pytest.mark.parametrize("p", [[0.2, 1.1], [-0.1], [float("nan")], [[0.1, 0.2]]])
def test_numbers_that_are_no_p_values_are_refused(p):
    with pytest.raises(ValueError, match="p-values"):
        holm(p)


@pytest.mark.parametrize("e", [[-1.0], [float("nan")], [[1.0]]])
def test_numbers_that_are_no_e_values_are_refused(e):
    with pytest.raises(ValueError, match="e-values"):
        e_benjamini_hochberg(e)


def test_alpha_is_a_level():
    with pytest.raises(ValueError, match="alpha"):
        holm([0.1], alpha=1.0)
