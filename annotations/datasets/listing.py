"""Lists of datasets and of their versions, for people."""

from dataclasses import dataclass

from django.db.models import Max, OuterRef, Subquery

from annotations.models import Dataset, DatasetVersion
from annotations.models.datasets import VersionState
from reviewapp.accounts.models import Project

MOST = 200


@dataclass(frozen=True, slots=True)
class ListedDataset:
    """A dataset and its newest version that is frozen and in use, if there is one."""

    dataset: Dataset
    newest: DatasetVersion | None


def list_datasets(project: Project) -> list[ListedDataset]:
    """Return the project's datasets, those frozen last first."""
    usable = DatasetVersion.objects.filter(dataset=OuterRef("pk"), state=VersionState.FROZEN, retired_at=None)
    found = list(
        Dataset.objects.filter(project=project)
        .annotate(at=Max("versions__created_at"), newest_id=Subquery(usable.order_by("-version").values("pk")[:1]))
        .order_by("name")[:MOST]
    )
    versions = DatasetVersion.objects.in_bulk([each.newest_id for each in found if each.newest_id])
    listed = [ListedDataset(each, versions.get(each.newest_id)) for each in found]
    return sorted(listed, key=lambda row: row.newest.created_at.timestamp() if row.newest else 0, reverse=True)


def list_versions(dataset: Dataset) -> list[DatasetVersion]:
    """Return the versions of a dataset, newest first."""
    versions = DatasetVersion.objects.select_related("created_by").filter(dataset=dataset)
    return list(versions.order_by("-version")[:MOST])
