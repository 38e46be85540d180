"""Worlds of items with a known truth, sent, drawn, queued and answered through the public API in several designs."""

import random
import sys
from dataclasses import dataclass, field

from reviewapp.stats.sampling.hash_numbers import hash_number
from tests.sampling.lines import item, ndjson

NDJSON = {"content_type": "application/x-ndjson"}
N = 320
DESIGNS = ("uniform", "flagged", "uncertainty", "backlog", "skipping")
PLANS = {
    "uniform": {"base_rate": 0.4, "rules": []},
    "flagged": {
        "base_rate": 0.15,
        "rules": [{"name": "flagged", "when": {"metadata.flag": {"eq": True}}, "rate": 0.8}],
    },
    # Bands of doubt, as a rule-based plan writes π ∝ sqrt(p (1 - p)) with a floor.
    "uncertainty": {
        "base_rate": 0.2,
        "rules": [
            {"name": "some doubt", "when": {"confidence": {"lt": 0.9}}, "rate": 0.4},
            {"name": "much doubt", "when": {"confidence": {"lt": 0.7}}, "rate": 0.8},
        ],
    },
    "backlog": {"base_rate": 0.5, "rules": []},
    "skipping": {"base_rate": 0.5, "rules": []},
}


def report(line):
    """Print a figure of a simulation, for the documentation."""
    sys.stdout.write(f"{line}\n")


@dataclass(frozen=True)
class Sent:
    """One item: what was sent of it, and its truth."""

    name: str
    verdict: str
    passes: int
    flagged: bool
    confidence: float


@dataclass
class World(list):
    """The items, their design, and the names of those that were answered."""

    design: str = ""
    answered: set = field(default_factory=set)
    verdicts = ("pass", "fail")


def draw_world(design, seed, n=N):
    """Return items: 80 % pass; the judge is right on 85 % of passes and 70 % of fails; what it fails is flagged."""
    chance = random.Random(f"{design} {seed}")
    world = World(design=design)
    for k in range(n):
        passes = int(chance.random() < 0.8)
        right = chance.random() < (0.85 if passes else 0.7)
        verdict = "pass" if right == bool(passes) else "fail"
        doubt = chance.random() * (0.5 if verdict == "fail" else 0.25)
        world.append(Sent(f"{seed}-{k}", verdict, passes, verdict == "fail", round(1 - doubt, 3)))
    return world


def probability(each, design):
    """π of an item, by this file's own reading of the plan."""
    if design == "flagged":
        return 0.8 if each.flagged else 0.15
    if design == "uncertainty":
        return 0.8 if each.confidence < 0.7 else 0.4 if each.confidence < 0.9 else 0.2
    return PLANS[design]["base_rate"]


def send_design(lead, reviewer, design, *, seed, salt):
    """Send a world through the API: plan, items, verdicts on all of them, and answers as the design has it.

    In most designs everything is answered by import. A backlog is claimed from the queue until six in ten are answered;
    where people skip, every second item that the judge fails is left out.
    """
    world = draw_world(design, seed)
    lead.put("/projects/helpdesk/plan", PLANS[design])
    items = [
        item(each.name, metadata={"flag": each.flagged}, confidence=each.confidence, system_version="v1")
        for each in world
    ]
    drawn = lead.post("/projects/helpdesk/items", ndjson(*items), **NDJSON)["drawn"]
    send_verdicts(lead, world)
    by_name = {each.name: each for each in world}
    if design == "backlog":
        world.answered = answer_from_queue(reviewer, by_name, round(drawn * 0.6))
    else:
        names = [each.name for each in world if hash_number(salt, each.name) < probability(each, design)]
        assert len(names) == drawn
        world.answered = {n for n in names if design != "skipping" or by_name[n].verdict == "pass" or int(n[-1]) % 2}
        lines = [
            {"external_id": name, "reviewer": "zoe", "answers": {"verdict": "pass" if by_name[name].passes else "fail"}}
            for name in sorted(world.answered)
        ]
        assert lead.post("/projects/helpdesk/labels/import", ndjson(*lines), **NDJSON)["rejected"] == 0
    return world


def send_verdicts(lead, world):
    """Import the judge's verdicts on all items."""
    verdicts = [
        {"external_id": each.name, "judge": "j", "judge_version": "1", "answers": {"verdict": each.verdict}}
        for each in world
    ]
    assert lead.post("/projects/helpdesk/verdicts/import", ndjson(*verdicts), **NDJSON)["rejected"] == 0


def answer_from_queue(reviewer, by_name, how_many):
    """Claim and answer that many tasks, one after the other, as the queue serves them; their names in that order."""
    answered = {}
    (task,) = reviewer.post("/projects/helpdesk/tasks/claim", {"count": 1})["tasks"]
    while len(answered) < how_many:
        name = task["item"]["external_id"]
        body = {
            "lease": task["lease"]["token"],
            "answers": {"verdict": "pass" if by_name[name].passes else "fail"},
            "submit_id": f"s-{name}",
            "next": int(len(answered) + 1 < how_many),
        }
        (task,) = reviewer.post(f"/tasks/{task['id']}/label", body, status=201)["tasks"] or [None]
        answered[name] = True
    return answered
