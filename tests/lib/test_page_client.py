"""The exchange with Redis: a connection is opened and used under one deadline, whatever the other side sends."""

import socket
import threading
import time
from contextlib import suppress

import pytest
from django_redis.cache import RedisCache

from lib.redis.breaker import PAUSE
from lib.redis.bytes_client import LONGEST
from settings.caches import on_redis
from tests.support import servers
from tests.support.pagecache.rubbish import RubbishRedis, bulk
from tests.support.timing import seconds

pytestmark = pytest.mark.pure


def cache_of(url):
    described = on_redis(url)["pages"]
    return RedisCache(described["LOCATION"], {"OPTIONS": described["OPTIONS"]})


@pytest.fixture
def talking():
    """talking(b"…", b"…"): the address of a server that says the first to all who come, and the second ever again."""
    listeners = []

    def serve(connection, first, then):
        with suppress(OSError), connection:
            connection.sendall(first)
            while True:
                time.sleep(0.1)
                connection.sendall(then)

    def accept(listener, *said):
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=serve, args=[connection, *said], daemon=True).start()

    def talking(*said):
        listeners.append(socket.create_server(("127.0.0.1", 0)))
        threading.Thread(target=accept, args=[listeners[-1], *said], daemon=True).start()
        return f"redis://:password@127.0.0.1:{listeners[-1].getsockname()[1]}/3"

    yield talking
    for listener in listeners:
        listener.close()


def test_it_logs_in_chooses_a_database_and_gets_what_was_set():
    url = servers.redis.url.removesuffix("/0")
    one, other = cache_of(f"{url}/3"), cache_of(f"{url}/4")

    assert one.set("page", b"Hello", 10)
    assert (one.get("page"), other.get("page")) == (b"Hello", None)


def test_with_a_wrong_password_there_is_nothing_and_no_error(caplog):
    url = servers.redis.url.replace(servers.redis.password, "wrong")

    assert cache_of(url).get("page") is None
    assert "refuses the connection" in caplog.text
    assert "wrong" not in caplog.text


@pytest.mark.parametrize("said", [(b"+O", b"x"), (b"", b"+"), (b"+OK\r\n+O", b"x"), (b"-ERR ", b"x"), (b"$9", b"9")])
def test_who_drips_while_he_is_greeted_holds_nobody_up(talking, said):
    cache = cache_of(talking(*said))

    for _ in range(2):
        took, page = seconds(lambda: cache.get("page"))
        assert page is None
        assert took < 1.5
        time.sleep(PAUSE)  # until it asks again


def test_it_gets_and_sets_and_nothing_else():
    cache = cache_of(servers.redis.url)

    with pytest.raises(NotImplementedError):
        cache.add("page", b"Hello", 10)


def test_an_answer_that_comes_late_is_nobody_elses():
    late = RubbishRedis()
    late.answer = lambda key, own: delayed(bulk(b"of " + key[-1:]), 0.4 if key.endswith(b"a") else 0)
    cache = cache_of(late.url)

    assert cache.get("a") is None
    time.sleep(PAUSE)
    assert [cache.get("b"), cache.get("c")] == [b"of b", b"of c"]
    late.stop()


def delayed(answer, pause):
    time.sleep(pause)
    yield answer


@pytest.mark.parametrize("answer", [b"$3\r\nabcdef\r\n", b"$%d\r\n" % (LONGEST + 1) + b"x" * LONGEST])
def test_an_answer_that_is_longer_than_it_says_or_may_be_is_none(answer):
    mad = RubbishRedis()
    mad.answer = lambda key, own: answer

    assert cache_of(mad.url).get("page") is None
    mad.stop()
