"""Files of labels in the browser: chosen, looked at, mapped, imported with progress, and their bad rows taken out."""

from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotations.imports.columns import ANSWERS, FIELDS, ITEM, NEEDED
from annotations.imports.files import Shape
from annotations.imports.problems import refused_label_rows
from annotations.imports.upload_choice import LabelChoice
from annotations.imports.upload_preview import preview_labels
from annotations.imports.upload_run import start_label_import
from annotations.rubrics.publish import find_rubric
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.models import Membership
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import RefusalError
from reviewapp.http.forms import Problems
from reviewapp.http.frame import frame, link_if_may
from reviewapp.http.uploads import read_upload
from sampling.ingest.fields import ItemIn
from sampling.ingest.files import FileKind
from sampling.models import Upload
from sampling.models.uploads import UploadPurpose, UploadState
from sampling.uploads.forget import KEPT
from sampling.uploads.progress import read_progress
from sampling.uploads.stage import TOO_LARGE, get_upload, list_uploads, stage_upload
from sampling.views.uploads import end_upload, send_refused

_LABELS = UploadPurpose.LABELS
_ITEM_FIELDS = [f"{ITEM}{name}" for name in ItemIn.model_fields if name != "external_id"]
_SHAPES = {
    Shape.OURS: "records of labels as this app exports them",
    Shape.LABEL_STUDIO: "an export of Label Studio",
    Shape.TABLE: "a table",
}


@never_cache
@require_http_methods(["GET", "POST"])
def label_imports(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the form for a file of labels and the files before; take a file in."""
    access = authorize(actor_of(request), slug, Action.IMPORT_LABELS)
    if request.method == "POST":
        try:
            file = read_upload(request, "file", too_large=TOO_LARGE)
            upload = stage_upload(
                access, name=file.name or "", pieces=file.chunks(), now=timezone.now(), purpose=_LABELS
            )
        except RefusalError as refusal:
            return _list(request, access, problems=Problems("file", refusal), status=refusal.status)
        return redirect("label_import", slug=slug, upload_id=upload.pk)
    return _list(request, access)


def _list(request: HttpRequest, access: Access, *, problems: Problems | None = None, status: int = 200) -> HttpResponse:
    context = {
        **frame(access, "quality"),
        "uploads": list_uploads(access, purpose=_LABELS),
        "problems": problems,
        "rubric": find_rubric(access.project.pk),
    }
    return render(request, "pages/label_imports.html", context, status=status)


@never_cache
@require_http_methods(["GET", "POST"])
def label_import(request: HttpRequest, slug: str, upload_id: int) -> HttpResponse:
    """Show how far a file is: to be mapped, being imported, what became of it; start the import."""
    access = authorize(actor_of(request), slug, Action.IMPORT_LABELS)
    found = get_upload(access, upload_id, _LABELS)
    if request.method == "POST":
        choice = _read_choice(request)
        try:
            start_label_import(access, found, choice=choice, now=timezone.now())
        except RefusalError as refusal:
            problems = Problems("mapping", refusal)
            return _page(request, access, found, choice=choice, problems=problems, status=refusal.status)
        return redirect("label_import", slug=slug, upload_id=upload_id)
    return _page(request, access, found)


def _page(
    request: HttpRequest,
    access: Access,
    upload: Upload,
    *,
    choice: LabelChoice | None = None,
    problems: Problems | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {**frame(access, "quality"), **_progress(access, upload), "problems": problems}
    if upload.state == UploadState.STAGED:
        preview = preview_labels(access, upload, choice)
        rubric = find_rubric(access.project.pk)
        members = Membership.objects.filter(project=access.project).order_by("user__username")
        context |= {
            "preview": preview,
            "is_table": preview.choice.shape is not Shape.OURS,
            "what": _SHAPES[preview.choice.shape],
            "needed": NEEDED,
            "fields": [name for name in FIELDS if name not in NEEDED],
            "answers": [(f"{ANSWERS}{each['key']}", each["title"]) for each in (rubric.questions if rubric else [])],
            "item_fields": _ITEM_FIELDS,
            "names": list(members.values_list("user__username", flat=True)[:200]),
            "rubric": rubric,
        }
    return render(request, "pages/label_import.html", context, status=status)


def _progress(access: Access, upload: Upload) -> dict[str, Any]:
    return {
        "project": access.project,
        "upload": upload,
        "progress": read_progress(upload),
        "kept_days": KEPT.days,
        "quality_url": link_if_may(access, "quality", Action.SEE_RESOLUTIONS),
    }


@never_cache
@require_POST
def label_import_preview(request: HttpRequest, slug: str, upload_id: int) -> HttpResponse:
    """Show what the first rows become by the columns as they are chosen now."""
    access = authorize(actor_of(request), slug, Action.IMPORT_LABELS)
    preview = preview_labels(access, get_upload(access, upload_id, _LABELS), _read_choice(request))
    return render(request, "pages/label_import_preview.html", {"preview": preview})


@never_cache
@require_GET
def label_import_progress(request: HttpRequest, slug: str, upload_id: int) -> HttpResponse:
    """Show how far the import is."""
    access = authorize(actor_of(request), slug, Action.IMPORT_LABELS)
    found = get_upload(access, upload_id, _LABELS)
    return render(request, "pages/label_import_progress.html", _progress(access, found))


@never_cache
@require_POST
def label_import_end(request: HttpRequest, slug: str, upload_id: int) -> HttpResponse:
    """Stop an import, or discard a file."""
    access = authorize(actor_of(request), slug, Action.IMPORT_LABELS)
    found = get_upload(access, upload_id, _LABELS)
    return end_upload(request, access, found, one="label_import", every="label_imports")


@never_cache
@require_GET
def label_import_refused(request: HttpRequest, slug: str, upload_id: int) -> StreamingHttpResponse:
    """Send the refused rows with their reasons."""
    access = authorize(actor_of(request), slug, Action.IMPORT_LABELS)
    found = get_upload(access, upload_id, _LABELS)
    kind = "jsonl" if found.kind == FileKind.JSON_LINES else "csv"
    return send_refused(found, refused_label_rows, name=f"labels-{found.pk}-refused", kind=kind)


def _read_choice(request: HttpRequest) -> LabelChoice:
    posted = request.POST
    renamed = zip(posted.getlist("who"), posted.getlist("name"), strict=False)
    shape = posted.get("shape", "")
    return LabelChoice(
        shape=Shape(shape) if shape in set(Shape) else Shape.TABLE,
        fields=dict(zip(posted.getlist("column"), posted.getlist("field"), strict=False)),
        reviewers={who: name.strip() for who, name in renamed if name.strip() and name.strip() != who},
        reviewer=posted.get("reviewer", "").strip(),
    )
