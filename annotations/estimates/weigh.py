"""From rows to weights: which arrivals are covered, how likely each label was, and the rates that follow. No database.

A label's probability is upstream × π × r: π that of the item's last draw row, r the share of the drawn that were
answered among those of the same lane of the queue with the same verdict that arrived around the same hour. The
population is the covered traffic: without items that had no chance (π = 0), and without hours of which a lane has
nothing answered yet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from annotations.estimates.grading import Grading
from annotations.estimates.rows import DrawnItem, HourCount, TrafficRows
from reviewapp.stats.arrays import BoolArray, FloatArray, IntArray
from reviewapp.stats.estimate import Estimate, Population, no_estimate
from reviewapp.stats.pass_rate.post_stratified import (
    METHOD,
    PostStratified,
    post_stratified,
    post_stratified_segments,
)
from reviewapp.stats.pass_rate.sample import LabelledSample, labelled_sample
from reviewapp.stats.pass_rate.traffic import RECEIVED, Traffic
from reviewapp.stats.pass_rate.verdict_cells import UNSEEN
from reviewapp.stats.sampling.response import Response, WorstCase, response_cells, worst_case
from reviewapp.words import counted

Place = tuple[str | None, int]
Arrival = tuple[int, datetime]  # verdict, hour
Served = tuple[bool, int, datetime]  # urgent, verdict, hour


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """Traffic and drawn items with their weights.

    `cell` is the response cell of each drawn item, `chance` its probability of being drawn (upstream × π), `done`
    whether it has an outcome and its hour is covered. `open_hours` are arrivals of which nothing is answered yet, or
    nothing of one lane. `session` is a code of each
    drawn item's session, an item without one being one by itself; None where no item has one.
    """

    grading: Grading
    rows: TrafficRows
    drawn: Sequence[DrawnItem]
    response: Response
    cell: IntArray
    chance: FloatArray
    done: BoolArray
    open_hours: frozenset[Arrival]
    session: IntArray | None

    @property
    def upstream_is_known(self) -> bool:
        """Whether every item says what an upstream sampler had applied."""
        return self.rows.n_unknown_upstream == 0

    @property
    def answered(self) -> FloatArray:
        """Response rate of each drawn item's cell, 0 where nothing is answered."""
        return self.response.rates(self.cell) if len(self.drawn) else np.zeros(0)

    @property
    def covered_hours(self) -> list[HourCount]:
        """The traffic that the estimate speaks of."""
        return [each for each in self.rows.hours if (each.verdict, each.hour) not in self.open_hours]

    @property
    def covered_share(self) -> float | None:
        """Share of the traffic received that the labels speak of: covered hours, verdicts with at least one label."""
        known = self.upstream_is_known
        seen = {each.verdict for each, done in zip(self.drawn, self.done, strict=True) if done}
        covered = sum(each.weight if known else each.n for each in self.covered_hours if each.verdict in seen)
        total = sum(each.weight if known else each.n for each in self.rows.hours) + sum(
            each.weight if known else each.n for each in self.rows.never
        )
        return covered / total if total else None

    @property
    def uncovered(self) -> tuple[str, ...]:
        """What no label speaks of, by name: hours and verdicts without answers, and plans that gave no chance."""
        return (
            *self.response.uncovered,
            *(
                f"no chance under plan version {each.plan_version}: {counted(each.n, 'item')}"
                for each in self.rows.never
            ),
        )

    def outcomes(self) -> FloatArray:
        """Return the outcomes of the answered items."""
        return np.asarray([each.outcome for each, done in zip(self.drawn, self.done, strict=True) if done], np.float64)

    def verdicts(self) -> IntArray:
        """Return the verdict cell of every drawn item."""
        return np.asarray([each.verdict for each in self.drawn], np.int64)

    def traffic(self, places: Sequence[Place], *, parts: bool, everything: bool = False) -> Traffic:
        """Return the traffic of the places (part and verdict) in their order; parts are summed unless asked for.

        `everything` takes the hours without answers in as well.
        """
        number = {place: index for index, place in enumerate(places)}
        sums = np.zeros((3, len(places)))
        for each in self.rows.hours if everything else self.covered_hours:
            index = number.get((each.part if parts else None, each.verdict))
            if index is not None:
                sums[:, index] += (each.n, each.weight, each.square)
        n = sums[0].astype(np.int64)
        known = self.upstream_is_known
        return Traffic(
            names=tuple(
                self.grading.cells[verdict] if part is None else f"{part}, {self.grading.cells[verdict]}"
                for part, verdict in places
            ),
            n=n,
            weight=sums[1] if known else sums[0],
            square=sums[2] if known else sums[0],
            n_units=min(self.rows.n_units, int(n.sum())),
            warnings=() if known else (RECEIVED.format(self.rows.n_unknown_upstream),),
        )

    def sample(self, codes: IntArray, *, outcomes: FloatArray | None = None, sessions: bool = True) -> LabelledSample:
        """Return the answered items with their probability; `codes` are the cells of all drawn items."""
        done = self.done
        return labelled_sample(
            self.outcomes() if outcomes is None else outcomes,
            (self.chance * self.answered)[done],
            judge=codes[done].astype(np.float64),
            cluster=self.session[done] if sessions and self.session is not None else None,
        )

    def places(self) -> list[Place]:
        """Return the verdict cells of the traffic taken together."""
        return [(None, verdict) for verdict in range(len(self.grading.cells))]

    def rate(
        self, population: Population, *, outcomes: FloatArray | None = None, unseen: float = UNSEEN
    ) -> PostStratified:
        """Return the pass rate of the covered traffic; `outcomes` replaces what the answered items count, `unseen` is
        what a verdict without labels counts as."""
        found = post_stratified(
            self.traffic(self.places(), parts=False),
            self.sample(self.verdicts(), outcomes=outcomes, sessions=population == "process"),
            population=population,
            unseen=unseen,
        )
        if found.estimate.undefined == "no_items" and self.rows.n_received:
            return PostStratified(_nothing(population), (), found.labels_only, None, None, 0.0, self.rows.n, 0.0)
        return found

    def part_rates(
        self, parts: Sequence[str | None], population: Population, *, part_of: Mapping[datetime, str] | None = None
    ) -> tuple[Estimate, ...]:
        """Return the pass rate of each part of the traffic from its own cells, items weighted as in the whole.

        `part_of` names the part by the hour of arrival, in place of the one that items have; every hour has one.
        """
        if not parts:
            return ()
        kept = self.only(set(parts)) if part_of is None else self._split_by_hour(part_of)
        places = [(part, verdict) for part in parts for verdict in range(len(self.grading.cells))]
        number = {place: index for index, place in enumerate(places)}
        codes = np.asarray(
            [number[each.part if part_of is None else part_of[each.hour], each.verdict] for each in kept.drawn],
            np.int64,
        )
        return post_stratified_segments(
            kept.traffic(places, parts=True),
            kept.sample(codes, sessions=population == "process"),
            np.repeat(np.arange(len(parts)), len(self.grading.cells)),
            population=population,
        )

    def _split_by_hour(self, part_of: Mapping[datetime, str]) -> "Weighed":
        """Return the traffic with parts by its hours."""
        hours = [each._replace(part=part_of[each.hour]) for each in self.rows.hours]
        return replace(self, rows=replace(self.rows, hours=hours))

    def only(self, parts: set[str | None]) -> "Weighed":
        """Return some parts of the traffic, every item keeping its weight."""
        kept = [index for index, each in enumerate(self.drawn) if each.part in parts]
        return self._taken(kept, [each for each in self.rows.hours if each.part in parts])

    def split(self) -> dict[str | None, "Weighed"]:
        """Return every part of the traffic by itself, every item keeping its weight."""
        hours: dict[str | None, list[HourCount]] = {}
        for each in self.rows.hours:
            hours.setdefault(each.part, []).append(each)
        kept: dict[str | None, list[int]] = {part: [] for part in hours}
        for index, item in enumerate(self.drawn):
            kept.setdefault(item.part, []).append(index)
        return {part: self._taken(indices, hours.get(part, [])) for part, indices in kept.items()}

    def _taken(self, indices: list[int], hours: list[HourCount]) -> "Weighed":
        kept = np.asarray(indices, np.int64)
        units = round(self.rows.n_units * sum(each.n for each in hours) / max(self.rows.n, 1))
        return Weighed(
            grading=self.grading,
            rows=TrafficRows(hours, max(units, min(1, len(hours))), self.rows.n_unknown_upstream),
            drawn=[self.drawn[index] for index in indices],
            response=self.response,
            cell=self.cell[kept],
            chance=self.chance[kept],
            done=self.done[kept],
            open_hours=self.open_hours,
            session=None if self.session is None else self.session[kept],
        )

    def worst_case(self, population: Population) -> WorstCase | None:
        """Return the estimate with everything open a fail, and a pass; None where little enough is open."""
        unresolved = any(each.is_unresolved for each in self.drawn)
        if not len(self.drawn) or not (self.response.needs_worst_case or unresolved):
            return None
        traffic = self.traffic(self.places(), parts=False, everything=True)
        codes = self.verdicts()
        sessions = self.session if population == "process" else None
        outcomes = np.asarray([each.outcome or 0.0 for each in self.drawn])
        return worst_case(
            outcomes,
            np.asarray([each.outcome is not None for each in self.drawn]),
            lambda y: (
                post_stratified(
                    traffic, labelled_sample(y, self.chance, judge=codes, cluster=sessions), population=population
                ).estimate
            ),
        )


def weigh(rows: TrafficRows, drawn: Sequence[DrawnItem], grading: Grading) -> Weighed:
    """Return the weights of the drawn items, and which arrivals are covered."""
    sizes: Mapping[Arrival, int] = _sizes(rows)
    places = sorted({*((False, *place) for place in sizes), *(_served(each) for each in drawn)})
    number = {place: index for index, place in enumerate(places)}
    cells = np.asarray([number[_served(each)] for each in drawn], dtype=np.int64)
    known = np.asarray([each.outcome is not None for each in drawn], dtype=np.bool_)
    response = response_cells(
        [_name(place, grading) for place in places],
        np.bincount(cells, minlength=len(places)),
        np.bincount(cells[known], minlength=len(places)),
        stratum=[verdict for _, verdict, _ in places],
        lane=[int(urgent) for urgent, _, _ in places],
    )
    open_hours = _open_hours(places, response, {each.verdict for each, done in zip(drawn, known, strict=True) if done})
    covered = np.asarray([(each.verdict, each.hour) not in open_hours for each in drawn], dtype=np.bool_)
    upstream = [(each.upstream or 1.0) if rows.n_unknown_upstream == 0 else 1.0 for each in drawn]
    return Weighed(
        grading=grading,
        rows=rows,
        drawn=drawn,
        response=response,
        cell=cells,
        chance=np.asarray([each.probability * factor for each, factor in zip(drawn, upstream, strict=True)]),
        done=known & covered,
        open_hours=open_hours,
        session=_sessions(drawn),
    )


def _sessions(drawn: Sequence[DrawnItem]) -> IntArray | None:
    codes: dict[str | int, int] = {}
    if all(each.session is None for each in drawn):
        return None
    return np.asarray([codes.setdefault(each.session or each.item_id, len(codes)) for each in drawn], np.int64)


def _sizes(rows: TrafficRows) -> dict[Arrival, int]:
    sizes: dict[Arrival, int] = {}
    for each in rows.hours:
        sizes[each.verdict, each.hour] = sizes.get((each.verdict, each.hour), 0) + each.n
    return sizes


def _served(each: DrawnItem) -> Served:
    return each.urgent, each.verdict, each.hour


def _name(place: Served, grading: Grading) -> str:
    urgent, verdict, hour = place
    return f"{grading.cells[verdict]} of {hour:%Y-%m-%d %H}:00{', urgent' if urgent else ''}"


def _open_hours(places: Sequence[Served], response: Response, answered: set[int]) -> frozenset[Arrival]:
    """Return the arrivals that no label speaks of, or none of a lane that had items drawn: whole hours, so that what is
    covered is traffic as it came.

    An hour in which nothing was drawn goes with the hour before it, or the next one where there is none before; the
    urgent lane has a say only from the first to the last hour of a cell. A verdict without any label stays in: the
    estimator then takes its rate as anything between 0 and 1.
    """
    found: set[Arrival] = set()
    for verdict in sorted(answered):
        own = [index for index, place in enumerate(places) if place[:2] == (False, verdict)]
        merged = [int(response.cell_of[index]) for index in own]
        first = next((cell for cell in merged if cell >= 0), -1)
        before = first
        for index, cell in zip(own, merged, strict=True):
            before = cell if cell >= 0 else before
            if before >= 0 and not response.cells[before].answered:
                found.add(places[index][1:])
        spans: dict[int, list[datetime]] = {}
        for index, place in enumerate(places):
            if place[:2] == (True, verdict) and not response.cells[response.cell_of[index]].answered:
                spans.setdefault(int(response.cell_of[index]), []).append(place[2])
        hours = [places[index][2] for index in own]
        found |= {(verdict, hour) for span in spans.values() for hour in hours if min(span) <= hour <= max(span)}
    return frozenset(found)


def _nothing(population: Population) -> Estimate:
    return no_estimate("no_labels", method=METHOD, population=population)
