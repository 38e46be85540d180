"""The demo's people on the sign-in page, wherever that page is shown."""

import json
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from django import template
from django.conf import settings

register = template.Library()
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class DemoSignIn(NamedTuple):
    """How to sign in as one of the demo's people."""

    username: str
    password: str
    role: str


@register.simple_tag
def list_demo_sign_ins() -> list[DemoSignIn]:
    """Return the demo's sign-ins; none where there is no demo, or where others than this machine are served."""
    if urlsplit(settings.PUBLIC_URL).hostname not in _LOOPBACK:
        return []
    try:
        rows = json.loads((Path(settings.DATA_DIR) / "demo-sign-ins.json").read_text(encoding="utf-8"))
        return [DemoSignIn(str(row["username"]), str(row["password"]), str(row["role"])) for row in rows]
    except (OSError, ValueError, KeyError, TypeError):
        return []
