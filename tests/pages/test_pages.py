"""Each page, by role: what one sees, what one does not, and that a stranger sees nothing."""

import json
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotations.models import RubricVersion
from reviewapp.accounts.models import ApiToken, Invitation, Membership, Project, User
from tests.conftest import RUBRIC
from tests.queue.items import add_items

PAGES = (
    "/p/helpdesk/",
    "/p/helpdesk/review",
    "/p/helpdesk/review/guidelines?version=1",
    "/p/helpdesk/settings",
    "/p/helpdesk/settings/rubric",
)
FORMS = (
    "project",
    "people",
    "people/remove",
    "invitations",
    "invitations/1/revoke",
    "tokens",
    "tokens/1/revoke",
    "rubric",
    "rubric/check",
)


@pytest.fixture
def get(browser_of):
    """`get(person, path)`: the page's status and text."""

    def ask(person, path):
        response = browser_of(person).get(path)
        return response.status_code, response.content.decode()

    return ask


@pytest.fixture
def post(browser_of):
    """`post(person, form, **fields)`: what the settings answer."""

    def send(person, form, **fields):
        return browser_of(person).post(f"/p/helpdesk/settings/{form}", fields, follow=True)

    return send


class TestAccess:
    @pytest.mark.parametrize("path", PAGES)
    def test_a_stranger_finds_nothing(self, project, cast, get, path):
        assert get(cast.stan, path)[0] == 404

    @pytest.mark.parametrize("form", FORMS)
    def test_a_stranger_changes_nothing(self, project, cast, post, form):
        assert post(cast.stan, form).status_code == 404

    @pytest.mark.parametrize("form", FORMS)
    @pytest.mark.parametrize("name", ["rui", "ada", "pat", "vic"])
    def test_only_owners_and_leads_change_settings(self, project, cast, post, form, name):
        assert post(getattr(cast, name), form).status_code == 403

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
    def test_guidelines_are_rendered_and_harmless(self, project, cast, post, get):
        body = {
            "guidelines": "# Hi\n\n<script>x</script> **b** ![i](http://x)",
            "questions": json.dumps(RUBRIC["questions"]),
        }
        post(cast.lea, "rubric", **body)
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


class TestSettings:
    def test_a_member_is_added_and_changed_and_removed(self, project, cast, post):
        assert b"stan is reviewer now" in post(cast.lea, "people", username="stan", role="reviewer").content
        post(cast.lea, "people", username="stan", role="viewer")
        assert Membership.objects.get(project=project, user=cast.stan).role == "viewer"
        assert b"no longer a member" in post(cast.lea, "people/remove", username="stan").content
        assert not Membership.objects.filter(project=project, user=cast.stan).exists()

    def test_a_new_account_says_that_it_has_no_password(self, project, cast, post):
        assert b"without a password" in post(cast.lea, "people", username="nina", role="viewer").content

    def test_an_unknown_role_is_refused_at_its_place(self, project, cast, post):
        response = post(cast.lea, "people", username="stan", role="king")
        assert response.status_code == 422
        assert b"is not a role" in response.content
        assert b'value="stan"' in response.content

    def test_the_last_owner_stays(self, project, cast, post):
        assert post(cast.olga, "people/remove", username="olga").status_code == 409

    def test_an_invitation_is_shown_once_and_revoked(self, project, cast, post, get):
        assert b"/join/" in post(cast.lea, "invitations", role="reviewer").content
        assert "/join/" not in get(cast.lea, "/p/helpdesk/settings")[1]
        row = Invitation.objects.get()
        post(cast.lea, f"invitations/{row.pk}/revoke")
        row.refresh_from_db()
        assert row.revoked_at is not None

    def test_a_wrong_address_is_refused_at_its_place(self, project, cast, post):
        assert post(cast.lea, "invitations", role="reviewer", email="nobody").status_code == 422

    def test_a_token_is_shown_once_and_revoked(self, project, cast, post, get):
        page = post(cast.lea, "tokens", scopes=["ingest"], expires_days="30")
        assert b"rvw_" in page.content
        assert "no-store" in page["Cache-Control"]
        assert "rvw_" not in get(cast.lea, "/p/helpdesk/settings")[1]
        row = ApiToken.objects.get()
        post(cast.lea, f"tokens/{row.pk}/revoke")
        row.refresh_from_db()
        assert row.revoked_at is not None

    @pytest.mark.parametrize("fields", [{}, {"scopes": ["ingest"], "expires_days": "soon"}])
    def test_a_token_that_makes_no_sense_is_refused(self, project, cast, post, fields):
        assert post(cast.lea, "tokens", **fields).status_code == 422

    def test_the_fields_of_the_project_are_saved(self, project, cast, post, browser_of):
        fields = {"name": "New", "description": "", "overlap": "2", "lease_seconds": "60", "undo_seconds": "5"}
        costs = "verdict: pass / fail = 5\r\ngrade: 1 / 2 = 0.5\r\n"
        fields |= {"extra_reviewers": "2", "disagreement_costs": costs}
        post(cast.lea, "project", **fields, horizon_days="7", blind="on")
        project.refresh_from_db()
        assert (project.extra_reviewers, project.adjudication_names_hidden) == (2, False)
        assert project.disagreement_costs[1] == {"question": "grade", "a": 1, "b": 2, "cost": 0.5}
        assert b"grade: 1 / 2 = 0.5</textarea>" in browser_of(cast.lea).get("/p/helpdesk/settings").content
        fields["disagreement_costs"] = "pass and fail"
        assert post(cast.lea, "project", **fields, horizon_days="7").status_code == 422
        assert Project.objects.get().name == "New"
        assert (project.name, project.overlap, project.blind) == ("New", 2, True)

    @pytest.mark.parametrize("overlap", ["", "many", "0"])
    def test_a_wrong_number_is_refused_and_what_was_typed_stays(self, project, cast, post, overlap):
        fields = {"name": "Typed", "lease_seconds": "60", "undo_seconds": "5", "horizon_days": "7", "overlap": overlap}
        response = post(cast.lea, "project", **fields)
        assert response.status_code == 422
        assert b"<code>overlap</code>" in response.content
        assert b'value="Typed"' in response.content

    def test_a_rubric_is_published(self, project, cast, post):
        response = post(cast.lea, "rubric", guidelines="New.", questions=json.dumps(RUBRIC["questions"]))
        assert b"Rubric version 2 is published" in response.content
        assert RubricVersion.objects.filter(project=project).count() == 2

    @pytest.mark.parametrize(
        ("questions", "said"),
        [
            ("[{", b"line 1, column 3"),
            ("{}", b"Write a JSON list"),
            ('[{"key": "a", "kind": "choice"}]', b"questions.0"),
        ],
    )
    def test_a_wrong_rubric_is_refused_at_its_place_and_kept(self, project, cast, post, questions, said):
        response = post(cast.lea, "rubric", guidelines="Mine", questions=questions)
        assert response.status_code == 422
        assert said in response.content
        assert b"Mine</textarea>" in response.content
