"""A judge version's report: usable for what, its errors, what corrects them, and the items behind each figure."""

from typing import Any
from urllib.parse import quote, urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from annotations.judges.alternative import run_alternative_test
from annotations.judges.calibration import TEST, Calibration, Costs, get_calibration
from annotations.judges.cells import CELL_OF, MOST, pairs_of_cell, show_pairs
from annotations.judges.confusion import PartCalibration
from annotations.judges.listing import find_by_path
from annotations.judges.pairs import read_pairs
from annotations.models import JudgeVersion
from annotations.quality.asked import Window, get_question
from annotations.rubrics.publish import find_rubric
from annotations.views.intervals import draw_interval
from annotations.views.judge_running import show_runs
from annotations.views.judge_watch import show_watch
from annotations.views.judges import STATE_WORDS
from annotations.views.reliability import draw_reliability
from reviewapp.accounts.access import Access, authorize
from reviewapp.accounts.roles import Action
from reviewapp.http.asking import actor_of
from reviewapp.http.errors import RefusalError
from reviewapp.http.frame import frame
from reviewapp.stats.estimate import Estimate

SPLITS = ("train", "dev", TEST)
SEGMENTS = ("system_version", "model", "prompt_version", "metadata.language", "metadata.topic")
CELL_WORDS = {
    "tp": "People pass, the judge passes",
    "fn": "People pass, the judge fails",
    "fp": "People fail, the judge passes",
    "tn": "People fail, the judge fails",
    "unparsed": "The judge’s reply could not be read",
    "wrong": "Where they differ",
}


@never_cache
@require_GET
def judge_version(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Show the report of one version, and the items of a cell."""
    access = authorize(actor_of(request), slug, Action.SEE_RESOLUTIONS)
    version = find_by_path(access.project, name)
    asked = _Asked(request)
    context = {**frame(access, "judges"), **_around(access, version, asked), **show_runs(access, version)}
    window = Window(access.project.pk, segment=asked.segment)
    judge, label = version.judge.name, version.version
    try:
        found = get_calibration(
            access,
            window,
            judge=judge,
            version=label,
            question=asked.question,
            split=asked.split,
            now=timezone.now(),
            costs=asked.costs,
        )
        context |= _shown(found)
        question = get_question(access.project.pk, asked.question)
        pairs = read_pairs(window, question, version, salt=access.project.sampling_salt, split=asked.split)
        tested = run_alternative_test(
            access, Window(access.project.pk), judge=judge, version=label, question=asked.question, epsilon=0.1
        )
        inside = pairs_of_cell(pairs, asked.cell)
        context |= {
            "tested": tested.result,
            "annotators": [(tested.reviewers[each.annotator], each) for each in tested.result.annotators],
            "cell_rows": [
                {"row": row, "url": reverse("item", args=[slug, row.external_id])}
                for row in show_pairs(version, inside)
            ],
            "cell_more": max(0, len(inside) - MOST),
            **show_watch(access, version, asked.question),
        }
    except RefusalError as refusal:
        context["refused"] = refusal.fields[0].message if refusal.fields else refusal.message
        return render(request, "pages/judge_version.html", context, status=refusal.status)
    return render(request, "pages/judge_version.html", context)


class _Asked:
    """What the address asks for; anything that is none is left out."""

    def __init__(self, request: HttpRequest) -> None:
        get = request.GET
        self.question = get.get("question") or None
        self.split = get.get("split") if get.get("split") in SPLITS else None
        self.segment = get.get("segment", "").strip() or None
        self.cell = get["cell"] if get.get("cell") in {*CELL_OF, "wrong"} else "wrong"
        self.costs = Costs(_cost(get.get("false_pass")), _cost(get.get("false_fail")))

    def query(self, **more: str) -> str:
        """Return the query again, with more in it."""
        kept = {"question": self.question, "split": self.split, "segment": self.segment}
        if self.costs != Costs():
            kept |= {"false_pass": f"{self.costs.false_pass:g}", "false_fail": f"{self.costs.false_fail:g}"}
        return urlencode({name: value for name, value in {**kept, **more}.items() if value})


def _cost(text: str | None) -> float:
    try:
        found = float(text or 1)
    except ValueError:
        return 1.0
    return found if 0 <= found <= 1e9 else 1.0


def _around(access: Access, version: JudgeVersion, asked: _Asked) -> dict[str, Any]:
    rubric = find_rubric(access.project.pk)
    path = f"{version.judge.name}/{version.version}"
    judge, name = quote(version.judge.name, safe=""), quote(version.version, safe="")
    api = f"/api/v1/projects/{access.project.slug}/judges/{judge}/versions/{name}"
    others = JudgeVersion.objects.filter(judge__project=access.project).exclude(pk=version.pk)
    return {
        "version": version,
        "judge": version.judge,
        "questions": rubric.questions if rubric else [],
        "asked": asked,
        "splits": SPLITS,
        "segments": SEGMENTS,
        "cell_words": CELL_WORDS[asked.cell],
        "is_cell": asked.cell != "wrong",
        "here": reverse("judge_version", args=[access.project.slug, path]),
        "cell_urls": {cell: f"?{asked.query(cell=cell)}#items" for cell in CELL_OF},
        "api_url": f"{api}/calibration?{asked.query()}",
        "others": others.exists(),
    }


def _shown(found: Calibration) -> dict[str, Any]:
    said, corrected = found.description, found.corrected
    applies = corrected.applies.rate
    scores = found.scores
    return {
        "found": found,
        "state_words": STATE_WORDS[found.judgement.state],
        "effective": None if found.effective_labels is None else round(found.effective_labels),
        "usual": [
            draw_interval("Its passes are right", said.ppv, note="PPV", strong=True),
            draw_interval("Its fails are right", said.npv, note="NPV", strong=True),
            draw_interval("Passes it recognises", said.tpr, note="TPR"),
            draw_interval("Fails it recognises", said.tnr, note="TNR"),
            draw_interval("Right at all", said.accuracy, note="accuracy"),
            draw_interval("Balanced accuracy", said.balanced_accuracy),
        ],
        "beyond": [
            draw_interval("Cohen’s κ", said.cohen_kappa, start=-1.0, percent=False),
            draw_interval("Gwet’s AC1", said.gwet_ac1, start=-1.0, percent=False),
            draw_interval("MCC", said.mcc, start=-1.0, percent=False),
        ],
        "rates": [
            draw_interval(
                "Post-stratified",
                corrected.post_stratified,
                note="labels drawn from this traffic",
                strong=applies == "post_stratified",
            ),
            draw_interval(
                "Rogan–Gladen",
                corrected.rogan_gladen,
                note="error rates known from elsewhere",
                strong=applies == "rogan_gladen",
            ),
            draw_interval("Tuned difference", corrected.ppi, note="PPI++"),
            draw_interval("Labels only", corrected.labels_only, note="without the judge"),
            draw_interval("Judge only", corrected.judge_only, note="as if it never erred"),
        ],
        "cost_words": _cost_words(found.cost),
        "ceiling": [
            draw_interval("People with each other", found.ceiling.human_human),
            draw_interval("The judge with people", found.ceiling.ai_human, strong=True),
        ]
        if found.ceiling.difference.undefined is None
        else None,
        "diagram": draw_reliability(scores.reliability) if scores else None,
        "scores": scores,
        "brier": f"{scores.brier.value:.3f}" if scores and scores.brier.value is not None else "",
        "slope": _range(scores.recalibration.line.slope) if scores else "",
        "intercept": _range(scores.recalibration.line.intercept) if scores else "",
        "parts": [
            (title, rows)
            for title, rows in (
                ("Segment", _parts(found.segments)),
                ("Rubric version", _parts(found.rubric_versions) if len(found.rubric_versions) > 1 else []),
                ("Week from (UTC)", _parts(found.weeks)),
            )
            if rows
        ],
    }


def _parts(parts: list[PartCalibration]) -> list[dict[str, Any]]:
    return [
        {
            "name": each.value or "not known",
            "n": each.n,
            "wrong": each.confusion.fn + each.confusion.fp,
            "unparsed": each.confusion.unparsed,
            "tpr": draw_interval("", each.description.tpr),
            "tnr": draw_interval("", each.description.tnr),
        }
        for each in parts
    ]


def _cost_words(cost: Estimate) -> str:
    if cost.value is None or cost.low is None or cost.high is None:
        return ""
    return f"{cost.value * 1000:.4g} ({cost.low * 1000:.4g} – {cost.high * 1000:.4g})"


def _range(estimate: Estimate) -> str:
    if estimate.value is None:
        return ""
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.2f}"
    return f"{estimate.value:.2f} ({estimate.low:.2f} – {estimate.high:.2f})"
