"""What makes items searchable, beside the items themselves: filled after they arrived, made anew at any time."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from reviewapp.accounts.models import Project
from sampling.models.items import Item


class ItemText(models.Model):
    """The words of an item's input (A), output (B) and context (C), and terms for values that filters ask for."""

    item = models.OneToOneField(Item, on_delete=models.PROTECT, primary_key=True, related_name="+", db_constraint=False)
    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    words = SearchVectorField()

    class Meta:
        """Found by any of its words."""

        indexes = [GinIndex(fields=["words"], name="item_words")]


class SearchDue(models.Model):
    """A range of a project's items that holds some without a text yet; written by a trigger, with the items."""

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    items = models.IntegerField()

    class Meta:
        """A project's lowest range is asked for by every search."""

        indexes = [models.Index(fields=["project", "first_id"], name="search_due_by_project")]
