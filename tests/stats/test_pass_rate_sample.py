"""Samples, traffic and the variances they give: by hand, and what is refused."""

import numpy as np
import pytest

from reviewapp.stats.pass_rate.sample import (
    clusters_count,
    independent_units,
    labelled_sample,
    sampling_variance,
    squared_total,
)
from reviewapp.stats.pass_rate.traffic import (
    count_verdicts,
    counted_traffic,
    crossed_cells,
    known_upstream,
    sampled_traffic,
    score_cells,
)


def test_records_with_unknown_probability_are_left_out_and_counted():
    sample = labelled_sample([1, 0, 1], [0.5, np.nan, 0.25], judge=[1, 0, 1], cluster=["a", "b", "a"])
    assert sample.n == 2
    assert sample.weight.tolist() == [2, 4]
    assert sample.judge.tolist() == [1, 1]
    assert sample.n_units == 1
    assert sample.warnings == ("1 labels with unknown inclusion probability left out",)
    assert labelled_sample([1], [np.nan]).why_empty == "unknown_inclusion_probability"
    assert labelled_sample([], []).why_empty == "no_labels"


@pytest.mark.parametrize(
    ("y", "probability", "kwargs", "message"),
    [
        ([1, 0], [0.5], {}, "one length"),
        ([[1]], [[0.5]], {}, "one length"),
        ([1], [0.5], {"judge": [1, 0]}, "one length"),
        ([1], [0.5], {"cluster": ["a", "b"]}, "one length"),
        ([1], [0.0], {}, "inclusion probability"),
        ([1], [1.5], {}, "inclusion probability"),
        ([np.nan], [0.5], {}, "finite"),
        ([1], [0.5], {"judge": [np.inf]}, "finite"),
        ([1], [0.5], {"drawn_by": "cluster"}, "needs the clusters"),
    ],
)
def test_columns_that_do_not_fit_are_refused(y, probability, kwargs, message):
    with pytest.raises(ValueError, match=message):
        labelled_sample(y, probability, **kwargs)


def test_what_counts_as_a_unit():
    items = labelled_sample([1, 0, 1], [0.5] * 3, cluster=["a", "a", "b"])
    assert independent_units(items, "window") == 3
    assert independent_units(items, "process") == 2
    sessions = labelled_sample([1, 0, 1], [0.5] * 3, cluster=["a", "a", "b"], drawn_by="cluster")
    assert clusters_count(sessions, "window")
    assert not clusters_count(labelled_sample([1], [0.5]), "process")


def test_squares_by_hand():
    value = np.array([1.0, 2.0, 3.0])
    items = labelled_sample([1, 0, 1], [0.5, 0.8, 1.0], cluster=["a", "a", "b"])
    # Items: .5·1 + .2·4 + 0·9; the process: 1 + 4 + 9 by items, (1 + 2)² + 3² by sessions.
    assert squared_total(value, items, "window") == pytest.approx(1.3)
    assert squared_total(value, items, "process") == pytest.approx(18)
    assert squared_total(value, labelled_sample([1, 0, 1], [0.5, 0.8, 1.0]), "process") == pytest.approx(14)
    # Sessions drawn whole: (1 - .5)·9 + 0·9, the smaller π of the first session counting.
    drawn = labelled_sample([1, 0, 1], [0.5, 0.8, 1.0], cluster=["a", "a", "b"], drawn_by="cluster")
    assert squared_total(value, drawn, "window") == pytest.approx(4.5)


def test_variance_over_sessions_carries_their_small_number():
    # π = 1: residuals .5, .5, -.5, -.5 in two sessions: totals 1 and -1; 2/(4²)·2/1.
    sample = labelled_sample([1, 1, 0, 0], [1.0] * 4, cluster=[1, 1, 2, 2])
    assert sampling_variance(sample.y - 0.5, sample, "process") == pytest.approx(0.25)


def test_traffic_counted_and_behind_an_upstream_sampler():
    counted = count_verdicts(np.array([1, 0, 1, 1], np.int8), ["fail", "pass"])
    assert counted.n.tolist() == [1, 3]
    assert counted.share.tolist() == [0.25, 0.75]
    assert counted.n_items == counted.n_units == 4
    # Shares known: no error about the window; for the process Σ N_v (p_v - θ)²/N² = (1·.5625 + 3·.0625)/16.
    rates = np.array([0.0, 1.0])
    assert counted.mean_variance(rates, "window") == 0
    assert counted.mean_variance(rates, "process") == pytest.approx(0.75 / 16)
    in_sessions = counted_traffic([1, 3], ["fail", "pass"], n_sessions=2)
    assert in_sessions.mean_variance(rates, "process") == pytest.approx(2 * 0.75 / 16)
    # Upstream .5 and .25: weights 2 | 4, 4, 2 of 12.
    sampled = sampled_traffic(np.array([0, 1, 1, 1]), [0.5, 0.25, 0.25, 0.5], ["fail", "pass"])
    assert sampled.share == pytest.approx([2 / 12, 10 / 12])
    # θ = 10/12; Σ (1-π)/π² (p - θ)² = (2·100 + (12 + 12 + 2)·4)/144, over 12².
    assert sampled.mean_variance(rates, "window") == pytest.approx((200 + 104) / 144 / 144)
    assert sampled.mean_variance(rates, "process") == pytest.approx((400 + 36 * 4) / 144 / 144)


def test_an_unknown_upstream_probability_leaves_the_traffic_received():
    traffic = sampled_traffic(np.array([0, 1]), [0.5, np.nan], ["fail", "pass"])
    assert traffic.share.tolist() == [0.5, 0.5]
    assert traffic.warnings == ("upstream sampling unknown for 1 items: the estimate speaks of the traffic received",)
    assert known_upstream([0.5])[0].tolist() == [0.5]
    with pytest.raises(ValueError, match="upstream"):
        known_upstream([0.0])
    with pytest.raises(ValueError, match="every item"):
        sampled_traffic(np.array([0, 1]), [0.5], ["fail", "pass"])


def test_cells_of_segments_and_of_score_bins():
    assert crossed_cells(np.array([0, 1, 1]), np.array([1, 0, 2]), 3).tolist() == [1, 3, 5]
    assert crossed_cells(np.array([], int), np.array([], int), 3).size == 0
    with pytest.raises(ValueError, match="below the number"):
        crossed_cells(np.array([0]), np.array([3]), 3)
    assert score_cells([0.1, 0.5, 0.9], [0.5, 0.8]).tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="increase"):
        score_cells([0.1], [0.5, 0.5])


@pytest.mark.parametrize("counts", [[1], [-1, 2]])
def test_counts_that_do_not_fit_are_refused(counts):
    with pytest.raises(ValueError, match="every named cell"):
        counted_traffic(counts, ["fail", "pass"])


def test_sessions_and_codes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="sessions"):
        counted_traffic([1, 1], ["fail", "pass"], n_sessions=3)
    with pytest.raises(ValueError, match=r"0\.\.1"):
        count_verdicts(np.array([2]), ["fail", "pass"])
    assert count_verdicts(np.array([], np.int8), ["fail", "pass"]).n_items == 0
