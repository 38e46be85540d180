"""The WSGI entry point: `reviewapp.wsgi:application`.

Web workers of one server share their request counts in a folder named by the server's process; it is chosen here,
because prometheus_client looks for it once, when it is first imported.

Everything is loaded before the first request is taken, and then left alone by the garbage collector: it would look
through half a million objects that never go away, again and again.
"""

import gc
import os
import shutil
from pathlib import Path

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver


def share_metrics(data_dir: Path) -> None:
    """Name the folder of this server's counts, and remove those of servers that are gone."""
    folder = data_dir / "metrics"
    own = folder / str(os.getppid())
    own.mkdir(parents=True, exist_ok=True)
    for other in folder.iterdir():
        if not _is_running(other.name):
            shutil.rmtree(other, ignore_errors=True)
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(own))


def _is_running(process_id: str) -> bool:
    try:
        os.kill(int(process_id), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reviewapp.settings")
if os.environ["DJANGO_SETTINGS_MODULE"] == "reviewapp.settings":
    from reviewapp.settings import DATA_DIR

    share_metrics(DATA_DIR)
application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018 — reading them imports every view
gc.collect()
gc.freeze()
