"""Files of items in the browser: chosen, looked at, mapped, imported with progress, and their bad lines taken out."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import ConflictError, RefusalError
from reviewapp.http.forms import Problems
from reviewapp.http.frame import frame, link_if_may
from reviewapp.http.uploads import read_upload
from sampling.ingest.fields import ItemIn
from sampling.ingest.files import FileKind
from sampling.models import Upload
from sampling.models.uploads import UploadState
from sampling.uploads.bad_lines import bad_lines as refused_lines
from sampling.uploads.forget import KEPT
from sampling.uploads.mapping import ColumnChoice
from sampling.uploads.preview import preview_upload
from sampling.uploads.progress import read_progress
from sampling.uploads.run import start_import, stop_import
from sampling.uploads.stage import TOO_LARGE, discard_upload, get_upload, list_uploads, stage_upload

_NEEDED = ("external_id", "input", "output")


@never_cache
@require_http_methods(["GET", "POST"])
def uploads(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the form for a file and the files before; take a file in."""
    access = authorize(actor_of(request), slug, Action.ADD_ITEMS)
    if request.method == "POST":
        try:
            file = read_upload(request, "file", too_large=TOO_LARGE)
            upload = stage_upload(access, name=file.name or "", pieces=file.chunks(), now=timezone.now())
        except RefusalError as refusal:
            return _list(request, access, problems=Problems("file", refusal), status=refusal.status)
        return redirect("upload", slug=slug, upload_id=upload.pk)
    return _list(request, access)


def _list(request: HttpRequest, access: Access, *, problems: Problems | None = None, status: int = 200) -> HttpResponse:
    context = {
        **frame(access, "items"),
        "uploads": list_uploads(access),
        "problems": problems,
        "items_url": link_if_may(access, "items", Action.SEE_ITEMS),
    }
    return render(request, "pages/uploads.html", context, status=status)


@never_cache
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, slug: str, upload_id: int) -> HttpResponse:
    """Show how far a file is: its columns to be mapped, its import, what became of it; start the import."""
    access = authorize(actor_of(request), slug, Action.ADD_ITEMS)
    found = get_upload(access, upload_id)
    if request.method == "POST":
        choice = _read_choice(request)
        try:
            start_import(access, found, choice=choice, now=timezone.now())
        except RefusalError as refusal:
            shown = {"problems": Problems("mapping", refusal)}
            return _page(request, access, found, choice=choice, shown=shown, status=refusal.status)
        return redirect("upload", slug=slug, upload_id=upload_id)
    return _page(request, access, found)


def _page(
    request: HttpRequest,
    access: Access,
    upload: Upload,
    *,
    choice: ColumnChoice | None = None,
    shown: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        **frame(access, "items"),
        "upload": upload,
        "kept_days": KEPT.days,
        "items_url": link_if_may(access, "items", Action.SEE_ITEMS),
        "review_url": link_if_may(access, "review", Action.LABEL),
        **(shown or {}),
    }
    if upload.state == UploadState.STAGED:
        preview = preview_upload(upload, choice)
        context |= {
            "preview": preview,
            "fields": [name for name in ItemIn.model_fields if name not in _NEEDED],
            "needed": _NEEDED,
            "ids_from_content": choice.ids_from_content if choice else not _has(preview.columns, "external_id"),
            "kind": {FileKind.CSV: "CSV", FileKind.PARQUET: "Parquet"}.get(FileKind(upload.kind), "JSON Lines"),
            "separator": {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}.get(preview.delimiter or ""),
        }
    else:
        context["progress"] = read_progress(upload)
    return render(request, "pages/upload.html", context, status=status)


def _has(columns: list[Any], field: str) -> bool:
    return any(column.guess == field for column in columns)


@never_cache
@require_POST
def upload_preview(request: HttpRequest, slug: str, upload_id: int) -> HttpResponse:
    """Show what the first rows become by the columns as they are chosen now."""
    access = authorize(actor_of(request), slug, Action.ADD_ITEMS)
    preview = preview_upload(get_upload(access, upload_id), _read_choice(request))
    return render(request, "pages/upload_preview.html", {"preview": preview})


@never_cache
@require_GET
def upload_progress(request: HttpRequest, slug: str, upload_id: int) -> HttpResponse:
    """Show how far the import is."""
    access = authorize(actor_of(request), slug, Action.ADD_ITEMS)
    found = get_upload(access, upload_id)
    context = {
        "project": access.project,
        "upload": found,
        "progress": read_progress(found),
        "items_url": link_if_may(access, "items", Action.SEE_ITEMS),
        "review_url": link_if_may(access, "review", Action.LABEL),
        "kept_days": KEPT.days,
    }
    return render(request, "pages/upload_progress.html", context)


@never_cache
@require_POST
def upload_end(request: HttpRequest, slug: str, upload_id: int) -> HttpResponse:
    """Stop an import, or discard a file."""
    access = authorize(actor_of(request), slug, Action.ADD_ITEMS)
    found = get_upload(access, upload_id)
    return end_upload(request, access, found, one="upload", every="uploads")


def end_upload(request: HttpRequest, access: Access, found: Upload, *, one: str, every: str) -> HttpResponse:
    """Stop an import, or discard a file, and go back to its page or to the list: the names of their addresses."""
    slug = access.project.slug
    if request.POST.get("what") == "stop":
        stop_import(access, found, now=timezone.now())
        return redirect(one, slug=slug, upload_id=found.pk)
    try:
        discard_upload(access, found, now=timezone.now())
    except RefusalError as refusal:
        messages.error(request, refusal.message)
        return redirect(one, slug=slug, upload_id=found.pk)
    messages.success(request, f"{found.name} is forgotten. What was imported of it stays.")
    return redirect(every, slug=slug)


@never_cache
@require_GET
def upload_bad_lines(request: HttpRequest, slug: str, upload_id: int) -> StreamingHttpResponse:
    """Send the refused lines with their reasons."""
    access = authorize(actor_of(request), slug, Action.ADD_ITEMS)
    found = get_upload(access, upload_id)
    kind = "csv" if found.kind == FileKind.CSV else "jsonl"
    return send_refused(found, refused_lines, name=f"upload-{found.pk}-refused", kind=kind)


def send_refused(
    upload: Upload, lines: Callable[[Upload], Iterable[bytes]], *, name: str, kind: str
) -> StreamingHttpResponse:
    """Send an upload's refused lines as a file of that name: `csv` or `jsonl`. ConflictError before it is imported."""
    if upload.state == UploadState.STAGED:
        raise ConflictError("Nothing of this file was imported yet, and nothing refused.")
    content_type = "text/csv; charset=utf-8" if kind == "csv" else "application/x-ndjson"
    response = StreamingHttpResponse(lines(upload), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return response


def _read_choice(request: HttpRequest) -> ColumnChoice:
    columns, fields = request.POST.getlist("column"), request.POST.getlist("field")
    return ColumnChoice(
        dict(zip(columns, fields, strict=False)), ids_from_content=request.POST.get("ids_from_content") == "on"
    )
