"""Judges at work against a simulated provider in a process of its own: rate, limits, storing, and dying.

`VERDICTS` (10,000) are stored against a provider that answers at once; `CALLS` (1,920) are made 64 at a time against
one that takes 500 ms; for `SECONDS` (90, of which 30 to warm up) a provider that allows 60 requests and 10,000 tokens
in any 60 s is asked as fast as it allows; a worker is killed with -9 five times in a run of `KILLED` (2,000).
"""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from tests.benchmarks.rows import Row
from tests.benchmarks.serving import prepared_database

VERDICTS = int(os.environ.get("VERDICTS", "10000"))
CALLS = int(os.environ.get("CALLS", "1920"))
SECONDS = float(os.environ.get("SECONDS", "90"))
KILLED = int(os.environ.get("KILLED", "2000"))
WARM_UP = 30.0
RPM, TPM = 60, 10_000
QUESTION = {
    "key": "verdict",
    "kind": "choice",
    "title": "Verdict",
    "options": [{"value": "pass", "label": "Pass"}, {"value": "fail", "label": "Fail"}],
    "positive": ["pass"],
}
_WORKER = """
import os, django
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reviewapp.settings")
django.setup()
from django.utils import timezone
from reviewapp.jobs.models import Intent
from reviewapp.jobs.run import run_intent
while (due := Intent.objects.filter(kind="run_judge", done_at=None, failed_at=None).order_by("id").first()) is not None:
    run_intent(due.pk)
"""


def measure() -> list[Row]:
    """Return the rows of the table."""
    os.environ["OUTBOUND_ALLOW"] = "127.0.0.1"
    with prepared_database():
        return _measure()


def _measure() -> list[Row]:
    rows = _limited() if SECONDS > WARM_UP else []
    with _provider(latency=0.5) as (url, _):
        seconds, run = _run(url, CALLS, "parallel")
        ideal = CALLS / 64 * 0.5
        said = f"{ideal / seconds:.1%} of ideal ({CALLS} calls in {seconds:.1f} s; {run.done} done)"
        rows.append(Row("64 calls at a time against 500 ms", said, f"ideal {ideal:.1f} s", "≥ 95 %"))
    with _provider(latency=0.0) as (url, _):
        seconds, run = _run(url, VERDICTS, "fast")
        rows.append(Row(f"{VERDICTS:,} verdicts stored against 0 ms", f"{seconds:.1f} s", "–", "≤ 60 s for 10,000"))
        rows.append(_killed(url))
    return rows


def _limited() -> list[Row]:
    with _provider(latency=0.2, limited=True) as (url, told):
        number = _begin(url, 400, "limited", rpm=RPM, tpm=TPM)
        until = time.monotonic() + SECONDS
        worker = _start_worker()
        while time.monotonic() < until:
            time.sleep(1)
        worker.kill()
        worker.wait()
        seen: deque[tuple[float, int, int]] = deque()
        while not told.empty():
            seen.append(told.get())
    del number
    began = min(at for at, _, _ in seen)
    after = [(at, status, tokens) for at, status, tokens in seen if at - began >= WARM_UP]
    window = max(at for at, _, _ in seen) - began - WARM_UP
    requests, tokens = (sum(status == 200 for _, status, _ in after), sum(t for _, status, t in after if status == 200))
    used = max(requests / (RPM * window / 60), tokens / (TPM * window / 60))
    refused = [status for _, status, _ in after if status != 200]
    by = f"{requests} requests, {tokens} tokens in {window:.0f} s"
    return [
        Row("under 60 requests and 10,000 tokens a minute: limit used", f"{used:.1%}", by, "≥ 95 %"),
        Row(
            "refused for requests, for tokens",
            f"{refused.count(429)}, {refused.count(430)}",
            f"of {len(after)}",
            "0, ≤ 1 %",
        ),
    ]


def _killed(url: str) -> Row:
    from django.db.models import Sum

    from annotations.models import JudgeCall, JudgeRun, Verdict
    from reviewapp.jobs.models import Intent

    number = _begin(url, KILLED, "killed")
    deaths = 0
    while deaths < 5:
        worker = _start_worker()
        before = JudgeCall.objects.filter(run_id=number).count()
        while JudgeCall.objects.filter(run_id=number).count() < before + KILLED // 8 and worker.poll() is None:
            time.sleep(0.02)
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        deaths += 1
        Intent.objects.filter(kind="run_judge", done_at=None).update(leased_until=None)  # as its end would
    _start_worker().wait()
    run = JudgeRun.objects.get(pk=number)
    stored = Verdict.objects.filter(judge_version=run.judge_version).count()
    uncertain = JudgeCall.objects.filter(run=run, state="uncertain")
    held = uncertain.aggregate(all=Sum("reserved_nusd"))["all"] or 0
    said = f"{run.state}, {stored} verdicts, {uncertain.count()} calls repeated, shown: {held == run.uncertain_nusd}"
    return Row(
        f"killed five times in a run of {KILLED:,}", said, "–", "each stored once, only calls in flight repeated"
    )


def _run(url: str, count: int, judge: str) -> tuple[float, Any]:
    from annotations.models import JudgeRun

    number = _begin(url, count, judge)
    worker = _start_worker()
    worker.wait()
    run = JudgeRun.objects.get(pk=number)
    assert run.started_at is not None
    assert run.ended_at is not None
    return (run.ended_at - run.started_at).total_seconds(), run


def _begin(url: str, count: int, judge: str, **limits: int) -> int:
    from annotations.judges.providers import ProviderSpec, create_provider
    from annotations.judges.runs import start_run
    from annotations.judges.versions import Choice, create_judge, create_version
    from annotations.projects import create_project
    from reviewapp.accounts.access import Access, Actor
    from reviewapp.accounts.models import User
    from reviewapp.accounts.projects import ProjectSpec
    from reviewapp.accounts.roles import Role
    from sampling.models import Item, ItemKey

    now = datetime.now(UTC)
    owner, _ = User.objects.get_or_create(username="olga")
    made = create_project(
        owner=owner, spec=ProjectSpec(slug=judge, name=judge), rubric={"questions": [QUESTION]}, actor=None, now=now
    )
    base = Item.objects.count() + 1_000_000
    items = [
        Item(
            id=base + n,
            project=made,
            external_id=f"i{n}",
            input="Where is it?",
            output=f"On its way, {n}.",
            received_at=now,
        )
        for n in range(count)
    ]
    Item.objects.bulk_create(items, batch_size=2000)
    ItemKey.objects.bulk_create([ItemKey(project=made, external_id=i.external_id, item_id=i.pk) for i in items])
    access = Access(actor=Actor(user=owner), project=made, role=Role.OWNER)
    models = [{"name": "small", "input_usd_per_mtok": 1, "output_usd_per_mtok": 2}]
    provider = ProviderSpec("stub", "openai", url, "", "sk-1", models, limits.get("rpm"), limits.get("tpm"))
    create_provider(access, provider, now=now)
    version = create_version(
        access,
        create_judge(access, name=judge, questions=["verdict"], now=now),
        first=Choice("stub", "small"),
        prompt="{{ input }}\n{{ output }}",
        params={"max_tokens": 60},
        fallback=[],
        cascade=None,
        examples_from=None,
        examples=0,
        now=now,
    )
    return start_run(access, version, where=None, sample=None, budget_usd=None, now=now).pk


def _start_worker() -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", _WORKER], env={**os.environ, "LOG_LEVEL": "ERROR"})


@contextmanager
def _provider(*, latency: float, limited: bool = False) -> Iterator[tuple[str, Any]]:
    context = multiprocessing.get_context("spawn")
    urls: Any = context.Queue()
    told: Any = context.Queue()
    process = context.Process(target=_serve, args=(latency, limited, urls, told), daemon=True)
    process.start()
    try:
        yield urls.get(timeout=30), told
    finally:
        process.kill()
        process.join()


def _serve(latency: float, limited: bool, urls: Any, told: Any) -> None:
    from annotations.judges.simulated import Simulation, count_tokens, serve_simulated

    seen: deque[tuple[float, int]] = deque()
    with serve_simulated(Simulation(latency=latency)) as simulation:

        def behave(nth: int) -> tuple[int, dict[str, str], bytes] | None:
            now, body = time.monotonic(), simulation.asked[nth - 1]
            tokens = sum(count_tokens(turn["content"]) for turn in body["messages"]) + 17
            while seen and now - seen[0][0] >= 60:
                seen.popleft()
            kind = 429 if len(seen) >= RPM else 430 if sum(t for _, t in seen) + tokens > TPM else 200
            told.put((now, kind, tokens))
            if kind == 200:
                seen.append((now, tokens))
                return None
            return 429, {"Retry-After": "2"}, b'{"error": {"message": "rate limit"}}'

        if limited:
            simulation.behave = behave
        urls.put(simulation.url)
        while True:
            time.sleep(3600)
