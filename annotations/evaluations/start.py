"""Starting an evaluation: of uploaded outputs, of an endpoint, or of a model with a prompt."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from annotations.datasets.locks import lock_version
from annotations.datasets.read import check_split, count_rows, get_frozen
from annotations.evaluations.ask_judges import get_running_judge
from annotations.evaluations.collect import Given, store_outputs
from annotations.evaluations.judged import find_judges
from annotations.evaluations.run import KIND, SMALL, advance
from annotations.evaluations.spec import MAX_REPEATS, Spec
from annotations.evaluations.template import fill_text
from annotations.models import Evaluation
from annotations.models.evaluations import EvaluationState
from reviewapp.accounts.access import Actor
from reviewapp.accounts.models import Project
from reviewapp.accounts.project_secrets import store_secret
from reviewapp.audit.record import record
from reviewapp.http.errors import FieldError, InvalidError
from reviewapp.http.outgoing_guard import check_url
from reviewapp.jobs.intents import add_intent
from reviewapp.words import counted
from sampling.checks.publish import newest_checks_id

MAX_SYSTEM = 200


def start_evaluation(
    project: Project,
    *,
    dataset: str,
    version: str | None,
    system_version: str,
    spec: Spec,
    outputs: Iterable[Given] | None,
    baseline: int | None,
    actor: Actor | None,
    now: datetime,
    foreground: bool = False,
) -> Evaluation:
    """Store an evaluation and have it run; a small one of uploaded outputs is done when this returns.

    The caller has asked for the right to. In the foreground the caller runs it, by `advance`. Raises NotFoundError for
    a dataset, version or baseline that is none, ConflictError where it is not frozen or retired, InvalidError.
    """
    system_version = system_version.strip()
    if not system_version or len(system_version) > MAX_SYSTEM or not system_version.isprintable():
        message = f"Name the system version, in up to {MAX_SYSTEM} characters."
        raise InvalidError(message, fields=(FieldError("system_version", message),))
    if (outputs is None) == (spec.called is None):
        message = "Send the outputs, or name an endpoint or a model: one of them."
        raise InvalidError(message, fields=(FieldError("outputs", message),))
    found = get_frozen(project, dataset, version)
    split = check_split(found, spec.split)
    base = find_baseline(project, found.dataset_id, baseline)
    if spec.called is not None:
        _check_address(spec)
    for choice in spec.asked_judges:
        get_running_judge(project.pk, choice)
    with transaction.atomic():
        evaluation = Evaluation.objects.create(
            project=project,
            version=found,
            system_version=system_version,
            spec={**spec.stored(), "checks_version": newest_checks_id(project.pk)},
            baseline=base,
            total=count_rows(found, split=split, erased=False),
            created_by=actor.user if actor else None,
            created_at=now,
        )
        lock_version(found, kind="evaluation", ref=str(evaluation.pk), now=now)
        if spec.called is not None and spec.called.auth is not None:
            store_secret(project, name=secret_name(evaluation), text=spec.called.auth.secret, actor=actor, now=now)
        if outputs is not None:
            _take(evaluation, outputs)
            find_judges(evaluation, spec.judges)
        record(
            "evaluation.started",
            now=now,
            actor=actor,
            project_id=project.pk,
            object_kind="evaluation",
            object_id=evaluation.pk,
            detail={
                "dataset": dataset,
                "version": found.version,
                "sha256": found.sha256,
                "system_version": system_version,
                "baseline": base.pk if base else None,
            },
        )
        if foreground:
            return evaluation
        if outputs is not None and evaluation.total <= SMALL and not spec.asked_judges:
            advance(evaluation.pk, now=now)
            evaluation.refresh_from_db()
        else:
            add_intent(kind=KIND, key=str(evaluation.pk), payload={"evaluation_id": evaluation.pk}, now=now)
    return evaluation


def secret_name(evaluation: Evaluation) -> str:
    """Return the name under which the secret of its endpoint is kept while it runs."""
    return f"evaluation:{evaluation.pk}"


def find_baseline(project: Project, dataset_id: int, baseline: int | None) -> Evaluation | None:
    """Return the evaluation to compare with; InvalidError where there is none, or it is of another dataset."""
    if baseline is None:
        return None
    found = Evaluation.objects.select_related("version").filter(project=project, pk=baseline).first()
    message = ""
    if found is None:
        message = "The project has no such evaluation."
    elif found.version.dataset_id != dataset_id:
        message = "The baseline is an evaluation of another dataset."
    elif found.state != EvaluationState.DONE:
        message = "The baseline is not done."
    if message:
        raise InvalidError(message, code="no_baseline", fields=(FieldError("baseline", message),))
    return found


def _check_address(spec: Spec) -> None:
    """Refuse an address that must not be called before anything is stored."""
    row: dict[str, Any] = {"external_id": "x", "input": "x", "context": None, "metadata": {}}
    if spec.endpoint is not None:
        check_url(fill_text(spec.endpoint.url, row, quoted=True))
    elif spec.model is not None:
        check_url(spec.model.base_url)


def _take(evaluation: Evaluation, outputs: Iterable[Given]) -> None:
    stored = store_outputs(evaluation, outputs, most=MAX_REPEATS)
    if not stored.taken:
        message = (
            f"{counted(stored.unknown, 'output belongs', 'outputs belong')} to no row of the dataset:"
            " the external ids are unknown."
            if stored.unknown
            else "There are no outputs."
        )
        raise InvalidError(message, code="no_outputs", fields=(FieldError("outputs", message),))
    if stored.unknown:
        evaluation.unknown = stored.unknown
        evaluation.save(update_fields=["unknown"])
