"""What a run would cost and take, before it begins: by the version's own calls, else by some rendered prompts."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Avg, Count

from annotations.judges.choose import judge_purpose
from annotations.judges.examples import read_materials
from annotations.judges.prepare import Preparation
from annotations.judges.providers import get_provider, target_of
from annotations.judges.template import PromptTooLongError
from annotations.judges.versions import Spec
from annotations.models import JudgeCall, JudgeVersion, Label
from annotations.models.judge_runs import CallState
from reviewapp.accounts.models import Project
from sampling.draws.numbers import draw_numbers
from sampling.items.find import PROGRAM, Search, find_items
from sampling.models import Item
from sampling.plans.filters import EVERYTHING, parse_filter

_TRIED = 20
_PAGE = 5000
_SECONDS_A_CALL = 1.5
_WRITTEN = 80


@dataclass(frozen=True, slots=True)
class RunEstimate:
    """Items, and what judging them would come to, the cache not counted. `is_exact`: all items were counted.

    `labelled`: how many of them people answered, by which the judge can be described.
    """

    items: int
    labelled: int
    is_exact: bool
    cost_usd: float
    seconds: float
    tokens: int

    @property
    def minutes(self) -> float:
        """The time in minutes."""
        return self.seconds / 60


def estimate_run(project: Project, version: JudgeVersion, *, where: Any, sample: float | None) -> RunEstimate:
    """Return what a run over the items that a filter finds, or a sample of them, would come to."""
    spec = Spec.of(version)
    search = Search(project.pk, where=EVERYTHING if where is None else parse_filter(where))
    found = find_items(search, limit=_PAGE, budget=PROGRAM)
    chosen, is_exact = found.ids, found.next is None
    if sample is not None:
        numbered = _numbered(project, version, chosen)
        chosen = [pk for u, pk in numbered if u < sample] if sample <= 1 else [pk for _, pk in numbered[: int(sample)]]
        is_exact = is_exact or (sample > 1 and len(chosen) == int(sample))
    items = len(chosen)
    target = target_of(get_provider(project.pk, spec.first.provider), spec.first.model)
    before = JudgeCall.objects.filter(
        project=project,
        run__judge_version=version,
        state=CallState.SETTLED,
        provider=spec.first.provider,
        model=spec.first.model,
    ).aggregate(n=Count("pk"), read=Avg("input_tokens"), written=Avg("output_tokens"), latency=Avg("latency_ms"))
    seconds = _SECONDS_A_CALL
    if before["n"]:
        read, written = float(before["read"]), float(before["written"])
        seconds = float(before["latency"] or _SECONDS_A_CALL * 1000) / 1000
    else:
        read, written = _tried(project, spec, chosen[:_TRIED]), float(min(_WRITTEN, spec.params.max_tokens))
    calls = items * spec.params.samples
    tokens = calls * (read + written)
    paces = [calls / spec.params.concurrency * seconds]
    paces += [60 * calls / target.rpm] if target.rpm else []
    paces += [60 * tokens / target.tpm] if target.tpm else []
    cost = target.cost_nusd(calls * read, calls * written) / 1e9
    return RunEstimate(items, _count_labelled(project.pk, chosen), is_exact, cost, round(max(paces), 1), round(tokens))


def _numbered(project: Project, version: JudgeVersion, item_ids: list[int]) -> list[tuple[float, int]]:
    """Return the items by the judge's own numbers, the smallest first."""
    rows = list(Item.objects.filter(pk__in=item_ids).values_list("external_id", "pk"))
    numbers = draw_numbers(
        salt=project.sampling_salt, purpose=judge_purpose(version.judge.name), external_ids=[name for name, _ in rows]
    )
    return sorted((float(number), pk) for number, (_, pk) in zip(numbers, rows, strict=True))


def _count_labelled(project_id: int, item_ids: list[int]) -> int:
    found = Label.objects.filter(project_id=project_id, item_id__in=item_ids, withdrawn_at=None, superseded_by=None)
    return found.values("item_id").distinct().count()


def _tried(project: Project, spec: Spec, item_ids: list[int]) -> float:
    """Return the average length of prompts, in tokens."""
    preparation = Preparation(project, spec, version_id=0)
    lengths = []
    for material in read_materials(project.pk, item_ids).values():
        try:
            messages = preparation.messages(material)
        except PromptTooLongError:
            continue
        lengths.append(sum(len(message.content) for message in messages) / 4)
    return sum(lengths) / len(lengths) if lengths else 0.0
