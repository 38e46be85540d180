"""Golds of items that are erased: nobody is asked them any more, and there is no way back."""

from collections.abc import Sequence
from datetime import datetime

from annotations.models import Gold


def retire_erased(item_ids: Sequence[int], *, now: datetime) -> int:
    """Retire the golds of items whose tasks have just been closed with all others; return how many."""
    live = Gold.objects.filter(item_id__in=item_ids, retired_at__isnull=True)
    return live.update(retired_at=now, retired_reason="Its item was erased.")
