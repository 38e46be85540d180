"""The import commands: a file in, the result object out, and the exit code."""

import json

import pytest
from django.core.management import call_command

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
