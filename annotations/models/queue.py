"""The queue: tasks, guards, leases, and the hints and counters that keep a claim cheap.

Slots are never counted when read: they follow from three numbers of the task row, and the database computes them.
Guards, leases and drafts reach project and person through their task and carry no foreign-key checks of their own:
each check would lock the one project row that all reviewers share.
"""

from django.db import models
from django.db.models import F, Q

from reviewapp.accounts.models import Project, User
from sampling.models import Item


class Stage(models.IntegerChoices):
    """What kind of human work a task is."""

    REVIEW = 1, "Review"
    ADJUDICATION = 2, "Adjudication"
    GOLD = 3, "Gold"
    EVALUATION = 4, "Output of an evaluation"


class Lane(models.IntegerChoices):
    """Queues within a stage. The estimation lane and the urgent one are served by u / probability alone."""

    ESTIMATION = 1, "Estimation"
    CHOSEN = 2, "Chosen by hand"
    URGENT = 1001, "Urgent"  # far from the others, between which those of skills lie


class Task(models.Model):
    """Human work on one item: `need` independent labels. Narrow, because claims walk its one partial index.

    An output of an evaluation is no item: whatever is read by item, or joins it, does not know of its task.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, null=True, related_name="tasks", db_index=False)
    stage = models.SmallIntegerField(choices=Stage.choices, default=Stage.REVIEW)
    lane = models.SmallIntegerField(choices=Lane.choices, default=Lane.ESTIMATION)
    rank = models.FloatField()
    need = models.SmallIntegerField()
    n_leases = models.SmallIntegerField(default=0)
    n_labels = models.SmallIntegerField(default=0)
    # How many of `need` were added because the planned labels disagreed.
    extra = models.SmallIntegerField(default=0, db_default=0)
    closed_reason = models.CharField(max_length=32, null=True)  # noqa: DJ001 — open is not the empty reason
    reason = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()
    is_open = models.GeneratedField(
        expression=Q(closed_reason__isnull=True) & Q(need__gt=F("n_leases") + F("n_labels")),  # type: ignore[arg-type]
        output_field=models.BooleanField(),
        db_persist=True,
    )

    class Meta:
        """One partial index for claims; nothing indexed that a heartbeat writes."""

        indexes = [
            models.Index(
                fields=["project", "stage", "lane", "rank", "id"], condition=Q(is_open=True), name="task_open"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["item", "stage"], name="one_task_per_item_and_stage"),
            models.CheckConstraint(condition=Q(need__gte=1), name="task_needs_a_label"),
            models.CheckConstraint(condition=Q(extra__gte=0, need__gt=F("extra")), name="task_plans_a_label"),
            models.CheckConstraint(condition=Q(n_leases__gte=0, n_labels__gte=0), name="task_counts_not_negative"),
            models.CheckConstraint(
                condition=Q(need__gte=F("n_leases") + F("n_labels")), name="task_seats_never_oversold"
            ),
            models.CheckConstraint(
                condition=Q(item__isnull=False, stage__lt=Stage.EVALUATION)
                | Q(item__isnull=True, stage=Stage.EVALUATION),
                name="task_is_about_an_item_or_an_output",
            ),
        ]


class GuardState(models.IntegerChoices):
    """What a reviewer has to do with a task they were given."""

    LEASED = 1, "Leased"
    LABELLED = 2, "Labelled"
    SKIPPED = 3, "Skipped"
    LEFT = 4, "Left: shown, not finished, may come back to it"
    SURPLUS = 5, "Labelled too late: kept as a surplus label"
    ESCALATED = 6, "Handed on to an adjudicator"
    KNOWN = 7, "Knows the gold's answer: never asked"


class Guard(models.Model):
    """Nobody is given an item twice: reviewer and task are the primary key."""

    pk = models.CompositePrimaryKey("reviewer_id", "task_id")
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="guards")
    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    state = models.SmallIntegerField(choices=GuardState.choices)
    token = models.UUIDField()
    rubric_id = models.BigIntegerField()  # the version that was shown, which the label will speak of
    reason = models.TextField(blank=True, default="")
    at = models.DateTimeField()

    class Meta:
        """Unfinished work is found by reviewer."""

        indexes = [
            models.Index(fields=["reviewer", "project"], condition=Q(state=GuardState.LEFT), name="guard_left"),
        ]


class Lease(models.Model):
    """A time-limited right of one reviewer to one task. Expiry is on the database's clock and is the truth."""

    pk = models.CompositePrimaryKey("task_id", "reviewer_id")
    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="leases", db_index=False, db_constraint=False)
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    token = models.UUIDField()
    expires_at = models.DateTimeField()
    shown_at = models.DateTimeField(null=True)
    submit_id = models.CharField(max_length=64, null=True)  # noqa: DJ001 — the submit it was claimed along with

    class Meta:
        """A reviewer's leases are found without walking over everybody's; a heartbeat writes no indexed column."""

        indexes = [models.Index(fields=["reviewer", "project"], name="lease_by_reviewer")]


class Draft(models.Model):
    """Answers not yet submitted; kept when the lease ends, gone with the label."""

    pk = models.CompositePrimaryKey("reviewer_id", "task_id")
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="+", db_index=False)
    answers = models.JSONField(default=dict)
    comment = models.TextField(blank=True, default="")
    updated_at = models.DateTimeField()


class ClaimCursor(models.Model):
    """How far into a lane a reviewer has been given everything. A hint, trusted for seconds; locking it makes the
    claims of one reviewer follow each other. That of the lane chosen by hand also says whether it, or urgent work, is
    next."""

    pk = models.CompositePrimaryKey("reviewer_id", "project_id", "lane")
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    lane = models.SmallIntegerField(choices=Lane.choices)
    rank = models.FloatField()
    task_id = models.BigIntegerField()
    since = models.DateTimeField()
    is_next = models.BooleanField(default=False, db_default=False)


class Watermark(models.Model):
    """No open task of the lane ranks below this: claims start here instead of walking over finished work."""

    pk = models.CompositePrimaryKey("project_id", "stage", "lane")
    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    stage = models.SmallIntegerField(choices=Stage.choices)
    lane = models.SmallIntegerField(choices=Lane.choices)
    rank = models.FloatField()


class QueueCounter(models.Model):
    """Seats open, leased and done, in shards so that concurrent work does not wait; the sum is exact."""

    pk = models.CompositePrimaryKey("project_id", "stage", "shard")
    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    stage = models.SmallIntegerField(choices=Stage.choices)
    shard = models.SmallIntegerField()
    open = models.BigIntegerField(default=0)
    leased = models.BigIntegerField(default=0)
    done = models.BigIntegerField(default=0)


class VoidedSubmit(models.Model):
    """A submit that was undone before it arrived; when it does arrive, it is refused."""

    pk = models.CompositePrimaryKey("reviewer_id", "submit_id")
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    submit_id = models.CharField(max_length=64)
    at = models.DateTimeField()
