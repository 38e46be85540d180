"""The page of error analysis: what it shows to whom, its empty states, filters, and parts for its script."""

import pytest

from tests.failures.test_failure_modes_api import POLICY, RUDE, label, send

PAGE, MODES = "/p/helpdesk/quality/errors", "/projects/helpdesk/failure-modes"


def read(client, query=""):
    response = client.get(PAGE + query)
    assert response.status_code == 200, response.headers
    return response.content.decode()


def test_it_lists_notes_with_modes_figures_and_what_can_be_done(cast, project, api_of, browser_of):
    lea = api_of(cast.lea)
    assert "There are no notes yet" in read(browser_of(cast.vic))
    names = [f"i{n}" for n in range(40)]
    send(lea, names)
    label(lea, {name: {"verdict": "fail", "note": f"{RUDE if n % 2 else POLICY} <b>"} for n, name in enumerate(names)})
    browser = browser_of(cast.lea)
    assert "press <kbd>n</kbd> and name it" in read(browser)
    for name in ("Tone", "Policy", "Cold"):
        lea.post(MODES, {"name": name, "description": "when it is"}, status=201)
    lea.post(f"{MODES}/cold/merge", {"into": "tone"})
    lea.post(f"{MODES}/assign", {"external_ids": names[:10], "modes": ["tone"]})
    lea.post(f"{MODES}/assign", {"external_ids": names[10:12], "modes": []})
    page = read(browser)
    for words in ("12</span> of 40 read", "12 of 40 failing drawn items are read", "“Cold” counts here", "&lt;b&gt;"):
        assert words in page
    assert page.count("<article") == 28
    assert "Ask reviewers for these" in page
    everything = read(browser, "?state=all&part=list")
    assert (everything.count("<article"), "<html" in everything) == (30, False)
    more = everything.split('href="')[-1].split('"')[0].replace("&amp;", "&")
    assert browser.get(more).content.decode().count("<article") == 10
    assert read(browser, "?state=read&mode=tone").count("<article") == 10
    assert "No notes like these" in read(browser, "?words=nonsense")
    assert "Give all 20" in read(browser, "?state=all&words=refund")
    assert browser.get(f"{PAGE}?group=gone").status_code == 302
    groups = browser.get(f"{PAGE}/groups").content.decode()
    assert "20 notes" in groups
    lea.post(f"{MODES}/publish", {}, status=201)
    fragment = browser.get(f"{PAGE}/codebook").content.decode()
    assert "Reviewers are asked for these modes" in fragment
    lea.post(f"{MODES}/assign", {"external_ids": names, "add": "policy"})
    assert "Everything is read" in read(browser)
    seen = read(browser_of(cast.vic), "?state=all")
    assert "data-may-edit" not in seen
    assert 'class="tag on">Policy' in seen
    ada = read(browser_of(cast.ada), "?state=all")
    assert ("data-may-edit" in ada, "data-publish" in ada) == (True, False)


@pytest.mark.parametrize(("name", "status"), [("rui", 403), ("stan", 404), ("pat", 200)])
def test_who_sees_it(cast, project, browser_of, name, status):
    browser = browser_of(getattr(cast, name))
    for part in ("", "/codebook", "/groups"):
        assert browser.get(PAGE + part).status_code == status
