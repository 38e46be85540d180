"""Clients that write out every field send null for what they leave out: it stands for the default, in every body."""

from annotations.models import RubricVersion
from sampling.models import Feedback, PlanVersion
from tests.sampling.lines import item

URL = "/projects/helpdesk"
QUESTION = {"key": "verdict", "kind": "choice", "title": "Right?", "positive": ["a"]}
LEFT_OUT = {"help": None, "required": None, "primary": None, "show_if": None}


def test_a_null_stands_for_the_default_in_every_body(cast, project, api_of):
    lea, olga = api_of(cast.lea), api_of(cast.olga)
    lea.post(f"{URL}/items", {"items": [item("a")]})
    assert lea.post(f"{URL}/feedback", {"external_id": "a", "value": 1, "comment": None}, status=201)["comment"] == ""
    assert Feedback.objects.get().value == 1
    olga.post(f"{URL}/invitations", {"role": "reviewer", "email": None}, status=201)
    rule = {"name": "r", "when": {"model": {"eq": "x"}}, "rate": 1, "overlap": None, "urgent": None}
    plan = {"name": None, "base_rate": 1, "rules": [rule], "targets": None, "settle_hours": None, "overlap": None}
    lea.put(f"{URL}/plan", plan)
    lea.put(f"{URL}/plan", {**plan, "rules": None})
    assert PlanVersion.objects.latest("version").rules == []
    options = [{"value": value, "label": value, "hotkey": None} for value in "ab"]
    rubric = {"guidelines": None, "questions": [{**QUESTION, **LEFT_OUT, "options": options}]}
    lea.put(f"{URL}/rubric", rubric)
    plain = {"questions": [{**QUESTION, "options": [{"value": value, "label": value} for value in "ab"]}]}
    lea.put(f"{URL}/rubric", plain)
    one, two = RubricVersion.objects.order_by("-version")[:2]
    assert one.questions == two.questions
    gate = {"name": "g", "metric": "pass_rate", "at_least": 0.5, "at_most": None, "min_n": None, "text": None}
    gates = {"internal_beta": [gate], "general_availability": None}
    lea.post(f"{URL}/rollouts", {"system_version": "v1", "baseline": None, "gates": gates}, status=201)
