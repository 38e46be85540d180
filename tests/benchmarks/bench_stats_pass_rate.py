"""The default pass rate at ten million items, and the hash numbers of the ingest path.

The floor beside each row is the pass over the data that no implementation can avoid.
"""

import hashlib

import numpy as np

from reviewapp.stats.pass_rate.post_stratified import post_stratified, post_stratified_segments
from reviewapp.stats.pass_rate.sample import labelled_sample
from reviewapp.stats.pass_rate.traffic import count_verdicts, counted_traffic, sampled_traffic
from reviewapp.stats.sampling.hash_numbers import hash_number, hash_numbers
from tests.benchmarks.rows import Row, best_of

ITEMS, LABELS, IDS = 10_000_000, 200_000, 200_000
NAMES = ("fail", "pass", "unparsed", "unscored")


def measure() -> list[Row]:
    """Measure every form in which the data may come."""
    rng = np.random.default_rng(1)
    codes = rng.choice(4, ITEMS, p=[0.15, 0.8, 0.01, 0.04]).astype(np.int8)
    chosen = rng.choice(ITEMS, LABELS, replace=False)
    y = (rng.random(LABELS) < np.array([0.3, 0.95, 0.6, 0.8])[codes[chosen]]).astype(np.int8)
    pi = rng.uniform(0.01, 0.5, LABELS)
    session = rng.integers(0, LABELS // 4, LABELS)
    counts = np.bincount(codes, minlength=4)
    judge = codes[chosen]
    upstream = np.full(ITEMS, 0.1)
    segment_of_cell = np.repeat(np.arange(100), 4)
    label_segment = rng.integers(0, 100, LABELS)

    def from_counts() -> None:
        post_stratified(counted_traffic(counts, NAMES), labelled_sample(y, pi, judge=judge))

    def from_codes() -> None:
        post_stratified(count_verdicts(codes, NAMES), labelled_sample(y, pi, judge=judge))

    def from_sessions() -> None:
        sample = labelled_sample(y, pi, judge=judge, cluster=session)
        post_stratified(counted_traffic(counts, NAMES), sample, population="process")

    def from_upstream() -> None:
        post_stratified(sampled_traffic(codes, upstream, NAMES), labelled_sample(y, pi, judge=judge))

    def by_segment() -> None:
        names = [f"{segment}/{name}" for segment in range(100) for name in NAMES]
        traffic = counted_traffic(np.tile(counts // 100, 100), names)
        sample = labelled_sample(y, pi, judge=label_segment * 4 + judge)
        post_stratified_segments(traffic, sample, segment_of_cell)

    floor = best_of(3, lambda: np.bincount(codes, minlength=4))
    what = "default estimate, 10 M items, 200 k labels"
    rows = [
        Row(f"{what}: {form}", f"{best_of(3, work):.3f} s", beside, "≤ 1 s")
        for form, work, beside in (
            ("N per verdict cell", from_counts, "–"),
            ("10 M verdict codes", from_codes, f"counting alone {floor:.3f} s"),
            ("process, 50 k sessions", from_sessions, "–"),
            ("10 M upstream probabilities", from_upstream, f"counting alone {floor:.3f} s"),
            ("100 segments × 4 verdicts", by_segment, "–"),
        )
    ]
    return [*rows, *_hash_rows()]


def _hash_rows() -> list[Row]:
    ids = [f"request-{i:012d}" for i in range(IDS)]
    encoded = [f"salt\x1f{record_id}".encode() for record_id in ids]
    many = best_of(3, lambda: hash_numbers("salt", ids))
    single = best_of(3, lambda: [hash_number("salt", record_id) for record_id in ids])
    bare = best_of(3, lambda: [hashlib.sha256(data).digest() for data in encoded])
    beside = f"bare SHA-256 {IDS / bare / 1e6:.2f} M ids/s"
    return [
        Row("hash numbers, one batch", f"{IDS / many / 1e6:.2f} M ids/s", beside),
        Row("hash numbers, one call each", f"{IDS / single / 1e6:.2f} M ids/s", beside),
    ]
