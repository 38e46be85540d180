"""The demo's content as production would have sent it, and the planted truth that only the demo knows."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

CONTENT = Path(__file__).parent / "content"
DAYS = 14

# What each version is like besides its answers: the newer one thinks longer and costs more.
_VERSIONS: dict[str, dict[str, Any]] = {
    "assistant-1.4": {
        "model": "small-3",
        "prompt_version": "support-12",
        "latency": 900,
        "usd_per_mtok": 0.6,
        "finds": 0.3,
    },
    "assistant-2.0": {
        "model": "medium-4",
        "prompt_version": "support-15",
        "latency": 1900,
        "usd_per_mtok": 2.4,
        "finds": 0.75,
    },
}
# How often each is right about its own answer.
_FINDS = {"assistant-1.4": {"pass": 0.98, "fail": 0.3}, "assistant-2.0": {"pass": 0.98, "fail": 0.75}}


@dataclass(frozen=True, slots=True)
class DemoItem:
    """One item as sent in, with the truth that was planted in it."""

    sent: dict[str, Any]
    occurred_at: datetime
    verdict: str
    fault: str | None


def read_guidelines() -> str:
    """Return the reviewing guidelines, Markdown."""
    return (CONTENT / "guidelines.md").read_text(encoding="utf-8")


def read_rubric() -> dict[str, Any]:
    """Return the rubric's body with the guidelines in it."""
    body: dict[str, Any] = json.loads((CONTENT / "rubric.json").read_text(encoding="utf-8"))
    return {"guidelines": read_guidelines(), **body}


@cache
def read_notes() -> dict[str, list[str]]:
    """Return what people write about each planted fault."""
    notes: dict[str, list[str]] = json.loads((CONTENT / "notes.json").read_text(encoding="utf-8"))
    return notes


def fraction(*parts: str) -> float:
    """Return a number in [0, 1) that depends on nothing but its parts: the demo is the same on every machine."""
    data = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return int.from_bytes(data[:6], "big") / 2**48


def list_items(now: datetime) -> list[DemoItem]:
    """Return the demo's items in order of time, spread over the two weeks before now, busier by day."""
    return sorted((_dressed(line, now) for line in _lines()), key=lambda item: item.occurred_at)


def read_truths() -> Iterator[tuple[str, str]]:
    """Yield each answer with the verdict that was planted in it."""
    for line in _lines():
        yield line["output"], line["truth"]["verdict"]


def _lines() -> Iterator[dict[str, Any]]:
    for path in sorted(CONTENT.glob("items_*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


def _dressed(line: dict[str, Any], now: datetime) -> DemoItem:
    name = line["external_id"]
    version = _VERSIONS[line["system_version"]]
    truth = line["truth"]
    occurred_at = _moment(name, now)
    asked, answered = _tokens(line["input"], line["context"]), _tokens(line["output"])
    # The assistant is somewhat less sure where it is wrong: enough for a plan to use, far from enough to trust.
    doubt = 0.45 * fraction(name, "doubt") + (0.25 * fraction(name, "wrong") if truth["verdict"] == "fail" else 0)
    sent = {
        "external_id": name,
        "input": line["input"],
        "output": line["output"],
        "context": line["context"],
        "occurred_at": occurred_at.isoformat(),
        "system": "support-assistant",
        "system_version": line["system_version"],
        "model": version["model"],
        "prompt_version": version["prompt_version"],
        # Whether it would send the reply without a person: what shadow mode compares with the desk.
        "decision": decide(name, "own check", truth["verdict"], _FINDS[line["system_version"]]),
        "confidence": round(0.99 - doubt, 3),
        "latency_ms": round(version["latency"] * (0.6 + fraction(name, "latency")) + 9 * answered),
        "input_tokens": asked,
        "output_tokens": answered,
        "cost_usd": round((asked + 4 * answered) * version["usd_per_mtok"] / 1e6, 6),
        "session_ref": f"session-{name[3:]}",
        "metadata": {"topic": line["topic"], "language": line["language"], "channel": line["channel"]},
    }
    if fraction(name, "asked for feedback") < 0.2:
        happy = fraction(name, "feedback") < (0.85 if truth["verdict"] == "pass" else 0.35)
        sent["feedback"] = 1 if happy else -1
    return DemoItem(
        sent={field: value for field, value in sent.items() if value is not None},
        occurred_at=occurred_at,
        verdict=truth["verdict"],
        fault=truth["fault"],
    )


def decide(name: str, who: str, truth: str, finds: dict[str, float]) -> str:
    """Return pass or fail as somebody decides who finds the truth so often."""
    is_right = fraction(name, who, "finds") < finds[truth]
    return truth if is_right else {"pass": "fail", "fail": "pass"}[truth]


def _moment(name: str, now: datetime) -> datetime:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    day = midnight - timedelta(days=1 + int(DAYS * fraction(name, "day")))
    # Between seven in the morning and ten at night, mostly around noon.
    hours = 7 + 15 * (fraction(name, "hour") + fraction(name, "another hour")) / 2
    return day + timedelta(hours=hours)


def _tokens(*texts: Any) -> int:
    return 1 + sum(len(json.dumps(text, ensure_ascii=False)) for text in texts if text is not None) // 4
