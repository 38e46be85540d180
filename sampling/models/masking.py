"""What masking keeps beside an item: where it changed texts, encrypted originals, and who was shown them."""

from django.db import models

from reviewapp.accounts.models import User
from sampling.models.items import Item


class ItemMask(models.Model):
    """Where an item's texts were masked: `{path: [[start, end, placeholder], …]}`, places in the text as it was sent.

    Only items in whose texts something was masked have one. It holds no personal data, just places.
    """

    item = models.OneToOneField(Item, on_delete=models.PROTECT, primary_key=True, related_name="mask")
    edits = models.JSONField()


class Original(models.Model):
    """The encrypted text behind a placeholder (or behind `user_ref`, `session_ref`) of an item."""

    pk = models.CompositePrimaryKey("item_id", "placeholder")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="originals", db_index=False)
    placeholder = models.TextField()
    key_id = models.TextField()
    data = models.BinaryField()


class RevealedOriginals(models.Model):
    """Somebody was shown the originals of an item, and gave a reason."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="revealed")
    revealed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    placeholders = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [models.CheckConstraint(condition=~models.Q(reason=""), name="reveal_has_a_reason")]
