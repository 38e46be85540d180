"""Datasets over the API: made, frozen by a recipe, read, compared, and exported in everybody's format."""

from typing import Annotated, Any, Literal

import orjson
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import Field

from annotations.api.bodies import Body
from annotations.datasets.create import create_dataset
from annotations.datasets.diff import compare_versions
from annotations.datasets.export.audit import export_on_record
from annotations.datasets.freeze import freeze_version
from annotations.datasets.locks import list_locks
from annotations.datasets.read import get_dataset, get_frozen, get_version
from annotations.models import DatasetVersion
from annotations.models.datasets import VersionState
from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of

router = Router(tags=["Datasets"])

Format = Literal[
    "jsonl",
    "csv",
    "parquet",
    "openai_evals",
    "promptfoo",
    "inspect",
    "deepeval",
    "ragas",
    "langfuse",
    "mlflow",
    "langsmith",
    "braintrust",
    "phoenix",
    "huggingface",
]


class DatasetIn(Body):
    """A new dataset."""

    name: str
    description: str = ""


class DatasetOut(Schema):
    """A dataset."""

    name: str
    description: str
    created_at: str


SPLITS = {"train": 0.6, "dev": 0.2, "test": 0.2}


class RecipeIn(Body):
    """By which rules rows are chosen; see docs/datasets.md."""

    where: dict[str, Any] | None = None
    resolution: Literal["agreed", "majority", "adjudicated"] = "agreed"
    min_labels: int | None = None
    min_agreement: float | None = None
    splits: dict[str, float] | None = Field(
        default=None, description='Unless given {"train": 0.6, "dev": 0.2, "test": 0.2}; {} leaves the rows together.'
    )
    group_by: str | None = Field(default=None, description="Rows with the same value share a split; session_ref.")
    limit: int | None = None
    stratify_by: str | None = Field(
        default=None, description="The limit is spread evenly over the values of this fact."
    )
    dedupe: Literal["none", "exact", "near"] | None = None
    near: float | None = Field(
        default=None, description="From which similarity on two inputs are nearly the same; 0.8."
    )
    exclude_judge_train: list[str] | None = Field(default=None, description="Judges whose train items stay out.")
    also: list[str] | None = Field(default=None, description="External ids that are in by hand.")
    cases: bool = Field(default=True, description="Take along the cases that were written by hand.")
    tags: list[str] = Field(default_factory=list)
    note: str = ""


class FrozenOut(Schema):
    """A version that was frozen, or is being frozen (then without hash and rows)."""

    version: int
    sha256: str | None
    rows: int | None
    state: str


class LockOut(Schema):
    """What relies on a version."""

    kind: str
    ref: str


class DatasetVersionOut(FrozenOut):
    """A version with how it came about. `sha256` is that of the JSON Lines export as it was frozen."""

    dataset: str
    recipe: dict[str, Any]
    manifest: dict[str, Any]
    tags: list[str]
    note: str
    problem: str
    created_by: str | None
    created_at: str
    frozen_at: str | None
    retired_at: str | None
    erased: int = Field(description="Rows that were emptied when people asked for erasure.")
    erased_at: str | None
    locks: list[LockOut]


class MovedOut(Schema):
    """A row that only one of two versions has."""

    external_id: str
    why: str


class ChangedOut(Schema):
    """A row that differs: which fields, and what was and is expected."""

    external_id: str
    fields: list[str]
    before: Any
    after: Any
    why: str


class DiffOut(Schema):
    """What changed from one version to another; each list holds up to a thousand, `counts` all."""

    added: list[MovedOut]
    removed: list[MovedOut]
    changed: list[ChangedOut]
    counts: dict[str, int]
    recipe: list[str] = Field(description="The rules that differ.")


@router.post("/{slug}/datasets", response={201: DatasetOut}, summary="Make a dataset", operation_id="post_dataset")
def post_dataset(request: HttpRequest, slug: str, body: DatasetIn) -> Status[DatasetOut]:
    """Make a dataset: a name under which versions are frozen."""
    access = authorize(actor_of(request), slug, Action.EDIT_DATASETS)
    made = create_dataset(access, name=body.name, description=body.description, now=timezone.now())
    made_at = made.created_at.isoformat()
    return Status(201, DatasetOut(name=made.name, description=made.description, created_at=made_at))


@router.post(
    "/{slug}/datasets/{name}/versions",
    response={201: FrozenOut, 202: FrozenOut},
    summary="Freeze a version",
    operation_id="post_dataset_version",
)
def post_version(request: HttpRequest, slug: str, name: str, body: RecipeIn) -> Status[FrozenOut]:
    """Freeze what the recipe chooses now as the next version. 202 where that goes on in the background."""
    access = authorize(actor_of(request), slug, Action.EDIT_DATASETS)
    version = freeze_version(
        access,
        get_dataset(access.project, name),
        body={**body.model_dump(exclude={"tags", "note"}), "splits": SPLITS if body.splits is None else body.splits},
        tags=body.tags,
        note=body.note,
        now=timezone.now(),
    )
    return Status(201 if version.state == VersionState.FROZEN else 202, FrozenOut(**_frozen(version)))


@router.get(
    "/{slug}/datasets/{name}/versions/{version}",
    response=DatasetVersionOut,
    summary="Read a version",
    operation_id="get_dataset_version",
)
def read_version(request: HttpRequest, slug: str, name: str, version: str) -> DatasetVersionOut:
    """Read what a version is. `version` is its number, one of its tags, or `latest`."""
    access = authorize(actor_of(request), slug, Action.SEE_DATASETS)
    found = get_version(access.project, name, version)
    return DatasetVersionOut(
        **_frozen(found),
        dataset=found.dataset.name,
        recipe={**found.recipe, "splits": dict(found.recipe["splits"])},
        manifest=found.manifest,
        tags=found.tags,
        note=found.note,
        problem=found.problem,
        created_by=found.created_by.username if found.created_by else None,
        created_at=found.created_at.isoformat(),
        frozen_at=found.frozen_at.isoformat() if found.frozen_at else None,
        retired_at=found.retired_at.isoformat() if found.retired_at else None,
        erased=found.n_erased,
        erased_at=found.erased_at.isoformat() if found.erased_at else None,
        locks=[LockOut(kind=lock.kind, ref=lock.ref) for lock in list_locks(found)],
    )


@router.get(
    "/{slug}/datasets/{name}/versions/{version}/export",
    response={200: Any},
    summary="Export a version",
    operation_id="export_dataset_version",
)
def export(
    request: HttpRequest,
    slug: str,
    name: str,
    version: str,
    *,
    format: Format = "jsonl",
    split: str | None = None,
    provenance: bool = False,
) -> StreamingHttpResponse:
    """Stream a version, or one split of it, in a format: the same version always in the same bytes.

    With `provenance=true`, JSON Lines say besides who labelled a row, by which labels, and the soft labels.
    """
    access = authorize(actor_of(request), slug, Action.SEE_DATASETS)
    found = get_frozen(access.project, name, version)
    made = export_on_record(found, kind=format, split=split, actor=access.actor, provenance=provenance)
    response = StreamingHttpResponse(made.pieces, content_type=made.content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{_plain(made.name)}"'
    response.headers["X-Dataset-Version"] = str(found.version)
    return response


@router.get(
    "/{slug}/datasets/{name}/diff", response=DiffOut, summary="Compare versions", operation_id="diff_dataset_versions"
)
def diff(
    request: HttpRequest,
    slug: str,
    name: str,
    before: Annotated[str, Query(alias="from", description="A version's number or tag.")] = "1",
    after: Annotated[str, Query(alias="to", description="A version's number or tag, or latest.")] = "latest",
) -> HttpResponse:
    """List what was added, removed and changed from one version to another, and why."""
    access = authorize(actor_of(request), slug, Action.SEE_DATASETS)
    found = compare_versions(get_frozen(access.project, name, before), get_frozen(access.project, name, after))
    body = {
        "added": [row._asdict() for row in found.added],
        "removed": [row._asdict() for row in found.removed],
        "changed": [row._asdict() for row in found.changed],
        "counts": {
            "added": found.n_added,
            "removed": found.n_removed,
            "changed": found.n_changed,
            "same": found.n_same,
        },
        "recipe": found.recipe,
    }
    return HttpResponse(orjson.dumps(body), content_type="application/json")


def _frozen(version: DatasetVersion) -> dict[str, Any]:
    frozen = version.state == VersionState.FROZEN
    return {
        "version": version.version,
        "sha256": version.sha256 or None,
        "rows": version.n_rows if frozen else None,
        "state": version.state,
    }


def _plain(name: str) -> str:
    """Return a file name that a header can hold."""
    return name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_")
