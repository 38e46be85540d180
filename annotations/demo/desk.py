"""The demo's desk: before a reply is sent, the assistant says whether it may be, and people decide some of them, too.

Most of the people do not see what the assistant said. A few did, and some changed their mind: the page of shadow mode
counts them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from annotations.demo.story import DemoItem, decide, fraction
from annotations.imports.decisions import import_decisions, put_feed
from annotations.models.decisions import Coverage
from annotations.shadow.rules import Cost, RuleSpec, set_rule
from reviewapp.accounts.access import Access
from reviewapp.http.lines import Line

FEED = "desk"
_SHARE = 0.6
_DECIDERS = ("marta", "joris", "sam")
_FINDS = {"pass": 0.98, "fail": 0.85}
_SAW_IT, _CHANGED = 0.06, 0.04
# To send a wrong reply costs more than to have a person look at a right one.
_RULE = RuleSpec(
    costs=[Cost(human="fail", ai="pass", cost=12), Cost(human="pass", ai="fail", cost=1)],
    bar=0.8,
    show_output=True,
)


def open_desk(access: Access, *, now: datetime) -> None:
    """Say how decisions are compared, and that the desk decides six of ten replies, chosen by chance."""
    set_rule(access, spec=_RULE, now=now)
    put_feed(
        project=access.project,
        name=FEED,
        coverage=Coverage.PROBABILITY,
        probability=_SHARE,
        actor=access.actor,
        now=now,
    )


def decide_replies(access: Access, items: Sequence[DemoItem]) -> None:
    """Send the desk's decisions about a day's replies in, an hour after the last of them."""
    lines = [line for item in items for line in _lines(item)]
    now = items[-1].occurred_at + timedelta(hours=1)
    numbered = [Line(number, line) for number, line in enumerate(lines, 1)]
    result = import_decisions(project=access.project, feed=FEED, lines=numbered, actor=access.actor, now=now)
    if result.rejected:
        raise RuntimeError(f"the demo's own decisions were refused: {result.errors[0]}")


def _lines(item: DemoItem) -> list[dict[str, Any]]:
    name = item.sent["external_id"]
    if fraction(name, FEED) >= _SHARE:
        return []
    person = _DECIDERS[int(len(_DECIDERS) * fraction(name, FEED, "who"))]
    said = decide(name, FEED, item.verdict, _FINDS)
    at = item.occurred_at + timedelta(minutes=2 + 40 * fraction(name, FEED, "when"))
    line = {
        "external_id": name,
        "decision": said,
        "decider": person,
        "decided_at": at.isoformat(),
        "duration_ms": round(20_000 + 70_000 * fraction(name, FEED, "time")),
        "assisted": fraction(name, FEED, "saw it") < _SAW_IT,
    }
    if fraction(name, FEED, "changed") < _CHANGED:
        other = {**line, "decision": "fail" if said == "pass" else "pass"}
        return [other, {**line, "decided_at": (at + timedelta(minutes=9)).isoformat()}]
    return [line]
