"""A connection that is kept between requests is checked without a query, and replaced after PostgreSQL closes it."""

import psycopg
import pytest
from django.db import NotSupportedError, ProgrammingError, connection, transaction

from blogs.queries import post_or_404
from lib.postgresql.base import MAX_PREPARED, PREPARE_THRESHOLD, DatabaseWrapper
from tests.support import servers


@pytest.fixture
def kept(db):
    """A separate connection with the production settings for connections that stay open between requests."""
    wrapper = DatabaseWrapper(connection.settings_dict | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True})
    yield wrapper
    wrapper.close()


def request(wrapper, sql="SELECT pg_backend_pid()", cursor="cursor"):
    """The first value that a query returns. Each call prepares the connection as a new request does."""
    wrapper.close_if_unusable_or_obsolete()  # as Django does before each request
    with getattr(wrapper, cursor)() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def last_query_of(pid):
    with connection.cursor() as cursor:
        cursor.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [pid])
        return cursor.fetchone()[0]


def test_a_kept_connection_is_reused_without_a_query(kept):
    pid = request(kept)
    kept.close_if_unusable_or_obsolete()
    kept.close_if_health_check_failed()  # as the first query of a request does

    assert last_query_of(pid) == "SELECT pg_backend_pid()"
    assert request(kept) == pid


def test_a_repeated_statement_is_prepared_once(kept):
    for number in range(2 * PREPARE_THRESHOLD):
        with kept.prepared_cursor() as cursor:
            cursor.execute("SELECT %s + 1", [number])
            assert cursor.fetchone() == (number + 1,)

    assert request(kept, "SELECT count(*) FROM pg_prepared_statements") == 1


@pytest.mark.parametrize("cursor", ["cursor", "prepared_cursor"])
def test_a_connection_that_postgresql_closed_is_replaced(kept, cursor):
    pid = request(kept)
    with connection.cursor() as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    assert request(kept, cursor=cursor) != pid


def test_a_restart_of_postgresql_fails_no_request(kept):
    pid = request(kept)
    servers.postgresql.restart()
    connection.close()

    assert request(kept) != pid


def test_after_an_error_a_query_checks_the_connection(kept):
    pid = request(kept)
    with pytest.raises(ProgrammingError):
        request(kept, "SELECT no_such_column")

    kept.close_if_unusable_or_obsolete()
    assert last_query_of(pid) == "SELECT 1"
    assert request(kept) == pid


def test_a_changed_column_type_fails_no_request(techblog, publish):
    publish("Hello", on=techblog)
    for _ in range(2 * PREPARE_THRESHOLD):
        assert post_or_404(techblog, "hello").post__title == "Hello"

    with psycopg.connect(servers.postgresql.url, dbname=connection.settings_dict["NAME"], autocommit=True) as other:
        other.execute("ALTER TABLE blogs_post ALTER title TYPE varchar(1000)")
        for _ in range(2 * PREPARE_THRESHOLD):
            assert post_or_404(techblog, "hello").post__title == "Hello"
        other.execute("ALTER TABLE blogs_post ALTER title TYPE varchar(200)")
        with (
            pytest.raises(NotSupportedError),
            transaction.atomic(),
        ):  # a retry on a new connection would lose the transaction
            post_or_404(techblog, "hello")


def test_a_connection_keeps_a_limited_number_of_prepared_statements(kept):
    for number in range(MAX_PREPARED + 5):
        for _ in range(2 * PREPARE_THRESHOLD):
            with kept.prepared_cursor() as cursor:
                cursor.execute(f"SELECT {number}")

    assert request(kept, "SELECT count(*) FROM pg_prepared_statements") <= MAX_PREPARED + 1
