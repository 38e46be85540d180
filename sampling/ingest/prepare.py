"""The seam between reading and storing: what is done to items before anything of them is kept.

Masking comes first and checks second, so that checks see what is stored. It works on a whole batch, beside the
transaction of the batch before (`add.py`), and therefore asks the database nothing.
"""

from collections.abc import Sequence
from typing import NamedTuple

from reviewapp.accounts.models import Project
from sampling.checks.compile import UNCHECKED, Checked, CompiledChecks
from sampling.ingest.fields import ItemIn
from sampling.ingest.masking import Masked, mask_batch


class Prepared(NamedTuple):
    """An item as it may be stored, what masking made of it, and what the project's checks found of it."""

    item: ItemIn
    masked: Masked
    checked: Checked = UNCHECKED


def prepare_batch(items: Sequence[ItemIn], *, project: Project, checks: CompiledChecks | None) -> list[Prepared]:
    """Return the items as they may be stored, in the same order."""
    masked = mask_batch(items, project=project)
    if checks is None:
        return list(map(Prepared, items, masked))
    return list(map(Prepared, items, masked, checks.run(list(map(vars, items)))))
