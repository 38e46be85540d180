"""What must be in place before the web answers: the schema, the static files, on the first start the demo."""

import hashlib
import io
import shutil
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

FINGERPRINT = "collected"
FIRST_START = "first-start"


def migrate_if_behind() -> bool:
    """Apply what migrations are missing; answers whether the database was empty before."""
    executor = MigrationExecutor(connection)
    empty = not executor.loader.applied_migrations
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)
    return empty


def collect_static_if_stale() -> bool:
    """Collect the static files when any of them changed since the last time; answers whether it did."""
    root = Path(settings.STATIC_ROOT)
    record = root.parent / FINGERPRINT
    fingerprint = _fingerprint()
    if root.is_dir() and record.exists() and record.read_text() == fingerprint:
        return False
    record.unlink(missing_ok=True)
    shutil.rmtree(root, ignore_errors=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    root.mkdir(exist_ok=True)
    record.write_text(fingerprint)
    return True


def make_demo_once(*, wanted: bool, database_was_empty: bool, database_is_real: bool) -> str | None:
    """Make the demo on the first start of a data directory, and never again; answers what to tell the person.

    The data directory remembers, not the database: a demo that somebody deleted does not come back. A real server gets
    the demo only when it was empty, since its data directory may be a new one at every start.
    """
    record = Path(settings.DATA_DIR) / FIRST_START
    if record.exists():
        return None
    told = None
    if not wanted:
        told = "No demo, as asked; `manage.py create_demo` makes one."
    elif database_is_real and not database_was_empty:
        told = "No demo, as the database was in use before; `manage.py create_demo` makes one."
    else:
        try:
            call_command("create_demo", stdout=io.StringIO())  # the sign-ins are shown once the web answers
        except CommandError as error:
            told = f"No demo: {error}"
    record.write_text(datetime.now(UTC).isoformat() + "\n")
    return told


def _fingerprint() -> str:
    """A digest of the names, sizes and times of every static file, and of how they are stored."""
    digest = hashlib.sha256(repr(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for name, storage in finder.list(ignore_patterns=None):
            found = Path(storage.path(name)).stat()
            digest.update(f"{name}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
