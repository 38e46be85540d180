"""Saved views: kept under a name, shared or own, renamed, changed, deleted; and who may do that."""

import re
from html import unescape
from urllib.parse import parse_qs, quote, urlsplit

import orjson
import pytest

from annotations.projects import create_project
from reviewapp.accounts.projects import ProjectSpec
from reviewapp.http.lines import cut_lines
from sampling.ingest.add import add_items
from sampling.items import saved_views
from sampling.models import SavedView
from tests.conftest import NOW
from tests.sampling.lines import item, ndjson

SLOW = '{"latency_ms":{"gt":3}}'
LIST = "/p/helpdesk/items"
SAVE = "/p/helpdesk/item-views"


@pytest.fixture(autouse=True)
def _stored(project):
    lines = ndjson(*(item(f"i{n}", latency_ms=n) for n in range(6)))
    add_items(project=project, lines=cut_lines([lines]), actor=None, now=NOW)


@pytest.fixture
def browse(browser_of):
    """`browse(person)`: the person's browser, the same one each time."""
    browsers = {}
    return lambda person: browsers.get(person) or browsers.setdefault(person, browser_of(person))


@pytest.fixture
def save(browse):
    """`save(person, "Slow", where=…)`: the id of the view, and the page one comes to."""

    def do(person, name="Slow", path=SAVE, **fields):
        response = browse(person).post(path, {"name": name, "where": SLOW, **fields}, follow=True)
        assert response.status_code == 200
        return response.content.decode()

    return do


def shown(text):
    return re.findall(r'class="mono muted" dir="auto">([^<]*)<', text)


def views(text):
    return [unescape(name) for name in re.findall(r'<li><a href="[^"]*view=\d+"[^>]*>([^<]*)<', text)]


def test_a_view_is_saved_and_its_link_shows_it(cast, save, browse):
    text = save(cast.vic, q="parcel", columns="model,latency_ms")
    assert "“Slow” is saved." in text
    assert shown(text) == ["i5", "i4"]
    view = SavedView.objects.get()
    assert (view.where, view.words, view.columns, view.shared) == (
        {"latency_ms": {"gt": 3}},
        "parcel",
        ["model", "latency_ms"],
        False,
    )
    page = browse(cast.vic).get(f"{LIST}?view={view.pk}").content.decode()
    assert shown(page) == ["i5", "i4"]
    assert 'data-label="model"' in page
    assert f'href="/p/helpdesk/items/i5?view={view.pk}"' in page
    assert views(page) == ["Slow"]


def test_what_is_shown_beside_the_view_is_a_change_of_it_until_it_is_kept(cast, save, browse):
    save(cast.vic)
    view = SavedView.objects.get()
    fast = quote('{"latency_ms":{"lt":2}}')
    page = browse(cast.vic).get(f"{LIST}?view={view.pk}&where={fast}").content.decode()
    assert shown(page) == ["i1", "i0"]
    assert "Keep what the list shows now" in page
    empty = browse(cast.vic).get(f"{LIST}?view={view.pk}&q=").content.decode()
    assert len(shown(empty)) == 6
    path = f"{SAVE}/{view.pk}"
    save(cast.vic, "Fast", path=path, where='{"latency_ms":{"lt":2}}')
    view.refresh_from_db()
    assert (view.name, view.where) == ("Fast", {"latency_ms": {"gt": 3}})
    assert shown(save(cast.vic, "Fast", path=path, where='{"latency_ms":{"lt":2}}', content="on")) == ["i1", "i0"]


def test_a_chip_taken_out_leaves_the_view_it_began_with(cast, save):
    text = save(cast.vic)
    (without,) = re.findall(r'href="([^"]*)" aria-label="Without', text)
    asked = parse_qs(urlsplit(unescape(without)).query, keep_blank_values=True)
    assert asked == {"q": [""], "view": [str(SavedView.objects.get().pk)]}


def test_an_own_view_is_its_owners_alone_and_a_shared_one_everybodys(cast, save, browse):
    save(cast.vic, "Mine")
    save(cast.vic, "Ours", shared="on")
    mine, ours = SavedView.objects.order_by("pk")
    other = browse(cast.pat)
    assert views(other.get(LIST).content.decode()) == ["Ours"]
    assert "by vic" in other.get(LIST).content.decode()
    assert other.get(f"{LIST}?view={ours.pk}").status_code == 200
    assert other.get(f"{LIST}?view={mine.pk}").status_code == 404
    assert other.get(f"{LIST}/i5?view={mine.pk}").status_code == 404


@pytest.mark.parametrize(("name", "may"), [("vic", True), ("lea", True), ("pat", False), ("ada", False)])
def test_who_changes_and_deletes_a_shared_view(cast, save, browse, name, may):
    save(cast.vic, "Ours", shared="on")
    view = SavedView.objects.get()
    person = getattr(cast, name)
    assert ("Delete" in browse(person).get(f"{LIST}?view={view.pk}").content.decode()) == may
    text = save(person, "Renamed", path=f"{SAVE}/{view.pk}", shared="on")
    view.refresh_from_db()
    assert (view.name == "Renamed") == may
    assert may or "Only its owner" in text
    text = save(person, path=f"{SAVE}/{view.pk}/delete", view=view.pk)
    assert SavedView.objects.exists() == (not may)
    assert shown(text) == ["i5", "i4"]


@pytest.mark.parametrize("path", ["", "/delete"])
def test_nobody_changes_what_they_do_not_see(cast, save, browse, path):
    save(cast.vic, "Mine")
    view = SavedView.objects.get()
    assert "no such saved view" in save(cast.lea, "Hers", path=f"{SAVE}/{view.pk}{path}")
    assert SavedView.objects.get().name == "Mine"


@pytest.mark.parametrize(("name", "status"), [("rui", 403), ("stan", 404)])
@pytest.mark.parametrize("path", [SAVE, f"{SAVE}/1", f"{SAVE}/1/delete"])
def test_who_sees_no_items_has_no_views(cast, browse, name, status, path):
    assert browse(getattr(cast, name)).post(path, {"name": "x"}).status_code == status


def test_views_of_another_project_are_not_found(cast, save, browse):
    other = create_project(owner=cast.vic, spec=ProjectSpec(slug="sales", name="S"), rubric=None, actor=None, now=NOW)
    save(cast.vic, path="/p/sales/item-views")
    view = SavedView.objects.get()
    assert view.project == other
    assert browse(cast.vic).get(f"{LIST}?view={view.pk}").status_code == 404


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("  ", "Give the view a name."),
        ("x" * 101, "At most 100 characters."),
        ("Slow", "There is a view named “Slow” already."),
    ],
)
def test_what_cannot_be_saved_is_refused_and_what_was_typed_stays(cast, save, name, said):
    save(cast.vic)
    text = save(cast.vic, name)
    assert said in text
    assert f'value="{name}"' in text
    assert SavedView.objects.count() == 1


@pytest.mark.parametrize(("where", "said"), [('{"latency_ms": 1}', "Expected an operator"), ("{", "Not JSON")])
def test_a_filter_that_is_none_is_not_saved(cast, browse, where, said):
    response = browse(cast.vic).post(SAVE, {"name": "New", "where": where}, follow=True)
    assert (response.status_code, said in response.content.decode()) == (422, True)
    assert not SavedView.objects.exists()


def test_a_view_may_be_renamed_to_itself(cast, save):
    save(cast.vic)
    assert "is saved" in save(cast.vic, path=f"{SAVE}/{SavedView.objects.get().pk}")


def test_nobody_has_more_than_so_many(cast, save, monkeypatch):
    monkeypatch.setattr(saved_views, "MAX_VIEWS", 1)
    save(cast.vic)
    assert "Delete some first" in save(cast.vic, "Another")
    assert "is saved" in save(cast.pat, "Another")


@pytest.mark.parametrize("view", ["x", "9" * 30, "0"])
def test_a_view_that_is_none(cast, browse, view):
    response = browse(cast.vic).get(f"{LIST}?view={view}")
    assert response.status_code == (404 if view == "0" else 200)


class TestSending:
    """The list and the item's page send to review; `tests/queue/test_lanes.py` has the rest."""

    def test_who_may_send_finds_the_boxes(self, cast, browse):
        assert 'name="external_id" value="i5" form="send"' in browse(cast.ada).get(LIST).content.decode()
        assert 'form="send"' not in browse(cast.pat).get(LIST).content.decode()
        assert 'value="i5" form="send"' in browse(cast.lea).get(f"{LIST}/i5").content.decode()
        assert 'form="send"' not in browse(cast.pat).get(f"{LIST}/i5").content.decode()

    def test_all_that_a_list_finds_are_sent_words_and_filter(self, project, cast, browse):
        from annotations.models import Task

        Task.objects.all().delete()
        page = browse(cast.lea).get(f"{LIST}?q=parcel&where={quote(SLOW)}").content.decode()
        (where,) = re.findall(r'name="where" value="([^"]*)"', page.partition('class="send-all"')[2])
        fields = {"reason": "odd", "q": "parcel", "where": unescape(where), "next": LIST}
        sent = browse(cast.lea).post("/p/helpdesk/send-to-review", fields, follow=True).content.decode()
        assert "2 items are sent to review." in sent
        assert set(Task.objects.values_list("item__external_id", flat=True)) == {"i4", "i5"}
        again = {"reason": "odd", "q": "nothing", "next": LIST}
        text = browse(cast.lea).post("/p/helpdesk/send-to-review", again, follow=True).content.decode()
        assert "0 items are sent to review." in text


def test_the_state_of_a_view_is_json(cast, save):
    save(cast.vic, where="")
    assert orjson.dumps(SavedView.objects.get().where) == b"{}"
