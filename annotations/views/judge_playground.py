"""The playground: write a prompt beside dev items, try it, and freeze it as the next version of a judge."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotations.judges.providers import list_providers
from annotations.judges.trial import ITEMS, try_prompt
from annotations.judges.versions import Choice, build_spec, create_judge, create_version, get_judge
from annotations.models import Judge, JudgeVersion
from annotations.models.judges import JudgeKind
from annotations.rubrics.publish import find_rubric
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import FieldError, InvalidError, RefusalError
from reviewapp.http.frame import frame, link_if_may

PROMPT = """{{ guidelines }}

{{ examples }}

What was asked:
{{ input }}

What it rests on:
{{ context }}

The answer to judge:
{{ output }}

Say first what speaks against the answer, then decide."""
MAX_EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class _Form:
    """What was typed; kept as it is when it is refused."""

    judge: str = ""
    questions: tuple[str, ...] = ()
    model: str = ""
    prompt: str = PROMPT
    examples: str = "0"
    samples: str = "1"
    temperature: str = "0"

    @classmethod
    def posted(cls, request: HttpRequest) -> "_Form":
        """Read the form."""
        sent = request.POST
        return cls(
            judge=sent.get("judge", "").strip(),
            questions=tuple(sent.getlist("questions")),
            model=sent.get("model", ""),
            prompt=sent.get("prompt", ""),
            examples=sent.get("examples", "0"),
            samples=sent.get("samples", "1"),
            temperature=sent.get("temperature", ""),
        )

    @property
    def choice(self) -> Choice:
        """The provider and model that were chosen, written `provider|model`."""
        provider, _, model = self.model.partition("|")
        return Choice(provider, model)

    def params(self) -> dict[str, Any]:
        """Return the parameters, or raise InvalidError where a number is none."""
        found: dict[str, Any] = {"samples": _number(self.samples, "samples", whole=True)}
        if self.temperature.strip():
            found["temperature"] = _number(self.temperature, "temperature")
        return found

    def n_examples(self) -> int:
        """Return how many examples to show, or raise InvalidError."""
        found = int(_number(self.examples or "0", "examples", whole=True))
        if not 0 <= found <= MAX_EXAMPLES:
            raise _wrong("examples", f"From 0 to {MAX_EXAMPLES}.")
        return found


@never_cache
@require_http_methods(["GET", "POST"])
def playground(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the form; try what was typed on dev items, or freeze it."""
    access = authorize(actor_of(request), slug, Action.EDIT_JUDGES)
    if request.method == "GET":
        return _page(request, access, _first(access, request.GET.get("version", "")))
    form = _Form.posted(request)
    try:
        if request.POST.get("what") == "freeze":
            return _freeze(request, access, form)
        spec = build_spec(
            access.project,
            _judge_to_try(access, form),
            first=form.choice,
            prompt=form.prompt,
            params=form.params(),
            examples_from="train" if form.n_examples() else None,
            examples=form.n_examples(),
        )
        trial = try_prompt(access, spec, now=timezone.now())
    except RefusalError as refusal:
        problems = [(each.path, each.message) for each in refusal.fields] or [("", refusal.message)]
        return _page(request, access, form, problems=problems, status=refusal.status)
    return _page(request, access, form, trial=trial)


def _freeze(request: HttpRequest, access: Access, form: _Form) -> HttpResponse:
    now = timezone.now()
    params, examples = form.params(), form.n_examples()
    found = Judge.objects.filter(project=access.project, name=form.judge).first()
    if found is None:
        # Tried out before the judge is made: a refused prompt leaves nothing behind.
        build_spec(access.project, _judge_to_try(access, form), first=form.choice, prompt=form.prompt, params=params)
        create_judge(access, name=form.judge, questions=list(form.questions), now=now)
    made = create_version(
        access,
        get_judge(access.project, form.judge),
        first=form.choice,
        prompt=form.prompt,
        params=params,
        fallback=(),
        cascade=None,
        examples_from="train" if examples else None,
        examples=examples,
        now=now,
    )
    messages.success(request, f"Version {made.version} of {form.judge} is frozen. Run it to have it judge.")
    return redirect("judge_version", access.project.slug, f"{form.judge}/{made.version}")


def _judge_to_try(access: Access, form: _Form) -> Judge:
    """Return the judge of that name, or one that is not stored, with the questions that were ticked."""
    found = Judge.objects.filter(project=access.project, name=form.judge).first()
    if found is not None:
        return found
    if not form.questions:
        raise _wrong("questions", "Tick a question at least.")
    return Judge(project=access.project, name=form.judge, kind=JudgeKind.LLM, questions=list(form.questions))


def _first(access: Access, path: str) -> _Form:
    """Return the form of a version to go on from, else an empty one."""
    judge, _, label = path.rpartition("/")
    kept = JudgeVersion.objects.filter(judge__project=access.project, judge__name=judge, version=label).first()
    if kept is None or kept.spec is None:
        return _Form()
    spec = kept.spec
    sent = spec["params"].get("send") or {}
    return _Form(
        judge=judge,
        model=f"{spec['first']['provider']}|{spec['first']['model']}",
        prompt=spec["prompt"],
        examples=str(len(spec["example_ids"])),
        samples=str(spec["params"]["samples"]),
        temperature=str(sent.get("temperature", "")),
    )


def _page(
    request: HttpRequest,
    access: Access,
    form: _Form,
    *,
    trial: Any = None,
    problems: list[tuple[str, str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    rubric = find_rubric(access.project.pk)
    providers = list_providers(access.project.pk)
    judges = Judge.objects.filter(project=access.project, kind=JudgeKind.LLM).order_by("name")
    context = {
        **frame(access, "judges"),
        "form": form,
        "trial": trial,
        "problems": problems or [],
        "questions": rubric.questions if rubric else [],
        "models": [
            (f"{each.name}|{offer['name']}", f"{each.name}: {offer['name']}")
            for each in providers
            for offer in each.offers
        ],
        "simulated": any(each.kind == "simulated" for each in providers),
        "judge_names": list(judges.values_list("name", flat=True)),
        "items": ITEMS,
        "providers_url": link_if_may(access, "judge_providers", Action.EDIT_PROVIDERS),
    }
    return render(request, "pages/judge_playground.html", context, status=status)


def _number(text: str, name: str, *, whole: bool = False) -> Any:
    try:
        return int(text) if whole else float(text)
    except ValueError:
        raise _wrong(name, "That is no whole number." if whole else "That is no number.") from None


def _wrong(name: str, message: str) -> InvalidError:
    return InvalidError(message, fields=(FieldError(name, message),))
