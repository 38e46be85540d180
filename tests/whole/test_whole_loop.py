"""The loop from two commands to traced labels: 32 programs and a person at a keyboard, processes killed on the way, and
not one acknowledged label or span lost."""

import contextlib
import json
import os
import shutil
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from annotations.demo.story import read_rubric
from tests.browser.conftest import NAMES
from tests.whole.people import AtTheKeyboard, Labeller, Program
from tests.whole.running import Installation, installation, lines_of, wait_for
from tests.whole.spans import count_items, send_spans

ITEMS = 120
PROGRAMS = 32
OVERLAP = 2
SPAN_REQUESTS = 10
PASSWORD = "a long pass phrase"


def write_items(path: Path) -> None:
    lines = [
        {"id": f"item/{number}", "question": f"Question {number}? 😀", "output": "Yes."} for number in range(ITEMS)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


@pytest.mark.browser
@pytest.mark.skipif(not any(map(shutil.which, NAMES)), reason="No browser: the whole loop was NOT run.")
def test_every_acknowledged_label_is_exported_once_and_traces_to_its_item(tmp_path):
    tmp_path.chmod(0o755)
    write_items(tmp_path / "items.jsonl")
    run_the_loop(tmp_path, items=ITEMS, words=("--map", "external_id=id", "--map", "input=question"))


def run_the_loop(folder: Path, *, items: int, words: tuple[str, ...]) -> list[dict[str, object]]:
    """Take `items.jsonl` of the folder in, have it labelled while processes die, check and return the labels."""
    (folder / "spec.json").write_text(
        json.dumps({"slug": "loop", "name": "Loop", "overlap": OVERLAP, "rubric": read_rubric()}), encoding="utf-8"
    )
    with installation(folder / "data", "--no-demo") as running:
        running.command("create_user", "olga", "--password", PASSWORD, "--superuser")
        running.command("create_user", "kay", "--password", PASSWORD)
        running.command("create_project", "loop", "--owner", "olga", "--spec", str(folder / "spec.json"))
        running.command("create_project", "traces", "--owner", "olga")
        result = json.loads(running.command("ingest", "loop", str(folder / "items.jsonl"), *words).stdout)
        assert (result["accepted"], result["drawn"], result["rejected"]) == (items, items, 0)

        owner = running.client(running.token("loop", "olga", "admin,read,label"))
        people: list[Labeller] = []
        for name in ["kay", *(f"reviewer{number}" for number in range(PROGRAMS))]:
            assert owner.post("/projects/loop/members", json={"username": name, "role": "reviewer"}).is_success
            if name != "kay":
                made = owner.post("/projects/loop/tokens", json={"scopes": ["label"], "username": name})
                people.append(Program(running.client(made.json()["token"]), name))
        kay = AtTheKeyboard(running.url, "kay", PASSWORD)
        kay.start()
        wait_for_labels(people=[kay], count=1)  # the others leave nothing for somebody who is still signing in
        for person in people:
            person.start()
        people.append(kay)
        wait_for_labels(people=people, count=items // 4)
        traces = running.token("traces", "olga", "ingest,read")
        acknowledged = send_spans(running, traces, requests=SPAN_REQUESTS)
        kill_in_the_middle(running)
        assert count_items(running.client(traces), "traces") == acknowledged
        for person in people:
            person.join(600)
            assert not person.is_alive(), f"{person.name} hangs"
            assert person.problem is None, person.problem
        assert kay.told == len(kay.acknowledged)

        labels = lines_of(owner.get("/projects/loop/labels?format=jsonl").content)
        check_labels(labels, people, items=items)
        resolutions = lines_of(owner.get("/projects/loop/resolutions?format=jsonl").content)
        assert len(resolutions) == items
        assert {row["n_labels"] for row in resolutions} == {OVERLAP}
        assert {row["probability"] for row in resolutions} == {1.0}
        for external_id in {label["external_id"] for label in labels}:
            item = owner.get(f"/projects/loop/items/{external_id.replace('/', '%2F')}").json()
            assert {row["id"] for row in item["labels"]} == {
                label["id"] for label in labels if label["external_id"] == external_id
            }
        return labels


def wait_for_labels(*, people: list[Labeller], count: int) -> None:
    """Wait until so many labels were made."""
    deadline = time.monotonic() + 300
    while sum(len(person.acknowledged) for person in people) < count:
        told = [(person.name, person.problem) for person in people if person.problem is not None]
        assert time.monotonic() < deadline, f"nobody got anything done: {told}"
        time.sleep(0.02)


def kill_in_the_middle(running: Installation) -> None:
    """Kill -9 the web processes and the worker, and wait until they are back."""
    for pid in [*running.pids_of("gunicorn"), *running.pids_of("worker")]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_for(f"{running.url}/readyz", running.process)


def check_labels(labels: list[dict[str, object]], people: list[Labeller], *, items: int) -> None:
    """Every acknowledged label is there with its answers, each item has its labels, nobody labelled one twice."""
    kept = [label for label in labels if not label["surplus"]]
    per_item = Counter(label["external_id"] for label in kept)
    assert len(per_item) == items
    assert set(per_item.values()) == {OVERLAP}
    assert max(Counter((label["external_id"], label["reviewer"]) for label in labels).values()) == 1
    exported = {(label["reviewer"], label["external_id"]): label["answers"] for label in labels}
    for person in people:
        for external_id, answers in person.acknowledged.items():
            assert exported[person.name, external_id] == answers
    acknowledged = sum(len(person.acknowledged) for person in people)
    assert len(exported) == acknowledged + sum(bool(label["surplus"]) for label in labels)
