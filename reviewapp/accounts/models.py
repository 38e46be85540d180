"""People, projects, memberships, invitations and API tokens."""

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from reviewapp.accounts.roles import Role


class User(AbstractUser):
    """A person. People sign in by username; an e-mail address is optional."""


class Masking(models.TextChoices):
    """What happens to personal data before an item is stored."""

    OFF = "off", "Off"
    MASK = "mask", "Mask"
    REVERSIBLE = "reversible", "Mask, originals kept encrypted"


class GoldFeedback(models.TextChoices):
    """When a reviewer is told how they did on golds."""

    NONE = "none", "Never"
    AFTER_EACH = "after_each", "After each gold"
    DAILY = "daily", "The day after"


class Project(models.Model):
    """A team's workspace; every other row belongs to exactly one."""

    slug = models.CharField(
        max_length=64,
        unique=True,
        validators=[
            RegexValidator(r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$", "lower-case letters, digits and inner dashes")
        ],
    )
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True, default="")
    overlap = models.SmallIntegerField(default=1, validators=[MinValueValidator(1), MaxValueValidator(50)])
    blind = models.BooleanField(default=True)
    # When it became so after it was not; what reviewers said before is no blind answer.
    blind_since = models.DateTimeField(null=True, blank=True)
    lease_seconds = models.IntegerField(default=1200, validators=[MinValueValidator(1), MaxValueValidator(86_400)])
    reveal_after_commit = models.BooleanField(default=False, db_default=False)
    # How many reviewers more an item may get where the planned ones disagree.
    extra_reviewers = models.SmallIntegerField(
        default=0, db_default=0, validators=[MinValueValidator(0), MaxValueValidator(10)]
    )
    adjudication_names_hidden = models.BooleanField(default=True, db_default=True)
    # [{"question", "a", "b", "cost"}], see accounts.adjudication
    disagreement_costs = models.JSONField(blank=True, default=list, db_default=models.Value([], models.JSONField()))
    # [{"fact", "value", "skill"}]: what is known of an item, and what its reviewers must therefore know
    skills_asked = models.JSONField(blank=True, default=list, db_default=models.Value([], models.JSONField()))
    # Of a person's tasks, how many are golds; below which accuracy on them a pause is asked for; when they are told.
    gold_rate = models.FloatField(
        default=0.05, db_default=0.05, validators=[MinValueValidator(0.0), MaxValueValidator(0.5)]
    )
    gold_minimum = models.FloatField(
        default=0.7, db_default=0.7, validators=[MinValueValidator(0.05), MaxValueValidator(0.99)]
    )
    gold_feedback = models.CharField(
        max_length=16, choices=GoldFeedback.choices, default=GoldFeedback.NONE, db_default=GoldFeedback.NONE
    )
    undo_seconds = models.IntegerField(default=10, validators=[MinValueValidator(0), MaxValueValidator(3600)])
    horizon_days = models.IntegerField(default=7, validators=[MinValueValidator(1), MaxValueValidator(3650)])
    masking = models.CharField(max_length=16, choices=Masking.choices, default=Masking.MASK)
    masking_patterns = models.JSONField(blank=True, default=list)  # [{"name", "pattern"}], see accounts.masking
    sampling_salt = models.CharField(max_length=200)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.CheckConstraint(condition=Q(overlap__range=(1, 50)), name="project_overlap_is_1_to_50"),
            models.CheckConstraint(condition=~Q(sampling_salt=""), name="project_has_a_salt"),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One person's role in one project."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=[(role.value, role.value) for role in Role])
    skills = ArrayField(models.CharField(max_length=40), default=list, blank=True, db_default=[])
    created_at = models.DateTimeField()

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="one_role_per_person_and_project"),
            models.CheckConstraint(
                condition=Q(role__in=[role.value for role in Role]), name="membership_role_is_known"
            ),
        ]


class Invitation(models.Model):
    """A single-use link into a project; only the hash of its secret is kept."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=16, choices=[(role.value, role.value) for role in Role])
    email = models.EmailField(blank=True, default="")
    secret_sha256 = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.CheckConstraint(
                condition=Q(used_by__isnull=True, used_at__isnull=True)
                | Q(used_by__isnull=False, used_at__isnull=False),
                name="invitation_use_has_person_and_time",
            )
        ]


class ApiToken(models.Model):
    """A key for programs. It acts as one person, in one project or (site token) where that person is a member."""

    public_id = models.CharField(max_length=16, unique=True)
    secret_sha256 = models.CharField(max_length=64)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, related_name="tokens")
    scopes = ArrayField(models.CharField(max_length=16))
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)


class ProjectSecret(models.Model):
    """A secret that programs of the project need again, encrypted; see `accounts.project_secrets`."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=200)
    key_id = models.CharField(max_length=16)
    data = models.BinaryField()
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [models.UniqueConstraint(fields=["project", "name"], name="one_secret_by_a_name")]
