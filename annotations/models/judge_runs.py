"""Judges that run here: providers, runs with their items and calls, what was spent, online judging, attacks.

Money is counted in whole billionths of a dollar (`_nusd`), so that sums neither drift nor depend on their order.
"""

from django.db import models
from django.db.models import F, Q

from annotations.models.judges import JudgeVersion
from reviewapp.accounts.models import Project, User
from sampling.models import Item

NUSD = 1_000_000_000


class ProviderKind(models.TextChoices):
    """Which protocol a provider speaks."""

    OPENAI = "openai", "OpenAI-compatible chat completions"
    ANTHROPIC = "anthropic", "Anthropic Messages"
    SIMULATED = "simulated", "Simulated: no model is asked"


class JudgeProvider(models.Model):
    """Who answers for a project's judges. Its key lies among the project's secrets, or in the environment."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=ProviderKind.choices)
    base_url = models.TextField(blank=True, default="")
    api_key_env = models.CharField(max_length=200, blank=True, default="")
    offers = models.JSONField(default=list)  # [{name, input_usd_per_mtok, output_usd_per_mtok}]
    rpm = models.IntegerField(null=True)
    tpm = models.IntegerField(null=True)
    # By model: the limits that its answers told, and whether it refused structured output.
    learnt = models.JSONField(default=dict)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    created_at = models.DateTimeField()

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [models.UniqueConstraint(fields=["project", "name"], name="provider_name_once_per_project")]


class JudgeLimit(models.Model):
    """How far a provider's limits are used, while Valkey is away: times in seconds, as in `judges/limits.py`."""

    key = models.CharField(max_length=300, primary_key=True)
    requests_at = models.FloatField(default=0)
    tokens_at = models.FloatField(default=0)
    blocked_until = models.FloatField(default=0)


class RunKind(models.TextChoices):
    """How the items of a run are chosen."""

    RUN = "run", "Chosen when it began"
    ONLINE = "online", "As they come in"
    ANCHORS = "anchors", "The anchors, asked again"


class RunState(models.TextChoices):
    """Where a run stands."""

    QUEUED = "queued", "Waiting for a worker"
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    STOPPED = "stopped", "Stopped"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class JudgeRun(models.Model):
    """One version asked about many items. What the counters say is settled; `reserved_nusd` is for calls under way."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    judge_version = models.ForeignKey(JudgeVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=10, choices=RunKind.choices, default=RunKind.RUN)
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.QUEUED)
    reason = models.TextField(blank=True, default="")
    where = models.JSONField(null=True)
    sample = models.FloatField(null=True)
    # The choice of items depended on the draw for review: what it says of them enters no probability.
    caused_by_draw = models.BooleanField(default=False)
    # The last item that was looked at while choosing; None when all are chosen.
    chosen_behind = models.BigIntegerField(null=True, default=0)
    budget_nusd = models.BigIntegerField(null=True)
    reserved_nusd = models.BigIntegerField(default=0)
    cost_nusd = models.BigIntegerField(default=0)
    uncertain_nusd = models.BigIntegerField(default=0)
    total = models.IntegerField(default=0)
    done = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)
    unparsed = models.IntegerField(default=0)
    cached = models.IntegerField(default=0)
    calls = models.IntegerField(default=0)
    input_tokens = models.BigIntegerField(default=0)
    output_tokens = models.BigIntegerField(default=0)
    # Items by the stage of the cascade that settled them.
    stages = models.JSONField(default=dict)
    worked_seconds = models.FloatField(default=0)
    chunk = models.IntegerField(default=0)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """Constraints named after the rule they hold."""

        indexes = [models.Index(fields=["project", "-id"], name="judge_run_by_project")]
        constraints = [
            models.CheckConstraint(condition=Q(reserved_nusd__gte=0), name="judge_run_reserves_no_less_than_nothing"),
            models.CheckConstraint(
                condition=Q(total__gte=F("done") + F("failed") + F("unparsed")), name="judge_run_counts_each_item_once"
            ),
        ]


class RunItemState(models.IntegerChoices):
    """What became of an item in a run."""

    WAITING = 0, "Waiting"
    DONE = 1, "Done"
    FAILED = 2, "Failed"
    UNPARSED = 3, "Unparsed"


class JudgeRunItem(models.Model):
    """One item of a run."""

    run = models.ForeignKey(JudgeRun, on_delete=models.PROTECT, related_name="items", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", db_index=False)
    state = models.SmallIntegerField(choices=RunItemState.choices, default=RunItemState.WAITING)
    tries = models.SmallIntegerField(default=0)
    stage = models.CharField(max_length=10, blank=True, default="")
    note = models.TextField(blank=True, default="")

    class Meta:
        """Constraints named after the rule they hold."""

        indexes = [
            models.Index(fields=["run", "id"], condition=Q(state=0), name="judge_run_item_waiting"),
            models.Index(fields=["run", "id"], condition=Q(state=2), name="judge_run_item_failed"),
        ]
        constraints = [models.UniqueConstraint(fields=["run", "item"], name="item_once_per_judge_run")]


class CallState(models.TextChoices):
    """Where a call stands."""

    RESERVED = "reserved", "Under way"
    SETTLED = "settled", "Answered"
    FAILED = "failed", "Came to nothing, and cost nothing that we know of"
    UNCERTAIN = "uncertain", "Perhaps answered, and perhaps paid for"


class JudgeCall(models.Model):
    """One request to a provider, reserved before it is made. `key` is the hash of all that decides its answer."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    run = models.ForeignKey(JudgeRun, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", db_index=False)
    key = models.CharField(max_length=64)
    provider = models.CharField(max_length=100)
    kind = models.CharField(max_length=10)
    model = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=CallState.choices, default=CallState.RESERVED)
    reserved_nusd = models.BigIntegerField()
    cost_nusd = models.BigIntegerField(default=0)
    input_tokens = models.IntegerField(default=0)
    output_tokens = models.IntegerField(default=0)
    raw = models.TextField(blank=True, default="")
    error = models.TextField(blank=True, default="")
    latency_ms = models.FloatField(null=True)
    reserved_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        """Constraints named after the rule they hold."""

        indexes = [
            models.Index(fields=["project", "key"], condition=Q(state="settled"), name="judge_call_answered"),
            models.Index(fields=["run"], condition=Q(state="reserved"), name="judge_call_under_way"),
            models.Index(fields=["item"], name="judge_call_of_item"),
        ]


class JudgeSpend(models.Model):
    """What a project's judges spent on a day (UTC), and what is reserved for calls under way or uncertain."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    reserved_nusd = models.BigIntegerField(default=0)
    cost_nusd = models.BigIntegerField(default=0)
    uncertain_nusd = models.BigIntegerField(default=0)

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [models.UniqueConstraint(fields=["project", "day"], name="judge_spend_once_per_project_and_day")]


class JudgeBudget(models.Model):
    """What a project's judges may spend at all, and on a day; null is no limit."""

    project = models.OneToOneField(Project, on_delete=models.PROTECT, related_name="+", primary_key=True)
    total_nusd = models.BigIntegerField(null=True)
    day_nusd = models.BigIntegerField(null=True)


class JudgeOnline(models.Model):
    """A version that judges items as they come in: `rate` of those that the filter finds, within a budget a day."""

    judge_version = models.OneToOneField(JudgeVersion, on_delete=models.PROTECT, related_name="+", primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    enabled = models.BooleanField(default=True)
    rate = models.FloatField()
    where = models.JSONField(null=True)
    day_nusd = models.BigIntegerField(null=True)
    cursor = models.BigIntegerField(default=0)
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    set_at = models.DateTimeField()

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [models.CheckConstraint(condition=Q(rate__gt=0, rate__lte=1), name="online_judging_rate_in_0_1")]


class AttackState(models.TextChoices):
    """Where an attack suite stands."""

    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class JudgeAttack(models.Model):
    """The attack suite against a version, once: each attempt with what the judge said."""

    judge_version = models.ForeignKey(JudgeVersion, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=AttackState.choices, default=AttackState.RUNNING)
    reason = models.TextField(blank=True, default="")
    attempts = models.JSONField(default=list)
    fooled = models.IntegerField(default=0)
    resisted = models.IntegerField(default=0)
    unparsed = models.IntegerField(default=0)
    cost_nusd = models.BigIntegerField(default=0)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
