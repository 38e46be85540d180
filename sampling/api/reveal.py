"""The API of masked originals."""

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router
from pydantic import BaseModel, ConfigDict, Field

from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from sampling.mask.reveal import reveal_originals

router = Router(tags=["Items"])


class RevealIn(BaseModel):
    """Which project the item is of, and why its originals are needed."""

    model_config = ConfigDict(extra="forbid")

    project: str = Field(description="Its slug.")
    reason: str = Field(description="Kept with your name.")


class RevealOut(BaseModel):
    """What stands behind the item's placeholders, and behind its hashed references."""

    external_id: str
    originals: dict[str, str] = Field(description="By placeholder, such as `[EMAIL_1]`; `user_ref`, `session_ref`.")


@router.post("/{external_id:external_id}/reveal", response=RevealOut, summary="Reveal masked originals")
def reveal_item(request: HttpRequest, external_id: str, body: RevealIn) -> RevealOut:
    """Show the originals of an item whose project keeps them (`reversible`). That is on record, with your reason."""
    access = authorize(actor_of(request), body.project, Action.REVEAL_ORIGINALS)
    originals = reveal_originals(access, external_id=external_id, reason=body.reason, now=timezone.now())
    return RevealOut(external_id=external_id, originals=originals)
