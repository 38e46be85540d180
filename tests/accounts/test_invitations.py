"""Invitations: a link that lets one person in, once."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from reviewapp.accounts.access import authorize
from reviewapp.accounts.invitations import (
    LIFETIME,
    InvitationEndedError,
    accept_invitation,
    create_invitation,
    get_invitation,
    list_invitations,
    revoke_invitation,
)
from reviewapp.accounts.models import Invitation, Membership, User
from reviewapp.accounts.people import add_member, remove_member
from reviewapp.accounts.roles import GIVEABLE, Action, Role
from reviewapp.audit.models import AuditEvent
from reviewapp.http.errors import NotFoundError
from tests.conftest import ROLES

ACCOUNT = {"username": "nina", "password1": "a-Long-enough-1", "password2": "a-Long-enough-1"}


@pytest.fixture
def access_of(project, actor_of):
    return lambda person: authorize(actor_of(person), "helpdesk", Action.EDIT_PEOPLE)


@pytest.fixture
def invite(cast, access_of):
    """`invite()`: a link for a reviewer, made by Lea; returns its path and its row."""

    def make(person=None, role=Role.REVIEWER, now=None):
        made = create_invitation(access_of(person or cast.lea), role=role, email="", now=now or timezone.now())
        return made.url.removeprefix("http://127.0.0.1:8000"), made.row

    return make


def test_the_api_gives_a_link_to_this_server(cast, project, api_of):
    made = api_of(cast.lea).post(
        "/projects/helpdesk/invitations", {"role": "reviewer", "email": "n@example.org"}, status=201
    )
    assert made["url"].startswith("http://127.0.0.1:8000/join/")
    secret = made["url"].rpartition("/")[2]
    row = Invitation.objects.get()
    assert secret not in row.secret_sha256
    assert row.expires_at - row.created_at == LIFETIME
    assert "n@example.org" not in str(AuditEvent.objects.get(action="invitation.created").detail)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"role": "king"}, "role"),
        ({"role": "viewer", "email": "nobody"}, "email"),
        ({"role": "viewer", "to": "x"}, "to"),
    ],
)
def test_what_is_wrong_with_an_invitation_is_named(cast, project, api_of, body, path):
    answer = api_of(cast.lea).post("/projects/helpdesk/invitations", body, status=422)
    assert [field["path"] for field in answer["error"]["fields"]] == [path]


@pytest.mark.parametrize("giver", ["olga", "lea"])
@pytest.mark.parametrize("role", list(Role))
def test_roles_are_offered_as_the_table_says(cast, project, api_of, giver, role):
    allowed = role in GIVEABLE[ROLES[giver]]
    api_of(getattr(cast, giver)).post("/projects/helpdesk/invitations", {"role": role}, status=201 if allowed else 403)


def test_somebody_new_makes_an_account_joins_and_is_signed_in(project, invite):
    path, row = invite()
    client = Client()
    assert "Join Helpdesk" in client.get(path).content.decode()
    response = client.post(path, ACCOUNT)
    assert (response.status_code, response["Location"]) == (302, "/")
    nina = User.objects.get(username="nina")
    assert Membership.objects.get(user=nina).role == "reviewer"
    assert client.session["_auth_user_id"] == str(nina.pk)
    row.refresh_from_db()
    assert row.used_by == nina
    assert AuditEvent.objects.get(action="invitation.used").actor_id == nina.pk


def test_looking_at_a_link_does_not_use_it(project, invite):
    path, _ = invite()
    for _ in range(2):
        assert Client().get(path).status_code == 200


def test_the_page_is_kept_in_no_cache(project, invite):
    assert "no-store" in Client().get(invite()[0])["Cache-Control"]


def test_somebody_signed_in_joins_with_one_press(cast, project, invite, browser_of):
    path, _ = invite()
    client = browser_of(cast.stan)
    assert "Join as stan" in client.get(path).content.decode()
    assert client.post(path).status_code == 302
    assert Membership.objects.get(user=cast.stan).role == "reviewer"


def test_a_member_keeps_role_and_link(cast, project, invite, browser_of):
    path, row = invite()
    response = browser_of(cast.vic).post(path)
    assert response.status_code == 409
    assert "already" in response.content.decode()
    row.refresh_from_db()
    assert (row.used_at, Membership.objects.get(user=cast.vic).role) == (None, "viewer")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"password1": "short", "password2": "short"}, "too short"),
        ({"password1": "1234567890", "password2": "1234567890"}, "too common"),
        ({"password2": "another-Long-1"}, "didn’t match"),
        ({"username": "two words"}, "valid username"),
        ({"username": "stan"}, "already exists"),
        ({"username": "STAN"}, "already exists"),
    ],
)
def test_an_account_that_cannot_be_is_said_at_its_field_and_keeps_the_link(project, invite, change, said):
    path, row = invite()
    response = Client().post(path, {**ACCOUNT, **change})
    assert response.status_code == 200
    assert said in response.content.decode()
    row.refresh_from_db()
    assert row.used_at is None


def test_a_name_taken_between_check_and_making_is_said_at_its_field(project, invite, monkeypatch):
    path, row = invite()
    monkeypatch.setattr("django.contrib.auth.forms.UserCreationForm.clean_username", lambda form: "stan")
    monkeypatch.setattr("django.contrib.auth.forms.BaseUserCreationForm._post_clean", lambda form: None)
    response = Client().post(path, ACCOUNT)
    assert "There is a person" in response.content.decode()
    row.refresh_from_db()
    assert row.used_at is None


def ended(path):
    response = Client().get(path)
    return response.status_code == 410 and "no longer works" in response.content.decode()


def test_a_used_link_shows_one_kind_page(cast, project, invite, browser_of):
    path, _ = invite()
    browser_of(cast.stan).post(path)
    assert ended(path)
    assert Client().post(path, ACCOUNT).status_code == 410
    assert not User.objects.filter(username="nina").exists()


def test_an_expired_link_shows_the_same_page(project, invite):
    path, _ = invite(now=timezone.now() - LIFETIME - timedelta(seconds=1))
    assert ended(path)


def test_a_revoked_link_shows_the_same_page(cast, project, invite, access_of):
    path, row = invite()
    revoke_invitation(access_of(cast.lea), invitation_id=row.pk, now=timezone.now())
    assert ended(path)
    assert AuditEvent.objects.filter(action="invitation.revoked", object_id=row.pk).exists()


def test_a_made_up_link_shows_the_same_page(db):
    assert ended("/join/made-up")


def test_a_link_ends_with_its_makers_right_to_give_the_role(cast, project, invite, access_of):
    path, _ = invite()
    add_member(access_of(cast.olga), username="lea", role=Role.VIEWER, now=timezone.now())
    assert ended(path)
    remove_member(access_of(cast.olga), username="lea", now=timezone.now())
    assert ended(path)


def test_the_slower_of_two_uses_is_refused(cast, project, invite, monkeypatch):
    path, _ = invite()
    secret = path.rpartition("/")[2]
    seen = get_invitation(secret, now=timezone.now())
    accept_invitation(secret=secret, user=cast.stan, now=timezone.now())
    monkeypatch.setattr("reviewapp.accounts.invitations.get_invitation", lambda *_, **__: seen)
    with pytest.raises(InvitationEndedError):
        accept_invitation(secret=secret, user=cast.rui, now=timezone.now())


def test_links_that_work_are_listed_newest_first(cast, project, invite, access_of):
    now = timezone.now()
    rows = [invite()[1] for _ in range(3)]
    invite(now=now - LIFETIME)
    revoke_invitation(access_of(cast.lea), invitation_id=rows[1].pk, now=now)
    assert list_invitations(access_of(cast.lea), now=now + timedelta(seconds=1)) == [rows[2], rows[0]]


def test_an_ended_link_cannot_be_revoked(cast, project, invite, access_of):
    _, row = invite()
    revoke_invitation(access_of(cast.lea), invitation_id=row.pk, now=timezone.now())
    with pytest.raises(NotFoundError):
        revoke_invitation(access_of(cast.lea), invitation_id=row.pk, now=timezone.now())
