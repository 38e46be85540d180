"""Emptying what providers answered about erased items."""

from datetime import datetime

from annotations.models import JudgeCall


def erase_calls(project_id: int, item_ids: list[int], now: datetime) -> dict[str, int]:  # noqa: ARG001 — the seam's
    """Empty the bodies of calls about these items, so that no cache answers from them; what they cost stays."""
    calls = JudgeCall.objects.filter(project_id=project_id, item_id__in=item_ids)
    return {"judge_calls": calls.update(raw="", error="")}
