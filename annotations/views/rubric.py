"""The rubric's page: questions to write by clicking or as JSON, what publishing would do, and all versions."""

import json
from typing import Any

import orjson
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_POST

from annotations.adjudication.todos import list_todos
from annotations.imports.upload_preview import preview_labels
from annotations.models import RubricVersion
from annotations.rubrics.differences import find_difference
from annotations.rubrics.guidelines import render_guidelines
from annotations.rubrics.preview import preview_questions
from annotations.rubrics.publish import find_rubric, parse_rubric, publish_rubric
from annotations.rubrics.templates import TEMPLATES, find_template
from annotations.rubrics.versions import compare_versions, get_outlook, list_versions, stored_questions
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import NotFoundError, RefusalError
from reviewapp.http.forms import Problems, read_json_list, read_whole_number
from reviewapp.http.frame import frame
from sampling.models.uploads import UploadPurpose
from sampling.uploads.stage import get_upload

Shown = dict[str, Any]


@never_cache
@ensure_csrf_cookie
@require_http_methods(["GET", "HEAD", "POST"])
def project_rubric(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the editor; publish, or say what publishing would do."""
    access = authorize(actor_of(request), slug, Action.EDIT_RUBRIC)
    if request.method != "POST":
        return _page(request, access, _begin_with(request, access))
    try:
        body = _read_body(request)
        if request.POST.get("act") == "check":
            return _page(request, access, {"typed": request.POST, "difference": _difference(access, body)})
        row = publish_rubric(
            project=access.project,
            body=body,
            actor=access.actor,
            now=timezone.now(),
            follows=read_whole_number(request.POST.get("base", ""), "base"),
        )
    except RefusalError as refusal:
        shown = {"problems": Problems("rubric", refusal), "typed": request.POST}
        return _page(request, access, shown, status=refusal.status)
    messages.success(
        request, f"Rubric version {row.version} is published. Whoever reviews sees it with their next item."
    )
    return redirect("project_rubric", slug=slug)


@never_cache
@require_POST
def check_rubric(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer the page while it is written: what is wrong where, what publishing would change, and a preview."""
    access = authorize(actor_of(request), slug, Action.EDIT_RUBRIC)
    guidelines = render_guidelines(request.POST.get("guidelines", ""))
    answer: Shown = {"guidelines": guidelines, "fields": [], "message": ""}
    try:
        body = _read_body(request)
        difference = _difference(access, body)
        questions = stored_questions(parse_rubric(body))
    except RefusalError as refusal:
        answer["message"] = refusal.message
        answer["fields"] = [{"path": field.path, "message": field.message} for field in refusal.fields]
    else:
        answer["changes"] = render_to_string("pages/rubric_difference.html", {"difference": difference})
        answer["questions"] = questions
        answer["preview"] = preview_questions(access, questions)
    return HttpResponse(orjson.dumps(answer, default=str), content_type="application/json")


def _page(request: HttpRequest, access: Access, shown: Shown, *, status: int = 200) -> HttpResponse:
    versions = list_versions(access)
    newest = versions[0].version if versions else None
    open_todos, closed_todos = list_todos(access)
    context = {
        **frame(access, "project_settings"),
        "newest": newest,
        "versions": versions,
        "todos": open_todos,
        "closed_todos": closed_todos,
        "outlook": get_outlook(access, versions),
        "templates": TEMPLATES,
        "template_bodies": {
            template.name: {"guidelines": template.guidelines, "questions": template.questions}
            for template in TEMPLATES
        },
        "guidelines_text": newest.guidelines if newest else "",
        "questions_json": _as_json(newest.questions) if newest else "",
        "base": newest.version if newest else 0,
        **_compared(request, access),
        **shown,
    }
    return render(request, "pages/rubric.html", context, status=status)


def _begin_with(request: HttpRequest, access: Access) -> Shown:
    """Return what the form begins with where the address names a template or an older version."""
    name = request.GET.get("template", "")
    if name:
        template = find_template(name)
        if template is None:
            raise NotFoundError("There is no such template.")
        return {
            "began_with": f"the template “{template.title}”",
            "guidelines_text": template.guidelines,
            "questions_json": _as_json(template.questions),
        }
    if request.GET.get("labels"):
        return _begin_with_labels(access, request.GET["labels"])
    if request.GET.get("version"):
        version = _get_version(access, request.GET["version"])
        return {
            "began_with": f"version {version.version}",
            "guidelines_text": version.guidelines,
            "questions_json": _as_json(version.questions),
        }
    return {}


def _begin_with_labels(access: Access, text: str) -> Shown:
    """Return the newest questions, and those that a file of labels has answers for beside them."""
    if not text.isdecimal() or len(text) > 18:
        raise NotFoundError("There is no such upload in this project.")
    upload = get_upload(access, int(text), UploadPurpose.LABELS)
    newest = find_rubric(access.project.pk)
    questions = [*(newest.questions if newest else []), *preview_labels(access, upload).suggested]
    return {
        "began_with": f"what is suggested by {upload.name}",
        "guidelines_text": newest.guidelines if newest else "",
        "questions_json": _as_json(questions),
    }


def _compared(request: HttpRequest, access: Access) -> Shown:
    """Return two versions and their difference where the address asks for them."""
    if not (request.GET.get("from") and request.GET.get("to")):
        return {}
    before, after = (_get_version(access, request.GET[name]) for name in ("from", "to"))
    return {"compared": (before, after), "between": compare_versions(before, after)}


def _get_version(access: Access, text: str) -> RubricVersion:
    version = find_rubric(access.project.pk, int(text)) if text.isdecimal() and 0 < len(text) < 10 else None
    if version is None:
        raise NotFoundError("The project has no such rubric version.")
    return version


def _read_body(request: HttpRequest) -> dict[str, Any]:
    questions = read_json_list(request.POST.get("questions", ""), "questions")
    return {"guidelines": request.POST.get("guidelines", "").replace("\r\n", "\n"), "questions": questions}


def _difference(access: Access, body: dict[str, Any]) -> Any:
    """Return what the typed rubric would change about the newest version."""
    rubric = parse_rubric(body)
    newest = find_rubric(access.project.pk)
    before = newest.questions if newest else []
    texts = (newest.guidelines if newest else "", rubric.guidelines)
    return find_difference(before, stored_questions(rubric), guidelines=texts)


def _as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
