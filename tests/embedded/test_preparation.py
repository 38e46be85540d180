"""What is prepared before the web answers is prepared once, and again only when it has to be."""

from pathlib import Path

import pytest
from django.contrib.staticfiles.finders import get_finder
from django.core.management.base import CommandError

from reviewapp.embedded import preparation
from reviewapp.embedded.preparation import collect_static_if_stale, make_demo_once, migrate_if_behind


@pytest.fixture
def data_dir(settings, tmp_path) -> Path:
    settings.DATA_DIR = tmp_path
    settings.STATIC_ROOT = tmp_path / "static"
    return tmp_path


@pytest.fixture
def demos(monkeypatch) -> list[str]:
    """The demos that were made; none is made in truth."""
    made: list[str] = []
    monkeypatch.setattr(preparation, "call_command", lambda name, **_: made.append(name))
    return made


def start(*, wanted: bool = True, empty: bool = False, real: bool = False) -> str | None:
    return make_demo_once(wanted=wanted, database_was_empty=empty, database_is_real=real)


def test_the_demo_is_made_on_the_first_start_only(data_dir, demos):
    assert [start(), start()] == [None, None]
    assert demos == ["create_demo"]


def test_no_demo_as_asked_stays_so(data_dir, demos):
    assert "as asked" in (start(wanted=False) or "")
    assert start() is None
    assert demos == []


def test_a_real_database_gets_the_demo_only_when_it_was_empty(data_dir, demos):
    assert "in use before" in (start(real=True) or "")
    (data_dir / "first-start").unlink()
    start(real=True, empty=True)
    assert demos == ["create_demo"]


def test_a_demo_that_is_there_already_stops_no_start(data_dir, monkeypatch):
    def refuse(*_, **__):
        raise CommandError("There is a project demo already.")

    monkeypatch.setattr(preparation, "call_command", refuse)
    assert start() == "No demo: There is a project demo already."
    assert start() is None


def test_static_files_are_collected_again_when_one_changed(data_dir, settings, tmp_path_factory):
    sources = tmp_path_factory.mktemp("sources")
    (sources / "a.css").write_text("a {}")
    settings.STATICFILES_DIRS = [sources]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    get_finder.cache_clear()
    assert [collect_static_if_stale(), collect_static_if_stale()] == [True, False]
    (sources / "b.css").write_text("b {}")
    get_finder.cache_clear()
    assert collect_static_if_stale()
    assert (data_dir / "static" / "b.css").exists()
    get_finder.cache_clear()


@pytest.mark.django_db
def test_a_schema_that_is_up_to_date_is_left_alone(monkeypatch):
    monkeypatch.setattr(preparation, "call_command", lambda *_, **__: pytest.fail("migrated"))
    assert migrate_if_behind() is False
