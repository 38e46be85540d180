"""The recipe as a form: fields of text into the body that the API takes, and back."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from reviewapp.http.errors import FieldError, InvalidError
from reviewapp.http.forms import Problems, read_json_object, read_whole_number

_SPLIT = re.compile(r"\s*([^\s:=,;/]+)\s*[:=\s]\s*([0-9]+(?:\.[0-9]+)?)\s*%?\s*")
_TEXTS = (
    "where",
    "resolution",
    "min_labels",
    "min_agreement",
    "splits",
    "group_by",
    "stratify_by",
    "limit",
    "dedupe",
    "near",
    "also",
    "tags",
    "note",
)


@dataclass(frozen=True, slots=True)
class RecipeForm:
    """What stands in the form; `problems` says why it was refused."""

    texts: Mapping[str, str]
    judges: tuple[str, ...] = ()
    cases: bool = True
    problems: Problems | None = field(default=None)

    @classmethod
    def blank(cls) -> "RecipeForm":
        """Return the form as a newcomer finds it."""
        texts = dict.fromkeys(_TEXTS, "") | {"resolution": "majority", "dedupe": "exact", "near": "80"}
        return cls(texts)

    @classmethod
    def of_recipe(cls, recipe: Mapping[str, Any]) -> "RecipeForm":
        """Return the form of the recipe that a version keeps, to freeze the same again."""
        texts = dict.fromkeys(_TEXTS, "")
        texts |= {
            "where": json.dumps(recipe["where"]) if recipe["where"] else "",
            "resolution": recipe["resolution"],
            "min_labels": str(recipe["min_labels"] or ""),
            "min_agreement": _percent(recipe["min_agreement"]),
            "splits": ", ".join(f"{name} {_percent(share)}" for name, share in recipe["splits"]),
            "group_by": "" if recipe["group_by"] == "session_ref" else recipe["group_by"],
            "stratify_by": recipe["stratify_by"] or "",
            "limit": str(recipe["limit"] or ""),
            "dedupe": recipe["dedupe"],
            "near": _percent(recipe["near"]) or "80",
            "also": "\n".join(recipe["also"]),
        }
        return cls(texts, judges=tuple(recipe["exclude_judge_train"]), cases=recipe["cases"])

    @classmethod
    def of_posted(cls, posted: QueryDict) -> "RecipeForm":
        """Return what was sent."""
        texts = {name: posted.get(name, "").strip() for name in _TEXTS}
        return cls(texts, judges=tuple(posted.getlist("exclude_judge_train")), cases=posted.get("cases") == "on")

    def body(self) -> dict[str, Any]:
        """Return the body of the recipe, or refuse what cannot be read."""
        texts = self.texts
        return {
            "where": read_json_object(texts["where"] or "{}", "where"),
            "resolution": texts["resolution"] or None,
            "min_labels": read_whole_number(texts["min_labels"], "min_labels"),
            "min_agreement": _share(texts["min_agreement"], "min_agreement"),
            "splits": _splits(texts["splits"]),
            "group_by": texts["group_by"] or None,
            "stratify_by": texts["stratify_by"] or None,
            "limit": read_whole_number(texts["limit"], "limit"),
            "dedupe": texts["dedupe"] or None,
            "near": _share(texts["near"], "near") if texts["dedupe"] == "near" else None,
            "exclude_judge_train": list(self.judges),
            "also": texts["also"].splitlines(),
            "cases": self.cases,
        }

    @property
    def tags(self) -> list[str]:
        """The tags, parted by commas."""
        return read_tags(self.texts["tags"])


def read_tags(text: str) -> list[str]:
    """Return tags that are parted by commas."""
    return [tag.strip() for tag in text.split(",") if tag.strip()]


def _share(text: str, name: str) -> float | None:
    """Return the share that a percentage means."""
    if not text:
        return None
    try:
        return round(float(text.removesuffix("%").replace(",", ".")) / 100, 9)
    except ValueError:
        message = "Write a percentage, such as 80."
        raise InvalidError(message, fields=(FieldError(name, message),)) from None


def _splits(text: str) -> dict[str, float]:
    """Return shares by name of a text like `train 60, test 40`."""
    parts = [part for part in re.split(r"[,;/\n]", text) if part.strip()]
    found = {}
    for part in parts:
        match = _SPLIT.fullmatch(part)
        if match is None:
            message = f"Write names with percentages, such as train 60, test 40; {part.strip()[:40]!r} is none."
            raise InvalidError(message, fields=(FieldError("splits", message),))
        found[match[1]] = round(float(match[2]) / 100, 9)
    return found


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share * 100:.6f}".rstrip("0").rstrip(".")
