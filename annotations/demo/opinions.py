"""What the demo's people and its judge say about an item: mostly the planted truth.

Nobody is right always, and the errors cancel: whoever does not look closely passes as many answers of a version as
deserve it. Were passes and fails mistaken equally often, the labels of a good version would look worse than it is, and
no estimate could tell, since labels are all that it has.
"""

from collections.abc import Sequence
from typing import Any

from annotations.demo.people import Person
from annotations.demo.story import DemoItem, fraction

JUDGE, JUDGE_VERSION = "reply-check", "3"
_UNPARSED = 0.02
_RIGHT = {"pass": 0.95, "fail": 0.75}
_OTHER = {"pass": "fail", "fail": "pass"}


def usual_rates(items: Sequence[DemoItem]) -> dict[str, float]:
    """Return the planted pass rate of each version."""
    found: dict[str, list[bool]] = {}
    for item in items:
        found.setdefault(item.sent["system_version"], []).append(item.verdict == "pass")
    return {version: sum(passed) / len(passed) for version, passed in found.items()}


def say(person: Person, item: DemoItem, usual: dict[str, float]) -> str:
    """Return a person's verdict: the truth where they look closely, else what is usual for the version."""
    name = item.sent["external_id"]
    if fraction(name, person.username, "care") < person.care:
        return item.verdict
    return "pass" if fraction(name, person.username, "habit") < usual[item.sent["system_version"]] else "fail"


def judge_says(item: DemoItem) -> str | None:
    """Return the judge's verdict, None where its reply cannot be read."""
    name = item.sent["external_id"]
    if fraction(name, "judge", "unparsed") < _UNPARSED:
        return None
    is_right = fraction(name, "judge", "right") < _RIGHT[item.verdict]
    return item.verdict if is_right else _OTHER[item.verdict]


def judge_line(item: DemoItem) -> dict[str, Any]:
    """Return the judge's verdict as it is imported."""
    said = judge_says(item)
    return {
        "external_id": item.sent["external_id"],
        "judge": JUDGE,
        "judge_version": JUDGE_VERSION,
        "answers": None if said is None else {"verdict": said},
    }
