"""The tables of this stage."""

from sampling.models.budgets import Budget
from sampling.models.checks import CheckRun, ChecksVersion
from sampling.models.drift import DriftBaseline, DriftFinding, DriftReaction, DriftRun
from sampling.models.items import Feedback, Item, ItemFact, ItemKey
from sampling.models.masking import ItemMask, Original, RevealedOriginals
from sampling.models.operations import OperationsDay, OperationsSample, OperationsState
from sampling.models.plans import Draw, PlanVersion, TopUp
from sampling.models.search import ItemText, SearchDue
from sampling.models.uploads import Upload, UploadPart
from sampling.models.views import SavedView

__all__ = [
    "Budget",
    "CheckRun",
    "ChecksVersion",
    "Draw",
    "DriftBaseline",
    "DriftFinding",
    "DriftReaction",
    "DriftRun",
    "Feedback",
    "Item",
    "ItemFact",
    "ItemKey",
    "ItemMask",
    "ItemText",
    "OperationsDay",
    "OperationsSample",
    "OperationsState",
    "Original",
    "PlanVersion",
    "RevealedOriginals",
    "SavedView",
    "SearchDue",
    "TopUp",
    "Upload",
    "UploadPart",
]
