"""A connection that is kept between requests is used as it is, and replaced when it has ended meanwhile."""

import psycopg
import pytest
from django.db import NotSupportedError, ProgrammingError, connection, transaction

from blogs.queries import post_or_404
from lib.postgresql.base import PREPARED_AT_MOST, PREPARED_FROM, DatabaseWrapper
from tests.support import servers


@pytest.fixture
def kept(db):
    """A connection with the settings of production."""
    wrapper = DatabaseWrapper(connection.settings_dict | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True})
    yield wrapper
    wrapper.close()


def request(wrapper, sql="SELECT pg_backend_pid()", cursor="cursor"):
    """What a query answers in a request of its own."""
    wrapper.close_if_unusable_or_obsolete()  # as Django does before each
    with getattr(wrapper, cursor)() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def last_query_of(pid):
    with connection.cursor() as cursor:
        cursor.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [pid])
        return cursor.fetchone()[0]


def test_it_is_used_again_and_the_database_is_not_asked_whether_it_is_there(kept):
    pid = request(kept)
    kept.close_if_unusable_or_obsolete()
    kept.close_if_health_check_failed()  # as the first query of a request does

    assert last_query_of(pid) == "SELECT pg_backend_pid()"
    assert request(kept) == pid


def test_what_is_asked_again_and_again_is_planned_once(kept):
    for number in range(2 * PREPARED_FROM):
        with kept.prepared_cursor() as cursor:
            cursor.execute("SELECT %s + 1", [number])
            assert cursor.fetchone() == (number + 1,)

    assert request(kept, "SELECT count(*) FROM pg_prepared_statements") == 1


@pytest.mark.parametrize("cursor", ["cursor", "prepared_cursor"])
def test_one_that_the_database_ended_is_replaced(kept, cursor):
    pid = request(kept)
    with connection.cursor() as asking:
        asking.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    assert request(kept, cursor=cursor) != pid


def test_a_database_that_was_started_anew_fails_no_request(kept):
    pid = request(kept)
    servers.postgresql.restart()
    connection.close()

    assert request(kept) != pid


def test_after_an_error_the_database_is_asked(kept):
    pid = request(kept)
    with pytest.raises(ProgrammingError):
        request(kept, "SELECT no_such_column")

    kept.close_if_unusable_or_obsolete()
    assert last_query_of(pid) == "SELECT 1"
    assert request(kept) == pid


def test_a_column_that_a_migration_changes_fails_no_request(techblog, publish):
    publish("Hello", on=techblog)
    for _ in range(2 * PREPARED_FROM):
        assert post_or_404(techblog, "hello").post__title == "Hello"

    with psycopg.connect(servers.postgresql.url, dbname=connection.settings_dict["NAME"], autocommit=True) as other:
        other.execute("ALTER TABLE blogs_post ALTER title TYPE varchar(1000)")
        for _ in range(2 * PREPARED_FROM):
            assert post_or_404(techblog, "hello").post__title == "Hello"
        other.execute("ALTER TABLE blogs_post ALTER title TYPE varchar(200)")
        with pytest.raises(NotSupportedError), transaction.atomic():  # which would lose what it has done
            post_or_404(techblog, "hello")


def test_what_is_prepared_and_no_longer_asked_is_forgotten(kept):
    for number in range(PREPARED_AT_MOST + 5):
        for _ in range(2 * PREPARED_FROM):
            with kept.prepared_cursor() as cursor:
                cursor.execute(f"SELECT {number}")

    assert request(kept, "SELECT count(*) FROM pg_prepared_statements") <= PREPARED_AT_MOST + 1
