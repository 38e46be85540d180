"""Systems that are called, and the command with its gates, exit codes and reports."""

import io
import xml.etree.ElementTree as ET

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from annotations.evaluations import call
from annotations.evaluations import run as running
from annotations.evaluations.run import advance, run_evaluation
from annotations.judges.simulated import serve_simulated
from annotations.judges.spending import set_budgets
from annotations.models import Evaluation, EvaluationOutput
from annotations.models.judge_runs import JudgeSpend
from reviewapp.accounts.access import Actor, authorize
from reviewapp.accounts.project_secrets import read_secret
from reviewapp.accounts.roles import Action
from reviewapp.embedded.command_line import run_command
from tests.evaluations.world import URL, bring, evaluate, intent_of, outputs
from tests.http.stub_server import stub_server
from tests.judges.running import add_provider, add_version


@pytest.fixture
def lea(cast, project, api_of):
    return api_of(cast.lea)


@pytest.fixture
def stub(settings):
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with stub_server() as running:
        yield running


def run(*words, **options):
    """Run the command; return the exit code, and what it said or refused."""
    out = io.StringIO()
    try:
        call_command("evaluate", "helpdesk", *words, stdout=out, **options)
    except CommandError as error:
        return error.returncode, str(error)
    except SystemExit as leaving:
        return leaving.code, out.getvalue()
    return 0, out.getvalue()


def test_an_endpoint_is_asked_row_by_row_with_its_secret_and_again_where_that_may_help(lea, project, stub):
    bring(lea, 6)
    tries = []

    def answer():
        body = orjson.loads(stub.got[-1][2])
        k = int(body["q"]["text"].split()[1])
        tries.append(k)
        if k == 1 and tries.count(1) == 1:
            return 503, {"Retry-After": "0"}, [b""]
        if k == 2:
            return 404, {}, [b"gone"]
        said = {
            "choices": [{"message": intent_of(k)}],
            "usage": {"prompt_tokens": 5, "completion_tokens": 1},
            "usd": 0.5,
        }
        return 200, {}, [orjson.dumps(said)]

    stub.answer = answer
    endpoint = {
        "url": stub.url,
        "request": {"q": {"text": "{{ input }}"}, "note": "via {{metadata.channel}}"},
        "response_path": "$.choices[0].message",
        "cost_path": "usd",
        "auth": {"secret": "s3cret"},
        "concurrency": 1,
    }
    begun = evaluate(lea, endpoint=endpoint)
    assert (begun["state"], begun["scores"]) == ("queued", None)
    assert begun["spec"]["endpoint"]["auth"]["secret"] == "kept apart"
    run_evaluation({"evaluation_id": begun["id"]}, timezone.now())
    found = lea.get(f"/evaluations/{begun['id']}")
    assert (found["state"], found["counts"]["failed"], found["scores"]["accuracy"]["value"]) == ("done", 1, 1.0)
    assert found["failures"] == [{"problem": "HTTP 404", "n": 1}]
    assert found["scores"]["cost_per_item_usd"]["value"] == 0.5
    assert found["scores"]["latency_p50_ms"]["value"] > 0
    assert {headers["authorization"] for _, headers, _ in stub.got} == {"Bearer s3cret"}
    assert orjson.loads(stub.got[0][2])["note"] in {"via mail", "via chat"}
    assert read_secret(project.pk, f"evaluation:{begun['id']}") is None
    assert EvaluationOutput.objects.filter(input_tokens=5).count() == 5


def test_a_slow_system_is_asked_in_slices_that_end_in_time_and_nothing_is_asked_twice(lea, stub, monkeypatch):
    """Its third answer never comes: two tries fit into the slice, what came is kept, and the next slice goes on."""
    bring(lea, 3)
    monkeypatch.setattr(running, "SLICE_SECONDS", 0.1)
    monkeypatch.setattr(running, "CALLS_SECONDS", 4.0)
    monkeypatch.setattr(call, "_BACKOFF", 0.5)

    def answer():
        stub.pause = 1.5 if len(stub.got) in {3, 4} else 0.06
        return 200, {}, [orjson.dumps({"output": "refund"})]

    stub.answer = answer
    endpoint = {"url": stub.url, "concurrency": 1, "timeout_seconds": 1, "retries": 5}
    begun = evaluate(lea, endpoint=endpoint, repeats=2)
    slices = 0
    while not advance(begun["id"], now=timezone.now()):
        slices += 1
    found = lea.get(f"/evaluations/{begun['id']}")
    assert (found["state"], [each["n"] for each in found["failures"]]) == ("done", [1])
    assert (found["counts"]["outputs"], len(stub.got)) == (5, 7)
    assert slices > 1


def test_what_a_system_says_and_no_database_holds_is_a_failure_of_its_row(lea, project, stub, monkeypatch):
    """A NUL, lists without end; a secret that no header holds; and a person who is erased while the system is asked."""
    bring(lea, 6, user_ref="u-1")
    said = iter([b'{"output": "a\\u0000"}', b'{"output": ' + b"[" * 300 + b"]" * 300 + b"}"])
    stub.answer = lambda: (200, {}, [next(said, b'{"output": "Max wants a refund"}')])
    endpoint = {"url": stub.url, "concurrency": 1}
    begun = evaluate(lea, endpoint=endpoint)
    run_evaluation({"evaluation_id": begun["id"]}, timezone.now())
    found = lea.get(f"/evaluations/{begun['id']}")
    assert (found["state"], found["counts"]["failed"], len(found["failures"])) == ("done", 2, 2)
    begun = evaluate(lea, endpoint={**endpoint, "auth": {"secret": "s3crét"}})
    run_evaluation({"evaluation_id": begun["id"]}, timezone.now())
    found = lea.get(f"/evaluations/{begun['id']}")
    assert (found["state"], "Authorization" in found["problem"], "s3cr" in found["problem"]) == ("failed", True, False)

    def meanwhile(*args, **kwargs):
        found = call.call_rows(*args, **kwargs)
        lea.post(f"{URL}/erase", {"user_ref": "u-1"})
        return found

    monkeypatch.setattr(running, "call_rows", meanwhile)
    begun = evaluate(lea, endpoint=endpoint)
    run_evaluation({"evaluation_id": begun["id"]}, timezone.now())
    stored = EvaluationOutput.objects.filter(evaluation_id=begun["id"])
    assert (stored.exists(), stored.filter(output__isnull=False).exists()) == (True, False)


def test_a_model_with_a_prompt_costs_what_its_tokens_cost(lea, stub):
    bring(lea, 3)
    said = {"choices": [{"message": {"content": "refund"}}], "usage": {"prompt_tokens": 1000, "completion_tokens": 10}}
    stub.answer = lambda: (200, {}, [orjson.dumps(said)])
    model = {"base_url": stub.url, "model": "m-1", "prompt": "Sort it.", "params": {"temperature": 0}}
    prices = {"input_usd_per_mtok": 1.0, "output_usd_per_mtok": 100.0}
    begun = evaluate(lea, model={**model, **prices}, repeats=2)
    run_evaluation({"evaluation_id": begun["id"]}, timezone.now())
    found = lea.get(f"/evaluations/{begun['id']}")
    assert found["scores"]["cost_per_item_usd"]["value"] == pytest.approx(0.002)
    assert (found["scores"]["accuracy"]["value"], found["counts"]["repeats"]) == (pytest.approx(1 / 3), 2)
    path, _, body = stub.got[0]
    assert path == "/hook/chat/completions"
    assert orjson.loads(body)["messages"][0] == {"role": "system", "content": "Sort it."}
    # An answer of another shape is a failure of the row; where all fail, the run could not run.
    stub.answer = lambda: (200, {}, [b"[]"])
    begun = evaluate(lea, model=model)
    run_evaluation({"evaluation_id": begun["id"]}, timezone.now())
    found = lea.get(f"/evaluations/{begun['id']}")
    assert (found["state"], "nothing at choices" in found["problem"]) == ("failed", True)


def test_a_judge_that_runs_here_is_asked_about_each_output(lea, cast, settings):
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    bring(lea, 6)
    question = {"key": "verdict", "kind": "choice", "title": "Fine?", "positive": ["pass"]}
    question["options"] = [{"value": "pass", "label": "Pass"}, {"value": "fail", "label": "Fail"}]
    lea.put(f"{URL}/rubric", {"questions": [question]})
    with serve_simulated() as simulation:
        add_provider(lea, simulation)
        add_version(lea)
        # The simulated judge reads its verdict in the material.
        words = ("[pass]", "[pass]", "[fail]", "[broken]", "[pass]", "[fail]")
        sent = [{"external_id": f"q-{k:03}", "output": f"refund {word}"} for k, word in enumerate(words)]
        begun = evaluate(lea, sent, judges=[{"name": "strict", "run": True}])
        assert begun["state"] == "queued"
        for _ in range(3):
            run_evaluation({"evaluation_id": begun["id"]}, timezone.now())
        found = lea.get(f"/evaluations/{begun['id']}")
        assert (found["state"], found["problem"]) == ("done", "")
        assert {key: found["judge"]["strict"][key] for key in ("passed", "failed", "unparsed")} == {
            "passed": 3,
            "failed": 2,
            "unparsed": 1,
        }
        assert found["scores"]["judge.strict.raw_pass_rate"]["value"] == pytest.approx(3 / 5)
        assert found["scores"]["judge.strict.pass_rate"]["undefined"] == "no_labels"
        # Without money the run says so.
        assert JudgeSpend.objects.get().cost_nusd > 0
        lead = authorize(Actor(user=cast.lea), "helpdesk", Action.EDIT_JUDGES)
        set_budgets(lead, total_usd=None, day_usd=0.0, now=timezone.now())
        begun = evaluate(lea, sent, judges=[{"name": "strict", "run": True}])
        for _ in range(2):
            run_evaluation({"evaluation_id": begun["id"]}, timezone.now())
    found = lea.get(f"/evaluations/{begun['id']}")
    assert (found["state"], "cannot be asked" in found["problem"]) == ("failed", True)
    evaluate(lea, sent, judges=[{"name": "nobody", "run": True}], status=404)


def test_the_gate_passes_fails_and_refuses_to_pass_on_too_little(lea, stub, tmp_path):
    bring(lea)
    base = evaluate(lea, outputs(wrong=(0,)), system_version="main")
    file = tmp_path / "candidate.jsonl"
    file.write_bytes(b"\n".join(orjson.dumps(each) for each in outputs(wrong=(0, 1, 2, 3))) + b"\n\n")
    told, summary, build = tmp_path / "told.json", tmp_path / "summary.md", tmp_path / "junit.xml"
    # 26 of 30 are right: 0.867, from 0.70 on.
    common = ["evals@gold", "--outputs", str(file), "--baseline", "main"]
    code, said = run(
        *common,
        *("--fail-under", "accuracy=86%", "--fail-under", "error_rate=0", "--max-regression", "accuracy=0.1"),
        *("--json", str(told), "--markdown", str(summary), "--junit", str(build)),
    )
    assert (code, "| accuracy | 86.7 % | 70.3 % to 94.7 % | 30 |" in said) == (0, True)
    assert summary.read_text() == said
    body = orjson.loads(told.read_bytes())
    assert (body["passed"], body["system_version"], body["baseline"]) == (True, "candidate", base["id"])
    assert body["gates"][2]["value"] == pytest.approx(0.1)  # three lost of thirty
    assert [body["regressions"][key] for key in ("wins", "losses")] == [0, 3]
    code, said = run(
        *common,
        *("--fail-under", "accuracy:low=0.86", "--fail-under", "evaluation.latency_p50_ms=10"),
        *("--max-regression", "accuracy:high=0.1", "--max-regression", "f1=1", "--junit", str(build)),
    )
    assert code == 1
    suite = ET.parse(build).getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("4", "3")
    assert [case.find("failure").get("type") for case in suite.findall("testcase")[:3]] == [
        "fail",
        "not_enough_data",
        "fail",
    ]
    few = tmp_path / "few.jsonl"
    few.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(orjson.dumps(each) for each in outputs(26)))
    assert run("evals", "--outputs", str(few), "--fail-under", "accuracy=0.5")[0] == 1  # 26 of 30 answered
    assert run("evals", "--outputs", str(few), "--fail-under", "accuracy=0.5", "--min-coverage", "0.8")[0] == 0
    code, said = run("evals", "--outputs", str(file), "--fail-under", "accuracy=0.5", "--min-rows", "31")
    assert (code, "30 rows, and no gate passes on fewer than 31" in said) == (1, True)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["evals", "--outputs", "nowhere.jsonl"], "cannot be read"),
        (["evals", "--outputs", "{bad}"], "line 2"),
        (["nothing", "--outputs", "{good}"], "no dataset"),
        (["evals@9", "--outputs", "{good}"], "no such version"),
        (["evals", "--outputs", "{good}", "--fail-under", "acuracy=1"], "no metric 'acuracy'"),
        (["evals", "--outputs", "{good}", "--fail-under", "judge.typo.pass_rate=1"], "no judge 'typo'"),
        (["evals", "--outputs", "{good}", "--fail-under", "evaluation.judge.a.b.pass_rate=1"], "no judge 'a.b'"),
        (["evals", "--outputs", "{good}", "--fail-under", "accuracy"], "METRIC=VALUE"),
        (["evals", "--outputs", "{good}", "--fail-under", "pass_rate=x"], "METRIC=VALUE"),
        (["evals", "--outputs", "{good}", "--max-regression", "accuracy=0.1"], "needs a --baseline"),
        (["evals", "--outputs", "{good}", "--baseline", "77"], "no finished evaluation"),
        (["evals", "--endpoint", "{dead}", "--retries", "0", "--timeout", "1"], "was answered"),
        (["evals", "--endpoint", "http://10.0.0.1/x"], "10.0.0.1"),
        (["evals"], "required"),
    ],
)
def test_what_could_not_run_leaves_by_two(lea, stub, tmp_path, words, why):
    bring(lea, 3)
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_bytes(b"\n".join(orjson.dumps(each) for each in outputs(3)))
    bad.write_bytes(good.read_bytes().split(b"\n")[0] + b"\n{")
    code, said = run(*(word.format(good=good, bad=bad, dead="http://127.0.0.1:9/") for word in words))
    assert (code, why in said) == (2, True) or (why == "required" and why in said), said
    assert not Evaluation.objects.exclude(state="failed").exists()


def test_servers_that_do_not_start_are_no_failed_gate(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))  # the command sets it: so that it is set back
    (tmp_path / "file").write_text("not a folder")
    assert run_command(["manage.py", "evaluate", "a", "b", "--data-dir", str(tmp_path / "file")]) == 2
    assert "error:" in capsys.readouterr().err
