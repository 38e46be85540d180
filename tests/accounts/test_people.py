"""Who gives whom which role; a project always keeps an owner."""

import pytest

from reviewapp.accounts.access import authorize
from reviewapp.accounts.models import Membership, User
from reviewapp.accounts.people import list_members, make_account, remove_member
from reviewapp.accounts.roles import GIVEABLE, Action, Role
from reviewapp.audit.models import AuditEvent
from reviewapp.http.errors import ConflictError, ForbiddenError, NotFoundError
from tests.conftest import NOW, ROLES


def role_of(user):
    return Membership.objects.get(user=user).role


@pytest.fixture
def access_of(project, actor_of):
    return lambda person, action=Action.EDIT_PEOPLE: authorize(actor_of(person), "helpdesk", action)


def test_a_stranger_becomes_a_member(cast, project, api_of):
    added = api_of(cast.olga).post("/projects/helpdesk/members", {"username": "stan", "role": "viewer"}, status=201)
    assert added == {"username": "stan", "role": "viewer", "new_account": False, "skills": []}
    assert role_of(cast.stan) == "viewer"
    event = AuditEvent.objects.get(action="member.added")
    assert (event.object_id, event.detail) == (str(cast.stan.pk), {"from": None, "to": "viewer"})


def test_an_unknown_name_becomes_an_account_that_nobody_can_sign_in_to(cast, project, api_of):
    api_of(cast.lea).post("/projects/helpdesk/members", {"username": "nina", "role": "reviewer"}, status=201)
    assert not User.objects.get(username="nina").has_usable_password()


@pytest.mark.parametrize("name", ["", "two words", "x" * 151])
def test_a_name_that_is_none_is_refused(cast, project, api_of, name):
    answer = api_of(cast.lea).post("/projects/helpdesk/members", {"username": name, "role": "reviewer"}, status=422)
    assert [field["path"] for field in answer["error"]["fields"]] == ["username"]


def test_a_name_that_differs_by_case_alone_is_refused(cast, project, api_of):
    body = {"username": "RUI", "role": "reviewer"}
    assert api_of(cast.lea).post("/projects/helpdesk/members", body, status=409)["error"]["code"] == "username_taken"


def test_a_name_taken_in_the_same_moment_is_refused(cast, monkeypatch):
    monkeypatch.setattr("django.db.models.query.QuerySet.first", lambda query: None)
    with pytest.raises(ConflictError, match="There is a person 'rui'"):
        make_account("rui", None)


def test_an_unknown_role_is_refused(cast, project, api_of):
    answer = api_of(cast.lea).post("/projects/helpdesk/members", {"username": "stan", "role": "king"}, status=422)
    assert [field["path"] for field in answer["error"]["fields"]] == ["role"]


def test_a_role_can_be_changed(cast, project, api_of):
    api_of(cast.lea).post("/projects/helpdesk/members", {"username": "rui", "role": "adjudicator"}, status=201)
    assert role_of(cast.rui) == "adjudicator"
    assert AuditEvent.objects.get(action="member.role_changed").detail == {"from": "reviewer", "to": "adjudicator"}


def test_giving_the_same_role_again_leaves_no_trail(cast, project, api_of):
    api_of(cast.lea).post("/projects/helpdesk/members", {"username": "rui", "role": "reviewer"}, status=201)
    assert not AuditEvent.objects.filter(object_kind="user").exists()


@pytest.mark.parametrize("giver", ["olga", "lea"])
@pytest.mark.parametrize("role", list(Role))
def test_roles_are_given_as_the_table_says(cast, project, api_of, giver, role):
    allowed = role in GIVEABLE[ROLES[giver]]
    api_of(getattr(cast, giver)).post(
        "/projects/helpdesk/members", {"username": "stan", "role": role}, status=201 if allowed else 403
    )


def test_a_lead_cannot_take_an_owners_role(cast, project, api_of):
    api_of(cast.lea).post("/projects/helpdesk/members", {"username": "olga", "role": "viewer"}, status=403)
    assert role_of(cast.olga) == "owner"


def test_the_last_owner_cannot_step_down(cast, project, api_of):
    answer = api_of(cast.olga).post("/projects/helpdesk/members", {"username": "olga", "role": "lead"}, status=409)
    assert answer["error"]["code"] == "last_owner"


def test_one_of_two_owners_can_step_down(cast, project, api_of):
    client = api_of(cast.olga)
    client.post("/projects/helpdesk/members", {"username": "lea", "role": "owner"}, status=201)
    client.post("/projects/helpdesk/members", {"username": "olga", "role": "lead"}, status=201)
    assert role_of(cast.lea) == "owner"


def test_a_member_is_removed_and_their_token_reaches_the_project_no_more(cast, project, api_of, access_of):
    client = api_of(cast.rui)
    remove_member(access_of(cast.lea), username="rui", now=NOW)
    client.get("/projects/helpdesk", status=404)
    assert AuditEvent.objects.get(action="member.removed").detail == {"from": "reviewer", "to": None}


def test_the_last_owner_cannot_be_removed(cast, project, access_of):
    with pytest.raises(ConflictError):
        remove_member(access_of(cast.olga), username="olga", now=NOW)


def test_a_lead_cannot_remove_an_owner(cast, project, access_of):
    with pytest.raises(ForbiddenError):
        remove_member(access_of(cast.lea), username="olga", now=NOW)


def test_a_stranger_cannot_be_removed(cast, project, access_of):
    with pytest.raises(NotFoundError):
        remove_member(access_of(cast.lea), username="stan", now=NOW)


def test_members_are_listed_by_name(cast, access_of):
    members = list_members(access_of(cast.vic, Action.SEE_PEOPLE))
    assert [member.user.username for member in members] == sorted(ROLES)


def test_reviewers_see_no_list_of_people(cast, access_of):
    with pytest.raises(ForbiddenError):
        list_members(access_of(cast.rui, Action.SEE_PROJECT))
