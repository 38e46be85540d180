"""The evaluations of a project: systems ranked over a dataset, all runs, and starting one."""

import gzip
import io
from collections.abc import Iterator
from typing import Any

import orjson
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from annotations.datasets.listing import list_datasets
from annotations.evaluations.collect import Given, read_output
from annotations.evaluations.ranking import RankedRun, list_evaluated_versions, rank_runs
from annotations.evaluations.read import list_evaluations
from annotations.evaluations.report import number_text
from annotations.evaluations.spec import parse_spec
from annotations.evaluations.start import start_evaluation
from annotations.models import DatasetVersion, Evaluation
from annotations.models.evaluations import EvaluationState
from annotations.views.intervals import draw_interval
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import FieldError, InvalidError, RefusalError
from reviewapp.http.forms import Problems, read_json_object, read_whole_number
from reviewapp.http.frame import frame, link_if_may
from reviewapp.http.uploads import read_upload

RUNS = 50
MAX_INSIDE = 200 * 1024 * 1024
TOO_LARGE = "This file has more than 20 MB. Compress it with gzip, or use manage.py evaluate on the server."


@never_cache
@require_GET
def evaluations(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the systems over one dataset version (`over`), by rank or time, and the newest runs."""
    access = authorize(actor_of(request), slug, Action.SEE_EVALUATIONS)
    return _page(request, access)


def _page(request: HttpRequest, access: Access, *, problems: Problems | None = None, status: int = 200) -> HttpResponse:
    versions = list_evaluated_versions(access.project)
    over = request.GET.get("over", "")
    chosen = next((each for each in versions if str(each.pk) == over), versions[0] if versions else None)
    by_time, everywhere = request.GET.get("sort") == "time", request.GET.get("versions") == "all"
    before = request.GET.get("before", "")
    runs = list_evaluations(
        access.project, before=int(before) if before.isdecimal() and len(before) < 19 else None, limit=RUNS + 1
    )
    may_run = access.may(Action.RUN_EVALUATIONS)
    context: dict[str, Any] = {
        **frame(access, "evaluations"),
        "versions": versions,
        "chosen": chosen,
        "by_time": by_time,
        "everywhere": everywhere,
        "ranked": _ranked(chosen, by_time=by_time, everywhere=everywhere) if chosen else [],
        "runs": [(run, _accuracy(run)) for run in runs[:RUNS]],
        "next": runs[RUNS - 1].pk if len(runs) > RUNS else None,
        "may_run": may_run,
        "problems": problems,
        "posted": request.POST,
        "datasets_url": link_if_may(access, "datasets", Action.SEE_DATASETS),
    }
    if may_run:
        context["datasets"] = [
            (each, f"{each.dataset.name}@{each.newest.version}")
            for each in list_datasets(access.project)
            if each.newest is not None
        ]
        done = [run for run in runs if run.state == EvaluationState.DONE]
        context["baselines"] = done[:30]
    return render(request, "pages/evaluations.html", context, status=status)


def _ranked(version: DatasetVersion, *, by_time: bool, everywhere: bool) -> list[dict[str, Any]]:
    """Return the rows of the ranking, all on one scale that leaves little of it empty."""
    found = rank_runs(version, all_versions=everywhere, by_time=by_time)
    lows = [run.accuracy.low for run in found if run.accuracy.low is not None]
    highs = [run.accuracy.high for run in found if run.accuracy.high is not None]
    start = int(min(lows, default=0.0) * 10) / 10
    end = min(1.0, int(max(highs, default=1.0) * 10 + 1) / 10)
    return [_ranked_row(run, start, max(end, start + 0.1)) for run in found]


def _ranked_row(run: RankedRun, start: float, end: float) -> dict[str, Any]:
    return {
        "run": run.evaluation,
        "drawn": draw_interval("Accuracy", run.accuracy, start=start, end=end),
        "latency": number_text(run.latency.value, "ms") if run.latency.value is not None else "–",
        "cost": number_text(run.cost.value, "usd") if run.cost.value is not None else "–",
        "answered": run.answered,
        "rows": run.rows,
        "scale": f"{start * 100:.0f} to {end * 100:.0f} %",
    }


def _accuracy(run: Evaluation) -> str:
    value = run.scores["metrics"]["accuracy"]["value"] if run.scores else None
    return "–" if value is None else number_text(value, "share")


@never_cache
@require_POST
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Start an evaluation of an uploaded file, or of an endpoint."""
    access = authorize(actor_of(request), slug, Action.RUN_EVALUATIONS)
    posted = request.POST
    try:
        dataset, _, version = posted.get("dataset", "").partition("@")
        spec, outputs = _asked(request)
        made = start_evaluation(
            access.project,
            dataset=dataset,
            version=version or None,
            system_version=posted.get("system_version", ""),
            spec=parse_spec(spec),
            outputs=outputs,
            baseline=read_whole_number(posted.get("baseline", ""), "baseline"),
            actor=access.actor,
            now=timezone.now(),
        )
    except RefusalError as refusal:
        return _page(request, access, problems=Problems("start", refusal), status=refusal.status)
    return redirect("evaluation", slug=slug, evaluation_id=made.pk)


def _asked(request: HttpRequest) -> tuple[dict[str, Any], Iterator[Given] | None]:
    posted = request.POST
    spec: dict[str, Any] = {"match": {"way": posted.get("match", "normalised"), "path": posted.get("path", "").strip()}}
    sample = read_whole_number(posted.get("sample", ""), "sample")
    if sample:
        spec["people"] = {
            "sample": sample,
            "show_expected": posted.get("show_expected") == "on",
            "overlap": read_whole_number(posted.get("overlap", ""), "overlap"),
        }
    url = posted.get("url", "").strip()
    if not url:
        return spec, _lines(read_upload(request, "file", too_large=TOO_LARGE))
    spec["endpoint"] = {"url": url, "response_path": posted.get("response_path", "").strip()}
    if template := posted.get("request", "").strip():
        spec["endpoint"]["request"] = read_json_object(template, "request")
    if secret := posted.get("secret", "").strip():
        spec["endpoint"]["auth"] = {"secret": secret}
    spec["repeats"] = read_whole_number(posted.get("repeats", ""), "repeats") or 1
    return spec, None


def _lines(file: InMemoryUploadedFile) -> Iterator[Given]:
    """Yield the outputs of an uploaded file, plain or gzip; the first bad line is named by its number."""
    content = file.read()
    if content[:2] == b"\x1f\x8b":
        try:
            with gzip.open(io.BytesIO(content)) as inside:
                content = inside.read(MAX_INSIDE + 1)
        except (OSError, EOFError):
            raise _bad("The file is not whole.") from None
        if len(content) > MAX_INSIDE:
            raise _bad("The file has more than 200 MB inside.")
    for number, line in enumerate(content.split(b"\n"), 1):
        if line.strip():
            try:
                data = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise _bad(f"Line {number} is not JSON: {error}.") from None
            yield read_output(data, f"line {number}")


def _bad(message: str) -> InvalidError:
    return InvalidError(message, fields=(FieldError("file", message),))
