"""Structured logs: one JSON object a line, with the request id; or plain lines for a person's console."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

# API tokens, and the secrets in invitation links: Django's own log lines repeat paths.
_SECRETS = re.compile(r"(rvw_[0-9a-f]+_|/join/)[A-Za-z0-9_-]+")


def hide_secrets(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank out tokens and invitation links, wherever in a log line they stand."""
    for key, value in event.items():
        if isinstance(value, str) and ("rvw_" in value or "/join/" in value):
            event[key] = _SECRETS.sub(r"\1***", value)
    return event


def configure_logging(settings: dict[str, Any]) -> None:
    """Set up structlog and the standard library's logging alike; `settings` holds `level` and `format`."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer() if settings["format"] == "json" else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, hide_secrets, renderer],
        )
    )
    # No line tells them, and finding them out takes a good part of the time of one.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings["level"])
    logging.getLogger("django.server").setLevel("WARNING")
    logging.getLogger("rq.worker").setLevel("WARNING")
    logging.getLogger("httpx").setLevel("WARNING")  # it tells every request, and we count them ourselves
