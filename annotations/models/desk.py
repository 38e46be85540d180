"""What the reviewer's desk remembers of a person: what was revealed to them, what they read, how they like keys."""

from django.db import models

from annotations.models.labels import Label
from reviewapp.accounts.models import Project, User


class Reveal(models.Model):
    """The first time that somebody was shown what had been hidden from them about an item; it ends undo.

    `label` is their label as it stood then: one that was superseded afterwards is a mind changed by what was shown.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    item_id = models.BigIntegerField()
    label = models.OneToOneField(Label, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        """Constraints named after the rule they hold."""

        indexes = [models.Index(fields=["project", "at"], name="reveal_by_day")]
        constraints = [
            models.UniqueConstraint(fields=["reviewer", "item_id"], name="revealed_once_per_person_and_item")
        ]


class GuidelinesRead(models.Model):
    """The newest rubric version whose guidelines a person says they have read."""

    pk = models.CompositePrimaryKey("project_id", "reader_id")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    reader = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    version = models.IntegerField()
    at = models.DateTimeField()


class DeskSettings(models.Model):
    """How a person likes the desk, on every machine."""

    person = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="+")
    single_keys = models.BooleanField(default=True)
