"""The models that a piece of a run may ask, in order: each with its limits, what it learnt of them, and its health."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from django.db import transaction

from annotations.judges.limits import Breaker, Limit, block, correct, take
from annotations.judges.prompt import Message
from annotations.judges.providers import get_provider, smaller_limit, target_of
from annotations.judges.transport import Ask, NoParameterError, NoStructureError, Target
from annotations.judges.versions import Choice, Params
from annotations.judges.waiting import told_limits
from annotations.models import JudgeProvider
from annotations.models.judge_runs import ProviderKind
from reviewapp.http.errors import RefusalError

_CHARS_A_TOKEN = 4.0
_CAREFUL_CHARS_A_TOKEN = 2.5
_SMOOTH = 0.1
_FREE_SECONDS = 0.1


class Form(StrEnum):
    """How strictly a model is asked for the form of its reply: by a schema, as some JSON object, in words alone."""

    SCHEMA = "schema"
    OBJECT = "object"
    PLAIN = "plain"


Manner = tuple[Form, frozenset[str]]  # how strictly, and without which parameters


class Asked:
    """One model of one provider during a piece of work. `dead` says why it is of no use until a person acts."""

    def __init__(self, project_id: int, choice: Choice) -> None:
        self.choice = choice
        self.dead = ""
        self.target: Target | None = None
        self.form = Form.SCHEMA
        self.without: frozenset[str] = frozenset()  # parameters that the model refused
        try:
            self.provider = get_provider(project_id, choice.provider)
            self.target = target_of(self.provider, choice.model)
            learnt = self.provider.learnt.get(choice.model, {})
            self.form, self.without = _known_form(learnt), frozenset(learnt.get("without", []))
        except RefusalError as refusal:
            self.dead = refusal.message
        self.key = _key(project_id, choice)
        self.breaker = Breaker(self.key)
        self.limit = Limit(self.key, self.target.rpm if self.target else None, self.target.tpm if self.target else None)
        self._ratio, self._output, self._free_until = 1.0, 0.0, 0.0

    @property
    def there(self) -> Target:
        """The target of one that is of use."""
        if self.target is None:
            raise LookupError(self.dead)
        return self.target

    def expected_tokens(self, prompt_chars: int, max_tokens: int) -> float:
        """Return how many tokens a call will take up, by what earlier ones did."""
        return prompt_chars / _CHARS_A_TOKEN * self._ratio + (self._output or min(max_tokens, 150))

    def most_nusd(self, prompt_chars: int, max_tokens: int) -> int:
        """Return the most that a call can cost, near enough."""
        if self.target is None:
            return 0
        return self.target.cost_nusd(prompt_chars / _CAREFUL_CHARS_A_TOKEN + 20, max_tokens)

    def take(self, tokens: float) -> float:
        """Take up a call's share of the limits; return 0, or how long to wait.

        Where there are none, the others are asked now and then only whether the provider said to wait.
        """
        if self.limit.rpm or self.limit.tpm:
            return take(self.limit, tokens=tokens)
        if time.monotonic() < self._free_until:
            return 0.0
        wait = take(self.limit, tokens=tokens)
        self._free_until = 0.0 if wait else time.monotonic() + _FREE_SECONDS
        return wait

    def used(self, *, expected: float, prompt_chars: int, input_tokens: int, output_tokens: int) -> None:
        """Learn what a call really took."""
        self._ratio += _SMOOTH * (input_tokens / max(prompt_chars / _CHARS_A_TOKEN, 1) - self._ratio)
        self._output = output_tokens if not self._output else self._output + _SMOOTH * (output_tokens - self._output)
        correct(self.limit, tokens=input_tokens + output_tokens - expected)

    def heard(self, headers: Mapping[str, str], *, now: datetime) -> None:
        """Learn limits from the headers of an answer: kept with the provider, so that every worker knows them."""
        told = told_limits(headers, now=now)
        if told.wait > 0:
            block(self.limit, seconds=told.wait)
        known = {"rpm": told.rpm, "tpm": told.tpm}
        rpm, tpm = (smaller_limit(known[name], getattr(self.provider, name)) for name in ("rpm", "tpm"))
        if (told.rpm or told.tpm) and (rpm, tpm) != (self.limit.rpm, self.limit.tpm):
            self.limit = Limit(self.key, rpm, tpm)
            self._learn({name: value for name, value in known.items() if value})

    def ask(self, messages: Sequence[Message], params: Params, schema: Mapping[str, Any] | None) -> Ask:
        """Return the request, in the form that this model takes."""
        is_plain = self.form == Form.PLAIN
        logprobs = params.score == "logprobs" and self.there.kind == ProviderKind.OPENAI and not is_plain
        shown = None if is_plain else schema
        loose = self.form == Form.OBJECT
        return Ask(messages, params.send, shown, params.max_tokens, logprobs, loose=loose, without=self.without)

    @property
    def manner(self) -> Manner:
        """How the model is asked: a refusal of an earlier manner says nothing of this one."""
        return self.form, self.without

    def adapt(self, refused: NoStructureError | NoParameterError) -> bool:
        """Ask with less structure, or without the parameter, from now on; return False where that was done before."""
        if isinstance(refused, NoParameterError):
            if refused.name in self.without:
                return False
            self.without |= {refused.name}
            return True
        if self.form == Form.PLAIN:
            return False
        has_between = self.form == Form.SCHEMA and self.there.kind == ProviderKind.OPENAI
        self.form = Form.OBJECT if has_between else Form.PLAIN
        return True

    def adapts(self, refused: NoStructureError | NoParameterError, *, manner: Manner) -> bool:
        """Tell whether there is another manner than the refused one; one that was not known is, by every worker."""
        if self.manner != manner:
            return True
        if not self.adapt(refused):
            return False
        said = {"form": str(self.form)} if self.form != Form.SCHEMA else {}
        self._learn({**said, **({"without": sorted(self.without)} if self.without else {})})
        return True

    def hold(self, seconds: float) -> None:
        """Ask nothing for so long, because the provider said so."""
        self._free_until = 0.0
        block(self.limit, seconds=seconds)

    def _learn(self, what: dict[str, object]) -> None:
        with transaction.atomic():
            row = JudgeProvider.objects.select_for_update().get(pk=self.provider.pk)
            row.learnt = {**row.learnt, self.choice.model: {**row.learnt.get(self.choice.model, {}), **what}}
            row.save(update_fields=["learnt"])


class Picked(NamedTuple):
    """Who is asked next, or why nobody: `dead` until a person acts, else after `wait` seconds."""

    asked: Asked | None
    place: int = 0
    wait: float = 0.0
    dead: str = ""
    given_up: bool = False


def pick_target(targets: Sequence[Asked], place: int) -> Picked:
    """Return the first from a place on that is of use and whose breaker is closed."""
    waits = []
    for nth in range(place, len(targets)):
        asked = targets[nth]
        if asked.dead or asked.target is None:
            continue
        seconds = asked.breaker.open_seconds()
        if not seconds:
            return Picked(asked, nth)
        waits.append(seconds)
    if waits:
        given_up = all(asked.dead or asked.breaker.times_opened() >= asked.breaker.GIVE_UP for asked in targets)
        return Picked(None, wait=min(waits), given_up=given_up)
    dead = " ".join(dict.fromkeys(asked.dead for asked in targets if asked.dead))
    # Where an earlier one is alive, it is asked again after a while.
    return Picked(None, wait=5.0) if place and not dead else Picked(None, dead=dead or "No provider is left.")


def _known_form(learnt: Mapping[str, Any]) -> Form:
    return Form.PLAIN if learnt.get("plain") else Form(learnt.get("form", Form.SCHEMA))


def forget_troubles(project_id: int, choices: Sequence[Choice]) -> None:
    """Ask these models again at once, whatever they did before: a person says so."""
    for choice in choices:
        Breaker(_key(project_id, choice)).answered()


def _key(project_id: int, choice: Choice) -> str:
    return f"{project_id}:{choice.provider}:{choice.model}"
