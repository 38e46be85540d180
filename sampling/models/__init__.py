"""The tables of this stage."""

from sampling.models.checks import ChecksVersion
from sampling.models.items import Item, ItemFact, ItemKey
from sampling.models.plans import Draw, PlanVersion

__all__ = ["ChecksVersion", "Draw", "Item", "ItemFact", "ItemKey", "PlanVersion"]
