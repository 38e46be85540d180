"""From ingest to the estimate through the public API, against weights, response cells and verdict cells counted here.

Each design draws, serves and answers differently; the estimate has to be the one that this file works out from what was
sent, the salt and who answered, without a line of the code under test.
"""

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest

from annotations.datasets.candidates import stream_candidates
from annotations.datasets.recipe import Recipe
from annotations.quality.asked import Window, get_question
from annotations.quality.votes import read_votes
from reviewapp.stats.sampling.hash_numbers import hash_number
from sampling.models import Item
from tests.estimates.designs import (
    DESIGNS,
    NDJSON,
    answer_from_queue,
    draw_world,
    probability,
    send_design,
    send_verdicts,
)
from tests.sampling.lines import item, ndjson

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
    sliced = lea.get("/projects/helpdesk/slices?pairs=false")
    assert sliced["failure_rate"]["value"] == pytest.approx(1 - alone, abs=1e-9), "where it fails, by the same weights"
    behind = lea.get(f"{URL}?segment=metadata.flag")
    assert sum(each["n_traffic"] for each in behind["segments"]) == len(world)


URGENT = {
    "base_rate": 0.45,
    "rules": [
        {"name": "flagged", "when": {"metadata.flag": {"eq": True}}, "rate": 0.7, "urgent": True},
        {"name": "complaint", "when": {"feedback": {"lt": 0}}, "rate": 1, "urgent": True},
        {"name": "also flagged", "when": {"metadata.flag": {"eq": True}}, "rate": 0.2, "urgent": False},
    ],
}


def test_urgent_work_is_served_in_turn_and_weighted_by_the_response_of_its_lane(cast, project, api_of):
    """Some items are urgent on arrival, others by a complaint after it: what of both is drawn is one lane."""
    lea, rui, salt = api_of(cast.lea), api_of(cast.rui), project.sampling_salt
    world = [replace(each, passes=each.passes * (k % 6 > 0)) for k, each in enumerate(draw_world("urgent", 0, 640))]
    flagged, complained = {each.name for each in world[::6]}, {each.name for each in world[1::39]} - {world[0].name}
    lea.put("/projects/helpdesk/plan", URGENT)
    rules = lea.get("/projects/helpdesk/plan")["rules"]
    assert [rule.get("urgent") for rule in rules] == [True, True, None]
    items = [item(each.name, metadata={"flag": each.name in flagged}) for each in world]
    lea.post("/projects/helpdesk/items", ndjson(*items), **NDJSON)
    for name in sorted(complained):
        lea.post("/projects/helpdesk/feedback", {"external_id": name, "value": -1}, status=201)
    send_verdicts(lea, world)
    previewed = lea.post("/projects/helpdesk/plan/preview", URGENT)["urgent"]

    urgent = flagged | complained
    chances = {e.name: 1.0 if e.name in complained else 0.7 if e.name in flagged else 0.45 for e in world}
    drawn = [each for each in world if hash_number(salt, each.name) < chances[each.name]]
    by_name = {each.name: each for each in world}
    n_urgent = sum(each.name in urgent for each in drawn)
    assert previewed["n_items"] == len(urgent)
    assert previewed["expected"] == pytest.approx(sum(chances[name] for name in urgent))
    answered = []
    for more in (100, n_urgent + 10):  # first neither lane is through, then one is
        answered += answer_from_queue(rui, by_name, more)
        lanes = ["u" if name in urgent else "e" for name in answered]
        in_turn = min(n_urgent, (len(answered) + 1) // 2)
        assert "".join(lanes) == ("ue" * in_turn)[: len(answered)] + "e" * (len(answered) - 2 * in_turn)
        for lane in "ue":  # each is served by u/π alone
            ranks = [hash_number(salt, n) / chances[n] for n, own in zip(answered, lanes, strict=True) if own == lane]
            assert ranks == sorted(ranks)
        found = lea.get(URL)
        theta, alone = computed_by_lane(world, drawn, chances, urgent, set(answered))
        assert found["design"]["n_labelled"] == len(answered)
        assert found["estimate"]["value"] == pytest.approx(theta, abs=1e-9)
        assert found["labels_only"]["value"] == pytest.approx(alone, abs=1e-9)
        votes = read_votes(Window(project.pk), get_question(project.pk, None), weighted=True)
        share = {of: np.mean([e.name in answered for e in drawn if (e.name in urgent) == of]) for of in (True, False)}
        names = dict(Item.objects.values_list("pk", "external_id"))
        assert votes.weight == pytest.approx(
            [1 / chances[n] / share[n in urgent] for n in (names[votes.item_ids[at]] for at in votes.labels.item)]
        )
        overall = len(answered) / len(drawn)
        for row in stream_candidates(project.pk, Recipe()):
            name = row.external_id
            assert row.weight == pytest.approx(overall / share[name in urgent] / chances[name])


def computed_by_lane(world, drawn, chances, urgent, answered):
    """The same as `computed`, with r of verdict and lane."""
    cells = defaultdict(lambda: [0, 0])
    for each in drawn:
        cells[each.name in urgent, each.verdict][0] += each.name in answered
        cells[each.name in urgent, each.verdict][1] += 1
    assert all(tasks >= 20 for _, tasks in cells.values()), "cells under twenty would be merged"
    sums = defaultdict(lambda: [0.0, 0.0])
    for each in drawn:
        if each.name in answered:
            done, tasks = cells[each.name in urgent, each.verdict]
            weight = tasks / done / chances[each.name]
            sums[each.verdict][0] += weight * each.passes
            sums[each.verdict][1] += weight
    share = {verdict: sum(each.verdict == verdict for each in world) / len(world) for verdict in sums}
    alone = sum(passed for passed, _ in sums.values()) / sum(weight for _, weight in sums.values())
    return sum(share[verdict] * passed / weight for verdict, (passed, weight) in sums.items()), alone
