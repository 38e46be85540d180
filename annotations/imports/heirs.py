"""Rows that supersede others: their ids are known before they are stored, and what they replace ends first."""

from collections.abc import Iterator

from django.db import connection, models

from sampling.erase.lock import lock_content


def reserve_ids(model: type[models.Model], count: int) -> Iterator[int]:
    """Return an iterator over that many unused ids of a table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return iter([row[0] for row in cursor.fetchall()])


def end_superseded(model: type[models.Model], heirs: dict[int, int]) -> None:
    """End rows before their heirs are stored, so that never two of the same stand; `heirs` is by the old rows' ids."""
    if not heirs:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {model._meta.db_table} t SET superseded_by_id = h.heir"  # noqa: S608 — a table of ours
            " FROM unnest(%s::bigint[], %s::bigint[]) AS h (id, heir) WHERE t.id = h.id",
            [list(heirs), list(heirs.values())],
        )


def lock_imports(project_id: int) -> None:
    """Let the imports of one project follow each other, and erasure of people with them, until the transaction ends."""
    lock_content(project_id)
