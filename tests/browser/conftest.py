"""A real browser before the live server; each test ends with an empty console."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python import base as axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    Route,
    expect,
    sync_playwright,
)

from annotations.rubrics.publish import publish_rubric
from reviewapp.accounts.models import User
from reviewapp.http.static_files import join_script, join_style
from tests.browser.screen import ANSWER, here, on_screen
from tests.conftest import NOW
from tests.queue.items import add_items

# They keep the browser off the network.
FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here as needing a browser and a database that the live server sees."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, or a loud skip."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(f"No browser: none of {', '.join(NAMES)} is installed, so the pages were NOT tried in one.")
    # Playwright's loop runs in this thread; the database is used from it between the calls, never within.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patch:
        for name in ("click", "fill", "check", "press", "select_option"):
            patch.setattr(Locator, name, on_a_loaded_page(getattr(Locator, name)))
        launched = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield launched
        launched.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def on_a_loaded_page(act: Callable[..., Any]) -> Callable[..., Any]:
    """Have an action wait for the page that a link led to: before its script runs, a button there does nothing."""

    def wait_and_act(locator: Locator, *args: Any, **options: Any) -> Any:
        locator.page.wait_for_load_state()
        return act(locator, *args, **options)

    return wait_and_act


@cache
def published(name: str) -> str:
    """A script or style as it is published: joined with what it imports, one request instead of forty."""

    def read(part: str) -> str:
        return (Path(settings.BASE_DIR) / "static" / part).read_text(encoding="utf-8")

    return (join_script if name.endswith(".js") else join_style)(name, read)


def publish(route: Route) -> None:
    """Answer for a script or style that pages name."""
    name = urlsplit(route.request.url).path.removeprefix("/static/")
    kind = "text/javascript" if name.endswith(".js") else "text/css"
    route.fulfill(body=published(name), content_type=kind)


class Console:
    """What pages complained about; a test says beforehand what it provokes."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self.expected: tuple[str, ...] = ()
        self.over = False

    def listen(self, page: Page) -> None:
        """Write down errors and warnings of the page."""
        page.on("console", self._heard)
        page.on("pageerror", lambda error: None if self.over else self.complaints.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        if self.over:
            return
        said = f"{message.text} ({message.location['url']})"
        if message.type in {"error", "warning"} and not any(part in said for part in self.expected):
            self.complaints.append(said)


@pytest.fixture
def console() -> Iterator[Console]:
    """The console of all pages of the test, empty at its end."""
    heard = Console()
    yield heard
    assert heard.complaints == []


@pytest.fixture
def open_page(browser: Browser, live_server, console: Console) -> Iterator[Callable[..., Page]]:
    """`open_page("/p/…", person)`: a page in a browser of its own, signed in as the person if one is named."""
    contexts: list[BrowserContext] = []
    under_way: set[Request] = set()

    def began(request: Request) -> None:
        under_way.add(request)

    def ended(request: Request) -> None:
        under_way.discard(request)

    def make(path: str, person: User | None = None, **options: object) -> Page:
        context = browser.new_context(base_url=live_server.url, **options)
        contexts.append(context)
        context.on("request", began)
        context.on("requestfinished", ended)
        context.on("requestfailed", ended)
        context.set_default_timeout(30_000)
        context.set_default_navigation_timeout(60_000)
        context.route(re.compile(r"/static/(js|css)/[^/]+\.(js|css)$"), publish)
        if person is not None:
            client = Client()
            client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
            cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
            context.add_cookies([cookie])
        page = context.new_page()
        console.listen(page)
        page.goto(path)
        return page

    yield make
    console.over = True
    for context in contexts:
        for page in context.pages:
            page.wait_for_load_state()
            page.evaluate("() => { window.fetch = () => new Promise(() => {}) }")
        for page in context.pages:
            wait_until_answered(page, under_way)
        context.close()


def wait_until_answered(page: Page, under_way: set[Request]) -> None:
    """Wait for the last answers: the database is about to be emptied, and must not be in use."""
    for _ in range(500):
        if not under_way:
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"never answered: {[request.url for request in under_way]}")


@pytest.fixture(scope="session")
def axe_source() -> str:
    """axe's own script; evaluated, because the policy of the pages refuses to load it."""
    return (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def find_barriers(axe_source: str) -> Callable[..., list[str]]:
    """`find_barriers(page)`: the serious and critical findings of axe, in the page or in one element of it."""

    def find(page: Page, within: str = "html") -> list[str]:
        page.evaluate(axe_source)
        # Without preloading: axe would ask for the style sheets' parts at the page's own address. What is in order need
        # not be described, which takes longer than to find it so.
        found = page.evaluate("within => axe.run(within, {preload: false, resultTypes: ['violations']})", within)
        return [
            f"{violation['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
            for violation in found["violations"]
            if violation["impact"] in {"serious", "critical"}
            for node in violation["nodes"]
        ]

    return find


@pytest.fixture
def ask(project, cast, open_page):
    """`ask(questions, output)`: Rui's screen with two items of that output under that rubric."""

    def publish(*questions, output=ANSWER, count=2, **where) -> Page:
        body = {"questions": [{"title": f"Question {question['key']}", **question} for question in questions]}
        publish_rubric(project=project, body=body, actor=None, now=NOW)
        add_items(project, [0.1 * n for n in range(1, count + 1)], output=output)
        page = open_page("/p/helpdesk/review", cast.rui, **where)
        on_screen(page, 0)
        expect(here(page).get_by_text("Loading…")).to_have_count(0)
        return page

    return publish
