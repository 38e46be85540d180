"""The playground: write a prompt beside dev items, try it, and freeze it as the next version of a judge."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotations.judges.providers import list_providers
from annotations.judges.trial import ITEMS, try_prompt
from annotations.judges.versions import build_spec, create_judge, create_version
from annotations.models import Judge, JudgeVersion
from annotations.models.judges import JudgeKind
from annotations.rubrics.publish import find_rubric
from annotations.rubrics.questions import is_positive
from annotations.views.judge_version_form import VersionForm
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import FieldError, InvalidError, RefusalError
from reviewapp.http.frame import frame, link_if_may
from sampling.checks.publish import list_checks


@never_cache
@require_http_methods(["GET", "POST"])
def playground(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the form; try what was typed on dev items, or freeze it."""
    access = authorize(actor_of(request), slug, Action.EDIT_JUDGES)
    if request.method == "GET":
        return _page(request, access, _first(access, request.GET.get("version", "")))
    form = VersionForm.posted(request.POST)
    try:
        if request.POST.get("what") == "freeze":
            return _freeze(request, access, form)
        judge = _judge_to_try(access, form)
        spec = build_spec(
            access.project,
            judge,
            first=form.choice,
            prompt=form.prompt,
            params=form.params(),
            fallback=form.fallbacks(),
            cascade=form.cascade(judge),
            examples_from="train" if form.n_examples() else None,
            examples=form.n_examples(),
        )
        trial = try_prompt(access, spec, now=timezone.now())
    except RefusalError as refusal:
        problems = [(each.path, each.message) for each in refusal.fields] or [("", refusal.message)]
        return _page(request, access, form, problems=problems, status=refusal.status)
    return _page(request, access, form, trial=trial)


def _freeze(request: HttpRequest, access: Access, form: VersionForm) -> HttpResponse:
    now = timezone.now()
    params, examples = form.params(), form.n_examples()
    judge = _judge_to_try(access, form)
    cascade, fallback = form.cascade(judge), form.fallbacks()
    if not Judge.objects.filter(project=access.project, name=form.judge).exists():
        # Tried out before the judge is made: a refused version leaves nothing behind.
        build_spec(
            access.project,
            judge,
            first=form.choice,
            prompt=form.prompt,
            params=params,
            fallback=fallback,
            cascade=cascade,
        )
        judge = create_judge(access, name=form.judge, questions=list(form.questions), now=now)
    made = create_version(
        access,
        judge,
        first=form.choice,
        prompt=form.prompt,
        params=params,
        fallback=fallback,
        cascade=cascade,
        examples_from="train" if examples else None,
        examples=examples,
        now=now,
    )
    messages.success(request, f"Version {made.version} of {form.judge} is frozen. Now have it judge.")
    query = urlencode({"version": f"{form.judge}/{made.version}"})
    return redirect(f"{reverse('begin_judge_run', args=[access.project.slug])}?{query}")


def _judge_to_try(access: Access, form: VersionForm) -> Judge:
    """Return the judge of that name, or one that is not stored, with the questions that were ticked."""
    found = Judge.objects.filter(project=access.project, name=form.judge).first()
    if found is not None:
        return found
    if not form.questions:
        message = "Tick a question at least."
        raise InvalidError(message, fields=(FieldError("questions", message),))
    return Judge(project=access.project, name=form.judge, kind=JudgeKind.LLM, questions=list(form.questions))


def _first(access: Access, path: str) -> VersionForm:
    """Return the form of a version to go on from, else an empty one."""
    judge, _, label = path.rpartition("/")
    kept = JudgeVersion.objects.filter(judge__project=access.project, judge__name=judge, version=label).first()
    if kept is None or kept.spec is None:
        return VersionForm()
    return VersionForm.of_spec(judge, kept.spec)


def _answers(questions: list[dict[str, Any]], form: VersionForm) -> list[tuple[str, str, list[tuple[str, str]], str]]:
    """Return the questions of which a check can settle the answer: key, title, options, and which is chosen.

    Before anything was chosen it is the first option that is no pass.
    """
    found = []
    for each in questions:
        if each["kind"] != "choice":
            continue
        options = [(option["value"], option.get("label") or option["value"]) for option in each["options"]]
        failing = next((value for value, _ in options if is_positive(each, value) is False), "")
        said = form.check_answers
        found.append((each["key"], each["title"], options, failing if said is None else said.get(each["key"], "")))
    return found


def _page(
    request: HttpRequest,
    access: Access,
    form: VersionForm,
    *,
    trial: Any = None,
    problems: list[tuple[str, str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    rubric = find_rubric(access.project.pk)
    questions = rubric.questions if rubric else []
    providers = list_providers(access.project.pk)
    judges = Judge.objects.filter(project=access.project, kind=JudgeKind.LLM).order_by("name")
    context = {
        **frame(access, "judges"),
        "form": form,
        "trial": trial,
        "problems": problems or [],
        "questions": questions,
        "answers": _answers(questions, form),
        "checks": [each["name"] for each in list_checks(access.project.pk)],
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
