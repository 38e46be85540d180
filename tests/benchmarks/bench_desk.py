"""The reviewer's screen in Chromium: from key press to the next item painted, first load, a 1 MB item, heap, requests.

The published files behind gunicorn (2 workers of 8 threads), Chromium and Postgres share the cores. The floor beside
each row is a bare static page from the same server in the same run, which shows one of two boxes on a key press.
`ITEMS=500` says over how many items the heap is watched.
"""

import os
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from tests.benchmarks.rows import Row
from tests.benchmarks.serving import Served, prepared_database, served

PAINTS = 100
THINK_MS = 300
UNDO_MS = 12_000
LOADS = 7
WARM_ITEMS = 300  # until then the browser still compiles, and fills its own log of 250 requests
HEAP_ITEMS = int(os.environ.get("ITEMS", "500"))
FLAGS = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run")

BARE = """<!doctype html><html lang="en"><title>bare</title><div class="slot"><h2 data-item-heading>1</h2></div>
<div class="slot" hidden><h2 data-item-heading>2</h2></div><script>
addEventListener("keydown", (event) => { if (event.key !== "Enter") return;
  for (const one of document.querySelectorAll(".slot")) one.hidden = !one.hidden; });
</script>"""

# Runs before anything of the page: when the first item was painted, and how long after each Enter another one was.
WATCH = """
window.watched = {paints: [], ready: 0, violations: 0};
const heading = () => document.querySelector(".slot:not([hidden]) [data-item-heading]")?.textContent || "";
const painted = (then) => requestAnimationFrame(() => {
  const {port1, port2} = new MessageChannel();
  port1.onmessage = then;
  port2.postMessage(0);  // after the frame that this callback belongs to
});
const look = () => heading() ? painted(() => watched.ready ||= performance.now()) : requestAnimationFrame(look);
look();
addEventListener("securitypolicyviolation", () => watched.violations += 1);
addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  const before = heading();
  painted(() => watched.paints.push([performance.now() - event.timeStamp, heading() !== before && heading() !== ""]));
}, {capture: true});
"""


@dataclass
class Visit:
    """One page in a browser of its own, with everything it asked for."""

    page: Page
    protocol: CDPSession
    requests: list[str] = field(default_factory=list)
    received: float = 0
    complaints: list[str] = field(default_factory=list)

    def watched(self) -> dict[str, Any]:
        """Return what the page's watcher has seen."""
        found: dict[str, Any] = self.page.evaluate("window.watched")
        return found

    def wait_until_ready(self) -> float:
        """Return the milliseconds from the start of the navigation to the first item painted."""
        self.page.wait_for_function("() => window.watched?.ready > 0")
        return float(self.watched()["ready"])


def measure() -> list[Row]:
    """Measure the screen in a project of 100,000 open tasks, and in one of items of 1 MB."""
    with prepared_database():
        cookies = {slug: add_project(slug, size, letters) for slug, size, letters in PROJECTS}
        publish_static()
        with served() as app, chromium() as browser:
            rows = [*first_load(browser, app, cookies["open"]), *key_presses(browser, app, cookies["open"])]
            return [*rows, *large_items(browser, app, cookies["large"]), *long_day(browser, app, cookies["open"])]


PROJECTS = (("open", 100_000, 600), ("large", 20, 1_000_000))


def add_project(slug: str, size: int, letters: int) -> str:
    """Make a project with so many open tasks on texts of so many letters; return its reviewer's session."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.cached_db import SessionStore
    from django.db import connection, transaction

    from annotations.projects import create_project
    from annotations.queue.counters import SHARDS
    from reviewapp.accounts.models import User
    from reviewapp.accounts.projects import ProjectSpec
    from tests.conftest import RUBRIC

    owner = User.objects.create(username=f"reviewer-{slug}")
    project = create_project(
        owner=owner, spec=ProjectSpec(slug=slug, name=slug), rubric=RUBRIC, actor=None, now=datetime.now(UTC)
    )
    line = "You can return it within thirty days, **free** of charge. "
    arguments = {
        "project": project.pk,
        "size": size,
        "first": project.pk * 10**9,
        "text": line * (letters // len(line)),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_FILL, arguments)
        cursor.execute("UPDATE annotations_watermark SET rank = 0 WHERE project_id = %s", [project.pk])
        cursor.execute(
            "UPDATE annotations_queuecounter SET open = %s / %s WHERE project_id = %s", [size, SHARDS, project.pk]
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) annotations_task, sampling_item")
    session = SessionStore()
    session[SESSION_KEY] = str(owner.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = owner.get_session_auth_hash()
    session.save()
    return str(session.session_key)


_FILL = """
WITH item AS (
    INSERT INTO sampling_item (id, project_id, external_id, input, output, received_at, metadata)
    SELECT %(first)s + g, %(project)s, 'item-' || g, to_jsonb('How do I return the lamp of order ' || g || '?'),
        to_jsonb(%(text)s::text), now(), '{}'
    FROM generate_series(1, %(size)s) g
    RETURNING id
)
INSERT INTO annotations_task (project_id, item_id, stage, lane, rank, need, n_leases, n_labels, reason, created_at)
SELECT %(project)s, id, 1, 1, (id - %(first)s) / %(size)s::float8, 1, 0, 0, '', now() FROM item
"""


def publish_static() -> None:
    """Collect the static files as `up` does, and put the bare page among them."""
    from django.conf import settings
    from django.core.management import call_command

    call_command("collectstatic", interactive=False, verbosity=0)
    (Path(settings.STATIC_ROOT) / "bare.html").write_text(BARE, encoding="utf-8")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Have the browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        yield browser
        browser.close()


@contextmanager
def visit(browser: Browser, app: Served, path: str, session: str = "") -> Iterator[Visit]:
    """Open a page with nothing in its cache."""
    base = f"http://127.0.0.1:{app.port}"
    context = browser.new_context(base_url=base, viewport={"width": 1280, "height": 800})
    if session:
        context.add_cookies([{"name": "sessionid", "value": session, "url": base}])
    page = context.new_page()
    opened = Visit(page, context.new_cdp_session(page))
    opened.protocol.send("Network.enable")
    opened.protocol.on("Network.requestWillBeSent", lambda event: opened.requests.append(event["request"]["url"]))
    opened.protocol.on("Network.loadingFinished", lambda event: _received(opened, event))
    page.on("console", lambda said: opened.complaints.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    page.add_init_script(WATCH)
    page.goto(path)
    yield opened
    context.close()


def _received(opened: Visit, event: dict[str, Any]) -> None:
    opened.received += event["encodedDataLength"]


def middle(values: list[float]) -> str:
    """Return the median with the best and the worst."""
    return f"{statistics.median(values):.0f} ms ({min(values):.0f}–{max(values):.0f})"


def first_load(browser: Browser, app: Served, session: str) -> list[Row]:
    """Measure the first load several times, each with an empty cache."""
    ready, bare, sizes, counts = [], [], [], []
    for _ in range(LOADS):
        with visit(browser, app, "/static/bare.html") as opened:
            bare.append(opened.wait_until_ready())
        with visit(browser, app, "/p/open/review", session) as opened:
            ready.append(opened.wait_until_ready())
            opened.page.wait_for_load_state("networkidle")
            sizes.append(opened.received / 1000)
            counts.append(len(opened.requests))
    floor = middle(bare)
    return [
        Row("first load, from navigation to the item painted", middle(ready), f"bare page {floor}", "≤ 500 ms"),
        Row("first load, compressed, with headers and the first items", f"{max(sizes):.1f} KB", "–", "≤ 60 KB"),
        Row("first load, requests", str(max(counts)), "–", "≤ 6"),
    ]


def press_through(opened: Visit, number: int, think: int) -> list[float]:
    """Label so many items by two keys each; return the milliseconds from each Enter to the next item painted."""
    page = opened.page
    page.evaluate("() => { window.watched.paints.length = 0; }")
    for at in range(number):
        page.keyboard.press("1")
        page.wait_for_timeout(think)
        page.keyboard.press("Enter")
        page.wait_for_function("count => window.watched.paints.length > count", arg=at)
        page.locator(".slot:not([hidden]) [data-item-heading]").wait_for()  # a handle would keep the slot alive
    paints: list[tuple[float, bool]] = opened.watched()["paints"][-number:]
    missed = sum(not changed for _, changed in paints)
    if missed:
        print(f"{missed} of {number} key presses found the next item not there yet")
    return [taken for taken, _ in paints]


def key_presses(browser: Browser, app: Served, session: str) -> list[Row]:
    """Measure key presses of somebody who looks at each item for a moment, and what the page complained about."""
    with visit(browser, app, "/static/bare.html") as opened:
        opened.wait_until_ready()
        bare = sorted(press_through(opened, PAINTS, THINK_MS))
    with visit(browser, app, "/p/open/review", session) as opened:
        opened.wait_until_ready()
        ours = sorted(press_through(opened, PAINTS, THINK_MS))
        elsewhere = [url for url in opened.requests if not url.startswith(f"http://127.0.0.1:{app.port}/")]
        found = [len(elsewhere), opened.watched()["violations"], len(opened.complaints)]
    p95 = int(0.95 * PAINTS) - 1
    return [
        Row(
            f"key press → next item painted, {PAINTS} items, 100,000 open",
            f"p50 {statistics.median(ours):.1f} ms, p95 {ours[p95]:.1f} ms",
            f"bare page p50 {statistics.median(bare):.1f} ms, p95 {bare[p95]:.1f} ms",
            "p95 ≤ 50 ms",
        ),
        Row("requests to others, policy violations, console errors", ", ".join(map(str, found)), "–", "0, 0, 0"),
    ]


def large_items(browser: Browser, app: Served, session: str) -> list[Row]:
    """Measure items of 1 MB: as the first one, and as the next one."""
    ready = []
    for _ in range(3):
        with visit(browser, app, "/p/large/review", session) as opened:
            ready.append(opened.wait_until_ready())
    with visit(browser, app, "/p/large/review", session) as opened:
        opened.wait_until_ready()
        opened.page.wait_for_timeout(1500)
        following = press_through(opened, 3, 1500)
    return [
        Row("a 1 MB item, from navigation to painted", middle(ready), "–", "≤ 500 ms"),
        Row("a 1 MB item, from key press to painted", middle(following), "–", "≤ 500 ms"),
    ]


def long_day(browser: Browser, app: Served, session: str) -> list[Row]:
    """Watch the heap over many items."""
    with visit(browser, app, "/p/open/review", session) as opened:
        opened.wait_until_ready()
        press_through(opened, WARM_ITEMS, 0)
        before = heap(opened)
        press_through(opened, HEAP_ITEMS, 0)
        after = heap(opened)
    grown = (after[0] - before[0]) / 1000
    return [
        Row(
            f"heap over {HEAP_ITEMS} items, after collecting garbage",
            f"{before[0] / 1e6:.2f} → {after[0] / 1e6:.2f} MB ({grown / HEAP_ITEMS:+.2f} KB an item)",
            f"DOM nodes {before[1]} → {after[1]}",
            "no growth",
        )
    ]


def heap(opened: Visit) -> tuple[float, int]:
    """Return the bytes in use and the DOM nodes alive, garbage collected, when nothing can be undone any more."""
    opened.page.wait_for_timeout(UNDO_MS)
    opened.page.evaluate("() => { performance.clearResourceTimings(); window.watched.paints.length = 0; }")
    opened.protocol.send("HeapProfiler.enable")
    for _ in range(3):
        opened.protocol.send("HeapProfiler.collectGarbage")
    used = opened.protocol.send("Runtime.getHeapUsage")["usedSize"]
    return used, opened.protocol.send("Memory.getDOMCounters")["nodes"]
