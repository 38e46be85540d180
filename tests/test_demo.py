"""The demo: what a newcomer finds after the first start, and that it is made whole or not at all."""

import io
import json
import stat
from collections import Counter
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from annotations.management.commands import create_demo
from annotations.models import Evaluation, Label, Rollout
from reviewapp.accounts.models import Membership, Project, User
from sampling.models import Item, Original
from tests.judges.running import work


@pytest.fixture
def sign_ins(db, settings, tmp_path) -> dict[str, str]:
    """The demo made, and the password of each of its people as it was kept."""
    settings.DATA_DIR = tmp_path
    out = io.StringIO()
    call_command("create_demo", stdout=out)
    file = Path(tmp_path) / "demo-sign-ins.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    people = json.loads(file.read_text())
    assert all(person["password"] in out.getvalue() for person in people)
    return {person["username"]: person["password"] for person in people}


def test_a_newcomer_finds_two_versions_a_plan_and_work_done_by_named_people(sign_ins, client):
    demo = Project.objects.get(slug="demo")
    versions = Counter(Item.objects.filter(project=demo).values_list("system_version", flat=True))
    assert len(versions) == 2
    assert sum(versions.values()) >= 200
    by_person = Counter(Label.objects.filter(project=demo).values_list("reviewer__username", flat=True))
    assert set(by_person) == {"rosa", "ben", "ann"}
    assert sum(by_person.values()) >= 100
    for name, password in sign_ins.items():
        assert client.login(username=name, password=password)
        assert client.get("/p/demo/").status_code == 200
    assert client.login(username="rosa", password=sign_ins["rosa"])
    assert client.get("/p/demo/review").status_code == 200
    assert client.login(username="olivia", password=sign_ins["olivia"])
    for judge, words in (("reply-check/3", ">worth using</span>"), ("tone-check/1", ">not worth using</span>")):
        page = client.get(f"/p/demo/judges/{judge}").content.decode()
        assert words in page, judge
        assert "Read <strong>post-stratified</strong>" in page
    # What runs here is judged by the worker, as soon as there is one, and helps no rate unless it is named.
    work()
    page = " ".join(client.get("/p/demo/judges/policy-reader/1").content.decode().split())
    for words in (">worth using</span>", "300 of 300", "attempts fooled it", "<strong>Simulated:</strong>"):
        assert words in page, words
    assert "helped by reply-check 3" in client.get("/p/demo/estimates").content.decode()


def test_the_planted_difference_of_the_versions_shows_in_the_labels(sign_ins):
    passed = Counter()
    seen = Counter()
    for version, answers in Label.objects.values_list("task__item__system_version", "answers"):
        seen[version] += 1
        passed[version] += answers["verdict"] == "pass"
    older, newer = sorted(seen)
    assert passed[newer] / seen[newer] > passed[older] / seen[older]


def test_there_are_eval_sets_and_both_versions_evaluated(sign_ins, client):
    client.login(username="olivia", password=sign_ins["olivia"])
    older, newer = Evaluation.objects.filter(project__slug="demo").order_by("pk")
    assert (newer.baseline, newer.total, older.total) == (older, 24, 24)
    assert "It is better than the baseline" in client.get(f"/p/demo/evaluations/{newer.pk}").content.decode()
    assert client.get("/p/demo/datasets/answers-labelled").status_code == 200


def test_two_small_projects_are_there_to_try_other_kinds_of_question(sign_ins, client):
    kinds = set()
    for slug in ("demo-drafts", "demo-invoices"):
        client.login(username="rosa", password=sign_ins["rosa"])
        body = {"count": 20}
        claimed = client.post(f"/api/v1/projects/{slug}/tasks/claim", body, content_type="application/json").json()
        assert len(claimed["tasks"]) >= 6
        kinds |= {question["kind"] for question in claimed["tasks"][0]["rubric"]["questions"]}
    assert kinds == {"pairwise", "multi_choice", "rating", "spans", "json", "choice", "text"}


def test_the_demo_is_made_once(sign_ins):
    people = User.objects.count()
    with pytest.raises(CommandError, match="there already"):
        call_command("create_demo", stdout=io.StringIO())
    assert User.objects.count() == people
    assert Membership.objects.filter(project__slug="demo").count() == len(sign_ins)


def test_a_demo_whose_sign_ins_cannot_be_kept_is_not_made(db, monkeypatch):
    """Else it would be there, nobody could sign in to it, and no start would ever make it again."""

    def is_full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(f"{create_demo.__name__}.make_demo", lambda now: [User.objects.create_user("rosa")])
    monkeypatch.setattr(f"{create_demo.__name__}.keep_sign_ins", is_full)
    with pytest.raises(OSError, match="No space left"):
        call_command("create_demo")
    assert not User.objects.exists()


def test_a_demo_whose_person_exists_is_not_begun(db):
    User.objects.create_user("rosa")
    with pytest.raises(CommandError, match="there already"):
        call_command("create_demo", stdout=io.StringIO())
    assert not Project.objects.exists()


def test_what_customers_wrote_of_themselves_is_masked(sign_ins):
    demo = Item.objects.filter(project__slug="demo")
    texts = " ".join(json.dumps(item.input) + json.dumps(item.output) for item in demo)
    for placeholder in ("[EMAIL_1]", "[PHONE_1]", "[CARD_1]", "[IBAN_1]"):
        assert placeholder in texts
    assert "leila.aydin" not in texts
    assert Original.objects.filter(item__project__slug="demo", placeholder="[CARD_1]").count() == 1


def test_one_version_can_be_signed_and_the_other_is_refused_by_its_gates(sign_ins, client):
    demo = Project.objects.get(slug="demo")
    found = {}
    for rollout in Rollout.objects.filter(project=demo):
        client.login(username="petra", password=sign_ins["petra"])
        bundle = client.post(f"/api/v1/rollouts/{rollout.pk}/evidence").json()
        found[rollout.system_version] = {gate["name"]: gate["state"] for gate in bundle["gates"]}
    assert set(found["assistant-2.0"].values()) == {"pass"}
    assert found["assistant-1.4"]["Worth trying inside"] == "fail"
    rollout = Rollout.objects.get(project=demo, system_version="assistant-2.0")
    page = f"/p/demo/rollouts/{rollout.pk}"
    sha256 = rollout.bundles.get().sha256
    form = {"do": "approve", "to_stage": "internal_beta", "evidence_sha256": sha256, "reason": "I read twenty."}
    for name in ("petra", "quentin"):
        client.login(username=name, password=sign_ins[name])
        client.post(f"/accounts/reauthenticate/?next={page}", {"password": sign_ins[name]})
        client.post(f"{page}/act", form)
    rollout.refresh_from_db()
    assert rollout.stage == "internal_beta"
