"""The API of rubrics."""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Body, Query, Router
from ninja.openapi.schema import REF_TEMPLATE
from pydantic import BaseModel

from annotations.models import RubricVersion
from annotations.rubrics.publish import find_rubric, publish_rubric
from annotations.rubrics.questions import RubricBody
from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import NotFoundError

router = Router(tags=["Rubric"])


class RubricVersionOut(BaseModel):
    """The number of the version just published."""

    version: int


class RubricOut(BaseModel):
    """One version of a rubric."""

    version: int
    guidelines: str
    questions: list[dict[str, Any]]
    created_at: datetime

    @classmethod
    def of(cls, row: RubricVersion) -> "RubricOut":
        """Return what is shown of a version."""
        return cls(version=row.version, guidelines=row.guidelines, questions=row.questions, created_at=row.created_at)


# The service checks the body and names the place of each mistake; the document shows what it checks against.
_BODY = {
    "requestBody": {
        "content": {"application/json": {"schema": RubricBody.model_json_schema(ref_template=REF_TEMPLATE)}}
    }
}


@router.put("/{p}/rubric", response=RubricVersionOut, summary="Publish a rubric", openapi_extra=_BODY)
def put_rubric(request: HttpRequest, p: str, body: Annotated[dict[str, Any], Body()]) -> RubricVersionOut:
    """Publish the next version of the questions and guidelines; versions never change afterwards."""
    access = authorize(actor_of(request), p, Action.EDIT_RUBRIC)
    row = publish_rubric(project=access.project, body=body, actor=access.actor, now=timezone.now())
    return RubricVersionOut(version=row.version)


@router.get("/{p}/rubric", response=RubricOut, summary="Read a rubric")
def get_rubric(
    request: HttpRequest,
    p: str,
    version: Annotated[int | None, Query(ge=1, description="The newest, if left out.")] = None,
) -> RubricOut:
    """A version of the questions and guidelines."""
    access = authorize(actor_of(request), p, Action.SEE_PROJECT)
    row = find_rubric(access.project.pk, version)
    if row is None:
        raise NotFoundError("The project has no such rubric version." if version else "The project has no rubric yet.")
    return RubricOut.of(row)
