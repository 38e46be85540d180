"""Tokens: shown once, never stronger than who made them, refused as soon as anything about them is wrong."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache

from reviewapp.accounts import guesses
from reviewapp.accounts.access import authorize
from reviewapp.accounts.models import ApiToken
from reviewapp.accounts.roles import GIVEABLE, Action, Role, Scope
from reviewapp.accounts.tokens import find_actor, list_tokens, make_token
from reviewapp.audit.models import AuditEvent
from tests.conftest import NOW, ROLES, ApiClient


def make(user, project, *scopes, **more):
    return make_token(user=user, project=project, scopes=frozenset(scopes or Scope), now=datetime.now(UTC), **more)


def test_a_token_is_shown_once_and_kept_as_a_hash(cast, project, api_of):
    made = api_of(cast.lea).post("/projects/helpdesk/tokens", {"scopes": ["read"], "expires_days": 3}, status=201)
    row = ApiToken.objects.get(pk=made["id"])
    public_id, secret = made["token"].split("_")[1:]
    assert set(made) == {"id", "token"}
    assert row.public_id == public_id
    assert secret[:-8] not in row.secret_sha256
    assert (row.expires_at - row.created_at, row.user) == (timedelta(days=3), cast.lea)
    assert ApiClient(made["token"]).get("/projects/helpdesk")["role"] == "lead"
    detail = AuditEvent.objects.get(action="token.created", object_id=row.pk).detail
    assert detail == {"acts_as": cast.lea.pk, "scopes": ["read"], "expires_days": 3}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["read", "fly"]}, "scopes.1"),
        ({"scopes": ["read"], "expires_days": 0}, "expires_days"),
        ({"scopes": ["read"], "expires_days": 10**9}, "expires_days"),
        ({"scopes": ["read"], "username": "stan"}, "username"),
        ({"scopes": ["read"], "username": "nobody"}, "username"),
    ],
)
def test_what_is_wrong_with_a_token_is_named(cast, project, api_of, body, path):
    answer = api_of(cast.olga).post("/projects/helpdesk/tokens", body, status=422)
    assert [field["path"] for field in answer["error"]["fields"]] == [path]


@pytest.mark.parametrize("maker", ["olga", "lea"])
@pytest.mark.parametrize("member", list(ROLES))
def test_a_token_acts_as_a_member_whose_role_its_maker_may_give(cast, project, api_of, maker, member):
    allowed = maker == member or ROLES[member] in GIVEABLE[ROLES[maker]]
    body = {"scopes": ["read"], "username": member}
    made = api_of(getattr(cast, maker)).post("/projects/helpdesk/tokens", body, status=201 if allowed else 403)
    if allowed:
        assert ApiClient(made["token"]).get("/projects/helpdesk")["role"] == ROLES[member]


def test_a_token_cannot_make_one_with_more_scopes(cast, project, api_of):
    client = api_of(cast.olga, "admin", "read")
    client.post("/projects/helpdesk/tokens", {"scopes": ["read"]}, status=201)
    answer = client.post("/projects/helpdesk/tokens", {"scopes": ["read", "label"]}, status=403)
    assert answer["error"]["code"] == "missing_scope"
    assert "label" in answer["error"]["message"]


def test_a_site_token_too_keeps_to_its_scopes(cast, project, api_of):
    client = api_of(cast.olga, "admin", site=True)
    client.post("/projects/helpdesk/tokens", {"scopes": ["ingest"]}, status=403)
    client.post("/projects/helpdesk/tokens", {"scopes": ["admin"]}, status=201)


@pytest.mark.parametrize(("days", "status"), [(None, 403), (11, 403), (9, 201)])
def test_a_token_cannot_make_one_that_outlives_it(cast, project, days, status):
    client = ApiClient(make(cast.olga, project, expires_days=10).text)
    answer = client.post("/projects/helpdesk/tokens", {"scopes": ["read"], "expires_days": days}, status=status)
    assert status == 201 or answer["error"]["code"] == "outlives_maker"


def test_a_session_makes_a_token_with_any_scope(cast, project, browser_of):
    body = {"scopes": [scope.value for scope in Scope]}
    response = browser_of(cast.lea).post("/api/v1/projects/helpdesk/tokens", body, content_type="application/json")
    assert response.status_code == 201


def test_a_revoked_token_is_refused_at_once(cast, project, api_of):
    made = api_of(cast.lea).post("/projects/helpdesk/tokens", {"scopes": ["read"]}, status=201)
    client = ApiClient(made["token"])
    client.get("/projects/helpdesk")
    api_of(cast.lea).delete(f"/projects/helpdesk/tokens/{made['id']}", status=204)
    assert client.get("/projects/helpdesk", status=401)["error"]["code"] == "unauthenticated"
    assert AuditEvent.objects.filter(action="token.revoked", object_id=made["id"]).exists()
    api_of(cast.lea).delete(f"/projects/helpdesk/tokens/{made['id']}", status=404)


def test_a_token_of_another_project_cannot_be_revoked(cast, project, api_of):
    row = make(cast.lea, None).row
    api_of(cast.lea).delete(f"/projects/helpdesk/tokens/{row.pk}", status=404)


def test_a_token_of_another_project_does_not_reach_this_one(cast, project, api_of):
    from reviewapp.accounts.projects import ProjectSpec, add_project

    other = add_project(owner=cast.olga, spec=ProjectSpec(slug="other", name="Other"), actor=None, now=NOW)
    client = ApiClient(make(cast.olga, other).text)
    client.get("/projects/other")
    client.get("/projects/helpdesk", status=404)


def test_a_token_never_goes_beyond_the_role_of_its_person(cast, project, api_of):
    answer = api_of(cast.rui).patch("/projects/helpdesk", {"overlap": 2}, status=403)
    assert answer["error"]["code"] == "forbidden"


def test_a_token_lacking_a_scope_is_told_so(cast, project, api_of):
    answer = api_of(cast.olga, "read").patch("/projects/helpdesk", {"overlap": 2}, status=403)
    assert answer["error"]["code"] == "missing_scope"


def test_a_token_ends_with_its_expiry(cast, project):
    made = make(cast.lea, project, expires_days=1)
    ends = made.row.expires_at
    assert find_actor(made.text, now=ends - timedelta(seconds=1)) is not None
    assert find_actor(made.text, now=ends) is None


def test_a_token_ends_with_its_persons_account(cast, project):
    made = make(cast.lea, project)
    cast.lea.is_active = False
    cast.lea.save()
    assert find_actor(made.text, now=NOW) is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "",
        lambda text: "x",
        lambda text: text[:-1],
        lambda text: text[:-1] + ("0" if text[-1] != "0" else "1"),
        lambda text: text.replace("rvw", "rvx"),
        lambda text: text + "é",
        lambda text: text.replace("_", "__", 1),
    ],
)
def test_a_mistyped_token_is_refused_without_asking_the_database(cast, project, spoil, django_assert_num_queries):
    text = spoil(make(cast.lea, project).text)
    with django_assert_num_queries(0):
        assert find_actor(text, now=NOW) is None


def test_a_token_with_another_secret_is_refused(cast, project):
    one, two = make(cast.lea, project).text, make(cast.lea, project).text
    from zlib import crc32

    body = "_".join([*one.split("_")[:2], two.split("_")[2][:-8]])
    assert find_actor(f"{body}{crc32(body.encode()):08x}", now=NOW) is None


def test_last_use_is_noted_once_a_minute(cast, project):
    made = make(cast.lea, project)
    for seconds in (0, 30, 61):
        find_actor(made.text, now=NOW + timedelta(seconds=seconds))
        made.row.refresh_from_db()
        assert made.row.last_used_at == NOW + timedelta(seconds=61 if seconds == 61 else 0)


def test_tokens_are_listed_newest_first_without_the_revoked(cast, project, actor_of):
    rows = [make(cast.lea, project).row for _ in range(3)]
    ApiToken.objects.filter(pk=rows[1].pk).update(revoked_at=NOW)
    access = authorize(actor_of(cast.lea), "helpdesk", Action.EDIT_TOKENS)
    assert list_tokens(access) == [rows[2], rows[0]]
    assert access.role == Role.LEAD


def test_too_many_wrong_tokens_are_told_to_wait_and_a_right_one_is_not(cast, project, api_of, monkeypatch):
    monkeypatch.setattr(guesses, "WRONG_A_MINUTE", 3)
    cache.clear()
    stranger = ApiClient("rvw_not_a_token")
    with time_machine.travel(NOW, tick=False):
        for _ in range(3):
            stranger.get("/projects", status=401)
        assert stranger.get("/projects", status=429)["error"]["code"] == "too_many_requests"
        refused = stranger.client.get("/api/v1/projects")
        assert refused["Retry-After"] == "60"
        spans = stranger.client.post("/v1/traces", b"{}", content_type="application/json")
        assert (spans.status_code, spans["Retry-After"]) == (429, "60")
    api_of(cast.lea).get("/projects/helpdesk")
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        stranger.get("/projects", status=401)


def test_wrong_tokens_are_only_refused_while_nobody_can_count(db, settings):
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1"}}
    ApiClient("rvw_not_a_token").get("/projects", status=401)
