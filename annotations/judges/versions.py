"""Judges that run here and their versions: each frozen with all that decides what it is asked.

A later change of the rubric, of guidelines or of an example changes no version: it holds its own copy of the questions
and guidelines, and names its examples by item.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from annotations.imports.verdicts import check_verdict
from annotations.judges.examples import choose_examples
from annotations.judges.prompt import Material, build_messages
from annotations.judges.providers import get_provider
from annotations.models import Judge, JudgeVersion
from annotations.models.judges import JudgeKind
from annotations.rubrics.publish import find_rubric, no_rubric
from annotations.rubrics.questions import primary_question
from reviewapp.accounts.access import Access, require
from reviewapp.accounts.models import Project
from reviewapp.accounts.roles import Action
from reviewapp.audit.record import digest, record
from reviewapp.http.errors import ConflictError, FieldError, InvalidError, NotFoundError

_NAME = re.compile(r"[^\s./][^./]{0,99}")
MAX_SAMPLES = 15
MAX_CONCURRENCY = 128
# Of `params`, what is ours; whatever else there is goes to the provider as it is.
_OURS = ("max_tokens", "samples", "score", "structured", "timeout_seconds", "concurrency", "repair")
_FORBIDDEN = frozenset({"model", "messages", "stream", "n", "tools", "tool_choice", "response_format", "system"})


@dataclass(frozen=True, slots=True)
class Params:
    """How a version is asked. `send` goes to the provider as it is (temperature, seed, top_p …)."""

    max_tokens: int = 500
    samples: int = 1
    score: str = "auto"  # auto: of samples where there are several; logprobs; none
    structured: str = "auto"  # auto, off
    timeout_seconds: float = 20.0
    concurrency: int = 64
    repair: bool = True
    send: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choice:
    """A model of a provider, by name."""

    provider: str
    model: str


@dataclass(frozen=True, slots=True)
class Cascade:
    """Who is asked in turn. An item that fails one of `checks` gets `checks_answers` and costs nothing.

    The version's own model is the cheap one; `stronger` is asked where it was unparsed, or its score lies within
    `uncertain`. Where that is so still, and `person` says so, a fact tells plans and people.
    """

    checks: tuple[str, ...] = ()
    checks_answers: Mapping[str, Any] = field(default_factory=dict)
    stronger: Choice | None = None
    uncertain: tuple[float, float] = (0.2, 0.8)
    person: bool = False


@dataclass(frozen=True, slots=True)
class Spec:
    """A frozen version, as a worker reads it."""

    first: Choice
    fallback: tuple[Choice, ...]
    prompt: str
    guidelines: str
    questions: list[dict[str, Any]]
    rubric_id: int
    params: Params
    example_ids: tuple[int, ...]
    example_answers: tuple[Mapping[str, Any], ...]
    cascade: Cascade | None

    @classmethod
    def of(cls, version: JudgeVersion) -> "Spec":
        """Return the spec of a version; ConflictError for an imported one, which nobody here can ask."""
        kept = version.spec
        if kept is None:
            raise ConflictError("This version was imported: it runs elsewhere.", code="imported_version")
        cascade = kept["cascade"]
        if cascade is not None:
            stronger = cascade["stronger"]
            cascade = Cascade(
                tuple(cascade["checks"]),
                cascade["checks_answers"],
                Choice(**stronger) if stronger else None,
                (cascade["uncertain"][0], cascade["uncertain"][1]),
                cascade["person"],
            )
        return cls(
            first=Choice(**kept["first"]),
            fallback=tuple(Choice(**each) for each in kept["fallback"]),
            prompt=kept["prompt"],
            guidelines=kept["guidelines"],
            questions=kept["questions"],
            rubric_id=kept["rubric_id"],
            params=Params(**kept["params"]),
            example_ids=tuple(kept["example_ids"]),
            example_answers=tuple(kept["example_answers"]),
            cascade=cascade,
        )

    @property
    def primary(self) -> dict[str, Any] | None:
        """The question that scores speak of: the rubric's primary one where the judge is asked it, else its first."""
        key = primary_question(self.questions) or (str(self.questions[0]["key"]) if self.questions else None)
        return next((question for question in self.questions if question["key"] == key), None)


def create_judge(access: Access, *, name: str, questions: Sequence[str], now: datetime) -> Judge:
    """Make a judge that answers these questions of the rubric."""
    require(access, Action.EDIT_JUDGES)
    if not _NAME.fullmatch(name):
        raise _refused("name", "A judge's name has 1 to 100 characters, and no dot or slash: facts are named after it.")
    _asked(access.project, questions)
    try:
        with transaction.atomic():
            made = Judge.objects.create(
                project=access.project,
                name=name,
                kind=JudgeKind.LLM,
                questions=list(questions),
                created_by=access.actor.user,
                created_at=now,
            )
            _record(access, "judge.created", ("judge", made.pk), {"name": name, "questions": list(questions)}, now)
    except IntegrityError:
        raise ConflictError("The project has a judge of that name.", code="name_taken") from None
    return made


def get_judge(project: Project, name: str) -> Judge:
    """Return a judge of the project, or raise NotFoundError."""
    found = Judge.objects.filter(project=project, name=name).first()
    if found is None:
        raise NotFoundError("The project has no such judge.")
    return found


def list_judges(project: Project) -> list[tuple[Judge, list[str]]]:
    """Return the project's judges by name, each with the labels of its versions, oldest first."""
    labels: dict[int, list[str]] = {}
    for judge_id, label in (
        JudgeVersion.objects.filter(judge__project=project).order_by("pk").values_list("judge", "version")
    ):
        labels.setdefault(judge_id, []).append(label)
    return [(judge, labels.get(judge.pk, [])) for judge in Judge.objects.filter(project=project).order_by("name")]


def create_version(
    access: Access,
    judge: Judge,
    *,
    first: Choice,
    prompt: str,
    params: Mapping[str, Any],
    fallback: Sequence[Choice],
    cascade: Cascade | None,
    examples_from: str | None,
    examples: int,
    now: datetime,
) -> JudgeVersion:
    """Freeze the next version of a judge. Everything that could fail for each item alike is tried out first."""
    require(access, Action.EDIT_JUDGES)
    spec = build_spec(
        access.project,
        judge,
        first=first,
        prompt=prompt,
        params=params,
        fallback=fallback,
        cascade=cascade,
        examples_from=examples_from,
        examples=examples,
    )
    kept = asdict(spec)
    with transaction.atomic():
        Judge.objects.select_for_update(no_key=True).get(pk=judge.pk)  # versions follow each other
        taken = set(judge.versions.values_list("version", flat=True))
        label = next(str(n) for n in range(len(taken) + 1, 2 * len(taken) + 2) if str(n) not in taken)
        made = JudgeVersion.objects.create(
            judge=judge, version=label, spec=kept, created_by=access.actor.user, created_at=now
        )
        detail = {"judge": judge.name, "version": label, "model": first.model, "prompt_sha256": digest(prompt)}
        _record(access, "judge.version_frozen", ("judge_version", made.pk), detail, now)
    return made


def build_spec(
    project: Project,
    judge: Judge,
    *,
    first: Choice,
    prompt: str,
    params: Mapping[str, Any],
    fallback: Sequence[Choice] = (),
    cascade: Cascade | None = None,
    examples_from: str | None = None,
    examples: int = 0,
) -> Spec:
    """Return a checked spec that is not stored: for a version to be frozen, or for trying a prompt out."""
    if judge.kind != JudgeKind.LLM:
        raise ConflictError("This judge runs elsewhere; its versions are imported.", code="imported_judge")
    rubric, questions = _asked(project, judge.questions or [])
    for place, choice in [("", first), *((f"fallback.{n}.", each) for n, each in enumerate(fallback))]:
        _check_choice(project, choice, place)
    if cascade is not None:
        _check_cascade(project, cascade, questions)
    chosen = choose_examples(project, judge.questions or [], count=examples) if examples_from else []
    spec = Spec(
        first=first,
        fallback=tuple(fallback),
        prompt=prompt,
        guidelines=rubric.guidelines,
        questions=questions,
        rubric_id=rubric.pk,
        params=read_params(params),
        example_ids=tuple(each.item_id for each in chosen),
        example_answers=tuple(each.answers for each in chosen),
        cascade=cascade,
    )
    tried = Material("example", "Where is my parcel?", "It is on its way.", "", [], {})
    build_messages(
        prompt=prompt,
        guidelines=rubric.guidelines,
        questions=questions,
        examples=(),
        material=tried,
        secret="tried out",  # noqa: S106 — nothing is protected by it
    )
    return spec


def read_params(params: Mapping[str, Any]) -> Params:
    """Return the parameters, each within its bounds."""
    limits = {"max_tokens": (1, 32_000), "samples": (1, MAX_SAMPLES), "concurrency": (1, MAX_CONCURRENCY)}
    for name, (low, high) in limits.items():
        value = params.get(name, low)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise _refused(f"params.{name}", f"Between {low} and {high:,}.")
    seconds = params.get("timeout_seconds", 20.0)
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 1 <= seconds <= 30:
        raise _refused("params.timeout_seconds", "Between 1 and 30 seconds.")
    for name, words in {"score": ("auto", "logprobs", "none"), "structured": ("auto", "off")}.items():
        if params.get(name, words[0]) not in words:
            raise _refused(f"params.{name}", f"One of {', '.join(words)}.")
    for name in sorted(_FORBIDDEN & params.keys()):
        raise _refused(f"params.{name}", "The product sets this itself.")
    ours = {name: params[name] for name in _OURS if name in params}
    return Params(**ours, send={name: value for name, value in params.items() if name not in _OURS})


def _asked(project: Project, keys: Sequence[str]) -> tuple[Any, list[dict[str, Any]]]:
    rubric = find_rubric(project.pk)
    if rubric is None:
        raise no_rubric()
    known = {question["key"]: question for question in rubric.questions}
    if not keys:
        raise _refused("questions", "Name at least one question of the rubric.")
    for nth, key in enumerate(keys):
        if key not in known:
            raise _refused(f"questions.{nth}", f"The rubric has no question {key}: it has {', '.join(known)}.")
    return rubric, [dict(question) for question in rubric.questions if question["key"] in keys]


def _check_choice(project: Project, choice: Choice, place: str) -> None:
    try:
        provider = get_provider(project.pk, choice.provider)
    except NotFoundError as missing:
        raise _refused(f"{place}provider", missing.message) from None
    if all(each["name"] != choice.model for each in provider.offers):
        listed = ", ".join(str(each["name"]) for each in provider.offers)
        raise _refused(f"{place}model", f"The provider {provider.name} lists no model {choice.model}: it has {listed}.")


def _check_cascade(project: Project, cascade: Cascade, questions: Sequence[Mapping[str, Any]]) -> None:
    if cascade.stronger is not None:
        _check_choice(project, cascade.stronger, "cascade.stronger.")
    low, high = cascade.uncertain
    if not 0 <= low <= high <= 1:
        raise _refused("cascade.uncertain", "Two scores from 0 to 1, the lower first.")
    if bool(cascade.checks) != bool(cascade.checks_answers):
        raise _refused("cascade.checks_answers", "Name the checks, and the answers that an item which fails one gets.")
    try:
        check_verdict(questions, cascade.checks_answers)
    except InvalidError as refusal:
        raise _refused("cascade.checks_answers", refusal.fields[0].message) from None


def _record(access: Access, action: str, of: tuple[str, int], detail: dict[str, Any], now: datetime) -> None:
    record(
        action,
        now=now,
        actor=access.actor,
        project_id=access.project.pk,
        object_kind=of[0],
        object_id=of[1],
        detail=detail,
    )


def _refused(field_name: str, message: str) -> InvalidError:
    return InvalidError(message, fields=(FieldError(field_name, message),))
