"""Access by task: addresses of the queue name a task, and the project follows from it."""

from reviewapp.accounts.access import LAST_ID, Access, Actor, authorize_own, authorize_where
from reviewapp.accounts.roles import Action
from reviewapp.http.errors import NotFoundError

_OF_TASK = "p.id = (SELECT t.project_id FROM annotations_task t WHERE t.id = %s)"
_OF_GRADE = """p.id = (SELECT e.project_id FROM annotations_evaluationgrade g
    JOIN annotations_evaluation e ON e.id = g.evaluation_id WHERE g.id = %s)"""
_OF_LABEL = "p.id = (SELECT b.project_id FROM annotations_label b WHERE b.id = %s)"


def authorize_task(actor: Actor, task_id: int, action: Action) -> Access:
    """Return the actor's access to the project of a task; NotFoundError for strangers and unknown tasks alike."""
    return _authorize(actor, _OF_TASK, task_id, action)


def authorize_submit(actor: Actor, task_id: int, action: Action) -> Access:
    """Do the same for a submit, whose desk refuses tasks of other projects: a project's token names its project."""
    if task_id > LAST_ID:
        raise not_found()
    return authorize_own(actor, action) if actor.own is not None else authorize_task(actor, task_id, action)


def authorize_label(actor: Actor, label_id: int, action: Action) -> Access:
    """Return the actor's access to the project of a label; NotFoundError for strangers and unknown labels alike."""
    return _authorize(actor, _OF_LABEL, label_id, action)


def authorize_grade(actor: Actor, grade_id: int, action: Action) -> Access:
    """Return the actor's access to the project of a grade; NotFoundError for strangers and unknown grades alike."""
    return _authorize(actor, _OF_GRADE, grade_id, action)


def _authorize(actor: Actor, where: str, value: int, action: Action) -> Access:
    try:
        return authorize_where(actor, where, value, action)
    except NotFoundError:
        raise not_found() from None


def not_found() -> NotFoundError:
    """Return the refusal for what does not exist, or is none of the actor's business."""
    return NotFoundError("There is no such thing in any of your projects.")
