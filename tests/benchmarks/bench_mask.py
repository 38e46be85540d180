"""Masking: how long clean text takes, and how well the labelled set is told apart (`tests/masking/corpus`).

Clean text is prose, in one process: first the prefilter by itself, then a whole batch as ingest masks it, writing its
JSON included (which storing needs anyway). Beside it the floor: writing that JSON without masking.
"""

import random
import time
from types import SimpleNamespace

from tests.benchmarks.bench_ingest import WORDS
from tests.benchmarks.rows import Row, best_of
from tests.benchmarks.serving import prepared_database

ITEMS = 2000
RUNS = 7


def measure() -> list[Row]:
    """Return the rows of the table."""
    with prepared_database():
        return [*_speed(), *_quality()]


def _speed() -> list[Row]:
    from sampling.ingest.fields import ItemIn
    from sampling.ingest.masking import mask_batch
    from sampling.mask.prefilter import SUSPICIOUS
    from sampling.mask.recognise import find_all

    rng = random.Random(4)
    texts = [" ".join(rng.choices(WORDS, k=180)) for _ in range(ITEMS)]
    kilobytes = sum(map(len, texts)) / 1024
    joined = "\n".join(texts).encode()
    dense = "Write to anna.smith@example.org or call +49 171 2345678. Order 4711-2023 of 2023-11-02. " * 12

    def batch(masking: str) -> float:
        project = SimpleNamespace(pk=1, masking=masking, masking_patterns=[], sampling_salt="salt")
        items = [ItemIn(external_id=str(n), input="?", output=text) for n, text in enumerate(texts)]
        return best_of(RUNS, lambda: mask_batch(items, project=project))

    prefilter = best_of(RUNS, lambda: SUSPICIOUS.search(joined))
    masked, plain = batch("mask"), batch("off")
    start = time.perf_counter()
    find_all(dense)
    first = time.perf_counter() - start
    found = best_of(RUNS, lambda: find_all(dense))
    return [
        Row("clean text, the prefilter alone", f"{prefilter / kilobytes * 1e3:.4f} ms/KB", target="≤ 0.02 ms/KB"),
        Row(
            "clean text, a whole batch masked",
            f"{(masked - plain) / kilobytes * 1e3:.4f} ms/KB more than writing it",
            f"writing its JSON {plain / kilobytes * 1e3:.4f} ms/KB",
            "≤ 0.02 ms/KB",
        ),
        Row(
            "text full of personal data (2 in 90 characters)",
            f"{found / len(dense) * 1024e3:.2f} ms/KB",
            f"the very first time {first / len(dense) * 1024e3:.0f} ms/KB",
        ),
    ]


def _quality() -> list[Row]:
    from sampling.mask.kinds import Kind
    from tests.masking.corpus import HELD_OUT, LEARNT_FROM, samples
    from tests.masking.scoring import score

    learnt = score(sample for part in LEARNT_FROM for sample in samples(part))
    held_out = score(samples(HELD_OUT))
    rows = []
    for kind in Kind:
        if kind is Kind.CUSTOM:
            continue
        things = held_out.found[kind] + held_out.missed[kind]
        rows.append(
            Row(
                f"{kind}, {things} things held out",
                f"recall {held_out.recall(kind):.4f}, precision {held_out.precision(kind):.4f}",
                f"in what was learnt from: {learnt.recall(kind):.4f}, {learnt.precision(kind):.4f}",
                f"≥ {0.97 if kind is Kind.PHONE else 0.99}, ≥ 0.98",
            )
        )
    return rows
