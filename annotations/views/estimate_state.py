"""What the address of the Estimates page says: which question, which traffic, split by what, looked at how."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import orjson
from django.http import HttpRequest
from django.urls import reverse

from annotations.estimates.series import Period
from annotations.quality.asked import Window
from reviewapp.accounts.access import Access
from reviewapp.http.errors import FieldError, InvalidError
from reviewapp.stats.estimate import Population
from sampling.plans.filters import AllOf, Filter
from sampling.views.filter_field import read_filter
from sampling.views.list_state import ListState

SEGMENT = "system_version"
NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class EstimateState:
    """The state of the page; texts as they were typed. `segment` empty stands for the usual one."""

    slug: str
    question: str = ""
    where: str = ""
    start: str = ""
    end: str = ""
    segment: str = ""
    population: Population = "window"
    by: Period = "day"
    judge: str = ""
    a: str = ""
    b: str = ""

    @classmethod
    def of(cls, request: HttpRequest, access: Access) -> "EstimateState":
        """Return what the request's address says."""
        given = request.GET
        return cls(
            slug=access.project.slug,
            question=given.get("question", ""),
            where=given.get("where", "").strip(),
            start=given.get("from", "").strip(),
            end=given.get("to", "").strip(),
            segment=given.get("segment", "").strip(),
            population="process" if given.get("population") == "process" else "window",
            by="week" if given.get("by") == "week" else "day",
            judge=given.get("judge", ""),
            a=given.get("a", ""),
            b=given.get("b", ""),
        )

    @property
    def split(self) -> str | None:
        """The fact that the traffic is split by, None for nothing."""
        return None if self.segment == NOTHING else self.segment or SEGMENT

    @property
    def compare(self) -> str | None:
        """The two parts to compare, where both are named."""
        return f"{self.split}:{self.a},{self.b}" if self.split and self.a and self.b and self.a != self.b else None

    def filter(self) -> Filter:
        """Return the filter, or raise InvalidError."""
        return read_filter(self.where, name="where")

    def window(self, project_id: int) -> Window:
        """Return the traffic that is asked about; `to` is the last day of it. Raises InvalidError."""
        end = _day(self.end, "to")
        return Window(
            project_id,
            start=_day(self.start, "from"),
            end=None if end is None else end + timedelta(days=1),
            where=AllOf((self.filter(),)) if self.where else self.filter(),
            segment=self.split,
        )

    def judge_named(self) -> tuple[str | None, str | None]:
        """Return judge and version, a dot between them: a judge's name has none."""
        name, _, version = self.judge.partition(".")
        return (name, version or None) if name else (None, None)

    def parameters(self, **more: Any) -> dict[str, str]:
        """Return the state as parameters of an address, what is usual left out."""
        said = {
            "question": self.question,
            "where": self.where,
            "from": self.start,
            "to": self.end,
            "segment": self.segment,
            "population": "" if self.population == "window" else self.population,
            "by": "" if self.by == "day" else self.by,
            "judge": self.judge,
            "a": self.a,
            "b": self.b,
            **more,
        }
        return {name: str(value) for name, value in said.items() if value}

    def url(self, **more: Any) -> str:
        """Return the page's address in this state."""
        return _address(reverse("estimates", args=[self.slug]), self.parameters(**more))

    def labels_url(self, **more: Any) -> str:
        """Return where the labels behind a figure are listed."""
        return _address(reverse("estimate_labels", args=[self.slug]), replace(self, a="", b="").parameters(**more))

    def items_url(self, *parts: dict[str, Any]) -> str:
        """Return the list of the items that are meant, of one part of them where given."""
        return ListState(self.slug, where=_joined([*self._conditions(), *parts])).url()

    def api_url(self) -> str:
        """Return the address of the same figures as JSON."""
        judge, version = self.judge_named()
        asked = {
            "question": self.question,
            "where": self.where,
            "from": f"{self.start}T00:00:00Z" if self.start else "",
            "to": "" if (end := _day(self.end, "to")) is None else f"{end + timedelta(days=1):%Y-%m-%dT00:00:00Z}",
            "segment": self.split or "",
            "population": self.population,
            "by": self.by,
            "judge": judge or "",
            "judge_version": version or "",
            "compare": self.compare or "",
        }
        return _address(f"/api/v1/projects/{self.slug}/pass-rate", {name: text for name, text in asked.items() if text})

    def _conditions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = [orjson.loads(self.where)] if self.where else []
        if (start := _day(self.start, "from")) is not None:
            found.append({"received_at": {"gte": f"{start:%Y-%m-%dT%H:%M:%SZ}"}})
        if (end := _day(self.end, "to")) is not None:
            found.append({"received_at": {"lt": f"{end + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"}})
        return found


def _day(text: str, name: str) -> datetime | None:
    """Return the midnight (UTC) with which a day begins; None for no text. There is a day after it."""
    if not text:
        return None
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
        return min(day, day + timedelta(days=1))
    except (ValueError, OverflowError):
        message = f"{text[:40]!r} is no day such as 2026-11-30."
        raise InvalidError(message, fields=(FieldError(name, message),)) from None


def _joined(parts: list[dict[str, Any]]) -> str:
    if not parts:
        return ""
    return orjson.dumps(parts[0] if len(parts) == 1 else {"all": parts}).decode()


def _address(path: str, parameters: dict[str, str]) -> str:
    return f"{path}?{urlencode(parameters)}" if parameters else path
