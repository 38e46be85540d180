"""What the reviewer's screen asks for besides the API, and what the server enforces behind it."""

import html
import json
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from annotations.models import Draft, GuidelinesRead, Label, Reveal
from annotations.rubrics.publish import publish_rubric
from reviewapp.accounts.models import Project
from tests.conftest import NOW, RUBRIC
from tests.queue.items import add_items, end_leases
from tests.queue.services import claim_one, submit

BASE = "/p/helpdesk/review"
GETS = ("history", "history/1")
POSTS = ("history/1/reveal", "unfinished/1", "guidelines/read")


class Desk:
    """A person's browser at the desk: calls below the page's address, answers parsed."""

    def __init__(self, client, person):
        self.client = client
        self.person = person

    def call(self, method, path, body=None, *, status=200, **headers):
        response = getattr(self.client, method)(
            f"{BASE}/{path}",
            json.dumps(body or {}) if method != "get" else None,
            **({} if method == "get" else {"content_type": "application/json"}),
            headers=headers,
        )
        assert response.status_code == status, response.content
        return response.json()


@pytest.fixture
def desk_of(browser_of):
    return lambda person: Desk(browser_of(person), person)


@pytest.fixture
def rui(project, cast, desk_of):
    return desk_of(cast.rui)


@pytest.fixture
def revealing(project):
    Project.objects.filter(pk=project.pk).update(reveal_after_commit=True)


class TestAccess:
    @pytest.mark.parametrize("path", GETS)
    def test_a_stranger_finds_nothing(self, project, cast, desk_of, path):
        desk_of(cast.stan).call("get", path, status=404)

    @pytest.mark.parametrize("path", POSTS)
    def test_a_stranger_changes_nothing(self, project, cast, desk_of, path):
        desk_of(cast.stan).call("post", path, {"version": 1}, status=404)
        desk_of(cast.stan).call("put", "keys", {"single_keys": False}, status=404)

    @pytest.mark.parametrize("name", ["pat", "vic"])
    def test_whoever_does_not_label_has_no_desk(self, project, cast, desk_of, name):
        for path in GETS:
            desk_of(getattr(cast, name)).call("get", path, status=403)

    def test_a_page_never_works_for_somebody_else(self, project, cast, rui):
        refusal = rui.call("get", "history", status=403, **{"X-Person": str(cast.bea.pk)})
        assert refusal["error"]["code"] == "signed_in_as_another"
        rui.call("get", "history", **{"X-Person": str(cast.rui.pk)})

    def test_nor_does_the_api(self, project, cast, browser_of):
        add_items(project, [0.1])
        response = browser_of(cast.rui).post(
            "/api/v1/projects/helpdesk/tasks/claim",
            "{}",
            content_type="application/json",
            headers={"X-Person": str(cast.bea.pk)},
        )
        assert (response.status_code, response.json()["error"]["code"]) == (403, "signed_in_as_another")


class TestHistory:
    def test_the_last_ten_come_newest_first(self, project, cast, rui):
        add_items(project, [number / 20 for number in range(12)])
        for _ in range(12):
            submit(cast.rui, claim_one(cast.rui))
        labels = rui.call("get", "history")["labels"]
        assert [label["external_id"] for label in labels] == [f"item-{number}" for number in range(11, 1, -1)]
        assert labels[0]["answers"] == {"verdict": "pass"}

    def test_only_what_stands_is_listed(self, project, cast, rui, api_of):
        add_items(project, [0.1, 0.2])
        first = submit(cast.rui, claim_one(cast.rui)).label.id
        submit(cast.rui, claim_one(cast.rui), submit_id="s-1")
        api = api_of(cast.rui, "label")
        api.post("/labels/undo", {"submit_id": "s-1"})
        revised = api.post(f"/labels/{first}/revise", {"answers": {"verdict": "fail"}, "reason": "slip"}, status=201)
        assert [label["id"] for label in rui.call("get", "history")["labels"]] == [revised["id"]]

    def test_an_item_is_shown_as_blind_as_it_was(self, project, cast, rui):
        add_items(project, [0.1])
        label = submit(cast.rui, claim_one(cast.rui)).label
        past = rui.call("get", f"history/{label.id}")
        assert past["item"]["output"] == "answer 0"
        assert (past["label"]["answers"], past["rubric"]["version"]) == ({"verdict": "pass"}, 1)
        assert (past["former"], past["revealed"], past["may_reveal"]) == (None, None, False)
        text = json.dumps(past)
        assert not any(hidden in text for hidden in ("SECRET", "AI-DECISION", "0.123456"))

    def test_a_revised_label_shows_what_it_said_before(self, project, cast, rui, api_of):
        add_items(project, [0.1])
        label = submit(cast.rui, claim_one(cast.rui), comment="first").label
        body = {"answers": {"verdict": "fail"}, "reason": "slip", "comment": "second"}
        revised = api_of(cast.rui, "label").post(f"/labels/{label.id}/revise", body, status=201)
        assert revised["comment"] == "second"
        past = rui.call("get", f"history/{revised['id']}")
        assert (past["former"]["answers"], past["former"]["comment"]) == ({"verdict": "pass"}, "first")
        assert rui.call("get", f"history/{label.id}")["label"]["ended"] is True

    def test_other_peoples_labels_are_not_there(self, project, cast, rui, desk_of):
        add_items(project, [0.1])
        label = submit(cast.rui, claim_one(cast.rui)).label
        desk_of(cast.bea).call("get", f"history/{label.id}", status=404)
        assert desk_of(cast.bea).call("get", "history")["labels"] == []


class TestRevision:
    def test_the_same_revision_again_gets_the_first_answer(self, project, cast, api_of):
        add_items(project, [0.1])
        label = submit(cast.rui, claim_one(cast.rui)).label
        api = api_of(cast.rui, "label")
        body = {"answers": {"verdict": "fail"}, "reason": "slip", "submit_id": "r-1"}
        first = api.post(f"/labels/{label.id}/revise", body, status=201)
        assert api.post(f"/labels/{label.id}/revise", body, status=201) == first
        assert Label.objects.count() == 2

    def test_a_submit_id_of_other_work_is_refused(self, project, cast, api_of):
        add_items(project, [0.1, 0.2])
        one = submit(cast.rui, claim_one(cast.rui), submit_id="s-1").label
        body = {"answers": {"verdict": "fail"}, "reason": "slip", "submit_id": "s-1"}
        refusal = api_of(cast.rui, "label").post(f"/labels/{one.id}/revise", body, status=409)
        assert refusal["error"]["code"] == "submit_id_reused"

    def test_a_revision_is_not_undone(self, project, cast, api_of):
        add_items(project, [0.1])
        label = submit(cast.rui, claim_one(cast.rui)).label
        api = api_of(cast.rui, "label")
        body = {"answers": {"verdict": "fail"}, "reason": "slip", "submit_id": "r-1"}
        api.post(f"/labels/{label.id}/revise", body, status=201)
        assert api.post("/labels/undo", {"submit_id": "r-1"}, status=409)["error"]["code"] == "not_undoable"


class TestReveal:
    def test_what_was_hidden_is_shown_and_undo_ends(self, project, cast, rui, revealing, api_of):
        add_items(project, [0.1])
        label = submit(cast.rui, claim_one(cast.rui), submit_id="s-1").label
        assert rui.call("get", f"history/{label.id}")["may_reveal"] is True
        past = rui.call("post", f"history/{label.id}/reveal")
        assert past["revealed"] == {
            "decision": "AI-DECISION",
            "confidence": 0.123456,
            "model": "SECRET-MODEL",
            "prompt_version": "SECRET-PROMPT",
            "system_version": "SECRET-VERSION",
            "feedback": -1,
        }
        assert "SECRET-GOLD" not in json.dumps(past)
        refusal = api_of(cast.rui, "label").post("/labels/undo", {"submit_id": "s-1"}, status=409)
        assert refusal["error"]["code"] == "not_undoable"
        assert rui.call("get", f"history/{label.id}")["revealed"] == past["revealed"]

    def test_where_the_project_hides_it_nothing_is_shown(self, project, cast, rui):
        add_items(project, [0.1])
        label = submit(cast.rui, claim_one(cast.rui)).label
        assert rui.call("post", f"history/{label.id}/reveal", status=409)["error"]["code"] == "reveal_off"
        assert not Reveal.objects.exists()

    def test_only_to_the_labels_own_reviewer(self, project, cast, rui, desk_of, revealing):
        add_items(project, [0.1])
        label = submit(cast.rui, claim_one(cast.rui)).label
        desk_of(cast.bea).call("post", f"history/{label.id}/reveal", status=404)

    def test_not_for_a_label_that_was_taken_back(self, project, cast, rui, revealing, api_of):
        add_items(project, [0.1])
        label = submit(cast.rui, claim_one(cast.rui), submit_id="s-1").label
        api_of(cast.rui, "label").post("/labels/undo", {"submit_id": "s-1"})
        assert rui.call("post", f"history/{label.id}/reveal", status=409)["error"]["code"] == "label_ended"

    def test_minds_that_change_are_counted_once_each(self, project, cast, rui, revealing, api_of, browser_of):
        add_items(project, [0.1, 0.2, 0.3])
        api = api_of(cast.rui, "label")
        for answers in ({"verdict": "fail"}, {"verdict": "pass"}, None):
            label = submit(cast.rui, claim_one(cast.rui)).label
            for _ in range(2):
                rui.call("post", f"history/{label.id}/reveal")
            if answers:  # the second is a revision to the same answer: no changed mind
                revised = api.post(f"/labels/{label.id}/revise", {"answers": answers, "reason": "hm"}, status=201)
                rui.call("post", f"history/{revised['id']}/reveal")
        page = browser_of(cast.lea).get("/p/helpdesk/").content.decode()
        assert "Of 3 labels after which the AI's decision was shown, 1 was revised" in " ".join(page.split())
        assert '<th scope="row">rui</th><td class="number">3</td><td class="number">1</td>' in page
        assert "Minds changed" not in browser_of(cast.rui).get("/p/helpdesk/").content.decode()

    def test_the_option_is_the_leads(self, project, cast, api_of):
        answer = api_of(cast.lea, "admin").patch("/projects/helpdesk", {"reveal_after_commit": True})
        assert answer["reveal_after_commit"] is True


class TestUnfinishedWork:
    @staticmethod
    def found(rui):
        page = rui.client.get(BASE).content.decode()
        return json.loads(html.unescape(re.search(r'data-unfinished="([^"]*)"', page)[1]))

    @pytest.fixture
    def begun(self, project, cast, api_of):
        add_items(project, [0.1, 0.2])
        task = claim_one(cast.rui)
        body = {"lease": str(task.token), "answers": {"verdict": "fail"}, "comment": "half"}
        api_of(cast.rui, "label").put(f"/tasks/{task.id}/draft", body)
        return task

    def test_it_is_found_on_another_machine_while_the_lease_holds(self, project, cast, begun, rui):
        (found,) = self.found(rui)
        assert (found["task"], found["external_id"]) == (begun.id, "item-0")
        task = rui.call("post", f"unfinished/{begun.id}")
        assert task["draft"] == {"answers": {"verdict": "fail"}, "comment": "half"}
        assert task["lease"]["token"] != str(begun.token)

    def test_the_machine_it_was_left_on_is_told(self, project, cast, begun, rui, api_of):
        rui.call("post", f"unfinished/{begun.id}")
        body = {"lease": str(begun.token), "answers": {}}
        refusal = api_of(cast.rui, "label").put(f"/tasks/{begun.id}/draft", body, status=409)
        assert refusal["error"]["code"] == "lease_lost"
        assert Draft.objects.get().answers == {"verdict": "fail"}

    def test_what_was_not_begun_is_not_offered(self, project, cast, rui):
        add_items(project, [0.1])
        claim_one(cast.rui)
        assert self.found(rui) == []

    def test_what_ran_out_is_not_offered_but_claimed(self, project, cast, begun, rui):
        end_leases()
        assert self.found(rui) == []

    def test_work_of_others_is_not_taken_over(self, project, cast, begun, desk_of):
        refusal = desk_of(cast.bea).call("post", f"unfinished/{begun.id}", status=409)
        assert refusal["error"]["code"] == "lease_lost"

    def test_a_draft_that_arrives_late_replaces_no_newer_one(self, project, cast, api_of):
        add_items(project, [0.1])
        task = claim_one(cast.rui)
        api, now = api_of(cast.rui, "label"), timezone.now()
        for seconds, note in ((2, "newer"), (3, "older"), (1, "newest")):
            body = {
                "lease": str(task.token),
                "answers": {"note": note},
                "edited_at": (now - timedelta(seconds=seconds)).isoformat(),
            }
            api.put(f"/tasks/{task.id}/draft", body)
        assert Draft.objects.get().answers == {"note": "newest"}


class TestGuidelines:
    def read(self, rui, version=1):
        rui.call("post", "guidelines/read", {"version": version})

    def page(self, rui):
        return " ".join(rui.client.get(BASE).content.decode().split())

    def test_whoever_never_confirmed_any_is_asked_to(self, project, rui):
        assert "You have not confirmed these guidelines yet" in self.page(rui)
        self.read(rui)
        assert "You have not confirmed" not in self.page(rui)

    def test_what_changed_since_is_shown_word_by_word(self, project, cast, rui):
        self.read(rui)
        questions = [{**RUBRIC["questions"][0], "title": "Would you sign it?"}, RUBRIC["questions"][1]]
        body = {"guidelines": "Pass what you would sign.\n\nNever <b>guess</b>.", "questions": questions}
        publish_rubric(project=project, body=body, actor=None, now=NOW)
        page = self.page(rui)
        assert "Changed since you last read" in page
        assert "Pass what you would <del>send</del><ins>sign</ins>." in page
        assert "<ins>Never &lt;b&gt;guess&lt;/b&gt;.</ins>" in page
        assert "Would you <del>send</del><ins>sign</ins> it?" in page
        self.read(rui, 2)
        assert "Changed since you last read" not in self.page(rui)

    def test_a_version_that_reads_the_same_needs_no_reading(self, project, rui):
        self.read(rui)
        publish_rubric(project=project, body=RUBRIC, actor=None, now=NOW)
        assert "Changed since you last read" not in self.page(rui)

    def test_reading_an_older_version_takes_nothing_back(self, project, cast, rui):
        publish_rubric(project=project, body=RUBRIC, actor=None, now=NOW)
        self.read(rui, 2)
        self.read(rui, 1)
        assert GuidelinesRead.objects.get().version == 2

    @pytest.mark.parametrize(("body", "status"), [({"version": 7}, 404), ({"version": "1"}, 422), ({}, 422)])
    def test_a_version_that_does_not_exist_cannot_be_read(self, project, rui, body, status):
        rui.call("post", "guidelines/read", body, status=status)


class TestKeys:
    def test_the_switch_belongs_to_the_person(self, project, cast, rui, desk_of):
        assert 'data-single-keys="on"' in rui.client.get(BASE).content.decode()
        rui.call("put", "keys", {"single_keys": False})
        assert 'data-single-keys="off"' in rui.client.get(BASE).content.decode()
        assert 'data-single-keys="on"' in desk_of(cast.bea).client.get(BASE).content.decode()
        assert rui.call("put", "keys", {"single_keys": True}) == {"single_keys": True}
