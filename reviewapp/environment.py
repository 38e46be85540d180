"""Typed reading of environment variables; a bad value refuses to start and names the variable."""

import os
import re
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

MIN_SECRET = 32


def read_text(name: str, default: str = "") -> str:
    """Return the variable, or the default where it is unset or empty."""
    return os.environ.get(name, "").strip() or default


def read_integer(name: str, default: int, *, low: int, high: int) -> int:
    """Return the variable as a whole number between two limits (inclusive)."""
    text = read_text(name, str(default))
    try:
        number = int(text)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {text!r}") from None
    if not low <= number <= high:
        raise ImproperlyConfigured(f"{name} must lie between {low} and {high}, not {number}")
    return number


def read_flag(name: str, *, default: bool) -> bool:
    """Return the variable as a yes or no (1, true, yes, on / 0, false, no, off)."""
    text = read_text(name, "1" if default else "0").lower()
    if text in {"1", "true", "yes", "on"}:
        return True
    if text in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {text!r}")


def read_choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    """Return the variable, which must be one of the choices."""
    text = read_text(name, default)
    if text not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {text!r}")
    return text


def read_list(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """Return the comma-separated variable as a list without empty entries."""
    text = read_text(name)
    return [part.strip() for part in text.split(",") if part.strip()] if text else list(default)


def read_secrets(name: str) -> list[str]:
    """Return the comma-separated secrets of the variable, the one in use first; each must be long enough to be one."""
    found = read_list(name)
    if any(len(secret) < MIN_SECRET for secret in found):
        raise ImproperlyConfigured(f"{name} holds a secret that is too short: write {MIN_SECRET} characters or more")
    return found


def read_or_make_secret(path: Path, *, instead: str) -> str:
    """Return the secret kept in a file that only its owner may read, made on first use.

    `instead` is the variable that makes the file unnecessary.
    Two processes starting at once agree: the file appears whole under its name, and the first one wins.
    """
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        pass
    except OSError as error:
        raise ImproperlyConfigured(f"{path} cannot be read ({error.strerror}): run as its owner") from None
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise ImproperlyConfigured(
            f"{path} cannot be made ({error.strerror}): set {instead}, or name a folder of yours in DATA_DIR"
        ) from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(50) + "\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text(encoding="ascii").strip()


_KEY = re.compile(r"[A-Z][A-Z0-9_]{0,190}(?:KEY|TOKEN)")
# The server's own secrets, and those of its neighbours, are no keys that a project may have sent out.
_OWN = re.compile(
    r"SECRET_KEY|MASKING_KEYS?|METRICS_TOKEN|EMAIL_.*|DATABASE_.*|REDIS_.*|AWS_.*|GITHUB_.*|CI_.*|.*SECRET.*"
)


def serves_as_key(name: str) -> bool:
    """Tell whether a project may name this variable as the key of a provider."""
    return bool(_KEY.fullmatch(name)) and not _OWN.fullmatch(name)


def read_key(name: str) -> str | None:
    """Return the key of a provider that a project named by its variable, None where it is not set."""
    return (os.environ.get(name, "").strip() or None) if serves_as_key(name) else None
