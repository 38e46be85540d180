"""The import commands: a file in, the result object out, and the exit code."""

import json
from contextlib import suppress

import pytest
from django.core.management import CommandError, call_command

from annotations.models import Decision, Verdict
from tests.sampling.lines import item, ndjson

LINES = {
    "import_labels": {"reviewer": "zoe", "answers": {"verdict": "pass"}},
    "import_verdicts": {"judge": "strict", "judge_version": "1", "answers": {"verdict": "pass"}},
    "import_decisions": {"decision": "refund"},
}


@pytest.mark.parametrize("command", LINES)
def test_a_file_is_stored_and_bad_lines_fail_the_command(cast, project, api_of, tmp_path, capsys, command):
    api_of(cast.lea).post("/projects/helpdesk/items", {"items": [item("a")]})
    file = tmp_path / "lines.jsonl"
    file.write_bytes(ndjson({"external_id": "a", **LINES[command]}))
    call_command(command, "helpdesk", str(file))
    assert json.loads(capsys.readouterr().out)["accepted"] == 1
    file.write_bytes(ndjson({"external_id": "a", **LINES[command]}, {"external_id": "a"}))
    with pytest.raises(SystemExit) as ended:
        call_command(command, "helpdesk", str(file))
    assert ended.value.code == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["duplicates"], told["rejected"]) == (1, 1)


def test_tables_are_read_like_those_of_items(cast, project, api_of, tmp_path, capsys):
    api_of(cast.lea).post("/projects/helpdesk/items", {"items": [item("007"), item("b")]})

    def run(command, content, *options, name="a.csv"):
        (tmp_path / name).write_bytes(content)
        with suppress(SystemExit):
            call_command(command, "helpdesk", str(tmp_path / name), *options)
        told = capsys.readouterr()
        return json.loads(told.out), told.err

    decided = (
        b"\xef\xbb\xbfTicket;decision;decided_at;decider;assisted;duration_ms;team\r\n"
        b'007;refund;2026-02-03T04:05:06Z;Zoe;TRUE;1200;red\r\nb;"{""a"": 1}";;;;;\r\n;keep;;;;;\r\n'
    )
    told, said = run("import_decisions", decided, "--map", "external_id=Ticket", "--feed", "desk")
    assert (told["accepted"], [(error["line"], error["path"]) for error in told["errors"]]) == (2, [(4, "external_id")])
    assert "team (1)" in said
    first, second = Decision.objects.order_by("pk")
    assert (first.decision, first.decider, first.assisted, first.duration_ms) == ("refund", "Zoe", True, 1200)
    assert second.decision == {"a": 1}
    columns = b"external_id,judge,judge_version,answers.verdict,score,rationale\n"
    judged = columns + b"007,strict,1,Pass,0.9,so\nb,strict,1,,,\n"
    assert run("import_verdicts", judged)[0]["accepted"] == 2
    found = [(each.answers, each.score, each.rationale) for each in Verdict.objects.order_by("pk")]
    assert found == [({"verdict": "pass"}, 0.9, "so"), (None, None, "")]
    whole = {"id": "b", "judge": "strict", "judge_version": "2", "answers": {"verdict": "fail"}}
    told, _ = run("import_verdicts", ndjson(whole, {"id": "b"}), "--map", "external_id=id", name="a.jsonl")
    assert (told["accepted"], told["rejected"], told["errors"][0]["code"]) == (1, 1, "missing_field")
    for command, arguments in (
        ("import_decisions", []),
        ("import_decisions", ["--map", "external_id=Nope"]),
        ("import_decisions", ["--map", "judge=Ticket"]),
        ("import_verdicts", ["--map", "judge"]),
        ("import_verdicts", ["--map", "external_id=Ticket"]),
    ):
        with pytest.raises(CommandError, match=r"column|FIELD=COLUMN"):
            run(command, decided, *arguments)
