"""A project's settings: who is in it, what programs may reach it, its fields and its rubric."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from annotations.rubrics.publish import find_rubric
from reviewapp.accounts import invitations, people, projects, tokens
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import GIVEABLE, Action, Role, Scope
from reviewapp.accounts.skills import parse_skills
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import RefusalError
from reviewapp.http.forms import Problems, read_project_fields, read_whole_number, write_costs, write_skills_asked
from reviewapp.http.frame import frame

Shown = dict[str, Any]
_SCOPES = (Scope.INGEST, Scope.READ)
_SWITCHES = ("blind", "reveal_after_commit", "adjudication_names_hidden")


def _page(request: HttpRequest, access: Access, *, shown: Shown | None = None, status: int = 200) -> HttpResponse:
    """Render the page. `shown` is what a form left behind: a secret shown once, or its problems and what was typed."""
    rubric = find_rubric(access.project.pk)
    context = {
        **frame(access, "project_settings"),
        "members": people.list_members(access),
        "invitations": invitations.list_invitations(access, now=timezone.now()),
        "tokens": tokens.list_tokens(access),
        "roles": [role.value for role in Role if role in GIVEABLE[access.role]],
        "scopes": [scope.value for scope in Scope],
        "costs": write_costs(access.project.disagreement_costs),
        "skills_asked": write_skills_asked(access.project.skills_asked),
        "rubric_version": rubric.version if rubric else None,
        "question_count": len(rubric.questions) if rubric else 0,
        "chosen": _chosen(access, shown or {}),
        **(shown or {}),
    }
    return render(request, "pages/settings.html", context, status=status)


def _chosen(access: Access, shown: Shown) -> Shown:
    """Return what is chosen and ticked: as it was sent in the form that was refused, elsewhere as it begins."""
    typed, project = shown.get("typed", QueryDict()), access.project
    form = shown["problems"].form if "problems" in shown else ""
    role = typed.get("role") if typed.get("role") in list(Role) else Role.REVIEWER
    is_member = form == "member" and "skills" in typed  # the form of one who is a member already
    is_new = form == "member" and "role" in typed and not is_member
    return {
        "username": typed.get("username", "") if is_new else "",
        "role": role if is_new else Role.REVIEWER,
        "member": typed.get("username") if is_member else None,
        "invited_role": role if form == "invitation" else Role.REVIEWER,
        "scopes": typed.getlist("scopes") if form == "token" else _SCOPES,
        **{name: name in typed if form == "project" else getattr(project, name) for name in _SWITCHES},
    }


def _change(
    request: HttpRequest, slug: str, *, form: str, do: Callable[[Access, datetime], str | Shown]
) -> HttpResponse:
    """Run one form: a message and back to the page, a secret shown once, or its problems at their places."""
    access = authorize(actor_of(request), slug, Action.EDIT_PROJECT)
    try:
        done = do(access, timezone.now())
    except RefusalError as refusal:
        shown = {"problems": Problems(form, refusal), "typed": request.POST}
        access.project.refresh_from_db()
        return _page(request, access, shown=shown, status=refusal.status)
    if isinstance(done, dict):
        return _page(request, access, shown=done)
    messages.success(request, done)
    return redirect("project_settings", slug=slug)


@never_cache
@require_GET
def project_settings(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the settings."""
    return _page(request, authorize(actor_of(request), slug, Action.EDIT_PROJECT))


@never_cache
@require_POST
def save_member(request: HttpRequest, slug: str) -> HttpResponse:
    """Add a person, or give a member another role."""

    def do(access: Access, now: datetime) -> str:
        role = Role(people.parse_role(request.POST.get("role", "")))
        typed = request.POST.get("skills")
        added = people.add_member(
            access,
            username=request.POST.get("username", "").strip(),
            role=role,
            skills=None if typed is None else parse_skills(typed.replace(",", " ").split()),
            now=now,
        )
        name = added.membership.user.username
        hint = " They have an account without a password: set one on the command line." if added.new_account else ""
        return f"{name} is {role} now.{hint}"

    return _change(request, slug, form="member", do=do)


@never_cache
@require_POST
def remove_member(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a person out of the project."""

    def do(access: Access, now: datetime) -> str:
        username = request.POST.get("username", "")
        people.remove_member(access, username=username, now=now)
        return f"{username} is no longer a member. What they did stays."

    return _change(request, slug, form="member", do=do)


@never_cache
@require_POST
def save_invitation(request: HttpRequest, slug: str) -> HttpResponse:
    """Make an invitation and show its link once."""

    def do(access: Access, now: datetime) -> Shown:
        role = Role(people.parse_role(request.POST.get("role", "")))
        email = request.POST.get("email", "").strip()
        made = invitations.create_invitation(access, role=role, email=email, now=now)
        return {"new_invitation": made}

    return _change(request, slug, form="invitation", do=do)


@never_cache
@require_POST
def revoke_invitation(request: HttpRequest, slug: str, invitation_id: int) -> HttpResponse:
    """End an invitation."""

    def do(access: Access, now: datetime) -> str:
        invitations.revoke_invitation(access, invitation_id=invitation_id, now=now)
        return "The invitation is revoked: its link no longer works."

    return _change(request, slug, form="invitation", do=do)


@never_cache
@require_POST
def save_token(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a token and show it once."""

    def do(access: Access, now: datetime) -> Shown:
        made = tokens.create_token_for(
            access,
            scopes=tokens.parse_scopes(request.POST.getlist("scopes")),
            username=request.POST.get("username") or None,
            expires_days=read_whole_number(request.POST.get("expires_days", ""), "expires_days"),
            now=now,
        )
        return {"new_token": made}

    return _change(request, slug, form="token", do=do)


@never_cache
@require_POST
def revoke_token(request: HttpRequest, slug: str, token_id: int) -> HttpResponse:
    """End a token."""

    def do(access: Access, now: datetime) -> str:
        tokens.revoke_token(access, token_id=token_id, now=now)
        return "The token is revoked: it no longer works."

    return _change(request, slug, form="token", do=do)


@never_cache
@require_POST
def save_project(request: HttpRequest, slug: str) -> HttpResponse:
    """Change the project's fields."""

    def do(access: Access, now: datetime) -> str:
        projects.edit_project(access, changes=read_project_fields(request.POST), now=now)
        return "The project is saved."

    return _change(request, slug, form="project", do=do)
