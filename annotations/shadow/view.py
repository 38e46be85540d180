"""The shadow view: everything about one version of the AI beside people's decisions, from one source of them."""

from dataclasses import dataclass, replace
from typing import Any

from annotations.quality.asked import Window, get_question
from annotations.rubrics.publish import find_rubric
from annotations.shadow.figures import (
    Cost,
    Day,
    Effort,
    Evidence,
    Matrix,
    RiskPoint,
    SegmentAgreement,
    agreement_of,
    caveats_of,
    ceiling_of,
    cost_of,
    effort_of,
    is_same,
    matrix_of,
    risk_of,
    segments_of,
    sequence_of,
    series_of,
)
from annotations.shadow.pairs import (
    Pair,
    Pairs,
    Source,
    busiest_feed,
    list_feeds,
    named_feed,
    read_feed_pairs,
    read_question_pairs,
)
from annotations.shadow.rules import Rule, find_rule
from annotations.shadow.rulings import Rulings, count_rulings
from reviewapp.accounts.models import Project
from reviewapp.http.errors import ConflictError, InvalidError
from reviewapp.stats.estimate import Estimate
from reviewapp.stats.signoff.human_ceiling import HumanCeiling
from sampling.plans.filters import AllOf, parse_filter

MOST_DISAGREEMENTS = 200


@dataclass(frozen=True, slots=True)
class ShadowView:
    """What the view shows; `sources` are those that there are, of which `source` was asked about."""

    rule: Rule
    source: Source | None
    sources: list[Source]
    system_version: str | None
    pairs: Pairs | None
    matrix: Matrix
    agreement: Estimate
    cost: Cost
    evidence: Evidence
    ceiling: HumanCeiling
    segments: list[SegmentAgreement]
    series: list[Day]
    risk: list[RiskPoint]
    effort: Effort
    disagreements: list[Pair]
    n_disagreements: int
    rulings: Rulings
    why_empty: str


def get_shadow(
    project: Project,
    window: Window,
    *,
    system_version: str | None,
    feed: str | None = None,
    question: str | None = None,
) -> ShadowView:
    """Return the view of a version's decisions (of all versions without one) against one source of people's.

    Without a feed or question the feed with most pairs is taken, else the primary question. Raises InvalidError for a
    feed or question that is none, or both at once.
    """
    if feed is not None and question is not None:
        raise InvalidError("Ask about a feed or a question: they are never pooled.")
    rule = find_rule(project.pk)
    asked = of_version(window, system_version)
    found = read_pairs(project, asked, rule, feed=feed, question=question)
    pairs, sources, why = found
    rows = pairs.decided if pairs else []
    caveats = caveats_of(pairs)
    segments = segments_of(rows, rule, caveats=caveats) if window.segment else []
    twice = _decided_twice(project, asked, pairs, rule)
    differing = [row for row in rows if not is_same(rule, row)]
    differing.sort(key=lambda row: (-rule.cost(row.human or "", row.ai), -row.at.timestamp()))
    return ShadowView(
        rule=rule,
        source=pairs.source if pairs else None,
        sources=sources,
        system_version=system_version,
        pairs=pairs,
        matrix=matrix_of(rows, rule),
        agreement=agreement_of(rows, rule, caveats=caveats),
        cost=_cost(pairs, twice, rule),
        evidence=sequence_of(
            pairs.rows if pairs else [],
            rule,
            segment_failing=any(each.sequence.state == "failing" for each in segments),
        ),
        ceiling=ceiling_of(twice, rule),
        segments=segments,
        series=series_of(rows, rule),
        risk=risk_of(rows, rule),
        effort=effort_of(rows),
        disagreements=differing[:MOST_DISAGREEMENTS],
        n_disagreements=len(differing),
        rulings=count_rulings(pairs, rule),
        why_empty=why,
    )


def of_version(window: Window, system_version: str | None) -> Window:
    """Return the window of one version's items."""
    if system_version is None:
        return window
    version = parse_filter({"system_version": {"eq": system_version}})
    return replace(window, where=AllOf((window.where, version)))


def read_pairs(
    project: Project, window: Window, rule: Rule, *, feed: str | None, question: str | None
) -> tuple[Pairs | None, list[Source], str]:
    """Return the pairs of the source asked about, the sources there are, and why there are no pairs."""
    feeds = list_feeds(project.pk)
    sources = [Source("feed", each.name, each.coverage) for each in feeds]
    asked = _question(project, question)
    if asked is not None:
        sources.append(Source("question", asked["key"], "drawn"))
    if feed is not None:
        return read_feed_pairs(window, named_feed(feeds, feed), rule), sources, ""
    if question is None and feeds:
        most = read_feed_pairs(window, busiest_feed(window, feeds, rule), rule)
        if most.rows or asked is None or not project.blind:
            return most, sources, ""
    if asked is None:
        return None, sources, "There are no decisions of people yet, and no question that reviewers answer."
    if not project.blind:
        if question is not None:
            raise ConflictError(
                "Reviewers of this project see what the AI decided, so their labels say nothing about it.",
                code="not_blind",
            )
        return None, sources, "Reviewers of this project see what the AI decided: labels do not count here."
    return read_question_pairs(window, asked, rule), sources, ""


def _question(project: Project, key: str | None) -> dict[str, Any] | None:
    if key is None and find_rubric(project.pk) is None:
        return None
    return get_question(project.pk, key)


def _decided_twice(project: Project, window: Window, pairs: Pairs | None, rule: Rule) -> Pairs:
    """Return the pairs that tell how people agree with each other.

    They are the source's own where it has items that two people decided; else those of our reviewers on the same
    traffic, where their question is about what the AI decides.
    """
    if pairs is not None and (pairs.source.kind == "question" or any(len(row.everybody) > 1 for row in pairs.rows)):
        return pairs
    asked, nothing = _question(project, None), Pairs(Source("question", "", "drawn"), [], 0)
    if asked is None or not project.blind:
        return nothing
    ours = read_question_pairs(window, asked, rule)
    answers = {said for row in ours.rows for said in row.everybody}
    return ours if answers & {row.ai for row in ours.rows} else nothing


def _cost(pairs: Pairs | None, twice: Pairs, rule: Rule) -> Cost:
    """Return the expected costs: the AI's of the source's pairs, and people's own where two decided the same item."""
    cost = cost_of(pairs.decided if pairs else [], rule)
    if cost.human_per_1000 is None and pairs is not twice:
        ours = cost_of([row for row in twice.rows if len(row.everybody) > 1], rule)
        return cost._replace(human_per_1000=ours.human_per_1000, n_human_pairs=ours.n_human_pairs)
    return cost
