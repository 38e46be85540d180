"""Projects over the API: made by superusers, seen by members, changed by leads."""

import pytest

from annotations.models import RubricVersion
from reviewapp.accounts.models import Membership, Project
from reviewapp.accounts.projects import ProjectSpec, add_project
from reviewapp.audit.models import AuditEvent
from tests.conftest import NOW, RUBRIC


@pytest.fixture
def root(cast):
    """Olga, made a superuser."""
    cast.olga.is_superuser = True
    cast.olga.save()
    return cast.olga


def codes(answer):
    return answer["error"]["code"], [field["path"] for field in answer["error"]["fields"]]


def test_a_site_token_of_a_superuser_makes_a_project_and_owns_it(root, api_of):
    made = api_of(root, "admin", site=True).post("/projects", {"slug": "desk", "name": "Desk"}, status=201)
    assert (made["slug"], made["overlap"], made["blind"], made["masking"], made["role"]) == (
        "desk",
        1,
        True,
        "mask",
        "owner",
    )
    assert "sampling_salt" not in made
    assert Membership.objects.get(project__slug="desk").user == root
    assert AuditEvent.objects.filter(action="project.created", object_id=Project.objects.get(slug="desk").pk).exists()


def test_a_superusers_session_makes_a_project_with_its_rubric(root, browser_of):
    body = {"slug": "desk", "name": "Desk", "rubric": RUBRIC, "checks": [], "masking": "off", "overlap": 2}
    response = browser_of(root).post("/api/v1/projects", body, content_type="application/json")
    assert response.status_code == 201
    assert RubricVersion.objects.get(project__slug="desk").version == 1


def test_a_project_with_a_broken_rubric_is_not_made_at_all(root, api_of):
    body = {"slug": "desk", "name": "Desk", "rubric": {"questions": []}}
    answer = api_of(root, "admin", site=True).post("/projects", body, status=422)
    assert answer["error"]["code"] == "rubric_invalid"
    assert not Project.objects.filter(slug="desk").exists()


def test_others_make_none(cast, api_of, browser_of):
    answer = api_of(cast.lea, "admin", site=True).post("/projects", {"slug": "desk", "name": "Desk"}, status=403)
    assert answer["error"]["code"] == "forbidden"


def test_a_projects_token_of_a_superuser_makes_none(root, api_of):
    api_of(root).post("/projects", {"slug": "desk", "name": "Desk"}, status=403)


def test_a_site_token_without_admin_makes_none(root, api_of):
    answer = api_of(root, "read", site=True).post("/projects", {"slug": "desk", "name": "Desk"}, status=403)
    assert answer["error"]["code"] == "missing_scope"


@pytest.mark.parametrize(
    ("change", "code", "paths"),
    [
        ({"colour": "red"}, "invalid", ["colour"]),
        ({"slug": "Not Good"}, "invalid", ["slug"]),
        ({"overlap": 0}, "invalid", ["overlap"]),
        ({"overlap": 51}, "invalid", ["overlap"]),
        ({"masking": "some"}, "invalid", ["masking"]),
        ({"masking_patterns": [{"name": "n"}]}, "invalid", ["masking_patterns.0.pattern"]),
        ({"masking_patterns": [{"name": "n", "pattern": "("}]}, "invalid", ["masking_patterns.0.pattern"]),
        ({"checks": [{"name": "no-links", "kind": "regex"}]}, "checks_invalid", ["checks.0.kind"]),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(root, api_of, change, code, paths):
    body = {"slug": "desk", "name": "Desk", **change}
    assert codes(api_of(root, "admin", site=True).post("/projects", body, status=422)) == (code, paths)


def test_a_slug_is_given_once(root, api_of):
    answer = api_of(root, "admin", site=True).post("/projects", {"slug": "helpdesk", "name": "Two"}, status=409)
    assert codes(answer) == ("slug_taken", ["slug"])


def test_a_member_sees_the_project_and_their_role(cast, api_of):
    shown = api_of(cast.rui).get("/projects/helpdesk")
    assert (shown["name"], shown["role"]) == ("Helpdesk", "reviewer")


def test_projects_are_listed_page_by_page(cast, project, api_of):
    for slug in ("alpha", "beta", "zulu"):
        add_project(owner=cast.olga, spec=ProjectSpec(slug=slug, name=slug), actor=None, now=NOW)
    client = api_of(cast.olga, "read", site=True)
    first = client.get("/projects?limit=3")
    second = client.get(f"/projects?limit=3&cursor={first['next']}")
    slugs = [row["slug"] for page in (first, second) for row in page["results"]]
    assert slugs == ["alpha", "beta", "helpdesk", "zulu"]
    assert second["next"] is None


def test_a_projects_token_lists_its_project_alone(cast, project, api_of):
    add_project(owner=cast.olga, spec=ProjectSpec(slug="alpha", name="Alpha"), actor=None, now=NOW)
    assert [row["slug"] for row in api_of(cast.olga).get("/projects")["results"]] == ["helpdesk"]


def test_a_stranger_lists_none(cast, project, api_of):
    assert api_of(cast.stan, "read", site=True).get("/projects") == {"results": [], "next": None}


def test_listing_costs_the_same_for_3_and_300(cast, project, api_of, django_assert_max_num_queries):
    projects = Project.objects.bulk_create(
        Project(slug=f"p{n}", name="P", sampling_salt="s", created_by=cast.olga, created_at=NOW) for n in range(300)
    )
    Membership.objects.bulk_create(
        Membership(project=made, user=cast.olga, role="owner", created_at=NOW) for made in projects
    )
    client = api_of(cast.olga, "read", site=True)
    for limit in (3, 300):
        with django_assert_max_num_queries(3):
            client.get(f"/projects?limit={limit}")


def test_a_lead_changes_fields_and_the_trail_names_them_without_peoples_text(cast, project, api_of):
    shown = api_of(cast.lea).patch("/projects/helpdesk", {"name": "Answers", "overlap": 2, "blind": True})
    assert (shown["name"], shown["overlap"]) == ("Answers", 2)
    event = AuditEvent.objects.get(action="project.changed")
    assert event.detail == {"changed": ["name", "overlap"], "overlap": 2}
    assert (event.actor_id, event.token_id is not None) == (cast.lea.pk, True)


def test_a_change_to_what_is_already_so_leaves_no_trail(cast, project, api_of):
    api_of(cast.lea).patch("/projects/helpdesk", {"overlap": 1})
    assert not AuditEvent.objects.filter(action="project.changed").exists()


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"masking": "some"}, "invalid", "masking"),
        ({"masking_patterns": [{"name": "n", "pattern": "a*"}]}, "invalid", "masking_patterns.0.pattern"),
        ({"slug": "other"}, "invalid", "slug"),
        ({"sampling_salt": "x"}, "invalid", "sampling_salt"),
        ({"colour": "red"}, "invalid", "colour"),
        ({"lease_seconds": 0}, "invalid", "lease_seconds"),
        ({"overlap": "many"}, "invalid", "overlap"),
        ({"name": ""}, "invalid", "name"),
        ({"name": None}, "invalid", "name"),
    ],
)
def test_what_cannot_be_changed_is_refused_with_its_place(cast, project, api_of, change, code, path):
    assert codes(api_of(cast.olga).patch("/projects/helpdesk", change, status=422)) == (code, [path])


def test_rubric_versions_are_published_and_read(cast, project, api_of):
    client = api_of(cast.lea)
    assert client.put("/projects/helpdesk/rubric", {**RUBRIC, "guidelines": "Be strict."}) == {"version": 2}
    assert client.get("/projects/helpdesk/rubric")["guidelines"] == "Be strict."
    first = client.get("/projects/helpdesk/rubric?version=1")
    assert (first["version"], [question["key"] for question in first["questions"]]) == (1, ["verdict", "note"])


def test_a_rubric_version_that_does_not_exist_is_404(cast, project, api_of):
    api_of(cast.lea).get("/projects/helpdesk/rubric?version=9", status=404)


def test_a_project_without_rubric_says_so(root, api_of):
    client = api_of(root, "admin", "read", site=True)
    client.post("/projects", {"slug": "desk", "name": "Desk"}, status=201)
    assert "no rubric yet" in client.get("/projects/desk/rubric", status=404)["error"]["message"]


def test_a_rubrics_mistakes_are_named_by_their_place(cast, project, api_of):
    body = {"questions": [{"key": "v", "kind": "spans", "title": "Where?"}]}
    assert codes(api_of(cast.lea).put("/projects/helpdesk/rubric", body, status=422)) == (
        "rubric_invalid",
        ["questions.0.target", "questions.0.tags"],
    )
