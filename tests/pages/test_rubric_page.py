"""The rubric's page: templates, what publishing would do, versions, and the answers it gets while it is written."""

import json
from datetime import UTC, datetime

import pytest

from annotations.models import Label, RubricVersion
from annotations.projects import create_project
from annotations.rubrics.publish import parse_rubric, publish_rubric
from annotations.rubrics.templates import TEMPLATES
from annotations.rubrics.versions import stored_questions
from reviewapp.accounts.projects import ProjectSpec
from tests.conftest import NOW, RUBRIC
from tests.queue.items import add_items

PAGE = "/p/helpdesk/settings/rubric"
VERDICT, NOTE = RUBRIC["questions"]
FAIL_TOO = {**VERDICT, "title": "Send it?", "options": [*VERDICT["options"], {"value": "so", "label": "So-so"}]}


@pytest.fixture
def lea(project, cast, browser_of):
    return browser_of(cast.lea)


def text(response):
    return " ".join(response.content.decode().split())


def fields(*questions, guidelines="", **more):
    return {"questions": json.dumps(questions), "guidelines": guidelines, **more}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)
def test_every_template_is_valid_as_it_stands_and_fills_the_form(lea, template):
    parse_rubric({"guidelines": template.guidelines, "questions": template.questions})
    page = lea.get(f"{PAGE}?template={template.name}")
    assert f"the template “{template.title}”" in text(page)
    assert page.context["questions_json"] == json.dumps(template.questions, indent=2, ensure_ascii=False)
    assert RubricVersion.objects.count() == 1


def test_a_project_without_a_rubric_begins_with_templates(cast, browser_of):
    spec = ProjectSpec(slug="bare", name="Bare", sampling_salt="salt")
    create_project(owner=cast.olga, spec=spec, rubric=None, actor=None, now=NOW)
    page = text(browser_of(cast.olga).get("/p/bare/settings/rubric"))
    assert "No rubric yet" in page
    assert "Publish version 1" in page
    assert "There are no labels yet" in page


@pytest.mark.parametrize("query", ["template=none", "version=9", "version=x", "from=1&to=7"])
def test_what_does_not_exist_is_not_found(lea, query):
    assert lea.get(f"{PAGE}?{query}").status_code == 404


def test_the_page_says_beforehand_what_publishing_does(lea, project, cast):
    item = add_items(project, [0.1, 0.2])[0]
    first = RubricVersion.objects.get()
    common = {"project": project, "item_id": getattr(item, "pk", item), "rubric": first, "created_at": NOW}
    Label.objects.create(**common, reviewer=cast.rui, reviewer_name="rui", answers={"verdict": "pass"})
    page = text(lea.get(PAGE))
    assert "<strong>2 open labels</strong> in the queue will be given under the new version" in page
    assert "<strong>1 label</strong> given so far keeps the version it was given under" in page
    said = text(lea.post(PAGE, fields(FAIL_TOO, {**NOTE, "key": "more"}, guidelines="New", act="check")))
    assert "title: <del>Would you send it?</del> → <ins>Send it?</ins>" in said
    assert "option: <ins>So-so</ins>" in said
    assert "<code>more</code> is new (text)" in said
    assert "<code>note</code> is no longer asked" in said
    assert "The guidelines change" in said
    assert RubricVersion.objects.count() == 1


def test_a_pass_that_means_something_else_is_said(lea):
    said = text(lea.post(PAGE, fields({**VERDICT, "positive": ["fail"]}, NOTE, act="check")))
    assert "now <em>verdict is pass</em>, then <em>verdict is fail</em>" in said


def test_versions_are_listed_with_who_and_what_and_can_be_begun_with_again(lea, project):
    lea.post(PAGE, fields(NOTE, VERDICT, guidelines=RUBRIC["guidelines"], base="1"))
    publish_rubric(project=project, body={"questions": [VERDICT]}, actor=None, now=datetime(2026, 5, 1, tzinfo=UTC))
    page = text(lea.get(PAGE))
    assert "<strong>Version 2</strong>" in page
    assert "lea</span>" in page
    assert "stands elsewhere" in page
    assert "version 1</strong>. Nothing is published" in text(lea.get(f"{PAGE}?version=1"))
    assert "From version 1 to version 3" in text(lea.get(f"{PAGE}?from=1&to=3"))


def test_two_writers_do_not_overwrite_each_other_unseen(lea, project):
    publish_rubric(project=project, body=RUBRIC, actor=None, now=NOW)
    refused = lea.post(PAGE, fields(VERDICT, guidelines="Mine", base="1"))
    assert refused.status_code == 409
    assert "Version 2 was published while you were writing" in text(refused)
    assert "Mine</textarea>" in text(refused)
    assert RubricVersion.objects.count() == 2
    # Having been told, they may: the form they got back follows the newest.
    assert 'name="base" value="2"' in text(refused)
    assert lea.post(PAGE, fields(VERDICT, base="2")).status_code == 302


class TestCheck:
    def check(self, browser, *questions, **more):
        response = browser.post(f"{PAGE}/check", fields(*questions, **more))
        assert response.status_code == 200
        return response.json()

    def test_mistakes_have_their_places(self, lea):
        option = {"value": "a", "label": "A", "hotkey": "?"}
        wrong = {**VERDICT, "options": [option, {"value": "b", "label": "B"}], "positive": ["a"]}
        answer = self.check(lea, wrong)
        assert [field["path"] for field in answer["fields"]] == ["questions.0.options.0.hotkey"]
        assert "preview" not in answer

    def test_guidelines_are_rendered_even_where_questions_are_wrong(self, lea):
        answer = self.check(lea, guidelines="**Good:** yes")
        assert "<strong>Good:</strong>" in answer["guidelines"]
        assert answer["fields"][0]["path"] == "questions"

    def test_the_preview_is_an_item_of_the_project(self, lea, project):
        add_items(project, [0.1])
        preview = self.check(lea, VERDICT)["preview"]
        assert preview["is_stored"]
        assert "metadata" not in preview["item"]  # blind, as its reviewers see it

    def test_without_a_fitting_item_one_is_made_up(self, lea, project):
        assert not self.check(lea, VERDICT)["preview"]["is_stored"]
        add_items(project, [0.1])
        better = {"key": "better", "kind": "pairwise", "title": "Better?", "candidates": ["x", "y"]}
        preview = self.check(lea, better)["preview"]
        assert not preview["is_stored"]
        assert sorted(preview["item"]["output"]) == sorted(preview["candidates"]) == ["x", "y"]


def test_stored_questions_are_what_a_version_keeps(project):
    assert stored_questions(parse_rubric(RUBRIC)) == RubricVersion.objects.get().questions
