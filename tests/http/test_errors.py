"""Every error leaves in its form: the error shape below /api/, a kind page elsewhere."""

import json

import pytest
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import include, path
from ninja.errors import HttpError

from reviewapp.http import bodies
from reviewapp.http.api import api
from reviewapp.http.errors import ConflictError, ForbiddenError, NotFoundError
from reviewapp.http.request_id import HEADER


def refuse(request, kind):
    raise {"gone": NotFoundError, "no": ForbiddenError, "state": ConflictError}[kind]


def fail(request):
    raise RuntimeError("the secret is 1234")


def teapot(request):
    return HttpResponse("no tea", status=418)


urlpatterns = [
    path("api/v1/broken", fail, name="broken"),
    path("api/v1/teapot", teapot, name="teapot"),
    path("api/v1/refuse/<str:kind>", refuse, name="api_refuse"),
    path("broken", fail, name="broken_page"),
    path("refuse/<str:kind>", refuse, name="refuse"),
    path("", include("reviewapp.urls")),
]
handler500 = "reviewapp.http.pages.server_error"
with_broken_views = override_settings(ROOT_URLCONF=__name__)


def error_of(response):
    assert response["Content-Type"] == "application/json"
    error = json.loads(response.content)["error"]
    assert set(error) == {"code", "message", "fields"}
    return error


@pytest.mark.parametrize(
    ("status", "code"), [(400, "malformed"), (403, "forbidden"), (404, "not_found"), (429, "too_many_requests")]
)
def test_refusals_of_the_framework_keep_their_status(rf, status, code):
    response = api.on_exception(rf.get("/"), HttpError(status, "no"))
    assert (response.status_code, error_of(response)["code"]) == (status, code)


def test_a_task_that_no_number_is_large_enough_for_names_nothing(cast, project, api_of):
    answer = {"lease": "x", "answers": {}, "submit_id": "a"}
    api_of(cast.rui).post(f"/tasks/{2**63}/label", answer, status=404)


def test_an_id_that_cannot_be_one_names_nothing(cast, project, api_of):
    olga = api_of(cast.olga)
    client = Client(enforce_csrf_checks=True, headers=olga.client.headers)
    assert error_of(olga.client.get("/api/v1/rollouts/abc"))["code"] == "not_found"
    assert error_of(olga.client.delete("/api/v1/projects/helpdesk/tokens/abc"))["code"] == "not_found"
    assert client.post("/api/v1/tasks/abc/release", {}, content_type="application/json").status_code == 404


def test_an_encoding_that_is_not_read_is_told_which_one_is(cast, project, api_of):
    response = api_of(cast.olga).client.post(
        "/api/v1/projects/helpdesk/tokens",
        {"a": 1},
        content_type="application/json",
        headers={"Content-Encoding": "br"},
    )
    assert (response.status_code, response["Accept-Encoding"]) == (415, "gzip")


def test_an_unknown_address_below_api_is_404_in_the_error_shape(db):
    for address in ("/api/v1/nothing", "/api/", "/api/v2/projects"):
        response = Client().get(address)
        assert (response.status_code, error_of(response)["code"]) == (404, "not_found")


def test_a_wrong_method_is_405_and_says_which_are_right(db):
    response = Client().delete("/api/v1/projects")
    assert (response.status_code, error_of(response)["code"]) == (405, "method_not_allowed")
    assert set(response["Allow"].split(", ")) == {"GET", "POST"}


def test_the_address_of_a_form_says_that_there_is_nothing_to_see(cast, project, browser_of):
    response = browser_of(cast.olga).get("/p/helpdesk/settings/project")
    assert (response.status_code, response["Allow"], b"a form is sent to" in response.content) == (405, "POST", True)
    assert response["Content-Length"] == str(len(response.content))
    assert "Content-Security-Policy" in response


def test_whoever_sends_a_form_without_being_signed_in_comes_back_to_its_page(project):
    address = "/p/helpdesk/settings/project"
    for page, back in (("http://testserver/p/helpdesk/settings?a=1#x", "/p/helpdesk/settings%3Fa%3D1"), ("", "/")):
        response = Client().post(address, {}, headers={"Referer": page})
        assert response["Location"] == f"/accounts/login/?next={back}"
    elsewhere = Client().post(address, {}, headers={"Referer": "https://elsewhere.example/p"})
    assert elsewhere["Location"] == "/accounts/login/?next=/"


def test_nobody_is_401_with_the_way_in(db):
    response = Client().get("/api/v1/projects")
    assert (response.status_code, error_of(response)["code"]) == (401, "unauthenticated")
    assert response["WWW-Authenticate"] == "Bearer"


def test_nobody_is_401_also_without_a_csrf_token(db):
    response = Client(enforce_csrf_checks=True).post("/api/v1/projects", {}, content_type="application/json")
    assert response.status_code == 401


def test_a_session_without_its_csrf_token_is_403(cast, project):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.olga, backend="allauth.account.auth_backends.AuthenticationBackend")
    response = client.patch("/api/v1/projects/helpdesk", {"name": "x"}, content_type="application/json")
    assert (response.status_code, error_of(response)["code"]) == (403, "csrf_failed")


def test_a_session_with_its_csrf_token_may(cast, project):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.olga, backend="allauth.account.auth_backends.AuthenticationBackend")
    token = "a" * 32
    client.cookies["csrftoken"] = token
    response = client.patch(
        "/api/v1/projects/helpdesk", {"name": "x"}, content_type="application/json", headers={"X-CSRFToken": token}
    )
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        ("{", "application/json", 400, "malformed"),
        ("[" * 65 + "]" * 65, "application/json", 400, "too_deep"),
        ("a=b", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        ("x" * (bodies.MAX_SENT_BYTES + 1), "application/json", 413, "body_too_large"),
        ("{}", "application/json", 422, "invalid"),
    ],
)
def test_bodies_are_refused_with_their_code(cast, project, api_of, body, kind, status, code):
    error = api_of(cast.olga).post("/projects/helpdesk/tokens", body, content_type=kind, status=status)["error"]
    assert error["code"] == code


def test_fields_are_named_by_their_path(cast, project, api_of):
    error = api_of(cast.olga).post("/projects/helpdesk/tokens", {"scopes": [1], "colour": "red"}, status=422)["error"]
    assert {field["path"] for field in error["fields"]} == {"scopes.0", "colour"}


def test_a_parameter_out_of_range_is_named(cast, project, api_of):
    error = api_of(cast.olga).get("/projects?limit=0", status=422)["error"]
    assert [field["path"] for field in error["fields"]] == ["limit"]


NUL = [
    ("post", "/projects/helpdesk/members", {"username": "a\0", "role": "viewer"}, 422),
    ("patch", "/projects/helpdesk", {"description": "a\0"}, 422),
    ("post", "/items/a/reveal", {"project": "a\0", "reason": "Asked."}, 422),
    ("get", "/projects/helpdesk/audit?actor=%00", None, 422),
    ("get", "/projects/helpdesk/pass-rate?judge=a%00", None, 422),
    ("get", "/projects/a%00b", None, 404),
    ("get", "/projects/helpdesk/datasets/a%00/versions/1", None, 404),
]


def test_what_holds_the_character_nul_is_refused_or_names_nothing(cast, project, api_of, browser_of):
    olga = api_of(cast.olga)
    for method, address, body, status in NUL:
        code = olga.call(method, address, body, status=status)["error"]["code"]
        assert code == ("not_found" if status == 404 else "invalid_text"), address
    page = browser_of(cast.olga).post("/p/helpdesk/settings/people", {"username": "a\0", "role": "viewer"})
    assert (page.status_code, "the character NUL" in page.content.decode()) == (422, True)


def test_times_beyond_all_items_are_times_like_any_other(cast, project, api_of):
    """Programs write the first or the last year for "no limit"."""
    olga = api_of(cast.olga)
    for what in ("items", "operations", "agreement", "audit"):
        olga.get(f"/projects/helpdesk/{what}?from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z")
        olga.get(f"/projects/helpdesk/{what}?to=0001-01-01T00:00:00Z")
        refused = olga.get(f"/projects/helpdesk/{what}?from=0001-01-01T00:00:00%2B14:00", status=422)["error"]
        assert refused["fields"][0]["path"] == "from"
    olga.post("/projects/helpdesk/plan/preview", {"base_rate": 1, "from": "0001-01-01T00:00:00Z"})


def test_a_made_up_cursor_is_400(cast, project, api_of):
    error = api_of(cast.olga).get("/projects?cursor=abc", status=400)["error"]
    assert (error["code"], error["fields"][0]["path"]) == ("bad_cursor", "cursor")


@with_broken_views
def test_an_unexpected_error_tells_its_request_id_and_nothing_else(cast, browser_of):
    client = browser_of(cast.olga)
    client.raise_request_exception = False
    response = client.get("/api/v1/broken", headers={HEADER: "request-0001"})
    error = error_of(response)
    assert (response.status_code, error["code"]) == (500, "internal")
    assert "request-0001" in error["message"]
    assert "1234" not in response.content.decode()


@with_broken_views
def test_other_statuses_keep_their_meaning_as_far_as_it_goes(db, cast, browser_of):
    response = browser_of(cast.olga).get("/api/v1/teapot")
    assert error_of(response)["code"] == "malformed"


@with_broken_views
def test_a_refusal_leaving_a_plain_view_below_api_has_the_shape(cast, browser_of):
    response = browser_of(cast.olga).get("/api/v1/refuse/state")
    assert (response.status_code, error_of(response)["code"]) == (409, "conflict")


@with_broken_views
def test_an_unexpected_error_of_a_page_is_a_page(cast, browser_of):
    client = browser_of(cast.olga)
    client.raise_request_exception = False
    response = client.get("/broken", headers={HEADER: "request-0002"})
    text = response.content.decode()
    assert response.status_code == 500
    assert "request-0002" in text
    assert "Traceback" not in text
    assert "1234" not in text


@with_broken_views
@pytest.mark.parametrize(("kind", "status"), [("gone", 404), ("no", 403), ("state", 409)])
def test_a_refusal_of_a_page_is_a_page(cast, browser_of, kind, status):
    response = browser_of(cast.olga).get(f"/refuse/{kind}")
    assert response.status_code == status
    assert response["Content-Type"].startswith("text/html")
    assert "your projects" in response.content.decode()


def test_a_page_that_does_not_exist_is_404(cast, browser_of):
    response = browser_of(cast.olga).get("/no/such/page")
    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()


def test_a_form_without_its_csrf_token_is_told_kindly(db):
    response = Client(enforce_csrf_checks=True).post("/accounts/login/", {})
    assert response.status_code == 403
    assert "open too long" in response.content.decode()


def test_the_request_id_of_the_caller_is_kept_where_it_is_sane(db):
    assert Client().get("/healthz", headers={HEADER: "abc-12345"})[HEADER] == "abc-12345"
    assert Client().get("/healthz", headers={HEADER: "<script>"})[HEADER] != "<script>"


def test_answers_are_logged_without_query_strings(cast, project, api_of, caplog):
    caplog.set_level("INFO", logger="reviewapp.access")
    api_of(cast.olga).get("/projects?cursor=&secret=1")
    (line,) = [record.msg for record in caplog.records if record.name == "reviewapp.access"]
    assert {key: line[key] for key in ("method", "path", "status", "user_id")} == {
        "method": "GET",
        "path": "/api/v1/projects",
        "status": 200,
        "user_id": cast.olga.pk,
    }
    assert line["ms"] >= 0
    assert line["request_id"]
    assert "secret" not in json.dumps(line, default=str)


def test_the_secret_of_an_invitation_is_not_logged(db, caplog):
    caplog.set_level("INFO")
    Client().get("/join/very-secret-link")
    lines = [record.msg for record in caplog.records if record.name == "reviewapp.access"]
    assert [line["path"] for line in lines] == ["/join/<str:secret>"]
