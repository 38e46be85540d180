"""The settings page: who may change what, what is saved, and what is refused at its place."""

import json

import pytest

from annotations.models import RubricVersion
from reviewapp.accounts.models import ApiToken, Invitation, Membership, Project
from tests.conftest import RUBRIC

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
def post(browser_of):
    """`post(person, form, **fields)`: what the settings answer."""

    def send(person, form, **fields):
        return browser_of(person).post(f"/p/helpdesk/settings/{form}", fields, follow=True)

    return send


@pytest.mark.parametrize("form", FORMS)
def test_a_stranger_changes_nothing(project, cast, post, form):
    assert post(cast.stan, form).status_code == 404


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["rui", "ada", "pat", "vic"])
def test_only_owners_and_leads_change_settings(project, cast, post, form, name):
    assert post(getattr(cast, name), form).status_code == 403


def test_a_member_is_added_and_changed_and_removed(project, cast, post):
    assert b"stan is reviewer now" in post(cast.lea, "people", username="stan", role="reviewer").content
    post(cast.lea, "people", username="stan", role="viewer")
    assert Membership.objects.get(project=project, user=cast.stan).role == "viewer"
    assert b"no longer a member" in post(cast.lea, "people/remove", username="stan").content
    assert not Membership.objects.filter(project=project, user=cast.stan).exists()


def test_a_new_account_says_that_it_has_no_password(project, cast, post):
    assert b"without a password" in post(cast.lea, "people", username="nina", role="viewer").content


def test_an_unknown_role_is_refused_at_its_place(project, cast, post):
    response = post(cast.lea, "people", username="stan", role="king")
    assert response.status_code == 422
    assert b"is not a role" in response.content
    assert b'value="stan"' in response.content
    skills = f"german, {'x' * 41}"
    assert f'value="{skills}"' in post(cast.lea, "people", username="rui", role="lead", skills=skills).content.decode()


def test_the_last_owner_stays(project, cast, post):
    assert post(cast.olga, "people/remove", username="olga").status_code == 409


def test_an_invitation_is_shown_once_and_revoked(project, cast, post, browser_of):
    assert b"/join/" in post(cast.lea, "invitations", role="reviewer").content
    assert b"/join/" not in browser_of(cast.lea).get("/p/helpdesk/settings").content
    row = Invitation.objects.get()
    post(cast.lea, f"invitations/{row.pk}/revoke")
    row.refresh_from_db()
    assert row.revoked_at is not None


def test_a_wrong_address_is_refused_at_its_place(project, cast, post):
    assert post(cast.lea, "invitations", role="reviewer", email="nobody").status_code == 422


def test_a_token_is_shown_once_and_revoked(project, cast, post, browser_of):
    page = post(cast.lea, "tokens", scopes=["ingest"], expires_days="30")
    assert b"rvw_" in page.content
    assert "no-store" in page["Cache-Control"]
    assert b"rvw_" not in browser_of(cast.lea).get("/p/helpdesk/settings").content
    row = ApiToken.objects.get()
    post(cast.lea, f"tokens/{row.pk}/revoke")
    row.refresh_from_db()
    assert row.revoked_at is not None


@pytest.mark.parametrize("fields", [{}, {"scopes": ["ingest"], "expires_days": "soon"}])
def test_a_token_that_makes_no_sense_is_refused_and_what_was_chosen_stays(project, cast, post, fields):
    response = post(cast.lea, "tokens", **fields, username="rui")
    assert response.status_code == 422
    page = response.content.decode()
    assert "<option selected>rui" in page
    assert 'value="read" checked' not in page
    assert ('value="ingest" checked' in page, 'value="soon"' in page) == (bool(fields), bool(fields))


def test_the_fields_of_the_project_are_saved(project, cast, post, browser_of):
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
def test_a_wrong_number_is_refused_and_what_was_typed_stays(project, cast, post, overlap):
    fields = {"name": "Typed", "lease_seconds": "60", "undo_seconds": "5", "horizon_days": "7", "overlap": overlap}
    response = post(cast.lea, "project", **fields)
    assert response.status_code == 422
    assert b"<code>overlap</code>" in response.content
    assert b'value="Typed"' in response.content
    assert b'name="blind" checked' not in response.content
    assert b'name="blind" checked' in post(cast.lea, "project", **fields, blind="on").content


def test_a_rubric_is_published(project, cast, post):
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
def test_a_wrong_rubric_is_refused_at_its_place_and_kept(project, cast, post, questions, said):
    response = post(cast.lea, "rubric", guidelines="Mine", questions=questions)
    assert response.status_code == 422
    assert said in response.content
    assert b"Mine</textarea>" in response.content
