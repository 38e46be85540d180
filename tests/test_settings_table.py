"""docs/settings.md lists exactly the variables that the settings read, and nothing else reads the environment."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from reviewapp.environment import read_choice, read_flag, read_integer, read_list, read_or_make_secret

ROOT = Path(__file__).resolve().parent.parent
MAY_READ_THE_ENVIRONMENT = {
    "manage.py",  # names the settings module
    "reviewapp/environment.py",  # what the settings read with
    "reviewapp/wsgi.py",  # the same, and the folder that web processes share their metrics in
    "reviewapp/metrics.py",  # finds that folder again
    "reviewapp/embedded/binaries.py",  # PG_BINDIR, before Django
    "reviewapp/embedded/command_line.py",  # DATA_DIR, PORT and the URLs, before Django
    "reviewapp/embedded/servers.py",  # passes it on to the keeper
    "reviewapp/management/commands/up.py",  # passes it on to web, worker and scheduler
}


def read_by_the_settings() -> dict[str, str]:
    """Each variable with its default as the table writes it; "computed" where it is no literal."""
    tree = ast.parse((ROOT / "reviewapp" / "settings.py").read_text(encoding="utf-8"))
    found = {}
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id.startswith("read_"):
            name, *rest = call.args
            if isinstance(name, ast.Constant):
                given = rest[0] if rest else next((word.value for word in call.keywords if word.arg == "default"), None)
                found[str(name.value)] = written(given)
    return found


def written(default: ast.expr | None) -> str:
    if default is None:
        return "none"
    try:
        value = ast.literal_eval(default)
    except ValueError:
        return "computed"
    if isinstance(value, bool):
        return f"`{int(value)}`"
    return f"`{','.join(value) if isinstance(value, tuple) else value}`"


def listed_in_the_table() -> dict[str, str]:
    table = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8").partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+) \|$", table, flags=re.MULTILINE)
    return {name: "computed" if default.startswith("computed: ") else default for name, default, _ in rows}


def test_the_table_lists_what_is_read_with_its_defaults():
    assert listed_in_the_table() == read_by_the_settings()


def python_files() -> Iterator[Path]:
    yield ROOT / "manage.py"
    for package in ("reviewapp", "sampling", "annotations"):
        yield from (ROOT / package).rglob("*.py")


def test_nothing_else_reads_the_environment():
    readers = set()
    for file in python_files():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"}:
                readers.add(str(file.relative_to(ROOT)))
    assert readers == MAY_READ_THE_ENVIRONMENT


@pytest.mark.parametrize(
    ("value", "read", "sentence"),
    [
        ("many", lambda: read_integer("X", 1, low=1, high=9), "X must be a whole number, not 'many'"),
        ("10", lambda: read_integer("X", 1, low=1, high=9), "X must lie between 1 and 9, not 10"),
        ("perhaps", lambda: read_flag("X", default=False), "X must be 1 or 0, not 'perhaps'"),
        ("loud", lambda: read_choice("X", "a", ("a", "b")), "X must be one of a, b, not 'loud'"),
    ],
)
def test_a_value_without_sense_is_refused_by_name(monkeypatch, value, read, sentence):
    monkeypatch.setenv("X", value)
    with pytest.raises(ImproperlyConfigured) as refusal:
        read()
    assert str(refusal.value) == sentence


@pytest.mark.parametrize(("value", "flag"), [("", True), ("1", True), ("Yes", True), ("off", False), ("0", False)])
def test_flags_are_read_as_people_write_them(monkeypatch, value, flag):
    monkeypatch.setenv("X", value)
    assert read_flag("X", default=True) is flag


def test_lists_are_comma_separated_and_empty_means_the_default(monkeypatch):
    monkeypatch.setenv("X", " a, ,b ")
    assert read_list("X") == ["a", "b"]
    monkeypatch.setenv("X", " ")
    assert read_list("X", ("c",)) == ["c"]


def test_the_secret_is_made_once_and_for_its_owner_only(tmp_path):
    file = tmp_path / "new" / "secret-key"
    assert read_or_make_secret(file, instead="SECRET_KEY") == read_or_make_secret(file, instead="SECRET_KEY")
    assert len(read_or_make_secret(file, instead="SECRET_KEY")) > 50
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["secret-key"]


def test_a_place_where_no_secret_can_be_made_is_told_with_the_remedy(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ImproperlyConfigured, match=r"cannot be read .* run as its owner"):
        read_or_make_secret(tmp_path / "file" / "secret-key", instead="SECRET_KEY")
    with pytest.raises(ImproperlyConfigured, match=r"cannot be made .* set SECRET_KEY"):
        read_or_make_secret(Path("/proc/none/secret-key"), instead="SECRET_KEY")
