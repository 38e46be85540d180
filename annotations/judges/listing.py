"""The judges of a project: their versions, newest first, each with what may be said of it."""

from typing import NamedTuple

from annotations.judges.calibration import get_judgement
from annotations.judges.words import Judgement
from annotations.models import JudgeVersion
from reviewapp.accounts.models import Project
from reviewapp.http.errors import NotFoundError, RefusalError

PAGE = 20


class ListedVersion(NamedTuple):
    """A version, with its judgement; or why there is none (a question that is not pass or fail)."""

    version: JudgeVersion
    judgement: Judgement | None
    refused: str


class VersionPage(NamedTuple):
    """A page of versions; `older` is where the next one begins."""

    rows: list[ListedVersion]
    older: int | None


def list_versions(project: Project, *, question: str | None, before: int | None = None) -> VersionPage:
    """Return the newest versions, or those before one, with what their labels say of the question."""
    found = JudgeVersion.objects.filter(judge__project=project).select_related("judge").order_by("-pk")
    if before is not None:
        found = found.filter(pk__lt=before)
    versions = list(found[: PAGE + 1])
    rows = [_listed(project, version, question) for version in versions[:PAGE]]
    return VersionPage(rows, versions[PAGE - 1].pk if len(versions) > PAGE else None)


def find_by_path(project: Project, path: str) -> JudgeVersion:
    """Return the version whose judge and name, a slash between them, are the path; or raise NotFoundError."""
    parts = path.split("/")
    for cut in range(1, len(parts)):
        judge, version = "/".join(parts[:cut]), "/".join(parts[cut:])
        found = JudgeVersion.objects.select_related("judge").filter(
            judge__project=project, judge__name=judge, version=version
        )
        row = found.first()
        if row is not None:
            return row
    raise NotFoundError("The project has no such judge version.")


def _listed(project: Project, version: JudgeVersion, question: str | None) -> ListedVersion:
    try:
        judgement = get_judgement(project.pk, project.sampling_salt, version, question=question)
    except RefusalError as refusal:
        return ListedVersion(version, None, refusal.fields[0].message if refusal.fields else refusal.message)
    return ListedVersion(version, judgement, "")
