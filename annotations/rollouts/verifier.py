"""Checks a rollout's report from the report alone. This one file needs nothing but Python: take it, read it, run it.

python verifier.py report.json [--audit audit.jsonl]

Each bundle's hash is recomputed, each gate's state is decided anew from its numbers, and each stage that the version
has reached must rest on two approvals by different people, neither the author, of a bundle all of whose gates pass, and
which still held. With the audit's export each bundle and each decision must stand in it, too; that the export's chain
is whole is what `manage.py verify_audit --export` checks.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

REPORT = "review-loop-rollout/1"
EVIDENCE = "review-loop-evidence/1"
NEEDED = 2
STAGES = ("internal_beta", "general_availability")


def canonical(content: Any) -> bytes:
    """Return content as the bytes that are hashed: JSON with sorted keys, no spaces, as UTF-8."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def content_hash(content: Any) -> str:
    """Return the SHA-256 of content, in hex."""
    return hashlib.sha256(canonical(content)).hexdigest()


def state_of(gate: dict[str, Any]) -> str:
    """Return what a gate's numbers say, by what was asked for beforehand."""
    spec = gate["spec"]
    if spec["metric"] == "attestation":
        return "pass" if gate["value"] == 1 else "not_enough_data"
    cautious = "low" if spec.get("at_least") is not None else "high"
    deciding = gate[spec.get("bound") or cautious]
    if gate["value"] is None or deciding is None or gate["n"] < spec.get("min_n", 0):
        return "not_enough_data"
    if spec.get("at_least") is not None:
        return "pass" if deciding >= spec["at_least"] else "fail"
    return "pass" if deciding <= spec["at_most"] else "fail"


def problems_of(report: Any, audit: Iterable[dict[str, Any]] | None = None) -> list[str]:
    """Return what does not hold in a report; nothing where it holds."""
    if not isinstance(report, dict) or report.get("format") != REPORT:
        return ["This is no report of a rollout."]
    known = None if audit is None else _anchors(audit)
    problems: list[str] = []
    signed = set()
    for bundle in report["bundles"]:
        problems += _problems_of_bundle(bundle, report["author"])
        if known is not None:
            problems += _missing_in_audit(bundle, known)
        if sum(each["decision"] == "approve" for each in bundle["signoffs"]) >= NEEDED:
            signed.add(bundle["to_stage"])
    told = {event["text"].split(",")[0].removeprefix("Now ") for event in report["events"] if event["kind"] == "moved"}
    reached = {stage for stage in STAGES if stage in told or STAGES.index(stage) <= _place(report["stage"])}
    return problems + [
        f"The version went to {stage} without two approvals." for stage in STAGES if stage in reached - signed
    ]


def _place(stage: str) -> int:
    return STAGES.index(stage) if stage in STAGES else -1


def _problems_of_bundle(bundle: dict[str, Any], author: str) -> list[str]:
    name, content = _name(bundle), bundle["content"]
    problems = []
    if content.get("format") != EVIDENCE or content_hash(content) != bundle["sha256"]:
        problems.append(f"{name}: its content does not have the hash {bundle['sha256']}.")
    if content["to_stage"] != bundle["to_stage"]:
        problems.append(f"{name}: its content is about {content['to_stage']}.")
    problems += [f"{name}: {said}" for said in (*_problems_of_gates(content), *_problems_of_people(bundle, author))]
    return problems


def _problems_of_gates(content: dict[str, Any]) -> list[str]:
    problems = []
    confirmed = {each["gate"] for each in content["attestations"]}
    for gate in content["gates"]:
        state = state_of(gate)
        if state != gate["state"]:
            problems.append(f"gate {gate['name']!r} says {gate['state']}, its numbers say {state}.")
        if gate["metric"] == "attestation" and gate["state"] == "pass" and gate["name"] not in confirmed:
            problems.append(f"nobody confirmed {gate['name']!r}.")
    return problems


def _problems_of_people(bundle: dict[str, Any], author: str) -> list[str]:
    content, signoffs = bundle["content"], bundle["signoffs"]
    problems = []
    people = [each["by"] for each in signoffs]
    if len(set(people)) < len(people):
        problems.append("somebody decided twice.")
    if author in people:
        problems.append(f"the author {author} decided on it.")
    since, until = datetime.fromisoformat(content["at"]), datetime.fromisoformat(content["expires_at"])
    for each in signoffs:
        if each["evidence_sha256"] != bundle["sha256"]:
            problems.append(f"{each['by']} signed another content, {each['evidence_sha256']}.")
        if not since <= datetime.fromisoformat(each["at"]) < until:
            problems.append(f"{each['by']} decided when it did not hold.")
    decisions = [each["decision"] for each in signoffs]
    if decisions.count("approve") >= NEEDED:
        if any(gate["state"] != "pass" for gate in content["gates"]) or not content["gates"]:
            problems.append("it was approved with a gate that is not passed.")
        if "reject" in decisions:
            problems.append("it was approved although somebody rejected it.")
    return problems


def _name(bundle: dict[str, Any]) -> str:
    return f"Bundle {bundle['id']} ({bundle['to_stage']})"


def _anchors(audit: Iterable[dict[str, Any]]) -> set[tuple[str, str]]:
    """Return (action, hash of a bundle) of what the audit says about evidence."""
    found = set()
    for event in audit:
        detail = event.get("detail") or {}
        sha256 = detail.get("sha256") or detail.get("evidence_sha256")
        if isinstance(sha256, str):
            found.add((str(event.get("action")), sha256))
    return found


def _missing_in_audit(bundle: dict[str, Any], known: set[tuple[str, str]]) -> list[str]:
    words = {"approve": "rollout.approved", "reject": "rollout.rejected"}
    actions = ["rollout.evidence_frozen", *(words[each["decision"]] for each in bundle["signoffs"])]
    return [
        f"{_name(bundle)}: the audit has no {action} of it."
        for action in dict.fromkeys(actions)
        if (action, bundle["sha256"]) not in known
    ]


def main(words: Sequence[str]) -> int:
    """Check the file that is named; 0 where it holds, else 1, and 2 where there is nothing to check."""
    if len(words) not in {1, 3} or (len(words) == 3 and words[1] != "--audit"):
        sys.stderr.write("usage: verifier.py report.json [--audit audit.jsonl]\n")
        return 2
    report = json.loads(Path(words[0]).read_text(encoding="utf-8"))
    audit = None
    if len(words) == 3:
        audit = [json.loads(line) for line in Path(words[2]).read_text(encoding="utf-8").splitlines() if line.strip()]
    problems = problems_of(report, audit)
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    if not problems:
        n = len(report["bundles"])
        sys.stdout.write(f"The report holds: {n} bundle{'' if n == 1 else 's'} of evidence.\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
