"""Static files as published: hashed, compressed, and each page's script and style in one file each.

Scripts and styles are written in small files. While they are collected, those that pages name (`js/*.js`, `css/*.css`)
take in what they import, so that a page asks for one script and one style; there is no other build step, and the small
files work as they are wherever nothing is collected.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

JS_IMPORT = re.compile(r'^import (?:\{[^}"\']*\} from )?"(\.{1,2}/[^"]+)";\n', re.MULTILINE)
JS_EXPORT = re.compile(r"^export (?=async |function |class |const |let )", re.MULTILINE)
# Comments that have lines of their own; casts and remarks within a line stay.
COMMENT = re.compile(r"^[ \t]*(?:/\*(?:(?!\*/).)*\*/[ \t]*|//[^\n]*)\n", re.MULTILINE | re.DOTALL)
CSS_IMPORT = re.compile(r'^@import "(\.{1,2}/[^"]+)";\n', re.MULTILINE)
NOT_JOINABLE = re.compile(r"^(?:import .* as |import \*|import \w|export (?:default|\{|\*))", re.MULTILINE)


def _follow(name: str, read: Callable[[str], str], pattern: re.Pattern[str], seen: set[str]) -> Iterator[str]:
    """Yield the texts of a file and what it imports, each once, what is needed first, without comments."""
    if name in seen:
        return
    seen.add(name)
    text = read(name)
    for found in pattern.finditer(text):
        yield from _follow(normpath(str(PurePosixPath(name).parent / found[1])), read, pattern, seen)
    yield COMMENT.sub("", pattern.sub("", text))


def join_script(name: str, read: Callable[[str], str]) -> str:
    """Return a module with everything it imports in one scope; two things of one name would not parse.

    What the module itself exports stays exported, for those that load it later.
    """
    *parts, last = _follow(name, read, JS_IMPORT, set())
    text = "\n".join([*(JS_EXPORT.sub("", part) for part in parts), last])
    if wrong := NOT_JOINABLE.search(text):
        raise ImproperlyConfigured(f"{name}: modules are joined by name, so {wrong[0]!r} cannot be used")
    return text


def join_style(name: str, read: Callable[[str], str]) -> str:
    """Return a style sheet with everything it imports."""
    return "\n".join(_follow(name, read, CSS_IMPORT, set()))


class JoinedStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Whitenoise's storage, fed with joined scripts and styles."""

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:  # noqa: FBT001, FBT002
        """Join the files that pages name, then hash and compress everything."""

        def read(name: str) -> str:
            storage, path = paths[name]
            with storage.open(path) as file:
                data: bytes = file.read()
            return data.decode()

        joined = InMemoryStorage()
        names = {
            name: join
            for pattern, join in (("js/*.js", join_script), ("css/*.css", join_style))
            for name in paths
            if PurePosixPath(name).match(pattern) and len(PurePosixPath(name).parts) == 2
        }
        texts = {name: join(name, read) for name, join in names.items()}
        for name, text in texts.items():
            joined.save(name, ContentFile(text.encode()))
            paths[name] = (joined, name)
        yield from super().post_process(paths, dry_run, **options)
