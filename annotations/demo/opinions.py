"""What the demo's people and its judges say about an item: mostly the planted truth.

Of the judges that run elsewhere one is worth using, and one is not: it looks at the tone alone, which tells nothing
about the answer. `judging.py` has one that runs here.

Nobody is right always, and the errors cancel: whoever does not look closely passes as many answers of a version as
deserve it. Were passes and fails mistaken equally often, the labels of a good version would look worse than it is, and
no estimate could tell, since labels are all that it has.
"""

from collections.abc import Sequence
from typing import Any

from annotations.demo.people import Person
from annotations.demo.story import DemoItem, fraction, read_notes

JUDGE, JUDGE_VERSION = "reply-check", "3"
_UNPARSED = 0.02
_RIGHT = {"pass": 0.95, "fail": 0.75}
TONE_JUDGE, TONE_VERSION = "tone-check", "1"
_TONE_JUDGED, _TONE_PASSES = 0.9, 0.8
_WHY = {
    "pass": "It answers what was asked, and agrees with the policy.",
    "fail": "Something in it does not agree with the policy.",
}
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


def judge_lines(item: DemoItem) -> list[dict[str, Any]]:
    """Return the judges' verdicts as they are imported."""
    name, said = item.sent["external_id"], judge_says(item)
    line: dict[str, Any] = {"external_id": name, "judge": JUDGE, "judge_version": JUDGE_VERSION, "answers": None}
    if said is None:
        lines = [{**line, "raw": "I would say that this reply is"}]
    else:
        # Surer of itself than it may be.
        score = 0.75 + 0.24 * fraction(name, "judge", "sure")
        lines = [
            {
                **line,
                "answers": {"verdict": said},
                "score": round(score if said == "pass" else 1 - score, 3),
                "rationale": _why(item, said),
            }
        ]
    if fraction(name, "tone", "judged") < _TONE_JUDGED:
        polite = fraction(name, "tone", "warm") < _TONE_PASSES
        lines.append(
            {
                "external_id": name,
                "judge": TONE_JUDGE,
                "judge_version": TONE_VERSION,
                "answers": {"verdict": "pass" if polite else "fail"},
                "rationale": "Polite and friendly." if polite else "Rather short.",
            }
        )
    return lines


def _why(item: DemoItem, said: str) -> str:
    return read_notes()[item.fault][0] if said == "fail" and item.fault else _WHY[said]
