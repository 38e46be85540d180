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
