"""Skills: a language or a knowledge that a task may ask for; numbered, because each has lanes of its own."""

from django.db import models

from reviewapp.accounts.models import Project


class Skill(models.Model):
    """A skill that some tasks of a project ask for. Its number stays: the lanes of its tasks follow from it."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=40)
    number = models.SmallIntegerField()

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="skill_once_per_project"),
            models.UniqueConstraint(fields=["project", "number"], name="skill_number_once_per_project"),
            models.CheckConstraint(condition=models.Q(number__range=(1, 100)), name="skill_number_is_1_to_100"),
        ]


class SkillMapping(models.Model):
    """What a project asked of its open tasks last, and how far that has come; `behind` is null once all were asked."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, primary_key=True, related_name="+")
    asked = models.JSONField(default=list)
    behind = models.BigIntegerField(null=True)
