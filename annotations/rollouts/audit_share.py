"""The audit share: how much of a version's traffic still goes to people, so that what is out goes on being watched."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection

from annotations.models import Rollout
from annotations.models.rollouts import RolloutStage

DAYS = 7
FEW = 50  # below so many items nothing is said of a share
_SHARE = """
SELECT count(*), count(*) FILTER (WHERE EXISTS (
        SELECT FROM sampling_draw d WHERE d.item_id = i.id AND d.selected)),
    count(*) FILTER (WHERE EXISTS (
        SELECT FROM annotations_label b WHERE b.item_id = i.id AND b.withdrawn_at IS NULL AND NOT b.surplus))
FROM sampling_item i WHERE i.project_id = %s AND i.system_version = %s AND i.received_at >= %s
"""


class AuditShare(NamedTuple):
    """A version's items of the last seven days: how many came, were drawn for people, and were labelled."""

    items: int
    drawn: int
    labelled: int

    @property
    def is_blind(self) -> bool:
        """Tell whether traffic comes of which nobody sees anything."""
        return self.items >= FEW and not self.drawn


def audit_share_of(rollout: Rollout, *, now: datetime) -> AuditShare | None:
    """Return the share of a version that is out; None in shadow."""
    if rollout.stage == RolloutStage.SHADOW:
        return None
    with connection.cursor() as cursor:
        cursor.execute(_SHARE, [rollout.project_id, rollout.system_version, now - timedelta(days=DAYS)])
        return AuditShare(*cursor.fetchone())
