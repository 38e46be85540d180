"""Reference vectors: inputs and expected values confirmed by other libraries or papers (`vectors.json`)."""

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def _vectors() -> dict[str, dict[str, Any]]:
    text = Path(__file__).with_name("vectors.json").read_text(encoding="utf-8")
    return {vector["name"]: vector for vector in json.loads(text)["vectors"]}


def vector(name: str) -> dict[str, Any]:
    """Return one vector: `inputs`, `expected`, `tolerance` and where it comes from."""
    return _vectors()[name]


def vector_names() -> tuple[str, ...]:
    """Return the names of all vectors."""
    return tuple(_vectors())
