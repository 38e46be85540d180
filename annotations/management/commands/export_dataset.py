"""`manage.py export_dataset PROJECT DATASET[@VERSION] --format F --out FILE`: an export, streamed into a file."""

import sys
from argparse import ArgumentParser
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from annotations.datasets.export.audit import export_on_record
from annotations.datasets.export.formats import FORMATS, keeps_erased
from annotations.datasets.read import check_split, count_rows, get_frozen
from reviewapp.accounts.operators import get_project
from reviewapp.management.refusals import refusals_as_command_errors


class Command(BaseCommand):
    """Write a version of a dataset into a file."""

    help = (
        "Write a version of a dataset into a file, streaming: the newest, a number, or a tag behind an @."
        " Prints version, size and SHA-256 as JSON. The file is complete or not there at all."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the command line."""
        parser.add_argument("project", metavar="PROJECT", help="the project's slug")
        parser.add_argument("dataset", metavar="DATASET[@VERSION]", help="its name; the newest version without one")
        parser.add_argument("--format", default="jsonl", choices=FORMATS, help="jsonl unless named")
        parser.add_argument("--split", help="only the rows of this split")
        parser.add_argument("--provenance", action="store_true", help="with who stands behind each row (jsonl)")
        parser.add_argument("--out", required=True, metavar="FILE", help="- for stdout")

    def handle(self, *_: Any, **options: Any) -> None:
        """Write, and tell what was written."""
        name, _, wanted = options["dataset"].partition("@")
        whole, size = sha256(), 0
        with refusals_as_command_errors():
            version = get_frozen(get_project(options["project"]), name, wanted or None)
            split = check_split(version, options["split"])
            rows = count_rows(version, split=split, erased=keeps_erased(options["format"]))
            made = export_on_record(
                version,
                kind=options["format"],
                split=options["split"],
                actor=None,
                provenance=bool(options.get("provenance")),
            )
            with (
                _Output(options["out"]) as out,
                tqdm(unit="B", unit_scale=True, disable=not sys.stderr.isatty()) as bar,
            ):
                for piece in made.pieces:
                    whole.update(piece)
                    size += out.write(piece)
                    bar.update(len(piece))
        told = {"dataset": name, "version": version.version, "rows": rows, "bytes": size}
        told |= {"format": options["format"], "sha256": whole.hexdigest()}
        # With the export itself on stdout, what is told of it goes beside it.
        (self.stderr if options["out"] == "-" else self.stdout).write(orjson.dumps(told).decode())


class _Output:
    """A file under another name until it is complete, or stdout."""

    def __init__(self, name: str) -> None:
        self._path = None if name == "-" else Path(name)
        self._part = None if self._path is None else self._path.with_name(f".{self._path.name}.part")

    def __enter__(self) -> Any:
        if self._part is None:
            return sys.stdout.buffer
        try:
            self._file = self._part.open("wb")
        except OSError as error:
            raise CommandError(f"{self._path} cannot be written: {error.strerror}.") from None
        return self._file

    def __exit__(self, kind: object, *_: object) -> None:
        if self._part is None or self._path is None:
            return
        self._file.close()
        if kind is None:
            self._part.replace(self._path)
        else:
            self._part.unlink(missing_ok=True)
