"""A connection that the server ended is noticed before it is used, and one that lives costs no round trip."""

import psycopg
import pytest
from django.db import close_old_connections, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext


def end_connection():
    """End this thread's connection from the server's side, as a restart or an idle limit does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    with psycopg.connect(**{**connection.get_connection_params(), "context": None}, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def test_a_living_connection_is_usable_without_asking_the_server(db):
    connection.ensure_connection()
    with CaptureQueriesContext(connection) as queries:
        assert connection.is_usable()
    assert not queries.captured_queries


@pytest.mark.django_db(transaction=True)
def test_a_request_after_the_server_ended_the_connection_is_answered():
    end_connection()
    close_old_connections()  # as before every request; the test client leaves it out
    assert Client().get("/readyz").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_word_from_the_server_is_no_end(db):
    with connection.cursor() as cursor:
        cursor.execute("LISTEN word")
        cursor.execute("SELECT pg_backend_pid()")
    parameters = {**connection.get_connection_params(), "context": None}
    with psycopg.connect(**parameters, autocommit=True) as other:
        other.execute("NOTIFY word")
    assert connection.is_usable()


def test_a_closed_connection_is_not_usable(transactional_db):
    connection.ensure_connection()
    connection.connection.close()
    assert not connection.is_usable()
    connection.close()
    assert not connection.is_usable()


def test_numbers_of_more_than_64_bits_are_what_came_in(cast, api_of):
    """Postgres writes such a number out as a whole one, which nothing that reads JSON here takes."""
    lea = api_of(cast.lea)
    url, amounts = "/projects/helpdesk", {"a": 12345678901234567890123, "b": 6.02e23, "c": "1" * 40, "d": 2**64 - 1}
    item = {"external_id": "i", "input": amounts, "output": "x", "metadata": amounts}
    lea.post(f"{url}/items", {"items": [item]})
    for _ in range(2):
        sent = lea.post(f"{url}/decisions", {"decisions": [{"external_id": "i", "decision": amounts}]})
    assert sent["duplicates"] == 1
    found = lea.get(f"{url}/items/i")
    kept = {**amounts, "a": 1.2345678901234568e22}
    assert found["input"] == found["metadata"] == found["decisions"][0]["decision"] == kept
    # What comes later is masked with an eye on the whole item.
    lea.post(f"{url}/feedback", {"external_id": "i", "value": 1, "comment": "Write to anna@example.org"}, status=201)
