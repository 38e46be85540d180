"""Keeping several child processes running: a death is answered with a new start, too many with an end to everything."""

import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reviewapp.embedded.children import Step, start_child, stop_children
from reviewapp.embedded.logs import last_lines
from reviewapp.embedded.refusal import Refusal

DEATHS = 3
WITHIN = 60.0
BACKOFF = (0.5, 3.0)


@dataclass(frozen=True, slots=True)
class Plan:
    """A process to keep running: how it is started, where it writes, how it is stopped."""

    name: str
    command: Sequence[str]
    log: Path
    stop_steps: Sequence[Step]
    # What it gets when we die without a word.
    dies_by: signal.Signals


@dataclass(slots=True)
class _Kept:
    plan: Plan
    child: subprocess.Popen[bytes] | None = None
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=DEATHS))
    start_at: float = 0.0


class Supervisor:
    """Child processes that are started together, watched, and stopped together."""

    def __init__(self, plans: Sequence[Plan], *, environment: Mapping[str, str], folder: Path) -> None:
        self.kept = [_Kept(plan) for plan in plans]
        self.environment = environment
        self.folder = folder

    def tick(self) -> list[str]:
        """Start what is due and note who died; answers the names of those that died just now.

        Refuses when one process died three times within a minute, with the last lines of its log.
        """
        now = time.monotonic()
        died = []
        for kept in self.kept:
            if kept.child is not None and kept.child.poll() is not None:
                died.append(kept.plan.name)
                self._note_death(kept, now)
            if kept.child is None and now >= kept.start_at:
                kept.child = start_child(
                    kept.plan.command,
                    log=kept.plan.log,
                    dies_by=kept.plan.dies_by,
                    environment=self.environment,
                    folder=self.folder,
                )
        return died

    def stop(self, *, hurry: Callable[[], bool]) -> None:
        """Stop every process, gently first; `hurry()` moves on to the next, less gentle step."""
        running = [(kept.child, kept.plan.stop_steps) for kept in self.kept if kept.child is not None]
        stop_children(running, hurry=hurry)

    def _note_death(self, kept: _Kept, now: float) -> None:
        code = kept.child.returncode if kept.child else 0
        kept.child = None
        kept.deaths.append(now)
        if len(kept.deaths) == DEATHS and now - kept.deaths[0] < WITHIN:
            raise Refusal(
                f"{kept.plan.name} stopped {DEATHS} times within a minute (exit code {code}). {kept.plan.log} ends "
                f"with:\n{last_lines(kept.plan.log)}"
            )
        recent = sum(now - death < WITHIN for death in kept.deaths)
        kept.start_at = now + BACKOFF[min(recent, len(BACKOFF)) - 1]
