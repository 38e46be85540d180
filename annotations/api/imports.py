"""What comes in beside items over the API: labels, verdicts and decisions made elsewhere."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from ninja.openapi.schema import REF_TEMPLATE
from pydantic import BaseModel, Field

from annotations.api.bodies import Body
from annotations.imports.decisions import DEFAULT_FEED, import_decisions, put_feed
from annotations.imports.labels import import_labels
from annotations.imports.records import DecisionRecord, LabelRecord, VerdictRecord
from annotations.imports.verdicts import import_verdicts
from annotations.models.decisions import Coverage
from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.bodies import read_lines
from sampling.api.items import ResultOut

router = Router(tags=["Imports"])


def _document(model: type[BaseModel], key: str) -> dict[str, Any]:
    """Return the part of the document that shows what a body holds: the lines are read as they stream in."""
    one = model.model_json_schema(ref_template=REF_TEMPLATE)
    many = {"type": "object", "required": [key], "properties": {key: {"type": "array", "items": one}}}
    shapes = {"oneOf": [many, {"type": "array", "items": one}, one]}
    content = {"application/json": {"schema": shapes}, "application/x-ndjson": {"schema": one}}
    return {"requestBody": {"required": True, "content": content}}


class Probability(Body):
    """Each with the same known probability."""

    probability: Annotated[float, Field(gt=0, le=1)]


class FeedIn(Body):
    """How the manual process chose what it decided."""

    coverage: Literal["all", "unknown"] | Probability


class FeedOut(Schema):
    """A decision feed."""

    name: str
    coverage: Literal["all", "unknown"] | Probability


@router.post(
    "/{p}/labels/import", response=ResultOut, summary="Import labels", openapi_extra=_document(LabelRecord, "labels")
)
def post_labels(request: HttpRequest, p: str) -> ResultOut:
    """Store labels that people made elsewhere, as JSON or NDJSON; a reviewer needs no account.

    The same item, person and answers again is a duplicate, other answers supersede. A bad line spoils no good one.
    """
    access = authorize(actor_of(request), p, Action.IMPORT_LABELS)
    lines = read_lines(request, key="labels", any_shape=True)
    return ResultOut.of(import_labels(project=access.project, lines=lines, actor=access.actor, now=timezone.now()))


@router.post(
    "/{p}/verdicts/import",
    response=ResultOut,
    summary="Import verdicts",
    openapi_extra=_document(VerdictRecord, "verdicts"),
)
def post_verdicts(request: HttpRequest, p: str) -> ResultOut:
    """Store what judges that run elsewhere said, as JSON or NDJSON; `answers` null is stored as unparsed."""
    access = authorize(actor_of(request), p, Action.IMPORT_VERDICTS)
    lines = read_lines(request, key="verdicts", any_shape=True)
    return ResultOut.of(import_verdicts(project=access.project, lines=lines, actor=access.actor, now=timezone.now()))


@router.post(
    "/{p}/decisions",
    response=ResultOut,
    summary="Send decisions",
    openapi_extra=_document(DecisionRecord, "decisions"),
)
def post_decisions(
    request: HttpRequest,
    p: str,
    feed: Annotated[str, Query(description="The manual process that they come from.")] = DEFAULT_FEED,
) -> ResultOut:
    """Store what the existing manual process decided, as JSON or NDJSON; decisions may arrive before their item."""
    access = authorize(actor_of(request), p, Action.ADD_DECISIONS)
    lines = read_lines(request, key="decisions", any_shape=True)
    result = import_decisions(project=access.project, feed=feed, lines=lines, actor=access.actor, now=timezone.now())
    return ResultOut.of(result)


@router.put("/{p}/decision-feeds/{name}", response=FeedOut, summary="Say what a decision feed covers")
def put_decision_feed(request: HttpRequest, p: str, name: str, body: FeedIn) -> FeedOut:
    """Say how the manual process chose what it decided: everything, each with a probability, or unknown."""
    access = authorize(actor_of(request), p, Action.ADD_DECISIONS)
    said = body.coverage
    feed = put_feed(
        project=access.project,
        name=name,
        coverage=Coverage.PROBABILITY if isinstance(said, Probability) else Coverage(said),
        probability=said.probability if isinstance(said, Probability) else None,
        actor=access.actor,
        now=timezone.now(),
    )
    return FeedOut(name=feed.name, coverage=body.coverage)
