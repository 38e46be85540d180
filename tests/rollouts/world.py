"""What the tests of rollouts do again and again: bring items in, make a rollout, confirm, sign."""

from tests.sampling.lines import item, ndjson

NDJSON = {"content_type": "application/x-ndjson"}
GATES = {
    "internal_beta": [
        {"name": "quality", "metric": "pass_rate", "at_least": 0.7, "bound": "low", "min_n": 20},
        {"name": "ready", "metric": "attestation", "text": "Monitoring is in place"},
    ],
    "general_availability": [{"name": "errors", "metric": "error_rate", "at_most": 0.5, "bound": "high", "min_n": 10}],
}
REASON = "I looked at fifty of them."


def send(client, path, rows):
    assert client.post(f"/projects/helpdesk/{path}", ndjson(*rows), **NDJSON)["rejected"] == 0


def bring_in(client, n=40, fails=0, version="2.0", prefix="i"):
    """Send items of a version, all drawn, and a label on each."""
    send(client, "items", [item(f"{prefix}{k}", system_version=version, latency_ms=100 + k) for k in range(n)])
    lines = [
        {"external_id": f"{prefix}{k}", "reviewer": "zoe", "answers": {"verdict": "fail" if k < fails else "pass"}}
        for k in range(n)
    ]
    send(client, "labels/import", lines)


def make(client, gates=GATES, **more):
    return client.post("/projects/helpdesk/rollouts", {"system_version": "2.0", "gates": gates, **more}, status=201)


def gate(rollout, name):
    return next(each for each in rollout["gates"] if each["name"] == name)


def confirm(browser, rollout_id, name="ready"):
    form = {"do": "attest", "gate": name, "text": "It is", "link": "https://status.example.org/"}
    assert browser.post(f"/p/helpdesk/rollouts/{rollout_id}/act", form).status_code == 302


def sign(client, rollout_id, bundle, decision="approve", status=201, to_stage="internal_beta"):
    body = {
        "to_stage": to_stage,
        "decision": decision,
        "reason": REASON,
        "evidence_sha256": bundle["sha256"],
    }
    return client.post(f"/rollouts/{rollout_id}/signoffs", body, status=status)
