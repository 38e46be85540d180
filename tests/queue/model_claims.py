"""What a claim may hand out, by the plain model: own left work first, each lane its share, the best ranked first."""

from collections.abc import Iterable
from itertools import zip_longest

from tests.queue.model_tasks import ModelTask, Reviewer, count_seats


class ModelClaims:
    """Who may be given which of the model's tasks, and what each reviewer was given before."""

    def __init__(self, tasks: dict[int, ModelTask], skills: dict[Reviewer, str]) -> None:
        self.tasks = tasks
        self.skills = skills
        self.trusted: set[Reviewer] = set()
        # Who has looked through a lane lately, and may be trusted to know what is left of it.
        self.looked: dict[str, set[Reviewer]] = {"by_hand": set(), "urgent": set()}
        # Whether the next task may be urgent or chosen by hand. Where those lanes are empty, whether the turn still
        # passes depends on when they were swept, so both may be possible.
        self.hand_next: dict[Reviewer, set[bool]] = {}

    def left(self, reviewer: Reviewer) -> list[int]:
        """The reviewer's own unfinished work whose seat is free, best ranked first."""
        return self._by_rank(t for t in self.tasks.values() if t.free > 0 and t.states.get(reviewer) == "left")

    def unseen(self, reviewer: Reviewer) -> list[int]:
        """The open tasks that the reviewer has nothing to do with yet, best ranked first."""
        return self._by_rank(
            t
            for t in self.tasks.values()
            if t.free > 0 and reviewer not in t.states and self._may(reviewer, t) and not t.is_gold
        )

    def _may(self, reviewer: Reviewer, task: ModelTask) -> bool:
        """Whether the reviewer carries the skill that a task asks for."""
        return task.skill in {"", self.skills.get(reviewer)}

    @staticmethod
    def _by_rank(tasks: Iterable[ModelTask]) -> list[int]:
        return [task.id for task in sorted(tasks, key=lambda task: (task.rank, task.id))]

    def why_nothing(self, reviewer: Reviewer) -> str:
        """Why this reviewer gets nothing."""
        tasks = [task for task in self.tasks.values() if not task.is_gold]
        if any(t.leases.keys() - {reviewer} and reviewer not in t.states and self._may(reviewer, t) for t in tasks):
            return "leased_by_others"
        opened, leased, _ = count_seats(tasks)
        if not (opened or leased):
            return "all_done"
        others = any(not self._may(reviewer, t) and not t.closed and t.need > t.done for t in tasks)
        return "needs_other_skills" if others else "seen_by_you"

    def check_given(self, reviewer: Reviewer, count: int, given: list[int]) -> None:
        """Insist that a claim handed out what it may: as many as there are, own left work first, best ranked first.

        Golds that the reviewer has not met may stand in for ordinary tasks, where there are any.
        """
        left, unseen = self.left(reviewer), self.unseen(reviewer)
        n_left = min(count, len(left))
        golds = [task_id for task_id in given[n_left:] if self.tasks[task_id].is_gold]
        assert not golds or (unseen and not left), (given, left, unseen)
        assert all(reviewer not in self.tasks[task_id].states for task_id in golds), (given, golds)
        given = [task_id for task_id in given if task_id not in golds]
        count -= len(golds)
        n_unseen = min(count - n_left, len(unseen))
        assert len(given) == len(set(given)) == n_left + n_unseen, (given, left, unseen)
        assert set(given[:n_left]) <= set(left), (given, left)
        assert set(given[n_left:]) <= set(unseen), (given, unseen)
        self._check_lanes(reviewer, wanted=count - n_left, given=given[n_left:], unseen=unseen)

    def _check_lanes(self, reviewer: Reviewer, *, wanted: int, given: list[int], unseen: list[int]) -> None:
        """Insist that estimation was served every second time at least, urgent work before what was chosen by hand,
        each lane by its rank."""
        lanes = ("drawn", "urgent", "by_hand")
        there = {lane: [task_id for task_id in unseen if self.tasks[task_id].lane == lane] for lane in lanes}
        got = {lane: [task_id for task_id in given if self.tasks[task_id].lane == lane] for lane in lanes}
        sizes = {lane: len(there[lane]) for lane in lanes}
        possible = set()
        for turn in self.hand_next.get(reviewer) or self._first_turns():
            beside = got["urgent"] + got["by_hand"]
            pairs = zip_longest(beside, got["drawn"]) if turn else zip_longest(got["drawn"], beside)
            in_turn = [task_id for pair in pairs for task_id in pair if task_id is not None] == given
            if in_turn and tuple(len(got[lane]) for lane in lanes) in self._fair(reviewer, wanted, turn, sizes):
                possible.add(turn)
        assert possible, (given, there, self.hand_next.get(reviewer))
        if reviewer not in self.trusted:
            assert got["drawn"] == there["drawn"][: len(got["drawn"])], (given, there)
        for lane, looked in self.looked.items():
            if reviewer not in looked:
                assert got[lane] == there[lane][: len(got[lane])], (given, there)
            if wanted and any(task.lane == lane for task in self.tasks.values()):
                looked.add(reviewer)
        if given:
            drawn_last = self.tasks[given[-1]].lane == "drawn"
            may_be_empty = not any(task.lane != "drawn" and task.free > 0 for task in self.tasks.values())
            unsure = possible if drawn_last and may_be_empty else set()
            self.hand_next[reviewer] = {drawn_last} | unsure

    def _first_turns(self) -> set[bool]:
        """Who is new begins with urgent work where there is some; a lane that ran empty may not be swept yet."""
        urgent = [task.free > 0 for task in self.tasks.values() if task.lane == "urgent"]
        return {True} if any(urgent) else {True, False} if urgent else {False}

    def _fair(self, reviewer: Reviewer, wanted: int, turn: bool, sizes: dict[str, int]) -> set[tuple[int, int, int]]:
        """How many of each lane a claim may give: its share of what is not drawn by chance may have been looked through
        lately, and then be short; what is left over goes to whoever has work."""
        found = set()
        share = (wanted + turn) // 2
        most = min(share, sizes["urgent"])
        for urgent in range(0 if reviewer in self.looked["urgent"] else most, most + 1):
            most_by_hand = min(share - urgent, sizes["by_hand"])
            for by_hand in range(0 if reviewer in self.looked["by_hand"] else most_by_hand, most_by_hand + 1):
                drawn = min(wanted - urgent - by_hand, sizes["drawn"])
                rest = wanted - urgent - by_hand - drawn
                more = min(rest, sizes["urgent"] - urgent)
                found.add((drawn, urgent + more, by_hand + min(rest - more, sizes["by_hand"] - by_hand)))
        return found
