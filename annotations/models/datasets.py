"""Datasets: named eval sets in frozen versions, cases written by hand, and who relies on which version."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from reviewapp.accounts.models import Project, User
from sampling.models import Item


class VersionState(models.TextChoices):
    """How far a version is."""

    FREEZING = "freezing", "Being frozen"
    FROZEN = "frozen", "Frozen"
    FAILED = "failed", "Could not be frozen"


class Origin(models.TextChoices):
    """How a row came to be in a version; only sampled rows say something about production."""

    SAMPLED = "sampled", "Drawn by chance"
    CHOSEN = "chosen", "Chosen by hand"
    WRITTEN = "written", "Written by hand"


class Dataset(models.Model):
    """A named eval set of a project."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True, default="")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [models.UniqueConstraint(fields=["project", "name"], name="dataset_name_once_per_project")]


class DatasetVersion(models.Model):
    """One frozen selection. `sha256` is that of its rows as JSON Lines, as they were frozen.

    The content never changes; note, tags and whether it is retired may. Erasing a person empties rows, and says so.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="versions", db_index=False)
    version = models.IntegerField()
    state = models.CharField(max_length=10, choices=VersionState.choices, default=VersionState.FREEZING)
    recipe = models.JSONField()
    manifest = models.JSONField(default=dict)
    sha256 = models.CharField(max_length=64, blank=True, default="")
    n_rows = models.IntegerField(default=0)
    n_erased = models.IntegerField(default=0)
    erased_at = models.DateTimeField(null=True)
    tags = ArrayField(models.CharField(max_length=60), default=list)
    note = models.TextField(blank=True, default="")
    problem = models.TextField(blank=True, default="")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    frozen_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.UniqueConstraint(fields=["dataset", "version"], name="dataset_version_once_per_dataset"),
            models.CheckConstraint(
                condition=Q(state="frozen", frozen_at__isnull=False) & ~Q(sha256="")
                | ~Q(state="frozen") & Q(frozen_at__isnull=True, sha256=""),
                name="dataset_version_is_frozen_with_its_hash",
            ),
        ]


class DatasetRow(models.Model):
    """One row as it is exported (`row`, canonical JSON), and what stands behind it.

    `provenance` holds label ids, people, how the answer came about and soft labels. An erased row keeps its place,
    its id and the hash of what it was.
    """

    pk = models.CompositePrimaryKey("version_id", "position")
    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    position = models.IntegerField()
    external_id = models.TextField()
    item = models.ForeignKey(Item, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    split = models.CharField(max_length=30, blank=True, default="")
    origin = models.CharField(max_length=8, choices=Origin.choices)
    row = models.TextField()
    sha256 = models.CharField(max_length=64)
    provenance = models.JSONField(default=dict)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.UniqueConstraint(fields=["version", "external_id"], name="dataset_row_once_per_version"),
        ]
        indexes = [models.Index(fields=["item"], name="dataset_row_by_item")]


class DatasetDropped(models.Model):
    """A candidate that did not become a row, and why."""

    pk = models.CompositePrimaryKey("version_id", "external_id")
    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    external_id = models.TextField()
    reason = models.CharField(max_length=20)


class DatasetCase(models.Model):
    """A case written by hand: it goes into every version frozen while it stands, and never into a rate of production.

    `content` has input, output, context, metadata, expected and answers.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="cases", db_index=False)
    external_id = models.TextField()
    content = models.JSONField()
    note = models.TextField(blank=True, default="")
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "external_id"],
                condition=Q(withdrawn_at__isnull=True),
                name="one_standing_case_per_id",
            )
        ]


class DatasetLock(models.Model):
    """Something relies on a version (an evaluation, a sign-off); until it is released, nobody retires the version."""

    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="locks", db_index=False)
    kind = models.CharField(max_length=20)
    ref = models.CharField(max_length=100)
    created_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.UniqueConstraint(fields=["version", "kind", "ref"], name="dataset_locked_once_by_each"),
        ]


class ExportState(models.TextChoices):
    """How far an export is."""

    WAITING = "waiting", "Being made"
    DONE = "done", "Ready"
    FAILED = "failed", "Could not be made"


class DatasetExport(models.Model):
    """A file of a version made in the background, for the person who asked; gone when it expires."""

    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="exports")
    format = models.CharField(max_length=20)
    split = models.CharField(max_length=30, blank=True, default="")
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=ExportState.choices, default=ExportState.WAITING)
    total = models.IntegerField()
    done = models.IntegerField(default=0)
    # Up to which row of the version what is stored of the file goes, and how often it had to be begun again.
    position = models.IntegerField(default=0, db_default=0)
    beginnings = models.IntegerField(default=0, db_default=0)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True, default="")
    problem = models.TextField(blank=True, default="")
    ended_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    forgotten_at = models.DateTimeField(null=True)

    class Meta:
        """Constraints named after the rule they hold."""

        constraints = [
            models.CheckConstraint(
                condition=Q(state="waiting", ended_at__isnull=True) | ~Q(state="waiting") & Q(ended_at__isnull=False),
                name="dataset_export_has_ended_or_not",
            )
        ]
        indexes = [
            models.Index(
                fields=["expires_at"], condition=Q(forgotten_at__isnull=True), name="dataset_export_not_forgotten"
            )
        ]


class DatasetExportPart(models.Model):
    """A piece of an exported file, all but the last of the same size; the last grows while the file is made."""

    pk = models.CompositePrimaryKey("export_id", "nth")
    export = models.ForeignKey(DatasetExport, on_delete=models.CASCADE, related_name="parts", db_index=False)
    nth = models.IntegerField()
    data = models.BinaryField()
