"""One item on its way through a version: which calls it needs next, and what its answers come to.

A case is plain state, without database or network: it is fed replies and says what to ask next, or that it is finished.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import orjson

from annotations.judges.bodies import Body
from annotations.judges.prompt import Message, repair_messages
from annotations.judges.reply import Read, combine_draws, read_reply, score_of_tokens
from annotations.judges.store import Finished
from annotations.judges.transport import Target
from annotations.judges.versions import Spec
from annotations.models.judge_runs import RunItemState

FIRST, STRONGER, CHECKS = "first", "stronger", "checks"


@dataclass(slots=True)
class Job:
    """One call that a case needs; `place` is where among the targets it has come to."""

    case: "Case"
    stage: str
    draw: int
    messages: Sequence[Message]
    is_repair: bool = False
    place: int = 0

    @property
    def prompt_chars(self) -> int:
        """How long the conversation is."""
        return sum(len(message.content) for message in self.messages)

    def key(self, target: Target) -> str:
        """Return the hash of all that decides the answer: version, model, parameters, prompt, item, and which draw."""
        case = self.case
        parts = [
            case.version_id,
            target.provider,
            target.model,
            dict(case.spec.params.send),
            case.spec.params.max_tokens,
            case.spec.params.score,
            case.item_sha256,
            self.draw,
            [list(message) for message in self.messages],
        ]
        return sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()


@dataclass(slots=True)
class _Draw:
    read: Read
    reply: str
    score: float | None


@dataclass(slots=True)
class Case:
    """The state of one item."""

    spec: Spec
    version_id: int
    item_id: int
    item_sha256: str
    messages: Sequence[Message]
    tries: int = 0
    stage: str = FIRST
    is_cached: bool = True
    is_over: bool = False
    _draws: dict[int, _Draw] = field(default_factory=dict)

    def begin(self) -> list[Job]:
        """Return the calls of the stage that begins."""
        self._draws = {}
        return [Job(self, self.stage, draw, self.messages) for draw in range(self.spec.params.samples)]

    def feed(self, job: Job, body: Body, *, cached: bool) -> "list[Job] | Finished":
        """Take in the body of an answer; return what to ask next (nothing where draws are missing), or the end."""
        self.is_cached = self.is_cached and cached
        read = (
            read_reply(body.text, self.spec.questions)
            if body.text
            else Read(None, problem=body.problem or "It is empty.")
        )
        if read.answers is None and self.spec.params.repair and not job.is_repair:
            problem = read.problem if body.text or not body.problem else "It is empty."
            again = repair_messages(job.messages, reply=body.text, problem=problem)
            return [Job(self, job.stage, job.draw, again, is_repair=True)]
        if read.answers is None and body.problem:
            read = Read(None, read.rationale, f"{body.problem} {read.problem}")
        question = self.spec.primary
        score = score_of_tokens(body.text, body.tokens, question) if body.tokens and question else None
        self._draws[job.draw] = _Draw(read, body.text, score)
        if len(self._draws) < self.spec.params.samples:
            return []
        return self._conclude()

    def _conclude(self) -> "list[Job] | Finished":
        draws = [self._draws[place] for place in sorted(self._draws)]
        read, score = combine_draws([draw.read for draw in draws], self.spec.primary)
        told = [draw.score for draw in draws if draw.score is not None]
        if self.spec.params.score == "none":
            score = None
        elif told:
            score = sum(told) / len(told)
        cascade = self.spec.cascade
        unsure = cascade is not None and (read.answers is None or self._is_between(score, cascade.uncertain))
        if unsure and cascade is not None and cascade.stronger is not None and self.stage == FIRST:
            self.stage = STRONGER
            return self.begin()
        said = next((draw for draw in draws if draw.read is read), draws[0])
        self.is_over = True
        return Finished(
            item_id=self.item_id,
            state=RunItemState.UNPARSED if read.answers is None else RunItemState.DONE,
            stage=self.stage if cascade is not None else "",
            answers=read.answers,
            score=score,
            raw=said.reply,
            rationale=read.rationale,
            note=read.problem,
            cached=self.is_cached,
            unsure=unsure if cascade is not None and cascade.person else None,
        )

    def fail(self, why: str) -> Finished:
        """Give the item up."""
        self.is_over = True
        return Finished(self.item_id, RunItemState.FAILED, self.stage if self.spec.cascade else "", note=why)

    @staticmethod
    def _is_between(score: float | None, band: tuple[float, float]) -> bool:
        return score is not None and band[0] <= score <= band[1]


def settled_by_checks(spec: Spec, item_id: int, checks: Mapping[str, Any] | None) -> Finished | None:
    """Return the verdict of an item that fails one of the cascade's checks, None where a model is to be asked."""
    cascade = spec.cascade
    if cascade is None:
        return None
    failed = [name for name in cascade.checks if (checks or {}).get(name) == "fail"]
    if not failed:
        return None
    answers = {
        key: value for key, value in cascade.checks_answers.items() if any(q["key"] == key for q in spec.questions)
    }
    return Finished(
        item_id=item_id,
        state=RunItemState.DONE,
        stage=CHECKS,
        answers=answers,
        rationale=f"The check {failed[0]} failed; no model was asked.",
        unsure=False if cascade.person else None,
    )
