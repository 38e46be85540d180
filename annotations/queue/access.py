"""Access by task: addresses of the queue name a task, and the project follows from it."""

from annotations.models import Label, Task
from reviewapp.accounts.access import Access, Actor, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.errors import NotFoundError


def authorize_task(actor: Actor, task_id: int, action: Action) -> Access:
    """Return the actor's access to the project of a task; NotFoundError for strangers and unknown tasks alike."""
    return _authorize(actor, Task.objects.filter(pk=task_id).values_list("project__slug", flat=True).first(), action)


def authorize_label(actor: Actor, label_id: int, action: Action) -> Access:
    """Return the actor's access to the project of a label; NotFoundError for strangers and unknown labels alike."""
    return _authorize(actor, Label.objects.filter(pk=label_id).values_list("project__slug", flat=True).first(), action)


def _authorize(actor: Actor, slug: str | None, action: Action) -> Access:
    missing = NotFoundError("There is no such thing in any of your projects.")
    if slug is None:
        raise missing
    try:
        return authorize(actor, slug, action)
    except NotFoundError:
        raise missing from None
