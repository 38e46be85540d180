"""The API of erasure."""

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router
from pydantic import BaseModel, ConfigDict, Field

from reviewapp.accounts.access import authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from sampling.erase.person import erase_person

router = Router(tags=["Items"])


class EraseIn(BaseModel):
    """Who is to be erased."""

    model_config = ConfigDict(extra="forbid")

    user_ref: str = Field(description="As production names them, or the hash that is kept.")


class ErasedOut(BaseModel):
    """What was emptied: items, and what repeated their content elsewhere."""

    items: int
    elsewhere: dict[str, int]


@router.post("/{slug}/erase", response=ErasedOut, summary="Erase a person", operation_id="erase_person")
def post_erase(request: HttpRequest, slug: str, body: EraseIn) -> ErasedOut:
    """Empty all items of a person, and every dataset row of them. Tombstones stay; it cannot be undone."""
    access = authorize(actor_of(request), slug, Action.ERASE_PEOPLE)
    erased = erase_person(access, user_ref=body.user_ref, now=timezone.now())
    return ErasedOut(items=erased.items, elsewhere=erased.elsewhere)
