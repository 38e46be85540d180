"""The page of masking: modes, patterns and what they do to a text; the originals of an item; who was shown them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reviewapp.accounts.models import Project
from reviewapp.http.lines import Line
from sampling.ingest.add import add_items
from sampling.models import RevealedOriginals
from tests.conftest import NOW
from tests.sampling.lines import item

URL = "/p/helpdesk/settings/masking"
FORM = {
    "masking": "reversible",
    "name": ["staff", ""],
    "pattern": [r"\bEMP-[0-9]+", ""],
    "text": "EMP-1, anna@example.org",
}


@pytest.fixture
def lea(cast, project, browser_of):
    return browser_of(cast.lea)


def send(project, *items):
    lines = [Line(number, each) for number, each in enumerate(items, 1)]
    assert add_items(project=project, lines=lines, actor=None, now=NOW).accepted == len(items)


@pytest.mark.parametrize("path", [URL, f"{URL}/try", "/p/helpdesk/originals"])
@pytest.mark.parametrize(("name", "status"), [("stan", 404), ("rui", 403), ("ada", 403), ("vic", 403)])
def test_others_do_not_get_there(cast, project, browser_of, path, name, status):
    assert browser_of(getattr(cast, name)).post(path, {**FORM, "external_id": "a", "reason": "x"}).status_code == status


def test_the_page_says_what_each_mode_means_and_tries_the_sample(lea):
    page = lea.get(URL).content.decode()
    assert "nobody can look them up" in page
    assert 'value="mask" checked' in page
    assert "3 places would be masked" in page
    assert "[CARD_1]" in page


def test_mode_and_patterns_are_saved_and_shown(lea, project):
    page = lea.post(URL, FORM, follow=True).content.decode()
    assert "It holds for items that arrive from now on" in page
    project.refresh_from_db()
    assert (project.masking, project.masking_patterns) == (
        "reversible",
        [{"name": "staff", "pattern": r"\bEMP-[0-9]+"}],
    )
    assert r'value="\bEMP-[0-9]+"' in page
    settings = lea.get("/p/helpdesk/settings").content.decode()
    assert "1 pattern of your own" in settings


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pattern": ["(", ""]}, "pattern 1</code> Not a pattern of RE2"),
        ({"name": ["", "x"], "pattern": ["a", ""]}, "pattern 1</code>"),
        ({"masking": "some"}, "masking</code>"),
    ],
)
def test_what_cannot_be_is_refused_and_what_was_typed_stays(lea, project, change, said):
    response = lea.post(URL, {**FORM, **change})
    assert response.status_code == 422
    assert said in response.content.decode()
    assert "EMP-1, anna@example.org</textarea>" in response.content.decode()
    project.refresh_from_db()
    assert (project.masking, project.masking_patterns) == ("mask", [])


@pytest.mark.parametrize("path", [f"{URL}/try", URL])
def test_a_text_is_tried_with_what_is_not_saved_yet(lea, project, path):
    page = lea.post(path, {**FORM, "what": "try"}).content.decode()
    assert "2 places would be masked" in page
    assert ">[CUSTOM_1]</mark>, <mark" in page
    project.refresh_from_db()
    assert project.masking == "mask"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pattern": ["x*"]}, "say what must be there"),
        ({"text": "x" * 20_001}, "shorter text"),
        ({"text": "nothing", "name": [], "pattern": []}, "Nothing in it would be masked"),
        ({"masking": "off"}, "Masking is off"),
    ],
)
def test_a_trial_says_what_keeps_it(lea, change, said):
    assert said in lea.post(f"{URL}/try", {**FORM, **change}).content.decode()


def test_originals_are_shown_this_once_with_a_reason(lea, project):
    Project.objects.update(masking="reversible")
    project.refresh_from_db()
    send(project, item("a b/c", input="Write to anna@example.org", user_ref="u-17"))
    page = lea.get("/p/helpdesk/items/a%20b%2Fc").content.decode()
    assert "1 e-mail address<" in page
    assert "Show the originals" in page
    assert "anna@example.org" not in page
    response = lea.post("/p/helpdesk/originals", {"external_id": "a b/c", "reason": " "})
    assert response.status_code == 422
    assert "why you need to see them" in response.content.decode()
    response = lea.post("/p/helpdesk/originals", {"external_id": "a b/c", "reason": "Complaint 12"})
    assert "no-store" in response["Cache-Control"]
    shown = response.content.decode()
    assert "anna@example.org" in shown
    assert "u-17" in shown
    assert RevealedOriginals.objects.get().revealed_by.username == "lea"
    assert "Complaint 12" in lea.get(URL).content.decode()
    history = lea.get("/p/helpdesk/items/a%20b%2Fc").content.decode()
    assert "Originals shown" in history


def test_an_items_page_says_what_was_masked_to_those_who_may_not_look(project, cast, browser_of):
    send(project, item("masked", output="anna@example.org, bea@example.org, 4111 1111 1111 1111"), item("clean"))
    vic = browser_of(cast.vic)
    page = vic.get("/p/helpdesk/items/masked").content.decode()
    assert "2 e-mail addresses" in page
    assert "1 card" in page
    assert "The originals were not kept" in page
    assert 'id="masked"' not in vic.get("/p/helpdesk/items/clean").content.decode()
    Project.objects.update(masking="reversible")
    project.refresh_from_db()
    send(project, item("kept", output="nothing", user_ref="u-17"))
    page = vic.get("/p/helpdesk/items/kept").content.decode()
    assert "only references are hashed" in page
    assert "owners and leads may look them up" in page


def test_the_page_costs_as_much_after_30_looks_as_after_none(lea, project, cast):
    Project.objects.update(masking="reversible")
    project.refresh_from_db()
    send(project, item("a", input="anna@example.org"))
    counts = []
    for looks in (0, 30):
        for _ in range(looks):
            lea.post("/p/helpdesk/originals", {"external_id": "a", "reason": "again"})
        with CaptureQueriesContext(connection) as queries:
            lea.get(URL)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8
