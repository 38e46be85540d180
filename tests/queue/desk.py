"""The reviewer's path over the API, as the tests here walk it: claim, answer, submit."""

import uuid

PASS = {"verdict": "pass"}


def claim(client, count=1):
    return client.post("/projects/helpdesk/tasks/claim", {"count": count})


def claim_one(client):
    (task,) = claim(client)["tasks"]
    return task


def submission(task, answers=PASS, **more):
    return {"lease": task["lease"]["token"], "answers": answers, "submit_id": str(uuid.uuid4()), **more}


def submit(client, task, answers=PASS, status=201, **more):
    return client.post(f"/tasks/{task['id']}/label", submission(task, answers, **more), status=status)
