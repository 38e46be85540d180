"""The loop from two commands to traced labels, with processes killed on the way."""

import contextlib
import json
import os
import random
import signal
import threading
import time
import uuid
from collections import Counter

import httpx
import pytest

from annotations.demo.story import read_rubric
from tests.whole.running import installation, lines_of, wait_for

ITEMS = 120
REVIEWERS = 8
OVERLAP = 2


class Reviewer(threading.Thread):
    """A person who labels through the API until nothing is left, whatever happens to the server meanwhile.

    A submit without an answer is sent again with the same submit id until it has one, as a browser does.
    """

    def __init__(self, client, name):
        super().__init__(name=name)
        self.client = client
        self.acknowledged = {}
        self.problem = None
        self.random = random.Random(name)

    def post(self, path, body):
        for _ in range(200):
            with contextlib.suppress(httpx.TransportError):
                answer = self.client.post(path, json=body)
                if answer.status_code < 500:
                    return answer
            time.sleep(0.1)
        raise AssertionError(f"no answer to {path}")

    def run(self):
        try:
            self.label_everything()
        except Exception as error:  # noqa: BLE001 — told by the main thread
            self.problem = error

    def label_everything(self):
        tasks = []
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
            verdict = self.random.choice(["pass", "fail"])
            answers = {"verdict": verdict} if verdict == "pass" else {"verdict": verdict, "reason": "wrong_fact"}
            body = {
                "lease": task["lease"]["token"],
                "answers": answers,
                "submit_id": str(uuid.uuid4()),
                "next": 1,
            }
            answer = self.post(f"/tasks/{task['id']}/label", body)
            if answer.status_code == 201:
                label = answer.json()["label"]
                self.acknowledged[label["external_id"]] = (label["id"], answers)
                tasks = answer.json()["tasks"]
            else:
                assert answer.json()["error"]["code"] == "lease_lost", answer.text


def write_items(path):
    lines = [
        {"id": f"item/{number}", "question": f"Question {number}? 😀", "output": f"Answer {number}", "gold": "pass"}
        for number in range(ITEMS)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


@pytest.mark.parametrize("kill", [False, True], ids=["undisturbed", "web and worker killed"])
def test_every_acknowledged_label_is_exported_once_and_traces_to_its_item(tmp_path, kill):
    tmp_path.chmod(0o755)
    write_items(tmp_path / "items.jsonl")
    (tmp_path / "spec.json").write_text(
        json.dumps({"slug": "loop", "name": "Loop", "overlap": OVERLAP, "rubric": read_rubric()}), encoding="utf-8"
    )
    with installation(tmp_path / "data", "--no-demo") as running:
        running.command("create_user", "olga", "--password", "a long pass phrase", "--superuser")
        running.command("create_project", "loop", "--owner", "olga", "--spec", str(tmp_path / "spec.json"))
        words = ["ingest", "loop", str(tmp_path / "items.jsonl"), "--map", "external_id=id", "--map", "input=question"]
        result = json.loads(running.command(*words).stdout)
        assert (result["accepted"], result["drawn"], result["rejected"]) == (ITEMS, ITEMS, 0)

        owner = running.client(running.token("loop", "olga", "admin,read,label"))
        names = [f"reviewer{number}" for number in range(REVIEWERS)]
        reviewers = []
        for name in names:
            assert owner.post("/projects/loop/members", json={"username": name, "role": "reviewer"}).is_success
            made = owner.post("/projects/loop/tokens", json={"scopes": ["label"], "username": name})
            reviewers.append(Reviewer(running.client(made.json()["token"]), name))
        for reviewer in reviewers:
            reviewer.start()
        if kill:
            kill_in_the_middle(running, reviewers)
        for reviewer in reviewers:
            reviewer.join(120)
            assert not reviewer.is_alive(), f"{reviewer.name} hangs"
            assert reviewer.problem is None, reviewer.problem

        labels = lines_of(owner.get("/projects/loop/labels?format=jsonl").content)
        check_labels(labels, reviewers)
        resolutions = lines_of(owner.get("/projects/loop/resolutions?format=jsonl").content)
        assert len(resolutions) == ITEMS
        assert {row["n_labels"] for row in resolutions} == {OVERLAP}
        assert {row["probability"] for row in resolutions} == {1.0}
        for external_id in {label["external_id"] for label in labels}:
            item = owner.get(f"/projects/loop/items/{external_id.replace('/', '%2F')}").json()
            assert {row["id"] for row in item["labels"]} == {
                label["id"] for label in labels if label["external_id"] == external_id
            }


def kill_in_the_middle(running, reviewers):
    """Wait until the work is under way, then kill -9 the web processes and the worker."""
    deadline = time.monotonic() + 60
    while sum(len(reviewer.acknowledged) for reviewer in reviewers) < ITEMS // 4:
        assert time.monotonic() < deadline, "nobody got anything done"
        time.sleep(0.02)
    for pid in [*running.pids_of("gunicorn"), *running.pids_of("worker")]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_for(f"{running.url}/readyz", running.process)


def check_labels(labels, reviewers):
    kept = [label for label in labels if not label["surplus"]]
    per_item = Counter(label["external_id"] for label in kept)
    assert len(per_item) == ITEMS
    assert set(per_item.values()) == {OVERLAP}
    assert max(Counter((label["external_id"], label["reviewer"]) for label in labels).values()) == 1
    exported = {(label["reviewer"], label["external_id"]): (label["id"], label["answers"]) for label in labels}
    for reviewer in reviewers:
        for external_id, acknowledged in reviewer.acknowledged.items():
            assert exported[reviewer.name, external_id] == acknowledged
    assert len(exported) == sum(len(reviewer.acknowledged) for reviewer in reviewers) + sum(
        label["surplus"] for label in labels
    )
