"""Evaluations: a system version over a dataset version, each output as it came and was marked, and people's grades."""

from django.db import models
from django.db.models import Q

from annotations.models.datasets import DatasetVersion
from annotations.models.queue import Task
from reviewapp.accounts.models import Project, User


class EvaluationState(models.TextChoices):
    """How far an evaluation is."""

    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Could not run"
    STOPPED = "stopped", "Stopped"


ENDED = (EvaluationState.DONE, EvaluationState.FAILED, EvaluationState.STOPPED)


class OutputStatus(models.TextChoices):
    """What became of one try: `given` waits to be marked, `missing` means that no output was ever there."""

    GIVEN = "given", "Waiting to be marked"
    ANSWERED = "answered", "Answered"
    FAILED = "failed", "Failed"
    MISSING = "missing", "No output"


class Evaluation(models.Model):
    """One run. `spec` says where outputs come from and what makes them right, without any secret.

    `scores` is what was measured when the run ended; it is made from the outputs, and can be made anew.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="+")
    system_version = models.CharField(max_length=200)
    spec = models.JSONField()
    baseline = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    state = models.CharField(max_length=10, choices=EvaluationState.choices, default=EvaluationState.QUEUED)
    problem = models.TextField(blank=True, default="")
    total = models.IntegerField()
    done = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)
    # Behind which row of the version the run goes on.
    position = models.IntegerField(default=0)
    unknown = models.IntegerField(default=0)
    scores = models.JSONField(null=True)
    # The rows that people grade, and whether they see what was expected.
    sample = models.JSONField(null=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"], ended_at__isnull=True)
                | Q(state__in=["done", "failed", "stopped"], ended_at__isnull=False),
                name="evaluation_has_ended_or_not",
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(scores__isnull=False), name="evaluation_is_done_with_scores"
            ),
        ]
        indexes = [models.Index(fields=["project", "system_version", "-id"], name="evaluation_by_system")]


class EvaluationOutput(models.Model):
    """What the system gave for one row, at its nth try. `marks` compares it with what was expected, once and for all.

    Erasing a person empties output, marks and verdicts of their rows.
    """

    pk = models.CompositePrimaryKey("evaluation_id", "position", "nth")
    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="outputs", db_index=False)
    position = models.IntegerField()
    nth = models.SmallIntegerField()
    external_id = models.TextField()
    status = models.CharField(max_length=10, choices=OutputStatus.choices)
    output = models.JSONField(null=True)
    marks = models.JSONField(null=True)
    verdicts = models.JSONField(null=True)
    problem = models.TextField(blank=True, default="")
    latency_ms = models.FloatField(null=True)
    input_tokens = models.BigIntegerField(null=True)
    output_tokens = models.BigIntegerField(null=True)
    cost_usd = models.FloatField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.CheckConstraint(
                condition=~Q(status="answered") | Q(marks__isnull=False) | Q(erased_at__isnull=False),
                name="evaluation_answer_is_marked",
            )
        ]


class EvaluationTask(models.Model):
    """The output that a task of the stage *evaluation* is about."""

    task = models.OneToOneField(Task, on_delete=models.PROTECT, primary_key=True, related_name="output")
    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="tasks", db_index=False)
    position = models.IntegerField()

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [models.UniqueConstraint(fields=["evaluation", "position"], name="one_task_per_output")]


class EvaluationTurn(models.Model):
    """How many other tasks a person was given since the last output, and how far they got among the outputs.

    As a claim's cursor it is a hint, trusted for seconds.
    """

    pk = models.CompositePrimaryKey("reviewer_id", "project_id")
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    others = models.SmallIntegerField()
    rank = models.FloatField()
    task_id = models.BigIntegerField()
    since = models.DateTimeField()


class EvaluationGrade(models.Model):
    """A person's grade of an output of the sample.

    A later one of the same person supersedes it; one that was taken back points to itself. `surplus` came after its
    seat was taken: kept, and in no rate.
    """

    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="grades", db_index=False)
    position = models.IntegerField()
    task = models.ForeignKey(
        Task, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    passes = models.BooleanField()
    note = models.TextField(blank=True, default="")
    saw_expected = models.BooleanField()
    duration_ms = models.BigIntegerField(null=True)
    submit_id = models.CharField(max_length=64, null=True)  # noqa: DJ001 — the submit that made it
    surplus = models.BooleanField(default=False, db_default=False)
    revision_reason = models.TextField(blank=True, default="", db_default="")
    created_at = models.DateTimeField()
    superseded_by = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.UniqueConstraint(
                fields=["evaluation", "position", "reviewer"],
                condition=Q(superseded_by__isnull=True),
                name="one_standing_grade_per_person_and_row",
            ),
            models.UniqueConstraint(
                fields=["reviewer", "submit_id"], condition=Q(submit_id__isnull=False), name="one_grade_per_submit"
            ),
        ]
