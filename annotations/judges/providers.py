"""Providers of a project: who answers for its judges, at which prices and within which limits.

A key is named by an environment variable of the server, or written once and kept encrypted; nothing gives it out.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction

from annotations.judges.bodies import read_body
from annotations.judges.prompt import Message
from annotations.judges.transport import Answered, Ask, NoParameterError, ProviderError, Target, send
from annotations.models import JudgeProvider
from annotations.models.judge_runs import ProviderKind
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.project_secrets import forget_secret, read_secret, secrets_set_at, store_secret
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import record
from reviewapp.environment import read_key, serves_as_key
from reviewapp.http.errors import ConflictError, FieldError, InvalidError, NotFoundError
from reviewapp.http.outgoing import Outgoing
from reviewapp.http.outgoing_guard import check_url

_NAME = re.compile(r"[^\s.\x1f/][^.\x1f/]{0,98}")
TEST_SECONDS = 20.0
_TEST_TOKENS = 300  # a model that reasons first needs more than a word
# What a base address is completed with, where people leave the version out.
_DEFAULTS = {ProviderKind.OPENAI: "https://api.openai.com/v1", ProviderKind.ANTHROPIC: "https://api.anthropic.com"}


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """What a person says of a provider. `api_key` None leaves a stored key as it is."""

    name: str
    kind: str
    base_url: str
    api_key_env: str
    api_key: str | None
    models: Sequence[Mapping[str, Any]]
    rpm: int | None
    tpm: int | None


@dataclass(frozen=True, slots=True)
class TestCall:
    """How a test call went."""

    ok: bool
    message: str
    latency_ms: float | None


def create_provider(access: Access, spec: ProviderSpec, *, now: datetime) -> JudgeProvider:
    """Add a provider; ConflictError where the project has one of that name."""
    require(access, Action.EDIT_PROVIDERS)
    if not _NAME.fullmatch(spec.name):
        raise _refused("name", "A name has 1 to 99 characters, and no dot or slash.")
    fields = _checked(spec)
    try:
        with transaction.atomic():
            made = JudgeProvider.objects.create(
                project=access.project, name=spec.name, created_by=access.actor.user, created_at=now, **fields
            )
            _keep_key(access, spec, now)
            _record(access, "provider.created", made, now)
    except IntegrityError:
        raise ConflictError("The project has a provider of that name.", code="name_taken") from None
    return made


def change_provider(access: Access, name: str, spec: ProviderSpec, *, now: datetime) -> JudgeProvider:
    """Set a provider's address, key, prices and limits; what it learnt of limits is forgotten. Its name stays."""
    require(access, Action.EDIT_PROVIDERS)
    fields = _checked(spec)
    with transaction.atomic():
        row = JudgeProvider.objects.select_for_update().filter(project=access.project, name=name).first()
        if row is None:
            raise _unknown()
        for field, value in {**fields, "learnt": {}}.items():
            setattr(row, field, value)
        row.save()
        _keep_key(access, spec, now)
        _record(access, "provider.changed", row, now)
    return row


def get_provider(project_id: int, name: str) -> JudgeProvider:
    """Return a provider of the project, or raise NotFoundError."""
    row = JudgeProvider.objects.filter(project_id=project_id, name=name).first()
    if row is None:
        raise _unknown()
    return row


def list_providers(project_id: int) -> list[JudgeProvider]:
    """Return the project's providers by name."""
    return list(JudgeProvider.objects.filter(project_id=project_id).order_by("name"))


def keys_set(project_id: int, names: Sequence[str]) -> set[str]:
    """Return which providers have a key that is stored here."""
    found = secrets_set_at(project_id, [_secret(name) for name in names])
    return {name for name in names if _secret(name) in found}


def target_of(provider: JudgeProvider, model: str) -> Target:
    """Return what a worker needs to call a model; `key` is None where none was given.

    Raises ConflictError where a key was named and is not there, and NotFoundError for a model without a price.
    """
    offer = next((each for each in provider.offers if each["name"] == model), None)
    if offer is None:
        raise NotFoundError(f"The provider {provider.name} lists no model {model}.", code="unknown_model")
    key = read_secret(provider.project_id, _secret(provider.name))
    if key is None and provider.api_key_env:
        key = read_key(provider.api_key_env)
        if key is None:
            said = f"The variable {provider.api_key_env} of provider {provider.name} is not set on the server."
            raise ConflictError(said, code="key_missing")
    learnt = provider.learnt.get(model, {})
    return Target(
        provider=provider.name,
        kind=provider.kind,
        base_url=provider.base_url,
        model=model,
        key=key,
        input_usd=float(offer.get("input_usd_per_mtok") or 0),
        output_usd=float(offer.get("output_usd_per_mtok") or 0),
        rpm=smaller_limit(provider.rpm, learnt.get("rpm")),
        tpm=smaller_limit(provider.tpm, learnt.get("tpm")),
    )


def smaller_limit(one: int | None, other: int | None) -> int | None:
    """Return the stricter of two limits; None is no limit."""
    return min((value for value in (one, other) if value), default=None)


def test_provider(access: Access, name: str, *, model: str | None, now: datetime) -> TestCall:
    """Ask the provider for one word, at once; tell how that went. It costs a few tokens."""
    require(access, Action.EDIT_PROVIDERS)
    provider = get_provider(access.project.pk, name)
    ask = Ask(
        [Message("system", "This is a test of a connection."), Message("user", "Reply with the word ready.")],
        {},
        None,
        _TEST_TOKENS,
    )
    try:
        target = target_of(provider, model or str(provider.offers[0]["name"]))
        with Outgoing(connections=1) as outgoing:
            answer = _send_what_is_taken(outgoing, target, ask)
    except ProviderError as error:
        found = TestCall(ok=False, message=error.message, latency_ms=None)
    except (ConflictError, NotFoundError) as error:
        found = TestCall(ok=False, message=error.message, latency_ms=None)
    else:
        body = read_body(target.kind, answer.body)
        ok = not body.problem or bool(body.text)
        found = TestCall(
            ok=ok,
            message=f"It replied: {body.text[:200] or '(nothing)'}" if ok else body.problem,
            latency_ms=answer.latency_ms,
        )
    with transaction.atomic():
        record(
            "provider.tested",
            now=now,
            actor=access.actor,
            project_id=access.project.pk,
            object_kind="provider",
            object_id=provider.pk,
            detail={"ok": found.ok},
        )
    return found


def _send_what_is_taken(outgoing: Outgoing, target: Target, ask: Ask) -> Answered:
    """Make the call, again without each parameter that the model says it does not take."""
    while True:
        try:
            return send(outgoing, target, ask, timeout_seconds=TEST_SECONDS)
        except NoParameterError as refused:
            ask = replace(ask, without=ask.without | {refused.name})


def _checked(spec: ProviderSpec) -> dict[str, Any]:
    if spec.kind not in ProviderKind.values:
        raise _refused("kind", f"A kind is one of {', '.join(ProviderKind.values)}.")
    base = spec.base_url.strip() or _DEFAULTS.get(ProviderKind(spec.kind), "")
    if spec.kind == ProviderKind.SIMULATED:
        base = ""
    else:
        try:
            check_url(base, must_resolve=False)
        except InvalidError as refusal:
            raise _refused("base_url", refusal.message, code=refusal.code) from None
        base = base.rstrip("/")
        if spec.kind == ProviderKind.ANTHROPIC:
            base = base.removesuffix("/v1")
        if urlsplit(base).query or urlsplit(base).fragment:
            raise _refused("base_url", "A base address has no query.")
    if spec.api_key_env and not serves_as_key(spec.api_key_env):
        raise _refused(
            "api_key_env",
            "Name a variable that holds a provider's key, such as OPENAI_API_KEY: its name ends in KEY or TOKEN, and it"
            " is none of the server's own.",
        )
    names = [str(each["name"]) for each in spec.models]
    if not names or len(set(names)) < len(names):
        raise _refused("models", "List at least one model, each once.")
    return {
        "kind": spec.kind,
        "base_url": base,
        "api_key_env": spec.api_key_env,
        "offers": [dict(each) for each in spec.models],
        "rpm": spec.rpm,
        "tpm": spec.tpm,
    }


def _keep_key(access: Access, spec: ProviderSpec, now: datetime) -> None:
    name = _secret(spec.name)
    if spec.api_key:
        store_secret(access.project, name=name, text=spec.api_key.strip(), actor=access.actor, now=now)
    elif spec.api_key_env:
        forget_secret(access.project, name=name, actor=access.actor, now=now)


def _secret(name: str) -> str:
    return f"provider:{name}"


def _record(access: Access, action: str, row: JudgeProvider, now: datetime) -> None:
    record(
        action,
        now=now,
        actor=access.actor,
        project_id=access.project.pk,
        object_kind="provider",
        object_id=row.pk,
        detail={"name": row.name, "kind": row.kind, "models": [each["name"] for each in row.offers]},
    )


def _refused(field: str, message: str, *, code: str | None = None) -> InvalidError:
    return InvalidError(message, code=code, fields=(FieldError(field, message),))


def _unknown() -> NotFoundError:
    return NotFoundError("The project has no such provider.")
