"""Access by rollout: addresses name a rollout, and the project follows from it."""

from annotations.models import Rollout
from annotations.rollouts.create import find_rollout
from reviewapp.accounts.access import Access, Actor, authorize_where
from reviewapp.accounts.roles import Action
from reviewapp.http.errors import NotFoundError

_OF_ROLLOUT = "p.id = (SELECT r.project_id FROM annotations_rollout r WHERE r.id = %s)"


def authorize_rollout(actor: Actor, rollout_id: int, action: Action) -> tuple[Access, Rollout]:
    """Return the actor's access and the rollout; NotFoundError for strangers and unknown rollouts alike."""
    try:
        access = authorize_where(actor, _OF_ROLLOUT, rollout_id, action)
    except NotFoundError:
        raise NotFoundError("There is no such rollout in any of your projects.") from None
    return access, find_rollout(access, rollout_id)
