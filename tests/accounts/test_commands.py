"""The commands of set-up and scripts."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from annotations.models import RubricVersion
from reviewapp.accounts.models import ApiToken, Membership, Project, User
from reviewapp.audit.models import AuditEvent
from tests.conftest import RUBRIC, ApiClient


def run(*arguments):
    out, err = io.StringIO(), io.StringIO()
    call_command(*arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def root(cast):
    return User.objects.create(username="root", is_superuser=True)


def test_create_user_makes_an_account_with_a_password(db):
    out, err = run("create_user", "nina", "--password", "a-Long-enough-1")
    nina = User.objects.get(username="nina")
    assert (out, err) == ("Made user nina.\n", "")
    assert nina.check_password("a-Long-enough-1")
    assert not nina.is_superuser
    assert AuditEvent.objects.get(action="user.created").object_id == str(nina.pk)


def test_create_user_without_password_makes_one_that_cannot_sign_in(db):
    out, _ = run("create_user", "nina", "--superuser")
    assert out == "Made superuser nina.\n"
    assert not User.objects.get(username="nina").has_usable_password()


def test_create_user_says_that_a_password_is_weak(db):
    _, err = run("create_user", "nina", "--password", "nina")
    assert "weak" in err


@pytest.mark.parametrize("name", ["stan", "Stan", "two words"])
def test_create_user_refuses_a_name_taken_or_malformed(cast, name):
    with pytest.raises(CommandError, match=r"There is a person|valid username"):
        run("create_user", name)


def test_create_project_makes_one_for_the_one_superuser(root):
    out, _ = run("create_project", "desk")
    assert out == "Made project desk, owned by root.\n"
    assert Membership.objects.get(project__slug="desk").user == root


def test_create_project_reads_a_spec(cast, tmp_path):
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps({"name": "Desk", "overlap": 2, "rubric": RUBRIC}))
    run("create_project", "desk", "--owner", "lea", "--spec", str(spec))
    made = Project.objects.get(slug="desk")
    assert (made.name, made.overlap, made.created_by) == ("Desk", 2, cast.lea)
    assert RubricVersion.objects.filter(project=made).exists()


def test_create_project_reads_a_spec_from_stdin(cast, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO('{"slug": "desk", "name": "Desk"}'))
    run("create_project", "desk", "--owner", "lea", "--spec", "-")
    assert Project.objects.get(slug="desk").name == "Desk"


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (None, "cannot be read"),
        ("{", "is not JSON"),
        ("[]", "one JSON object"),
        ('{"slug": "other"}', "is about 'other'"),
        ('{"colour": "red"}', "colour: "),
        ('{"overlap": 99}', "overlap: "),
        ('{"masking": "some"}', "masking: "),
        ('{"checks": [{}]}', "checks.0.kind: "),
    ],
)
def test_create_project_says_what_is_wrong_with_its_spec(cast, tmp_path, spec, said):
    file = tmp_path / "spec.json"
    if spec is not None:
        file.write_text(spec)
    with pytest.raises(CommandError, match=said):
        run("create_project", "desk", "--owner", "lea", "--spec", str(file))
    assert not Project.objects.exists()


def test_create_project_refuses_an_unknown_owner_and_a_slug_taken(cast, project):
    with pytest.raises(CommandError, match="no person 'nina'"):
        run("create_project", "desk", "--owner", "nina")
    with pytest.raises(CommandError, match="already"):
        run("create_project", "helpdesk", "--owner", "lea")


def test_without_a_name_there_must_be_one_superuser(cast):
    with pytest.raises(CommandError, match="no superuser yet"):
        run("create_project", "desk")
    User.objects.filter(username__in=["lea", "stan"]).update(is_superuser=True)
    with pytest.raises(CommandError, match="several superusers"):
        run("create_token", "--scopes", "admin")


def test_create_token_prints_the_token_last_and_acts_as_the_owner(cast, project):
    out, err = run("create_token", "helpdesk", "--scopes", "ingest, read")
    assert "acting as olga" in err
    client = ApiClient(out.splitlines()[-1])
    assert client.get("/projects/helpdesk")["role"] == "owner"
    assert sorted(ApiToken.objects.get().scopes) == ["ingest", "read"]


def test_create_token_acts_as_a_named_member_and_never_beyond_their_role(cast, project):
    out, _ = run("create_token", "helpdesk", "--scopes", "admin", "--user", "rui", "--expires", "2")
    ApiClient(out.splitlines()[-1]).patch("/projects/helpdesk", {"overlap": 2}, status=403)
    row = ApiToken.objects.get()
    assert row.expires_at - row.created_at == timedelta(days=2)


def test_a_site_token_makes_projects(root):
    out, _ = run("create_token", "--scopes", "admin")
    made = ApiClient(out.splitlines()[-1]).post("/projects", {"slug": "desk", "name": "Desk"}, status=201)
    assert made["role"] == "owner"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["helpdesk", "--scopes", "fly"], "'fly' is not a scope"),
        (["helpdesk", "--scopes", ","], "at least one scope"),
        (["nowhere", "--scopes", "read"], "no project 'nowhere'"),
        (["helpdesk", "--scopes", "read", "--user", "stan"], "'stan' is not a member"),
        (["helpdesk", "--scopes", "read", "--expires", "0"], "1 to 3650 days"),
        (["--scopes", "read", "--user", "lea"], "not a superuser"),
        (["--scopes", "read", "--user", "nobody"], "no person 'nobody'"),
        (["--scopes", "read"], "no superuser"),
        (["helpdesk"], "required: --scopes"),
    ],
)
def test_create_token_says_what_is_wrong(cast, project, arguments, said):
    with pytest.raises(CommandError, match=said):
        run("create_token", *arguments)
    assert not ApiToken.objects.exists()


def test_a_project_without_owner_needs_a_name(cast, project):
    Membership.objects.filter(role="owner").delete()
    with pytest.raises(CommandError, match="has no owner"):
        run("create_token", "helpdesk", "--scopes", "read")
