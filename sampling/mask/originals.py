"""Originals of masked texts at rest: AES-GCM, each bound to its project, item and placeholder.

The first of `MASKING_KEYS` seals, all of them open; which one sealed is told by the key's id. A sealed original that is
moved to another item, project or placeholder does not open.
"""

from typing import NamedTuple

from reviewapp import sealing

_PURPOSE = "masked originals"


class Sealed(NamedTuple):
    """An original, encrypted."""

    placeholder: str
    key_id: str
    data: bytes


class Place(NamedTuple):
    """What an original belongs to."""

    project_id: int
    external_id: str


def seal(originals: dict[str, str], place: Place) -> tuple[Sealed, ...]:
    """Encrypt the originals of one item, by placeholder, with the newest key."""
    found = []
    for placeholder, text in originals.items():
        key_id, data = sealing.seal(
            text, purpose=_PURPOSE, project_id=place.project_id, bound=_bound(place, placeholder)
        )
        found.append(Sealed(placeholder, key_id, data))
    return tuple(found)


def open_sealed(sealed: Sealed, place: Place) -> str:
    """Decrypt one original; ConflictError where its key is not here, or where it was tampered with or moved."""
    return sealing.open_sealed(
        sealing.Sealed(sealed.key_id, sealed.data),
        purpose=_PURPOSE,
        project_id=place.project_id,
        bound=_bound(place, sealed.placeholder),
        what=f"The original of {sealed.placeholder}",
    )


def _bound(place: Place, placeholder: str) -> str:
    return "\x1f".join((str(place.project_id), placeholder, place.external_id))
