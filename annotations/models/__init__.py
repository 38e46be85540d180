"""The tables of this stage."""

from annotations.models.labels import Label
from annotations.models.queue import ClaimCursor, Draft, Guard, Lease, QueueCounter, Task, VoidedSubmit, Watermark
from annotations.models.rubrics import RubricVersion

__all__ = [
    "ClaimCursor",
    "Draft",
    "Guard",
    "Label",
    "Lease",
    "QueueCounter",
    "RubricVersion",
    "Task",
    "VoidedSubmit",
    "Watermark",
]
