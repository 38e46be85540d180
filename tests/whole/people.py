"""Those who label in the whole-loop test: programs over the API, and a person at a keyboard. Each is a thread."""

import contextlib
import random
import re
import shutil
import threading
import time
import uuid
from typing import Any

import httpx
from playwright.sync_api import Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from tests.browser.conftest import FLAGS, NAMES

Acknowledged = dict[str, dict[str, Any]]  # the answers of each item of which we were told that they are stored
FAULTS = {"q": "wrong_fact", "t": "ignored_question", "c": "arithmetic"}


class Labeller(threading.Thread):
    """Somebody who labels until nothing is left, whatever happens to the server meanwhile."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self.acknowledged: Acknowledged = {}
        self.problem: Exception | None = None
        self.random = random.Random(name)

    def run(self) -> None:
        """Label, and keep what went wrong for the main thread to tell."""
        try:
            self.label_everything()
        except Exception as error:  # noqa: BLE001 — told by the main thread
            self.problem = error

    def label_everything(self) -> None:
        """Label until nothing is left."""
        raise NotImplementedError


class Program(Labeller):
    """A person's program. A submit without an answer is sent again with the same submit id until it has one."""

    def __init__(self, client: httpx.Client, name: str) -> None:
        super().__init__(name)
        self.client = client

    def post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        """Post until the server answers."""
        for _ in range(600):
            with contextlib.suppress(httpx.TransportError):
                answer = self.client.post(path, json=body)
                if answer.status_code < 500:
                    return answer
            time.sleep(0.1)
        raise AssertionError(f"no answer to {path}")

    def label_everything(self) -> None:
        """Label until nothing is left."""
        tasks: list[dict[str, Any]] = []
        while True:
            if not tasks:
                claimed = self.post("/projects/loop/tasks/claim", {"count": 1}).json()
                tasks = claimed["tasks"]
                if not tasks and claimed["why"] != "leased_by_others":
                    return
                if not tasks:
                    time.sleep(0.2)
                    continue
            task = tasks.pop()
            answers = {"verdict": self.random.choice(["pass", "fail"])}
            if answers["verdict"] == "fail":
                answers["reason"] = self.random.choice(list(FAULTS.values()))
            body = {"lease": task["lease"]["token"], "answers": answers, "submit_id": str(uuid.uuid4()), "next": 1}
            answer = self.post(f"/tasks/{task['id']}/label", body)
            if answer.status_code == 201:
                label = answer.json()["label"]
                assert label["external_id"] not in self.acknowledged
                self.acknowledged[label["external_id"]] = answers
                tasks = answer.json()["tasks"]
            else:
                assert answer.json()["error"]["code"] == "lease_lost", answer.text


class AtTheKeyboard(Labeller):
    """A person in Chromium who never touches the mouse: signs in, labels what comes, and waits for "all saved"."""

    def __init__(self, url: str, name: str, password: str) -> None:
        super().__init__(name)
        self.url = url
        self.password = password
        self.told = 0

    def label_everything(self) -> None:
        """Label until the page says that there is nothing to do."""
        found = next(filter(None, map(shutil.which, NAMES)), None)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
            page = browser.new_page(base_url=self.url)
            page.set_default_timeout(60_000)
            self.sign_in(page)
            page.goto("/p/loop/review")
            while name := self.item_on_screen(page):
                self.label(page, name)
            expect(page.locator("#saving")).to_be_empty(timeout=60_000)
            self.told = int(page.locator("#today").inner_text())
            browser.close()

    def sign_in(self, page: Page) -> None:
        """Sign in by keyboard."""
        page.goto("/accounts/login/")
        page.get_by_label("Username").focus()
        page.keyboard.type(self.name)
        page.keyboard.press("Tab")
        page.keyboard.type(self.password)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "login" not in url)

    def item_on_screen(self, page: Page) -> str | None:
        """Wait for an item that is not labelled yet and return its name; None when the page says that that is all."""
        over = page.get_by_role("heading", name=re.compile("All done|Nothing left for you"))
        item = page.get_by_role("heading", name=re.compile("^Item "))
        for _ in range(300):
            if over.is_visible():
                return None
            with contextlib.suppress(PlaywrightTimeoutError):
                name = item.first.inner_text(timeout=200).removeprefix("Item ")
                if name not in self.acknowledged:
                    return name
            page.wait_for_timeout(200)
        raise AssertionError(f"the page hangs: {page.get_by_role('main').inner_text()[:500]}")

    def label(self, page: Page, name: str) -> None:
        """Press the keys of an answer and submit it."""
        answers = {"verdict": self.random.choice(["pass", "fail"])}
        page.keyboard.press("1" if answers["verdict"] == "pass" else "2")
        if answers["verdict"] == "fail":
            key = self.random.choice(list(FAULTS))
            answers["reason"] = FAULTS[key]
            page.keyboard.press(key)
        page.keyboard.press("Enter")
        self.acknowledged[name] = answers
