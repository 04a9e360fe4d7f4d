"""An exchange with Redis has one deadline for the login and the command, whatever Redis sends."""

import socket
import threading
import time
from contextlib import suppress
from unittest.mock import Mock

import pytest
from django_redis.cache import RedisCache

from lib.redis import bytes_client
from lib.redis.breaker import RETRY_INTERVAL
from lib.redis.bytes_client import MAX_RESPONSE, TIMEOUT, BoundedSocket
from settings.caches import on_redis
from tests.support import servers
from tests.support.pagecache.rubbish import RubbishRedis, bulk, dripping
from tests.support.timing import seconds

pytestmark = pytest.mark.pure


def cache_of(url):
    described = on_redis(url)["pages"]
    return RedisCache(described["LOCATION"], {"OPTIONS": described["OPTIONS"]})


@pytest.fixture
def scripted_server():
    """scripted_server(first, then): the URL of a server that sends `first`, and then `then` every 0.1 s."""
    listeners = []

    def serve(connection, first, then):
        with suppress(OSError), connection:
            connection.sendall(first)
            while True:
                time.sleep(0.1)
                connection.sendall(then)

    def accept(listener, *sent):
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=serve, args=[connection, *sent], daemon=True).start()

    def scripted_server(*sent):
        listeners.append(socket.create_server(("127.0.0.1", 0)))
        threading.Thread(target=accept, args=[listeners[-1], *sent], daemon=True).start()
        return f"redis://:password@127.0.0.1:{listeners[-1].getsockname()[1]}/3"

    yield scripted_server
    for listener in listeners:
        listener.close()


def test_values_are_stored_in_the_database_that_the_url_names():
    url = servers.redis.url.removesuffix("/0")
    one, other = cache_of(f"{url}/3"), cache_of(f"{url}/4")

    assert one.set("page", b"Hello", 10)
    assert (one.get("page"), other.get("page")) == (b"Hello", None)


def test_a_command_over_a_unix_socket_ends_at_the_deadline(tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "redis.sock"))
        listener.listen()
        server = RubbishRedis(listener)
        cache = cache_of(server.url)

        assert cache.set("page", b"Hello", 10)
        assert [cache.get("page") for _ in range(2)] == [b"Hello", b"Hello"]
        server.respond = lambda key, own: dripping(b"$100\r\n", part=b"x", pause=0.2)
        took, page = seconds(lambda: cache.get("page"))
        assert page is None
        assert took < TIMEOUT + 0.75


def test_a_wrong_password_gives_a_miss_and_is_not_written_to_the_log(caplog):
    url = servers.redis.url.replace(servers.redis.password, "wrong")

    assert cache_of(url).get("page") is None
    assert "invalid username-password pair" in caplog.text
    assert "wrong" not in caplog.text


@pytest.mark.parametrize("sent", [(b"+O", b"x"), (b"", b"+"), (b"+OK\r\n+O", b"x"), (b"-ERR ", b"x"), (b"$9", b"9")])
def test_a_login_whose_response_arrives_byte_by_byte_ends_at_the_deadline(scripted_server, sent):
    cache = cache_of(scripted_server(*sent))

    for _ in range(2):
        took, page = seconds(lambda: cache.get("page"))
        assert page is None
        assert took < TIMEOUT + 0.75  # a busy machine starts a thread late
        time.sleep(RETRY_INTERVAL)


def test_a_response_that_arrives_byte_by_byte_ends_at_the_deadline():
    slow = RubbishRedis()
    slow.respond = lambda key, own: dripping(b"$100\r\n", part=b"x", pause=0.2)
    cache = cache_of(slow.url)

    took, page = seconds(lambda: cache.get("page"))

    assert page is None
    assert took < TIMEOUT + 0.75  # a busy machine starts a thread late
    slow.stop()


def test_a_login_and_its_first_command_share_one_deadline(scripted_server, monkeypatch):
    """Responses to AUTH, SELECT and GET arrive after 0.1, 0.2 and 0.3 s, so only GET exceeds the deadline of 0.22 s."""
    url = scripted_server(b"", b"+OK\r\n")
    monkeypatch.setattr(bytes_client, "TIMEOUT", 2)
    assert cache_of(url).get("page") == b"OK"

    monkeypatch.setattr(bytes_client, "TIMEOUT", 0.22)
    assert cache_of(url).get("page") is None


def test_the_wait_for_each_part_of_a_response_ends_at_the_deadline_of_the_whole_response(monkeypatch):
    times = iter([0.0, 0.0, TIMEOUT * 0.75, TIMEOUT])
    monkeypatch.setattr(bytes_client, "monotonic", lambda: next(times))
    plain = Mock(**{"fileno.return_value": 0, "gettimeout.return_value": TIMEOUT, "recv.return_value": b"x"})
    bounded = BoundedSocket(plain)

    assert [bounded.recv(1), bounded.recv(1)] == [b"x", b"x"]
    with pytest.raises(TimeoutError):
        bounded.recv(1)
    assert [call.args[0] for call in plain.settimeout.call_args_list] == [TIMEOUT, TIMEOUT * 0.25]


def test_each_exchange_on_a_kept_connection_has_its_own_deadline_and_its_own_maximum_size():
    cache, page = cache_of(servers.redis.url), b"x" * (MAX_RESPONSE // 2)
    assert cache.set("page", page, 10)
    time.sleep(TIMEOUT)

    assert [cache.get("page") == page for _ in range(3)] == [True, True, True]


def test_conditional_set_is_refused():
    cache = cache_of(servers.redis.url)

    with pytest.raises(NotImplementedError):
        cache.add("page", b"Hello", 10)


def test_a_late_response_is_never_used_as_the_response_to_another_command():
    late = RubbishRedis()
    late.respond = lambda key, own: delayed(bulk(b"of " + key[-1:]), 0.4 if key.endswith(b"a") else 0)
    cache = cache_of(late.url)

    assert cache.get("a") is None
    time.sleep(RETRY_INTERVAL)
    assert [cache.get("b"), cache.get("c")] == [b"of b", b"of c"]
    late.stop()


def delayed(response, pause):
    time.sleep(pause)
    yield response


def test_bytes_after_a_response_are_never_used_as_the_next_response():
    rubbish = RubbishRedis()
    rubbish.respond = lambda key, own: b"$3\r\nabc\r\n$5\r\nother\r\n" if key.endswith(b"a") else bulk(b"own")
    cache = cache_of(rubbish.url)

    assert [cache.get("a"), cache.get("b")] == [b"abc", b"own"]
    rubbish.stop()


def test_a_response_beyond_the_maximum_size_is_a_miss():
    rubbish = RubbishRedis()
    rubbish.respond = lambda key, own: bulk(b"x" * MAX_RESPONSE)

    assert cache_of(rubbish.url).get("page") is None
    rubbish.stop()


def test_a_response_that_arrives_after_its_exchange_is_not_taken_for_the_next_one():
    def with_a_late_copy(key, stored):
        yield bulk(stored)
        time.sleep(0.05)
        yield bulk(b"late")

    server = RubbishRedis()
    cache = cache_of(server.url)
    assert cache.set("page", b"Hello", 10)
    server.respond = with_a_late_copy
    assert cache.get("page") == b"Hello"
    time.sleep(0.15)

    server.respond = None
    assert cache.get("page") == b"Hello"
