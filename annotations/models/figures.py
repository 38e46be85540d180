"""Figures about agreement that are kept, because they take long over many labels; computed anew in the background."""

from django.db import models

from reviewapp.accounts.models import Project


class AgreementFigure(models.Model):
    """What somebody asked to see, and the answer as of `computed_at`, if there is one already.

    `last_label`, `last_withdrawal` and `rubric_id` say what it was computed from: as long as the project's are the
    same, it is up to date. `problem` is why there is no figure. A row may be deleted at any time: it is computed again.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    question = models.CharField(max_length=50)
    weighted = models.BooleanField()
    segment = models.CharField(max_length=200, default="")
    report = models.JSONField(null=True)
    problem = models.TextField(default="")
    computed_at = models.DateTimeField(null=True)
    seconds = models.FloatField(default=0)
    last_label = models.BigIntegerField(default=0)
    last_withdrawal = models.DateTimeField(null=True)
    rubric_id = models.BigIntegerField(default=0)
    asked_at = models.DateTimeField()

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.UniqueConstraint(
                fields=["project", "question", "weighted", "segment"], name="one_agreement_figure_per_question_and_view"
            )
        ]
