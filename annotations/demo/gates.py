"""The demo's rollouts: gates fixed before the traffic came, which one version passes and the other does not."""

from datetime import datetime
from typing import Any

from annotations.rollouts.create import create_rollout
from annotations.rollouts.spec import parse_gates
from reviewapp.accounts.access import Access

_GATES: dict[str, Any] = {
    "internal_beta": [
        {"name": "Worth trying inside", "metric": "pass_rate", "at_least": 0.5, "bound": "low", "min_n": 20},
        {"name": "Few failures of the system", "metric": "error_rate", "at_most": 0.05, "bound": "high", "min_n": 50},
    ],
    "general_availability": [
        {"name": "Good enough for everybody", "metric": "pass_rate", "at_least": 0.85, "bound": "low", "min_n": 200},
        {
            "name": "In every language",
            "metric": "pass_rate",
            "at_least": 0.8,
            "bound": "value",
            "min_n": 20,
            "every_segment_of": "metadata.language",
        },
        {"name": "Monitoring is in place", "metric": "attestation", "text": "Dashboards and alerts are in place."},
    ],
}


def plan_rollout(access: Access, version: str, *, now: datetime) -> None:
    """Make the rollout of one of the demo's versions."""
    gates = parse_gates(_GATES)
    create_rollout(access, system_version=version, baseline="", gates=gates, later_items_only=False, now=now)
