"""From ingest to the estimate through the public API, against weights, response cells and verdict cells counted here.

Each design draws, serves and answers differently; the estimate has to be the one that this file works out from what was
sent, the salt and who answered, without a line of the code under test.
"""

from collections import defaultdict

import pytest

from reviewapp.stats.sampling.hash_numbers import hash_number
from tests.estimates.designs import DESIGNS, probability, send_design

URL = "/projects/helpdesk/pass-rate"


def computed(world, salt, answered):
    """θ = Σ_v N_v/N · Σ w y/Σ w with w = 1/(π r_v), all items having arrived within one hour."""
    drawn = [each for each in world if hash_number(salt, each.name) < probability(each, world.design)]
    response = {v: [sum(each.name in answered for each in drawn if each.verdict == v), 0] for v in world.verdicts}
    for each in drawn:
        response[each.verdict][1] += 1
    assert all(tasks >= 20 for _, tasks in response.values()), "cells under twenty would be merged"
    sums = defaultdict(lambda: [0.0, 0.0])
    for each in drawn:
        if each.name in answered:
            done, tasks = response[each.verdict]
            weight = 1 / (probability(each, world.design) * done / tasks)
            sums[each.verdict][0] += weight * each.passes
            sums[each.verdict][1] += weight
    sizes = {v: sum(each.verdict == v for each in world) for v in world.verdicts}
    theta = sum(sizes[v] / len(world) * sums[v][0] / sums[v][1] for v in world.verdicts)
    alone = sum(s[0] for s in sums.values()) / sum(s[1] for s in sums.values())
    pile = [each.passes for each in drawn if each.name in answered]
    return theta, alone, sum(pile) / len(pile), len(drawn), len(pile)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 20))])
def test_the_estimate_is_the_one_computed_from_what_was_sent(design, seed, cast, project, api_of):
    project.sampling_salt = f"salt {seed}"
    project.save()
    lea, rui = api_of(cast.lea), api_of(cast.rui)
    world = send_design(lea, rui, design, seed=seed, salt=project.sampling_salt)
    found = lea.get(URL)
    theta, alone, pile, n_drawn, n_labelled = computed(world, project.sampling_salt, world.answered)
    assert (found["design"]["n_drawn"], found["design"]["n_labelled"]) == (n_drawn, n_labelled)
    assert found["judge"] == "j"
    assert found["estimate"]["value"] == pytest.approx(theta, abs=1e-9)
    assert found["labels_only"]["value"] == pytest.approx(alone, abs=1e-9)
    assert found["unweighted"]["value"] == pytest.approx(pile, abs=1e-9)
    assert found["estimate"]["low"] <= theta <= found["estimate"]["high"]
    assert found["design"]["response_rate"] == pytest.approx(n_labelled / n_drawn)
    assert (found["design"]["worst_case"] is None) == (n_labelled >= 0.9 * n_drawn)
    behind = lea.get(f"{URL}?segment=metadata.flag")
    assert sum(each["n_traffic"] for each in behind["segments"]) == len(world)
