"""How well masking finds what it should, and only that: counted on the labelled set, kind by kind."""

import pytest

from sampling.mask.kinds import Kind
from tests.masking.corpus import HELD_OUT, LEARNT_FROM, samples
from tests.masking.scoring import STRUCTURED, score


@pytest.fixture(scope="module", params=[*LEARNT_FROM, HELD_OUT])
def counted(request):
    return score(samples(request.param, things=200, alike=15))


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.CUSTOM])
def test_each_kind_is_found_and_nothing_else_is_taken_for_it(counted, kind):
    assert counted.found[kind] >= 190
    wrong = "\n".join(line for line in counted.wrong if f" {kind} " in line)
    assert counted.recall(kind) >= (0.97 if kind is Kind.PHONE else 0.99), wrong
    assert counted.precision(kind) >= 0.98, wrong


def test_the_structured_kinds_together(counted):
    assert counted.recall(*STRUCTURED) >= 0.99
    assert counted.precision(*STRUCTURED) >= 0.98
