"""Redis sends arbitrary bytes: readers get the correct pages in time, and the process recovers without a restart."""

import random

import pytest

from tests.support.pagecache.memory import MEMORY, NO_MEMORY
from tests.support.pagecache.rubbish import RubbishRedis, bulk, dripping
from tests.support.pagecache.truth import assert_all_true, assert_recovers, slow, true_pages
from tests.support.processes import running, until_all_know
from tests.support.timing import seconds

HOST = "techblog.test"


def of_another(kept):
    """Respond with the entry of another key instead of the requested one."""
    return lambda key, own: bulk(next(entry for name, entry in kept.items() if name != key and entry != own))


def of_another_site(kept):
    keys = sorted(kept, key=lambda name: b"/python-ledgers/?" in name)
    return lambda key, own: bulk(kept[keys[0] if key == keys[-1] else keys[-1]])


def flipped(key, own):
    place = random.randrange(len(own))
    return bulk(own[:place] + bytes([own[place] ^ 4]) + own[place + 1 :])


RUBBISH = {
    "an empty value": lambda key, own: bulk(b""),
    "wrong bytes": lambda key, own: bulk(random.randbytes(5000)),
    "text": lambda key, own: bulk(b"<html>Owned.</html>"),
    "the first half of an entry": lambda key, own: bulk(own[: len(own) // 2]),
    "an entry without its last byte": lambda key, own: bulk(own[:-1]),
    "an entry with additional bytes": lambda key, own: bulk(own + b"more"),
    "a flipped bit": flipped,
    "a status": lambda key, own: b"+OK\r\n",
    "a number": lambda key, own: b":5\r\n",
    "an array": lambda key, own: b"*2\r\n" + bulk(own) + bulk(own),
    "an empty array": lambda key, own: b"*0\r\n",
    "a null array": lambda key, own: b"*-1\r\n",
    "a nested array": lambda key, own: b"*1\r\n" * 50 + bulk(own),
    "very deep nesting": lambda key, own: b"*1\r\n" * 100_000,
    "an error": lambda key, own: b"-ERR no\r\n",
    "the error during the start of Redis": lambda key, own: b"-LOADING Redis is loading the dataset in memory\r\n",
    "the error without a password": lambda key, own: b"-NOAUTH Authentication required.\r\n",
    "the error of a replica": lambda key, own: b"-READONLY You can't write against a read only replica.\r\n",
    "an HTTP response": lambda key, own: b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "bytes that are not RESP": lambda key, own: b"\x00\xff\x00\xff\r\n",
    "an empty line": lambda key, own: b"\r\n",
    "a length that is not a number": lambda key, own: b"$five\r\nhello\r\n",
    "a negative length": lambda key, own: b"$-7\r\nhello\r\n",
    "RESP3": lambda key, own: b"%1\r\n+a\r\n+b\r\n",
    "two responses": lambda key, own: bulk(b"one") + bulk(own),
    "half a response": lambda key, own: bulk(own)[: len(own) // 2],
    "a far too large length": lambda key, own: b"$999999999999\r\nhello",
    "a very long line": lambda key, own: b"$" + b"9" * 100_000,
    "an incomplete array": lambda key, own: b"*999999999\r\n" + bulk(own) * 3,
}


@pytest.fixture(scope="module")
def rubbish_redis():
    started = RubbishRedis()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def fleet(django_db_setup, rubbish_redis):
    with running(2, REDIS_URL=rubbish_redis.url, TEST_PAGE_MEMORY_MB=(NO_MEMORY, MEMORY)) as fleet:
        yield fleet


@pytest.fixture
def true(fleet, techblog, shared):
    """The correct pages of the two sites, by host and path."""
    until_all_know()
    pages = [(HOST, "/"), (HOST, "/ledgers/"), ("financeblog.test", "/"), ("financeblog.test", "/python-ledgers/")]
    return true_pages(*pages)


@pytest.fixture
def process(fleet, rubbish_redis, true):
    """A process that keeps no pages in memory. Its Redis has stored all pages and still responds correctly."""
    rubbish_redis.respond = None
    assert_recovers(fleet[0], true)
    yield fleet[0]
    rubbish_redis.respond = None


@pytest.fixture
def with_memory(fleet):
    """A process that keeps pages in memory. It has no page of the two sites yet, because no request named them."""
    return fleet[1]


@pytest.mark.parametrize("what", [*RUBBISH, "the entry of another page", "the entry of another site"])
def test_readers_get_the_correct_pages_in_time_while_redis_sends_invalid_responses(
    process, with_memory, rubbish_redis, true, what
):
    kept = {key: entry for key, entry in rubbish_redis.stored.items() if b":/" in key}
    makers = {"the entry of another page": of_another(kept), "the entry of another site": of_another_site(kept)}
    rubbish_redis.respond = (RUBBISH | makers)[what]

    gets = rubbish_redis.gets
    took, _ = seconds(lambda: [assert_all_true(process, true) for _ in range(2)])
    assert rubbish_redis.gets > gets
    assert took < 3
    assert_all_true(with_memory, true)
    gets = rubbish_redis.gets
    assert assert_all_true(with_memory, true) == {"HIT"}
    assert rubbish_redis.gets == gets
    if what == "half a response":  # the process waits for the other half until the timeout
        assert slow(process, (HOST, "/"), 2) <= 3

    rubbish_redis.respond = None
    assert_recovers(process, true)


def test_a_redis_that_sends_a_response_slowly_delays_no_request(process, rubbish_redis, true):
    rubbish_redis.respond = lambda key, own: dripping(b"$999999999999\r\n")

    took, _ = seconds(lambda: assert_all_true(process, true))
    assert took < 2

    rubbish_redis.respond = None
    assert_recovers(process, true)
