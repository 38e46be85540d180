"""Span agreement: the fixture, matching that is largest and symmetric, and the jackknife over documents."""

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewapp.stats.agreement.character_alpha import character_alpha, character_f1
from reviewapp.stats.agreement.spans import Span, SpanDocument, count_matches, pair_f1, span_f1
from tests.stats.reference import vector

FIXTURE = vector("span_agreement_fixture")
ADA = tuple(Span(*span) for span in FIXTURE["inputs"]["annotator_a"])
BEA = tuple(Span(*span) for span in FIXTURE["inputs"]["annotator_b"])
DOCUMENT = SpanDocument(FIXTURE["inputs"]["doc_length"], {"Ada": ADA, "Bea": BEA})
MATCHINGS = {"exact": "exact_f1", "typed_overlap": "iou50_typed_f1", "untyped_overlap": "iou50_untyped_f1"}


@pytest.mark.parametrize("matching", MATCHINGS)
def test_the_fixture_by_spans(matching):
    expected = FIXTURE["expected"][MATCHINGS[matching]]
    assert span_f1([DOCUMENT], matching).value == pytest.approx(expected, abs=1e-12)
    assert pair_f1(ADA, BEA, matching) == pytest.approx(expected, abs=1e-12)


def test_the_fixture_by_characters():
    expected = FIXTURE["expected"]
    assert character_f1([DOCUMENT]).value == pytest.approx(expected["char_typed_f1"], abs=1e-12)
    alpha = character_alpha([DOCUMENT])
    assert alpha.estimate.value == pytest.approx(expected["char_krippendorff_alpha_nominal"], abs=1e-12)
    # Of two annotators the observed nominal disagreement is what percent agreement leaves.
    assert 1 - alpha.observed_disagreement == pytest.approx(expected["char_raw_agreement"], abs=1e-12)


def test_matching_is_the_largest_where_greedy_would_fall_short():
    # The first long span fits both of Bea's, the short one only her first: taking the first fit for the long span
    # leaves the short one alone.
    long, short = Span(0, 10, "X"), Span(0, 6, "X")
    assert count_matches([long, short], [Span(0, 7, "X"), Span(2, 12, "X")], "typed_overlap") == 2


def test_half_an_overlap_is_enough_and_less_is_not():
    assert count_matches([Span(0, 10, "X")], [Span(0, 5, "Y")], "untyped_overlap") == 1
    assert count_matches([Span(0, 10, "X")], [Span(0, 4, "Y")], "untyped_overlap") == 0
    assert count_matches([Span(0, 10, "X")], [Span(0, 5, "Y")], "typed_overlap") == 0


def test_the_same_span_twice_matches_once_for_each():
    twice = [Span(0, 3, "X")] * 2
    assert count_matches(twice, [Span(0, 3, "X")], "exact") == 1
    assert count_matches(twice, twice, "exact") == 2


def test_empty_annotations():
    assert pair_f1([], [], "exact") == 1.0
    assert pair_f1(ADA, [], "exact") == 0.0


spans = st.lists(
    st.builds(
        lambda start, size, kind: Span(start, start + size, kind),
        st.integers(0, 12),
        st.integers(1, 8),
        st.sampled_from("XY"),
    ),
    max_size=5,
)


@pytest.mark.parametrize("matching", MATCHINGS)
@settings(max_examples=60, deadline=None)
@given(first=spans, second=spans, seed=st.integers(0, 9))
def test_matching_is_symmetric_and_knows_no_order(matching, first, second, seed):
    found = count_matches(first, second, matching)
    shuffled = [second[i] for i in np.random.default_rng(seed).permutation(len(second))]
    assert found == count_matches(second, first, matching) == count_matches(first, shuffled, matching)
    assert 0 <= found <= min(len(first), len(second))
    assert count_matches(first, first, matching) == len(first)


documents = st.lists(
    st.builds(
        lambda notes: SpanDocument(20, dict(zip("abc", notes, strict=False))), st.lists(spans, min_size=2, max_size=3)
    ),
    min_size=2,
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(found=documents)
def test_character_alpha_is_that_of_the_krippendorff_package_on_single_characters(found):
    rows = {}
    columns = []
    for document in found:
        for position in range(document.length):
            column = {}
            for name, notes in document.annotations.items():
                kinds = frozenset(span.type for span in notes if span.start <= position < span.end)
                column[name] = rows.setdefault(kinds, len(rows))
            columns.append([column.get(name, np.nan) for name in "abc"])
    alpha = character_alpha(found)
    if len(rows) == 1:
        assert alpha.estimate.undefined == "single_category"
    else:
        expected = krippendorff.alpha(np.array(columns, dtype=float).T, level_of_measurement="nominal")
        assert alpha.estimate.value == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("measure", [character_alpha, character_f1, lambda d, **k: span_f1(d, "exact", **k)])
@settings(max_examples=40, deadline=None)
@given(found=documents, weight=st.lists(st.floats(1, 9), min_size=4, max_size=4))
def test_the_jackknife_leaves_out_documents(measure, found, weight):
    w = np.array(weight[: len(found)])

    def estimate(rows):
        result = measure([found[i] for i in rows], document_weight=w[rows])
        return getattr(result, "estimate", result)

    n = len(found)
    every = estimate(np.arange(n))
    if every.undefined:
        return
    left_out = [estimate(np.delete(np.arange(n), i)) for i in range(n)]
    if any(one.undefined for one in left_out):
        assert every.warnings[-1] == "rests_on_one_item"
        return
    theta = np.array([one.value for one in left_out])
    pseudo = n * every.value - (n - 1) * theta
    half = {2: 12.7062047, 3: 4.3026527, 4: 3.1824463}[n] * pseudo.std(ddof=1) / np.sqrt(n)
    if every.low is None:
        assert half < 1e-8
    else:
        lowest = -np.inf if every.method.startswith("character_alpha") else 0.0
        assert every.low == pytest.approx(max(lowest, every.value - half), abs=1e-6)
        assert every.high == pytest.approx(min(1.0, every.value + half), abs=1e-6)


def test_documents_that_one_person_annotated_do_not_count():
    alone = SpanDocument(60, {"Ada": ADA})
    assert span_f1([DOCUMENT, alone], "exact").n == 1
    assert character_alpha([DOCUMENT, alone]).estimate.n == 1
    weighted = character_alpha([alone, DOCUMENT], document_weight=[9, 2])
    assert weighted.estimate.value == pytest.approx(FIXTURE["expected"]["char_krippendorff_alpha_nominal"])


def test_micro_over_three_annotators_by_hand():
    # Pairs: Ada-Bea 1 match of 2 + 1 spans, Ada-Cem 1 of 2 + 2, Bea-Cem 1 of 1 + 2: F1 = 2·3 / (3 + 4 + 3) = .6.
    a, b, c = Span(0, 2, "X"), Span(4, 6, "X"), Span(8, 9, "Y")
    document = SpanDocument(10, {"Ada": [a, b], "Bea": [a], "Cem": [a, c]})
    assert span_f1([document], "exact").value == pytest.approx(0.6)


@pytest.mark.parametrize("measure", [character_alpha, character_f1, lambda d, **k: span_f1(d, "exact", **k)])
def test_no_evidence_is_no_estimate(measure):
    def reason(documents, **more):
        result = measure(documents, **more)
        return getattr(result, "estimate", result).undefined

    empty = SpanDocument(9, {"Ada": (), "Bea": ()})
    assert reason([]) == "no_items"
    assert reason([SpanDocument(9, {"Ada": ADA[:1]})]) == "no_pairs"
    assert reason([empty]) == ("single_category" if measure is character_alpha else "no_labels")
    assert reason([DOCUMENT], population="window") == "unknown_inclusion_probability"
    assert reason([DOCUMENT, DOCUMENT], population="window", document_weight=[2, 2]) is None


@pytest.mark.parametrize("measure", [character_alpha, character_f1])
@pytest.mark.parametrize("weight", [[1], [1, 0], [1, -2]])
def test_weights_that_cannot_be_are_refused(measure, weight):
    with pytest.raises(ValueError, match="weight"):
        measure([DOCUMENT, DOCUMENT], document_weight=weight)


def test_documents_that_agree_alike_have_no_interval():
    assert span_f1([DOCUMENT, DOCUMENT], "exact").warnings == ("zero_variance",)
    assert character_alpha([DOCUMENT]).estimate.warnings == ("one_item",)


@pytest.mark.parametrize("span", [(-1, 2), (3, 3), (5, 11)])
def test_spans_outside_the_document_are_refused(span):
    with pytest.raises(ValueError, match="lie in"):
        SpanDocument(10, {"Ada": [Span(*span, "X")]})


def test_a_document_without_characters_is_refused():
    with pytest.raises(ValueError, match="character"):
        SpanDocument(0, {})
