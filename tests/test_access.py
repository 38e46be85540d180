"""Who reaches what: every endpoint for nobody, a stranger, each role and each scope; every page for nobody."""

import re
from contextlib import contextmanager

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from annotations.models import Label, RubricVersion, Task
from reviewapp.accounts.access import Access, Actor, authorize, authorize_own, projects_for, require
from reviewapp.accounts.adapter import AccountAdapter
from reviewapp.accounts.closed import OPEN, OPEN_NAMESPACES
from reviewapp.accounts.roles import TABLE, Action, Role, Scope, role_may
from reviewapp.accounts.tokens import make_token
from reviewapp.checks import addresses
from reviewapp.http.errors import ForbiddenError, NotFoundError
from reviewapp.http.openapi import operations
from reviewapp.urls import api
from sampling.models import Item
from tests.access_table import ENDPOINTS
from tests.conftest import NOW, ROLES, ApiClient

FOUND = operations(api.get_openapi_schema(path_prefix=""))
PERSON = {role: name for name, role in reversed(ROLES.items())}
OF_PROJECT = [
    (method, path, operation["operationId"])
    for method, path, operation in FOUND
    if path.startswith("/projects/{") and operation["operationId"] in ENDPOINTS
]
BY_ID = [entry for entry in FOUND if "{" in entry[1] and not entry[1].startswith("/projects/{")]


@pytest.fixture
def work(cast, project):
    """A task, and a label of Rui's on it."""
    item = Item.objects.create(id=1, project=project, external_id="a", input="Hi", received_at=NOW)
    task = Task.objects.create(project=project, item=item, rank=0.5, need=1, created_at=NOW, n_labels=1)
    label = Label.objects.create(
        project=project,
        item=item,
        task=task,
        reviewer=cast.rui,
        reviewer_name="rui",
        rubric=RubricVersion.objects.get(project=project),
        answers={"verdict": "pass"},
        created_at=timezone.now(),
    )
    return {"task": task.pk, "label": label.pk}


def address(path, work=None):
    """Fill a path's parameters in with the project and what is in it."""
    path = re.sub(r"^/projects/\{[^}]*\}", "/projects/helpdesk", path)
    if work:
        path = re.sub(r"^/tasks/\{[^}]*\}", f"/tasks/{work['task']}", path)
        path = re.sub(r"^/labels/\{[^}]*\}", f"/labels/{work['label']}", path)
    return re.sub(r"\{[^}]*\}", "1", path)


def ask(client, method, path, operation_id):
    body = ENDPOINTS[operation_id].body
    extra = {"data": body, "content_type": "application/json"} if body is not None else {}
    return getattr(client, method.lower())(f"/api/v1{path}", **extra)


@contextmanager
def passing():
    """Take back what was done within: each question is asked of the same project."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_every_endpoint_is_in_the_table():
    assert {operation["operationId"] for _, _, operation in FOUND} == set(ENDPOINTS)


def test_nobody_reaches_anything_and_is_asked_to_sign_in(project, work):
    for method, path, operation in FOUND:
        response = ask(Client(), method, address(path, work), operation["operationId"])
        assert (response.status_code, response.json()["error"]["code"]) == (401, "unauthenticated"), path


@pytest.mark.parametrize("way", ["session", "site token"])
def test_a_stranger_learns_nothing_of_a_project(cast, project, browser_of, way):
    client = browser_of(cast.stan)
    if way == "site token":
        token = make_token(user=cast.stan, project=None, scopes=frozenset(Scope), now=timezone.now())
        client = ApiClient(token.text).client
    for method, path, name in OF_PROJECT:
        there = ask(client, method, address(path), name)
        nowhere = ask(client, method, address(path).replace("helpdesk", "nowhere"), name)
        assert (there.status_code, there.json()) == (404, nowhere.json()), name


def test_a_stranger_learns_nothing_of_what_is_named_by_its_number(cast, work, browser_of):
    client = browser_of(cast.stan)
    for method, path, operation in BY_ID:
        there = ask(client, method, address(path, work), operation["operationId"])
        nowhere = ask(client, method, address(path, {"task": 10**9, "label": 10**9}), operation["operationId"])
        assert (there.status_code, there.json()) == (404, nowhere.json()), path


@pytest.mark.parametrize("role", list(Role))
def test_each_role_reaches_what_the_table_says(cast, project, browser_of, role):
    client = browser_of(getattr(cast, PERSON[role]))
    for method, path, name in OF_PROJECT:
        with passing():
            response = ask(client, method, address(path), name)
        assert (response.status_code == 403) == (not role_may(role, ENDPOINTS[name].action)), (name, response.content)


@pytest.mark.parametrize("scope", list(Scope))
def test_each_scope_reaches_what_the_table_says(cast, project, api_of, scope):
    client = api_of(cast.olga, scope).client
    for method, path, name in OF_PROJECT:
        with passing():
            response = ask(client, method, address(path), name)
        refused = response.status_code == 403 and response.json()["error"]["code"] == "missing_scope"
        assert refused == (scope not in TABLE[ENDPOINTS[name].action][1]), name


@pytest.mark.parametrize("role", list(Role))
def test_authorize_follows_the_table(cast, project, actor_of, role):
    actor = actor_of(getattr(cast, PERSON[role]))
    for action in Action:
        if role_may(role, action):
            access = authorize(actor, "helpdesk", action)
            assert (access.project, access.role, access.may(action)) == (project, role, True)
        else:
            with pytest.raises(ForbiddenError):
                authorize(actor, "helpdesk", action)


def test_without_a_token_of_a_project_there_is_no_project_of_ones_own(cast, project, actor_of):
    with pytest.raises(NotFoundError):
        authorize_own(actor_of(cast.lea), Action.SEE_PROJECT)


def test_authorize_hides_the_project_from_a_stranger(cast, project, actor_of):
    with pytest.raises(NotFoundError):
        authorize(actor_of(cast.stan), "helpdesk", Action.SEE_PROJECT)


def test_a_superuser_who_is_no_member_is_a_stranger(cast, project, actor_of):
    cast.stan.is_superuser = True
    cast.stan.save()
    with pytest.raises(NotFoundError):
        authorize(actor_of(cast.stan), "helpdesk", Action.SEE_PROJECT)


def test_require_refuses_what_the_access_does_not_include(cast, project, actor_of):
    access = Access(actor=actor_of(cast.rui), project=project, role=Role.REVIEWER)
    require(access, Action.LABEL)
    with pytest.raises(ForbiddenError):
        require(access, Action.EDIT_PLAN)


def test_everybody_has_a_list_of_their_projects(cast, project, actor_of):
    assert [(row.project, row.role) for row in projects_for(actor_of(cast.rui))] == [(project, "reviewer")]
    assert projects_for(actor_of(cast.stan)) == []
    assert projects_for(Actor(user=cast.rui, scopes=frozenset(Scope), token_project_id=project.pk + 1)) == []


def closed_addresses():
    """Every address that is not on the open list, its parameters filled in."""
    return [
        "/" + re.sub(r"\(\?P<.*?>.*?\)|<[^>]*>", "1", route).replace("^", "").rstrip("$")
        for name, route in addresses()
        if name not in OPEN and name.partition(":")[0] not in OPEN_NAMESPACES
    ]


def test_every_page_asks_for_sign_in_or_is_on_the_open_list(db):
    for address in closed_addresses():
        response = Client().get(address)
        assert response.status_code == 302, address
        assert response["Location"].startswith("/accounts/login/"), address


def test_the_open_list_is_short_and_known():
    assert {"api-1"} == OPEN_NAMESPACES
    assert len(OPEN) <= 12


def test_nobody_signs_up_without_an_invitation(rf):
    assert AccountAdapter().is_open_for_signup(rf.get("/accounts/signup/")) is False
