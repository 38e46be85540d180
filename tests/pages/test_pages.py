"""Each page, by role: what one sees, what one does not, and that a stranger sees nothing."""

import json
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from reviewapp.accounts.models import Membership, Project, User
from tests.conftest import RUBRIC
from tests.queue.items import add_items

PAGES = (
    "/p/helpdesk/",
    "/p/helpdesk/review",
    "/p/helpdesk/review/guidelines?version=1",
    "/p/helpdesk/settings",
    "/p/helpdesk/settings/rubric",
)


@pytest.fixture
def get(browser_of):
    """`get(person, path)`: the page's status and text."""

    def ask(person, path):
        response = browser_of(person).get(path)
        return response.status_code, response.content.decode()

    return ask


class TestAccess:
    @pytest.mark.parametrize("path", PAGES)
    def test_a_stranger_finds_nothing(self, project, cast, get, path):
        assert get(cast.stan, path)[0] == 404

    @pytest.mark.parametrize("path", PAGES)
    def test_whoever_is_not_signed_in_is_sent_to_sign_in(self, project, path):
        response = Client().get(path)
        assert response.status_code == 302
        assert response["Location"].startswith("/accounts/login/?next=/p/helpdesk/")

    @pytest.mark.parametrize(
        ("name", "review", "settings"),
        [
            ("olga", 200, 200),
            ("lea", 200, 200),
            ("ada", 200, 403),
            ("rui", 200, 403),
            ("pat", 403, 403),
            ("vic", 403, 403),
        ],
    )
    def test_pages_follow_the_table_of_roles(self, project, cast, get, name, review, settings):
        person = getattr(cast, name)
        assert get(person, "/p/helpdesk/")[0] == 200
        assert get(person, "/p/helpdesk/review")[0] == review
        assert get(person, "/p/helpdesk/settings")[0] == settings

    def test_the_navigation_shows_only_what_the_person_may_use(self, project, cast, get):
        page = get(cast.vic, "/p/helpdesk/")[1]
        assert "/p/helpdesk/review" not in page
        assert "/p/helpdesk/settings" not in page

    def test_many_pages_are_grouped_and_few_stand_in_the_header(self, project, cast, get):
        owner, reviewer = get(cast.olga, "/p/helpdesk/")[1], get(cast.rui, "/p/helpdesk/")[1]
        groups = ["Work", "Traffic", "Measure", "Release", "Run"]
        assert re.findall(r'class="nav-label"[^>]*>([^<]*)<', owner) == groups
        links = re.findall(r'<li><a href="(/p/[^"]*)"', owner)
        assert len(links) == len(set(links)) > 10
        assert "popovertarget" in owner
        assert "popovertarget" not in reviewer
        assert "nav-label" not in reviewer

    def test_a_reviewer_sees_only_the_queue_and_their_own_numbers(self, project, cast, get):
        add_items(project, [0.1])
        page = get(cast.rui, "/p/helpdesk/")[1]
        assert "Start reviewing" in page
        assert "Your labels a day" in page
        for hidden in ("SECRET-VERSION", "item-0", "Who labelled", "People", "Plan", "Take it out", "bea"):
            assert hidden not in page


class TestHome:
    def test_a_stranger_to_the_server_gets_the_sign_in_form(self, db):
        response = Client().get("/")
        assert response.status_code == 200
        assert b'name="login"' in response.content

    def test_projects_come_with_their_queue(self, project, cast, get):
        add_items(project, [0.1, 0.2], need=2)
        assert "4 open" in get(cast.rui, "/")[1]

    def test_somebody_without_a_project_is_told_what_to_do(self, cast, get):
        assert "invitation link" in get(cast.stan, "/")[1]

    def test_a_superuser_without_a_project_is_told_the_commands(self, cast, get):
        User.objects.filter(pk=cast.stan.pk).update(is_superuser=True)
        assert "create_project" in get(cast.stan, "/")[1]

    def test_demo_people_are_shown_where_the_demo_is(self, db, settings, tmp_path):
        settings.DATA_DIR = tmp_path
        rows = [{"username": "rosa", "password": "secret-1", "role": "reviewer"}]
        (tmp_path / "demo-sign-ins.json").write_text(json.dumps(rows))
        assert b'data-username="rosa"' in Client().get("/").content

    def test_demo_people_are_not_shown_to_other_machines(self, db, settings, tmp_path):
        settings.DATA_DIR, settings.PUBLIC_URL = tmp_path, "https://review.example.org"
        rows = [{"username": "rosa", "password": "secret-1", "role": "reviewer"}]
        (tmp_path / "demo-sign-ins.json").write_text(json.dumps(rows))
        assert b"data-username" not in Client().get("/").content

    @pytest.mark.parametrize("content", [None, "[", "[1]", '[{"username": "rosa"}]'])
    def test_without_a_readable_file_there_are_none(self, db, settings, tmp_path, content):
        settings.DATA_DIR = tmp_path
        if content is not None:
            (tmp_path / "demo-sign-ins.json").write_text(content)
        assert b"data-username" not in Client().get("/").content

    @pytest.mark.parametrize("path", ["/accounts/logout/", "/accounts/password/change/"])
    def test_account_pages_wear_the_same_clothes(self, project, cast, get, path):
        User.objects.filter(pk=cast.rui.pk).update(password="pbkdf2_sha256$1$x$x")
        cast.rui.refresh_from_db()
        assert "site-header" in get(cast.rui, path)[1]

    def test_a_slash_too_many_or_too_few_leads_to_the_page(self, project, cast, browser_of):
        browser = browser_of(cast.rui)
        assert browser.get("/p/helpdesk?day=1")["Location"] == "/p/helpdesk/?day=1"
        assert browser.get("/p/helpdesk/review/")["Location"] == "/p/helpdesk/review"
        assert browser.get("/p/helpdesk/no-page/").status_code == 404
        assert browser.post("/p/helpdesk/review/").status_code == 404

    def test_the_old_address_of_the_icon_leads_to_the_icon(self, db):
        assert Client().get("/favicon.ico")["Location"].endswith("favicon.svg")

    def test_the_theme_comes_from_the_cookie_and_nothing_else_does(self, db):
        browser = Client()
        browser.cookies["theme"] = "dark"
        assert b'data-theme="dark"' in browser.get("/").content
        browser.cookies["theme"] = "x onload=1"
        assert b"data-theme=" not in browser.get("/").content

    def test_signed_in_again_sends_back_to_the_other_tab(self, cast, get):
        assert "Close this tab" in get(cast.rui, "/signed-in")[1]


class TestOverview:
    def test_an_empty_project_says_how_to_send_an_item(self, project, cast, get):
        page = get(cast.lea, "/p/helpdesk/")[1]
        assert "curl" in page
        assert "ingest helpdesk" in page

    def test_a_reader_sees_items_people_plan_and_exports(self, project, cast, get):
        add_items(project, [0.1])
        page = get(cast.vic, "/p/helpdesk/")[1]
        for shown in ("item-0", "SECRET-VERSION", "everything is drawn", "bea, rui", "labels?format=csv"):
            assert shown in page
        assert "Nothing is masked" not in page

    def test_a_project_that_masks_nothing_says_so(self, project, cast, get):
        add_items(project, [0.1])
        Project.objects.update(masking="off")
        assert "Nothing is masked in this project" in get(cast.vic, "/p/helpdesk/")[1]

    def test_labels_are_counted_by_day_and_person(self, project, cast, api_of, get):
        add_items(project, [0.1, 0.2])
        rui = api_of(cast.rui)
        task = rui.post("/projects/helpdesk/tasks/claim")["tasks"][0]
        body = {"lease": task["lease"]["token"], "answers": {"verdict": "pass"}, "submit_id": "s1"}
        rui.post(f"/tasks/{task['id']}/label", body, status=201)
        page = get(cast.lea, "/p/helpdesk/")[1]
        assert "1 in 14 days" in page
        assert '<th scope="row">rui</th><td class="number">1</td>' in page
        assert '<strong id="today">1</strong>' in get(cast.rui, "/p/helpdesk/review")[1]

    def test_a_project_without_a_rubric_says_so(self, cast, get):
        from annotations.projects import create_project
        from reviewapp.accounts.projects import ProjectSpec
        from tests.conftest import NOW

        spec = ProjectSpec(slug="bare", name="Bare", sampling_salt="salt")
        create_project(owner=cast.olga, spec=spec, rubric=None, actor=None, now=NOW)
        assert "There are no questions yet" in get(cast.olga, "/p/bare/")[1]
        assert "none yet" in get(cast.olga, "/p/bare/settings")[1]
        assert get(cast.olga, "/p/bare/review")[0] == 200

    @pytest.mark.parametrize("path", ["/", "/p/helpdesk/", "/p/helpdesk/review", "/p/helpdesk/settings"])
    def test_a_page_asks_as_little_at_300_rows_as_at_3(self, project, cast, browser_of, path):
        def count():
            with CaptureQueriesContext(
                connection,
            ) as asked:
                assert browser.get(path).status_code == 200
            return len(asked)

        browser = browser_of(cast.olga)
        add_items(project, [0.1] * 3)
        browser.get(path)
        few = count()
        add_items(project, [0.2] * 297, prefix="more")
        User.objects.bulk_create(User(username=f"p{n}") for n in range(40))
        Membership.objects.bulk_create(
            Membership(project=project, user=user, role="reviewer", created_at=project.created_at)
            for user in User.objects.filter(username__startswith="p", username__regex=r"\d")
        )
        assert count() == few
        assert few <= 20


class TestReviewPage:
    def test_guidelines_are_rendered_and_harmless(self, project, cast, browser_of, get):
        body = {
            "guidelines": "# Hi\n\n<script>x</script> **b** ![i](http://x)",
            "questions": json.dumps(RUBRIC["questions"]),
        }
        browser_of(cast.lea).post("/p/helpdesk/settings/rubric", body)
        page = get(cast.rui, "/p/helpdesk/review/guidelines?version=2")[1]
        assert "<h2>Hi</h2>" in page
        assert "<strong>b</strong>" in page
        assert "<script" not in page
        assert "<img" not in page

    @pytest.mark.parametrize("version", ["", "7", "x", "9" * 30])
    def test_guidelines_of_no_version_are_not_found(self, project, cast, get, version):
        assert get(cast.rui, f"/p/helpdesk/review/guidelines?version={version}")[0] == 404

    def test_the_page_is_sent_compressed(self, project, cast, browser_of):
        response = browser_of(cast.rui).get("/p/helpdesk/review", headers={"Accept-Encoding": "gzip"})
        assert response["Content-Encoding"] == "gzip"

    def test_pages_carry_no_inline_script_or_style(self, project, cast, browser_of):
        for path in ("/", *PAGES):
            response = browser_of(cast.olga).get(path)
            page = response.content.decode()
            assert "<style" not in page
            assert " style=" not in page
            assert "<script>" not in page
            assert " onclick=" not in page
            assert "'unsafe-inline'" not in response["Content-Security-Policy"]
