"""What follows from verdicts wherever they come from: named in the settings, because imports know no judges."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from annotations.judges.anchors import record_answers
from annotations.judges.disagreeing import disagreement_facts
from sampling.ingest.facts import NewFact


def follow_verdicts(
    project_id: int,
    *,
    said: Sequence[tuple[int, int, dict[str, Any] | None]],
    judged: Sequence[int],
    questions: Sequence[str],
    now: datetime,
) -> list[NewFact]:
    """Note what was said of anchors (item, version, answers), and return where judges differ on what is new."""
    record_answers(project_id, said, now=now)
    return disagreement_facts(project_id, judged, questions)
