"""Providers of a project's judges: who answers, for how much, and a test call."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from annotations.judges.providers import ProviderSpec, create_provider, keys_set, list_providers, test_provider
from annotations.judges.spending import get_spending, set_budgets
from annotations.models.judge_runs import ProviderKind
from annotations.views.judge_run_form import read_dollars
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import FieldError, InvalidError, RefusalError
from reviewapp.http.frame import frame

FIELDS = ("name", "kind", "base_url", "api_key_env", "model", "input_usd", "output_usd", "rpm", "tpm")


@never_cache
@require_http_methods(["GET", "POST"])
def judge_providers(request: HttpRequest, slug: str) -> HttpResponse:
    """List the providers, and add one."""
    access = authorize(actor_of(request), slug, Action.EDIT_PROVIDERS)
    if request.method == "GET":
        return _page(request, access, {})
    typed = {name: request.POST.get(name, "").strip() for name in FIELDS}
    back = "judge_playground" if request.POST.get("next") == "playground" else "judge_providers"
    try:
        create_provider(access, _spec(typed, request.POST.get("api_key", "")), now=timezone.now())
    except RefusalError as refusal:
        problems = [(each.path, each.message) for each in refusal.fields] or [("", refusal.message)]
        return _page(request, access, typed, problems=problems, status=refusal.status)
    messages.success(request, f"{typed['name']} is there. Try it with a test call.")
    return redirect(back, slug)


@require_POST
def test_call(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask a provider for one word, and say how that went."""
    access = authorize(actor_of(request), slug, Action.EDIT_PROVIDERS)
    found = test_provider(access, request.POST.get("provider", ""), model=None, now=timezone.now())
    took = f" ({found.latency_ms:.0f} ms)" if found.latency_ms is not None else ""
    (messages.success if found.ok else messages.error)(request, f"{found.message}{took}")
    return redirect("judge_providers", slug)


@require_POST
def save_budgets(request: HttpRequest, slug: str) -> HttpResponse:
    """Set what the project's judges may spend."""
    access = authorize(actor_of(request), slug, Action.EDIT_JUDGES)
    try:
        total, day = (read_dollars(request.POST.get(name, "").strip(), name) for name in ("total", "day"))
        set_budgets(access, total_usd=total, day_usd=day, now=timezone.now())
    except InvalidError as refusal:
        messages.error(request, refusal.message)
        typed = {f"{name}_usd": request.POST.get(name, "") for name in ("total", "day")}
        return _page(request, access, {}, budgets=typed, status=refusal.status)
    messages.success(request, "The budgets hold from now on.")
    return redirect("judge_providers", slug)


def _spec(typed: dict[str, str], key: str) -> ProviderSpec:
    prices = [read_dollars(typed[name].strip(), name) or 0.0 for name in ("input_usd", "output_usd")]
    models = [
        {"name": name.strip(), "input_usd_per_mtok": prices[0], "output_usd_per_mtok": prices[1]}
        for name in typed["model"].split(",")
        if name.strip()
    ]
    if not models:
        message = "Name a model at least, as the provider calls it."
        raise InvalidError(message, fields=(FieldError("model", message),))
    if typed["kind"] not in ProviderKind.values:
        message = "Choose one of the kinds."
        raise InvalidError(message, fields=(FieldError("kind", message),))
    limits = [_limit(typed[name], name) for name in ("rpm", "tpm")]
    return ProviderSpec(
        name=typed["name"],
        kind=typed["kind"],
        base_url=typed["base_url"],
        api_key_env=typed["api_key_env"],
        api_key=key or None,
        models=models,
        rpm=limits[0],
        tpm=limits[1],
    )


def _limit(text: str, name: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or len(text) > 9 or int(text) < 1:
        message = "A whole number, 1 or more."
        raise InvalidError(message, fields=(FieldError(name, message),))
    return int(text)


def _page(
    request: HttpRequest,
    access: Access,
    typed: dict[str, str],
    *,
    budgets: dict[str, str] | None = None,
    problems: list[tuple[str, str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    rows = list_providers(access.project.pk)
    with_key = keys_set(access.project.pk, [row.name for row in rows])
    spending = get_spending(access.project, now=timezone.now())
    context: dict[str, Any] = {
        **frame(access, "judges"),
        "typed": typed,
        "problems": problems or [],
        "kinds": ProviderKind.choices,
        "rows": [{"row": row, "has_key": row.name in with_key, "kind": ProviderKind(row.kind).label} for row in rows],
        "spending": spending,
        "budgets": budgets or spending,
    }
    return render(request, "pages/judge_providers.html", context, status=status)
