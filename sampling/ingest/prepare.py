"""The seam between reading and storing: what is done to items before anything of them is kept.

Masking stands here first and checks second, so that checks see what is stored. It works on a whole batch, beside the
transaction of the batch before (`add.py`), and therefore asks the database nothing.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from reviewapp.accounts.models import Project
from sampling.ingest.fields import ItemIn


class Prepared(NamedTuple):
    """An item as it may be stored, and the facts that are known of it from the start (`checks.<name>`)."""

    item: ItemIn
    facts: dict[str, Any]


def prepare_batch(items: Sequence[ItemIn], *, project: Project) -> list[Prepared]:  # noqa: ARG001 — masking will ask
    """Return the items as they may be stored, in the same order."""
    return [Prepared(item, {}) for item in items]
