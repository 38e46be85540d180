"""How much of production shows each failure mode: weighted by how likely each item was drawn, answered and read."""

from dataclasses import dataclass, replace

import numpy as np

from annotations.failures.codebook import Codebook, Mode, read_codebook
from annotations.failures.evidence import FAIL, OTHER_ID, Evidence, Source, read_evidence
from annotations.failures.publish import OTHER_LABEL
from annotations.models import ModeAssignment
from annotations.quality.asked import Window
from reviewapp.stats.arrays import BoolArray, FloatArray
from reviewapp.stats.estimate import Estimate, Population, no_estimate
from reviewapp.stats.pass_rate.labels_only import labels_only
from reviewapp.stats.pass_rate.sample import labelled_sample
from sampling.models import Item

EXAMPLES = 5
METHOD = "hajek_wilson"


@dataclass(frozen=True, slots=True)
class ModeFigures:
    """One mode: the share of all traffic that shows it, its share of the failures, and items that show it.

    `n_read` counts items whose notes somebody gave it; `mode` is None for what the question calls something else.
    """

    mode: Mode | None
    name: str
    n_read: int
    n_shown: int
    prevalence: Estimate
    of_failures: Estimate
    examples: list[str]


@dataclass(frozen=True, slots=True)
class FailureModes:
    """The figures of all modes, the commonest first, and what they rest on.

    `n_fails_known` of `n_fails` failing drawn items have known modes. Where the project's question knows no pass and
    fail, both count labelled items.
    """

    source: Source
    has_question: bool
    modes: list[ModeFigures]
    n_drawn: int
    n_labelled: int
    n_fails: int
    n_fails_known: int


def get_failure_modes(
    window: Window, *, source: Source | None = None, population: Population = "window", codebook: Codebook | None = None
) -> FailureModes:
    """Return the prevalence of each failure mode in a window's traffic.

    Without a source it is the question, once anybody was asked, and else what was read in notes. Raises ConflictError
    `no_rubric`.
    """
    codebook = codebook or read_codebook(window.project_id)
    evidence = read_evidence(window, codebook)
    source = source or evidence.usual_source
    read = _read_items(window.project_id, codebook)
    modes = {mode.id: mode for mode in codebook.modes}
    shown = {mode: evidence.shows(mode, source) for mode in [*modes, *([OTHER_ID] if source == "question" else [])]}
    examples = {mode: _examples(evidence, shows, read.get(mode, [])) for mode, shows in shown.items()}
    wanted = [item_id for found in examples.values() for item_id in found]
    names = dict(Item.objects.filter(pk__in=wanted).values_list("pk", "external_id"))
    everything, fails = np.ones(evidence.n, bool), evidence.outcome == FAIL
    figures = [
        ModeFigures(
            mode=modes.get(mode),
            name=modes[mode].name if mode in modes else OTHER_LABEL,
            n_read=len(read.get(mode, [])),
            n_shown=int(np.nansum(shows)),
            prevalence=estimate_share(evidence, shows, source, among=everything, population=population),
            of_failures=estimate_share(evidence, shows, source, among=fails, population=population),
            examples=[names[item_id] for item_id in examples[mode]],
        )
        for mode, shows in shown.items()
    ]
    failing = evidence.outcome == FAIL if evidence.grades else evidence.labelled
    known = failing & (~np.isnan(next(iter(shown.values()))) if shown else _touched(evidence, source))
    return FailureModes(
        source=source,
        has_question=any(votes is not None for votes in evidence.votes),
        modes=sorted(figures, key=_rank),
        n_drawn=evidence.n,
        n_labelled=int(evidence.labelled.sum()),
        n_fails=int(failing.sum()),
        n_fails_known=int(known.sum()),
    )


def estimate_share(
    evidence: Evidence, shows: FloatArray, source: Source, *, among: BoolArray, population: Population
) -> Estimate:
    """Return the weighted share of those `among` the drawn items that show it; undefined where none is known.

    Undefined also where fails are among them and none of these was read: passes alone would say that nothing fails.
    """
    known = among & ~np.isnan(shows)
    fails = among & (evidence.outcome == FAIL)
    if fails.any() and not (known & fails).any():
        return no_estimate("no_labels", method=METHOD, population=population, warnings=evidence.warnings)
    sessions = evidence.sessions
    sample = labelled_sample(
        shows[known],
        evidence.probability(shows, source)[known],
        cluster=None if sessions is None else sessions[known],
    )
    found = labels_only(sample, population=population)
    return replace(found, warnings=(*found.warnings, *evidence.warnings))


def _read_items(project_id: int, codebook: Codebook) -> dict[int, list[int]]:
    """Return the items that were given each mode while their notes were read, newest first."""
    rows = ModeAssignment.objects.filter(project_id=project_id, withdrawn_at=None, mode__isnull=False)
    found: dict[int, dict[int, None]] = {}
    for mode_id, item_id in rows.order_by("-item_id").values_list("mode_id", "item_id"):
        found.setdefault(codebook.root[mode_id or 0], {})[item_id] = None
    return {mode: list(items) for mode, items in found.items()}


def _examples(evidence: Evidence, shows: FloatArray, read: list[int]) -> list[int]:
    drawn = [evidence.drawn[int(place)].item_id for place in np.flatnonzero(shows == 1)]
    return sorted({*drawn, *read[:EXAMPLES]}, reverse=True)[:EXAMPLES]


def _touched(evidence: Evidence, source: Source) -> BoolArray:
    given = evidence.votes if source == "question" else evidence.read
    return np.array([each is not None for each in given], bool)


def _rank(figures: ModeFigures) -> tuple[bool, float, int, str]:
    value = figures.prevalence.value
    return (figures.mode is None, -(value or 0.0), -figures.n_read, figures.name)
