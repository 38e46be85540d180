"""One frozen version: its figures, its rows with the way back to items and people, its exports."""

import re
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from annotations.datasets.export.card import data_card
from annotations.datasets.export.formats import FORMATS, describe_file
from annotations.datasets.export.jobs import ask_for_export, find_exports, get_export, is_given_up, read_range
from annotations.datasets.locks import describe_version, list_locks, retire_version
from annotations.datasets.preview import list_gaps
from annotations.datasets.read import FrozenRow, check_split, get_frozen, get_version, list_rows
from annotations.datasets.select import REASONS
from annotations.models import DatasetExport, DatasetVersion
from annotations.models.datasets import ExportState, VersionState
from annotations.models.rollouts import RolloutStage
from annotations.rollouts.holds import holders_of
from annotations.views.dataset_form import read_tags
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import ConflictError, RefusalError
from reviewapp.http.frame import frame
from sampling.items.content import text_of

ROWS = 25
_SNIPPET = 220
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class ShownRow(NamedTuple):
    """A row in the browser of rows."""

    row: FrozenRow
    said: str
    expected: str


class ShownLock(NamedTuple):
    """Something that relies on the version, and where it can be seen."""

    said: str
    address: str
    since: datetime


@never_cache
@require_GET
def version(request: HttpRequest, slug: str, name: str, version: int) -> HttpResponse:
    """Show a version; `after` is the position behind which its rows are shown, `split` narrows them."""
    access = authorize(actor_of(request), slug, Action.SEE_DATASETS)
    found = get_version(access.project, name, str(version))
    context: dict[str, Any] = {
        **frame(access, "datasets"),
        "dataset": found.dataset,
        "version": found,
        "may_edit": access.may(Action.EDIT_DATASETS),
    }
    if found.state == VersionState.FROZEN:
        context |= _frozen(request, access, found)
    return render(request, "pages/dataset_version.html", context)


def _frozen(request: HttpRequest, access: Access, found: DatasetVersion) -> dict[str, Any]:
    split = check_split(found, request.GET.get("split"))
    after = request.GET.get("after", "")
    rows = list_rows(
        found, split=split, after=int(after) if after.isdecimal() and len(after) < 10 else 0, limit=ROWS + 1
    )
    figures = found.manifest["figures"]
    return {
        "figures": figures,
        "gaps": list_gaps(figures),
        "left_out": [(REASONS[reason], n) for reason, n in figures["dropped"].items()],
        "agreement": None if figures["agreement"]["mean"] is None else _agreement(figures["agreement"]),
        "rows": [_shown(row) for row in rows[:ROWS]],
        "next": rows[ROWS - 1].position if len(rows) > ROWS else None,
        "split": split,
        "splits": [each for each, _ in found.recipe["splits"]],
        "locks": _shown_locks(found),
        "exports": find_exports(access, found),
        "formats": FORMATS,
        "tags": ", ".join(found.tags),
        "api": f"/api/v1/projects/{access.project.slug}/datasets/{found.dataset.name}/versions/{found.version}",
    }


def _agreement(figures: dict[str, Any]) -> dict[str, Any]:
    """Return the share with its limits as people read them, and the coefficients that there are."""
    named = (("Krippendorff’s alpha", "krippendorff_alpha"), ("Gwet’s AC", "gwet_ac"))
    estimates = [(name, figures[key]) for name, key in named if figures.get(key)]
    return {
        "share": round(figures["mean"] * 100),
        "limits": None if figures.get("low") is None else (round(figures["low"] * 100), round(figures["high"] * 100)),
        "coefficients": [(name, found) for name, found in estimates if found["value"] is not None],
    }


def _shown_locks(found: DatasetVersion) -> list[ShownLock]:
    """Return what relies on the version, each with the page where it can be seen."""
    slug, locks = found.dataset.project.slug, list_locks(found)
    holders = holders_of(locks)
    shown = []
    for lock in locks:
        bundle = holders.get(lock.ref) if lock.kind == "sign-off" else None
        if bundle is None:
            address = reverse("evaluation", args=[slug, int(lock.ref)]) if lock.kind == "evaluation" else ""
            shown.append(ShownLock(f"{lock.kind} {lock.ref}", address, lock.created_at))
        else:
            stage = RolloutStage(bundle.to_stage).label.lower()
            address = reverse("rollout", args=[slug, bundle.rollout_id]) + "#evidence"
            said = f"the sign-off of {bundle.rollout.system_version} for {stage}"
            shown.append(ShownLock(said, address, lock.created_at))
    return shown


def _shown(row: FrozenRow) -> ShownRow:
    said, expected = text_of(row.fields["input"]), text_of(row.fields["expected"])
    return ShownRow(row, said[:_SNIPPET], expected[:_SNIPPET])


@never_cache
@require_GET
def card(request: HttpRequest, slug: str, name: str, version: int) -> HttpResponse:
    """Send the data card as Markdown."""
    access = authorize(actor_of(request), slug, Action.SEE_DATASETS)
    found = get_frozen(access.project, name, str(version))
    return HttpResponse(data_card(found), content_type="text/markdown; charset=utf-8")


@never_cache
@require_POST
def change(request: HttpRequest, slug: str, name: str, version: int) -> HttpResponse:
    """Retire the version or take it back into use, or give it other tags and another note."""
    access = authorize(actor_of(request), slug, Action.EDIT_DATASETS)
    found, now, posted = get_version(access.project, name, str(version)), timezone.now(), request.POST
    try:
        if posted.get("what") == "describe":
            describe_version(
                access, found, tags=read_tags(posted.get("tags", "")), note=posted.get("note", ""), now=now
            )
        else:
            retire_version(access, found, retired=posted.get("what") == "retire", now=now)
    except RefusalError as refusal:
        messages.error(request, refusal.message)
    return redirect("dataset_version", slug=slug, name=name, version=version)


@never_cache
@require_POST
def ask(request: HttpRequest, slug: str, name: str, version: int) -> HttpResponse:
    """Ask for an export."""
    access = authorize(actor_of(request), slug, Action.SEE_DATASETS)
    found, posted = get_frozen(access.project, name, str(version)), request.POST
    try:
        ask_for_export(
            access, found, kind=posted.get("format", ""), split=posted.get("split") or None, now=timezone.now()
        )
    except RefusalError as refusal:
        messages.error(request, refusal.message)
    response = redirect("dataset_version", slug=slug, name=name, version=version)
    response["Location"] += "#exports"
    return response


@never_cache
@require_GET
def export_progress(request: HttpRequest, slug: str, name: str, version: int, export_id: int) -> HttpResponse:
    """Show how far an export is."""
    access = authorize(actor_of(request), slug, Action.SEE_DATASETS)
    found = get_frozen(access.project, name, str(version))
    made = get_export(access, found, export_id)
    context = {"project": access.project, "dataset": found.dataset, "version": found, "export": made}
    return render(request, "pages/dataset_export.html", {**context, "given_up": is_given_up(made)})


@never_cache
@require_GET
def export_file(request: HttpRequest, slug: str, name: str, version: int, export_id: int) -> HttpResponseBase:
    """Send an export, or the part of it that is asked for."""
    access = authorize(actor_of(request), slug, Action.SEE_DATASETS)
    found = get_frozen(access.project, name, str(version))
    made = get_export(access, found, export_id)
    if made.state != ExportState.DONE:
        raise ConflictError("This file is not ready.", code="not_ready")
    file = describe_file(found, kind=made.format, split=made.split)
    start, end, status = _range(request, made)
    if status == 416:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{made.size}"})
    response = StreamingHttpResponse(read_range(made, start, end), content_type=file.content_type, status=status)
    response["Accept-Ranges"], response["ETag"] = "bytes", _etag(made)
    response["Content-Length"] = str(end - start)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=file.name) or ""
    if status == 206:
        response["Content-Range"] = f"bytes {start}-{end - 1}/{made.size}"
    return response


def _etag(export: DatasetExport) -> str:
    return f'"{export.sha256}"'


def _range(request: HttpRequest, export: DatasetExport) -> tuple[int, int, int]:
    """Return which bytes to send, up to before which, and the status: one range of them, or the whole file.

    A range of another file than the one that was begun (`If-Range`) is the whole of this one.
    """
    size, asked = export.size, _RANGE.fullmatch(request.headers.get("Range", ""))
    if asked is None or not any(asked.groups()) or request.headers.get("If-Range", _etag(export)) != _etag(export):
        return 0, size, 200
    first, last = asked.groups()
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last) + 1, size) if first and last else size
    return (0, 0, 416) if start >= end else (start, end, 206)
