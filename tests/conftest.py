"""The cast of the tests, and the project they meet in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client, override_settings
from hypothesis import settings as examples

from annotations.projects import create_project
from reviewapp.accounts.access import Actor
from reviewapp.accounts.models import Membership, Project, User
from reviewapp.accounts.projects import ProjectSpec
from reviewapp.accounts.roles import Role, Scope
from reviewapp.accounts.tokens import make_token

# A busy machine's slow example is no wrong one. The same forty each time, so that what was green stays green;
# `--hypothesis-profile=explore` looks for new ones.
examples.register_profile("steady", deadline=None, max_examples=40, derandomize=True)
examples.register_profile("explore", deadline=None, max_examples=400)
examples.load_profile("steady")
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
RUBRIC: dict[str, Any] = {
    "guidelines": "Pass what you would send.",
    "questions": [
        {
            "key": "verdict",
            "kind": "choice",
            "title": "Would you send it?",
            "options": [{"value": "pass", "label": "Pass"}, {"value": "fail", "label": "Fail"}],
            "positive": ["pass"],
        },
        {"key": "note", "kind": "text", "title": "Note", "required": False, "max_length": 200},
    ],
}


@dataclass(frozen=True)
class Cast:
    """Named people: Olga owns, Lea leads, Rui and Bea review, Ada adjudicates, Pat and Ann approve, Vic views.

    Stan is a stranger: signed in, and a member of nothing.
    """

    olga: User
    lea: User
    rui: User
    bea: User
    ada: User
    pat: User
    ann: User
    vic: User
    stan: User


ROLES = {
    "olga": Role.OWNER,
    "lea": Role.LEAD,
    "rui": Role.REVIEWER,
    "bea": Role.REVIEWER,
    "ada": Role.ADJUDICATOR,
    "pat": Role.APPROVER,
    "ann": Role.APPROVER,
    "vic": Role.VIEWER,
}


@pytest.fixture(scope="session", autouse=True)
def _static_folder_exists() -> None:
    """Give WhiteNoise the folder that `up` makes."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture(scope="session", autouse=True)
def _static_files_as_they_are_written() -> Iterator[None]:
    """Name static files plainly: the published names exist only after collecting."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}):
        yield


@pytest.fixture(scope="session", autouse=True)
def _tests_may_truncate(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let Django empty the test database between transactional tests, and drop it at the end.

    Production keeps the triggers. At the end a thread of some test may still hold a connection.
    """
    if not any(item.get_closest_marker("django_db") for item in request.session.items):
        yield
        return
    request.getfixturevalue("django_db_setup")
    blocker = request.getfixturevalue("django_db_blocker")
    with blocker.unblock(), connection.cursor() as cursor:
        for name in ("event", "seal", "checkpoint"):
            cursor.execute(f"DROP TRIGGER IF EXISTS audit_{name}_no_truncate ON audit_audit{name}")
    yield
    with blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(autouse=True)
def _the_same_ids(request: pytest.FixtureRequest) -> None:
    """Give a test the same ids whatever ran before it: golds, and the order of sides, are drawn by hashes of ids.

    No other test has these ids (what is kept by id is kept for all tests), and no id is one of another table's.
    """
    if request.node.get_closest_marker("django_db") or {"db", "transactional_db"} & set(request.fixturenames):
        request.getfixturevalue("_django_db_helper")
        own = crc32(request.node.nodeid.encode()) << 20
        with connection.cursor() as cursor:
            cursor.execute("SELECT sequencename FROM pg_sequences WHERE data_type = 'bigint'::regtype")
            starts = {name: own + 1000 * (crc32(name.encode()) % 1000) + 1 for (name,) in cursor}
            cursor.execute(
                "SELECT setval(name::regclass, start, false) FROM unnest(%s::text[], %s::bigint[]) AS s (name, start)",
                [list(starts), list(starts.values())],
            )


@pytest.fixture
def cast(db: None) -> Cast:
    """Everybody, by name; the password of each is the name with -password behind it."""
    people = {}
    for name in (*ROLES, "stan"):
        person = User(username=name)
        person.password = f"!{name}"  # sign-in in tests goes by force_login; hashing would be the slowest part
        person.save()
        people[name] = person
    return Cast(**people)


@pytest.fixture
def project(cast: Cast) -> Project:
    """A blind project with overlap 1, a rubric, no plan, and the whole cast but Stan in it."""
    made = create_project(
        owner=cast.olga,
        spec=ProjectSpec(slug="helpdesk", name="Helpdesk", sampling_salt="salt"),
        rubric=RUBRIC,
        actor=None,
        now=NOW,
    )
    Membership.objects.bulk_create(
        Membership(project=made, user=getattr(cast, name), role=role, created_at=NOW)
        for name, role in ROLES.items()
        if role is not Role.OWNER
    )
    return made


class ApiClient:
    """A program that speaks to the API with one token; answers are parsed."""

    def __init__(self, token: str) -> None:
        self.client = Client(headers={"authorization": f"Bearer {token}"})

    def call(self, method: str, path: str, body: Any = None, *, status: int = 200, **extra: Any) -> Any:
        """Call below /api/v1, insist on the status, and return the parsed answer."""
        arguments = {"content_type": "application/json", **extra}
        if body is not None:
            arguments["data"] = body
        response = getattr(self.client, method)(f"/api/v1{path}", **arguments)
        content = b"".join(response.streaming_content) if response.streaming else response.content
        assert response.status_code == status, (response.status_code, content[:2000])
        kind = response.headers.get("Content-Type", "")
        return (
            response.json() if content and not response.streaming and kind.startswith("application/json") else content
        )

    def get(self, path: str, *, status: int = 200, **extra: Any) -> Any:
        """GET."""
        return self.call("get", path, status=status, **extra)

    def post(self, path: str, body: Any = None, *, status: int = 200, **extra: Any) -> Any:
        """POST."""
        return self.call("post", path, {} if body is None else body, status=status, **extra)

    def put(self, path: str, body: Any, *, status: int = 200, **extra: Any) -> Any:
        """PUT."""
        return self.call("put", path, body, status=status, **extra)

    def patch(self, path: str, body: Any, *, status: int = 200, **extra: Any) -> Any:
        """PATCH."""
        return self.call("patch", path, body, status=status, **extra)

    def delete(self, path: str, *, status: int = 200, **extra: Any) -> Any:
        """DELETE."""
        return self.call("delete", path, status=status, **extra)


@pytest.fixture
def api_of(project: Project) -> Callable[..., ApiClient]:
    """`api_of(person, "read")`: a client with a token of that person in the project; all scopes unless named."""

    def make(person: User, *scopes: str, site: bool = False) -> ApiClient:
        wanted = frozenset(Scope(scope) for scope in scopes) or frozenset(Scope)
        token = make_token(user=person, project=None if site else project, scopes=wanted, now=datetime.now(UTC))
        return ApiClient(token.text)

    return make


@pytest.fixture
def browser_of() -> Callable[[User], Client]:
    """`browser_of(person)`: a browser in which the person is signed in."""

    def make(person: User) -> Client:
        client = Client()
        client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return make


@pytest.fixture
def actor_of() -> Callable[[User], Actor]:
    """`actor_of(person)`: the person, asking by a browser session."""
    return lambda person: Actor(user=person)
