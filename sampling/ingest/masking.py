"""Masking a batch of items: one pass of the prefilter over the JSON of all of them, then a close look at the few."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import orjson

from reviewapp.accounts.models import Masking, Project
from sampling.ingest.fields import ItemIn, Step
from sampling.mask.custom import CustomPatterns, custom_patterns
from sampling.mask.items import mask_item
from sampling.mask.originals import Place, Sealed, seal
from sampling.mask.prefilter import SUSPICIOUS
from sampling.mask.refs import REF_FIELDS, hash_ref
from sampling.mask.texts import Edit

# What is masked, in the order in which placeholders are counted. Ids, names of systems and times stay as they are.
MASKED_FIELDS = ("input", "output", "context", "decision", "steps", "metadata")
# In these people mark spans, so it is kept where they were changed.
_MARKED = ("input", "output", "context", "steps")
_STEP_TEXTS = ("name", "input", "output", "error")

Json = Mapping[str, bytes]


class Masked(NamedTuple):
    """An item's JSON fields as they may be stored, and what is kept beside it. The item itself is changed to match."""

    json: Json
    edits: Mapping[str, Sequence[Edit]]
    originals: Sequence[Sealed]


def mask_batch(items: Sequence[ItemIn], *, project: Project) -> list[Masked]:
    """Mask the items in place, as the project says, and return what is stored of each, in the same order."""
    written = [_write(item) for item in items]
    if project.masking == Masking.OFF:
        return [Masked(json, {}, ()) for json in written]
    custom = custom_patterns(project.masking_patterns)
    batch = [Masked(json, {}, ()) for json in written]
    taken_out: dict[int, dict[str, str]] = {}
    for index in range(len(items)) if custom else _suspicious(written):
        masked, originals = _mask(items[index], written[index], custom)
        if masked is not None:
            batch[index] = masked
            taken_out[index] = originals
    for index, item in enumerate(items):
        if item.user_ref is not None or item.session_ref is not None:
            taken_out.setdefault(index, {}).update(_hash_refs(item, project))
    if project.masking == Masking.REVERSIBLE:
        for index, originals in taken_out.items():
            sealed = seal(originals, Place(project.pk, items[index].external_id))
            batch[index] = batch[index]._replace(originals=sealed)
    return batch


def _write(item: ItemIn) -> Json:
    """Return the item's JSON fields as they are written."""
    values = vars(item)
    return {
        name: orjson.dumps(_steps(value) if name == "steps" else value)
        for name in MASKED_FIELDS
        if (value := values[name]) is not None
    }


def _steps(steps: Iterable[Step]) -> list[dict[str, Any]]:
    return [step.model_dump(exclude_none=True) for step in steps]


def _suspicious(written: Sequence[Json]) -> list[int]:
    """Return the items that may hold something to mask."""
    texts = [b"\n".join(json.values()) for json in written]
    starts = list(accumulate((len(text) + 1 for text in texts), initial=0))
    joined = b"\n".join(texts)
    found = []
    at = 0
    while (match := SUSPICIOUS.search(joined, at)) is not None:
        index = bisect_right(starts, match.start()) - 1
        found.append(index)
        at = starts[index + 1]
        if at >= len(joined):
            break
    return found


def _mask(item: ItemIn, json: Json, custom: CustomPatterns | None) -> tuple[Masked | None, dict[str, str]]:
    """Mask one item in place; return what is stored of it (None where nothing was masked) and the originals."""
    fields: dict[str, Any] = {name: getattr(item, name) for name in MASKED_FIELDS if name in json}
    if item.steps is not None:
        steps = _steps(item.steps)
        fields["steps"] = [{name: step[name] for name in _STEP_TEXTS if name in step} for step in steps]
    masked = mask_item(fields, texts=(text.decode() for text in json.values()), custom=custom)
    if not masked.originals:
        return None, {}
    changed = masked.fields
    if item.steps is not None:
        changed["steps"] = [
            Step.model_construct(**{**step, **texts}) for step, texts in zip(steps, changed["steps"], strict=True)
        ]
    for name, value in changed.items():
        setattr(item, name, value)
    edits = {path: edits for path, edits in masked.edits.items() if path.partition("/")[0] in _MARKED}
    return Masked(_write(item), edits, ()), masked.originals


def _hash_refs(item: ItemIn, project: Project) -> dict[str, str]:
    """Replace references by their hashes, and return what they were."""
    were: dict[str, str] = {}
    for name in REF_FIELDS:
        value = getattr(item, name)
        if value is not None:
            were[name] = value
            setattr(item, name, hash_ref(project.sampling_salt, name, value))
    return were
