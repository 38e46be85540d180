"""The datasets of a project: their list, and one of them with its recipe, versions and cases."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotations.datasets.cases import add_case, list_cases, withdraw_case
from annotations.datasets.create import create_dataset
from annotations.datasets.diff import compare_versions
from annotations.datasets.freeze import freeze_version
from annotations.datasets.listing import list_datasets, list_versions
from annotations.datasets.preview import Preview, preview_recipe
from annotations.datasets.read import get_dataset, get_frozen, get_version
from annotations.datasets.select import judges_to_exclude
from annotations.models import Dataset
from annotations.models.datasets import VersionState
from annotations.views.dataset_form import RecipeForm
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import RefusalError
from reviewapp.http.forms import Problems, read_json_object
from reviewapp.http.frame import frame, link_if_may
from reviewapp.words import counted
from sampling.items.facts import list_facts
from sampling.views.filter_field import filter_field


@never_cache
@require_http_methods(["GET", "POST"])
def datasets(request: HttpRequest, slug: str) -> HttpResponse:
    """List the project's datasets; make one."""
    posted = request.method == "POST"
    access = authorize(actor_of(request), slug, Action.EDIT_DATASETS if posted else Action.SEE_DATASETS)
    problems, status = None, 200
    if posted:
        name, description = request.POST.get("name", ""), request.POST.get("description", "")
        try:
            made = create_dataset(access, name=name, description=description, now=timezone.now())
            return redirect("dataset", slug=slug, name=made.name)
        except RefusalError as refusal:
            problems, status = Problems("dataset", refusal), refusal.status
    context = {
        **frame(access, "datasets"),
        "datasets": list_datasets(access.project),
        "may_edit": access.may(Action.EDIT_DATASETS),
        "problems": problems,
        "posted": request.POST,
        "review_url": link_if_may(access, "review", Action.LABEL),
    }
    return render(request, "pages/datasets.html", context, status=status)


@never_cache
@require_GET
def dataset(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Show one dataset; `like=N` fills the recipe in from a version."""
    access = authorize(actor_of(request), slug, Action.SEE_DATASETS)
    found = get_dataset(access.project, name)
    like = request.GET.get("like", "")
    form = (
        RecipeForm.of_recipe(get_version(access.project, name, like).recipe) if like.isdecimal() else RecipeForm.blank()
    )
    return _page(request, access, found, form=form)


def _page(
    request: HttpRequest,
    access: Access,
    found: Dataset,
    *,
    form: RecipeForm,
    preview: Preview | None = None,
    case_problems: Problems | None = None,
    status: int = 200,
) -> HttpResponse:
    may_edit = access.may(Action.EDIT_DATASETS)
    context: dict[str, Any] = {
        **frame(access, "datasets"),
        "dataset": found,
        "versions": list_versions(found),
        "cases": list_cases(found),
        "may_edit": may_edit,
        "form": form,
        "preview": preview,
        "case_problems": case_problems,
        "case": request.POST if case_problems else {},
    }
    if may_edit:
        slug = access.project.slug
        context |= {
            "where": filter_field(slug, name="where", text=form.texts["where"], label="Items"),
            "judges": judges_to_exclude(access.project),
            "facts": [fact.name for fact in list_facts(access.project.pk) if fact.kind in {"text", "json"}],
        }
    return render(request, "pages/dataset.html", context, status=status)


@never_cache
@require_POST
def preview(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Show what the recipe would choose, as it is written now."""
    access = authorize(actor_of(request), slug, Action.EDIT_DATASETS)
    found = get_dataset(access.project, name)
    context: dict[str, Any] = {"project": access.project}
    try:
        context["preview"] = preview_recipe(found, RecipeForm.of_posted(request.POST).body())
    except RefusalError as refusal:
        context["problems"] = Problems("recipe", refusal)
    return render(request, "pages/dataset_preview.html", context)


@never_cache
@require_POST
def freeze(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Freeze the next version, or show what it would be, as the pressed button says."""
    access = authorize(actor_of(request), slug, Action.EDIT_DATASETS)
    found, form = get_dataset(access.project, name), RecipeForm.of_posted(request.POST)
    try:
        body = form.body()
        if request.POST.get("what") == "preview":
            return _page(request, access, found, form=form, preview=preview_recipe(found, body))
        version = freeze_version(access, found, body=body, tags=form.tags, note=form.texts["note"], now=timezone.now())
    except RefusalError as refusal:
        refused = RecipeForm(form.texts, form.judges, form.cases, Problems("recipe", refusal))
        return _page(request, access, found, form=refused, status=refusal.status)
    if version.state == VersionState.FROZEN:
        messages.success(request, f"Version {version.version} is frozen with {counted(version.n_rows, 'row')}.")
    return redirect("dataset_version", slug=slug, name=name, version=version.version)


@never_cache
@require_GET
def diff(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Show what changed from one version to another."""
    access = authorize(actor_of(request), slug, Action.SEE_DATASETS)
    before, after = (get_frozen(access.project, name, request.GET.get(side) or None) for side in ("from", "to"))
    context = {
        **frame(access, "datasets"),
        "dataset": after.dataset,
        "before": before,
        "after": after,
        "found": compare_versions(before, after),
    }
    return render(request, "pages/dataset_diff.html", context)


@never_cache
@require_POST
def write_case(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Store a case written by hand."""
    access = authorize(actor_of(request), slug, Action.EDIT_DATASETS)
    found, posted = get_dataset(access.project, name), request.POST
    try:
        content: dict[str, Any] = {
            "input": posted.get("input", "").strip(),
            "context": posted.get("context", "").strip() or None,
            "output": posted.get("output", "").strip() or None,
            "metadata": read_json_object(posted.get("metadata", "").strip() or "{}", "metadata"),
            "expected": posted.get("expected", "").strip() or None,
        }
        add_case(
            access,
            found,
            external_id=posted.get("external_id", ""),
            content=content,
            note=posted.get("note", ""),
            now=timezone.now(),
        )
    except RefusalError as refusal:
        problems = Problems("case", refusal)
        return _page(request, access, found, form=RecipeForm.blank(), case_problems=problems, status=refusal.status)
    messages.success(request, "The case is kept. Versions that are frozen from now on have it.")
    return redirect("dataset", slug=slug, name=name)


@never_cache
@require_POST
def drop_case(request: HttpRequest, slug: str, name: str, case_id: int) -> HttpResponse:
    """Withdraw a case."""
    access = authorize(actor_of(request), slug, Action.EDIT_DATASETS)
    withdraw_case(access, get_dataset(access.project, name), case_id=case_id, now=timezone.now())
    messages.success(request, "The case is withdrawn. Versions that have it keep it.")
    return redirect("dataset", slug=slug, name=name)
